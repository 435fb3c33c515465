//! What became of a load's rows, as files.

use super::job::{Fate, Job, Load, Work};
use super::wrong_state;
use crate::simulator::salesforce::Salesforce;
use crate::simulator::salesforce::call::Answer;
use crate::simulator::salesforce::problem::Problem;
use crate::simulator::salesforce::settings::Switch;

/// The first version whose failures carry `sf__Id`.
const FAILED_ID_FROM: f64 = 53.0;

/// Which rows a file lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum List {
    Saved,
    Refused,
    Untouched,
}

impl Salesforce {
    pub(super) fn load_results(&mut self, id: &str, kind: &str) -> Result<Answer, Problem> {
        let list = match kind.to_lowercase().as_str() {
            "successfulresults" => List::Saved,
            "failedresults" => List::Refused,
            "unprocessedrecords" => List::Untouched,
            _ => return Err(Problem::not_found()),
        };
        let job = self.jobs.all.get(id).ok_or_else(Problem::not_found)?;
        let Work::Load(load) = &job.work else {
            return Err(Problem::not_found());
        };
        if !job.state.is_over() {
            let message = format!("a job in state {} has no results", job.state.name());
            return Err(wrong_state(message));
        }
        let rows: Vec<usize> = load
            .order
            .iter()
            .copied()
            .filter(|place| list_of(load.fates.get(*place)) == list)
            .collect();
        let bare = rows.is_empty() && self.is_on(Switch::EmptyResultsWithoutHeader);
        if bare || load.sheet.header.is_empty() {
            return Ok(Answer::csv(String::new()));
        }
        Ok(Answer::csv(file(job, load, list, &rows)))
    }
}

fn list_of(fate: Option<&Fate>) -> List {
    match fate {
        Some(Fate::Saved { .. }) => List::Saved,
        Some(Fate::Refused { .. }) => List::Refused,
        None => List::Untouched,
    }
}

fn file(job: &Job, load: &Load, list: List, rows: &[usize]) -> String {
    let with_id = job.version.parse::<f64>().unwrap_or_default() >= FAILED_ID_FROM;
    let added: &[&str] = match list {
        List::Saved => &["sf__Id", "sf__Created"],
        List::Refused if with_id => &["sf__Id", "sf__Error"],
        List::Refused => &["sf__Error"],
        List::Untouched => &[],
    };
    let mut out = String::new();
    let header = load.sheet.header.iter().map(String::as_str);
    job.dialect
        .write(&mut out, added.iter().copied().chain(header));
    for place in rows {
        let told = match load.fates.get(*place) {
            Some(Fate::Saved { id, created }) => vec![id.clone(), created.to_string()],
            Some(Fate::Refused { id, why }) if with_id => {
                vec![id.clone().unwrap_or_default(), error(why)]
            }
            Some(Fate::Refused { why, .. }) => vec![error(why)],
            None => Vec::new(),
        };
        let sent = load.sheet.rows[*place].iter().map(String::as_str);
        let cells = told.iter().map(String::as_str).chain(sent);
        job.dialect.write(&mut out, cells);
    }
    out
}

/// `CODE:message:Field1,Field2 --`, and `CODE:message:--` where no field is named.
fn error(why: &Problem) -> String {
    let fields = why.fields.as_deref().unwrap_or_default().join(",");
    let blank = if fields.is_empty() { "" } else { " " };
    format!("{}:{}:{fields}{blank}--", why.code, why.message)
}
