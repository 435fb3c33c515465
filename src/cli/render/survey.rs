//! What `check` found on both sides, as people read it.

use serde::Serialize;

use super::{counted, number};
use crate::control::survey::{Item, State};
use crate::domain::record::Side;
use crate::logging::escaped;

/// Characters of a line that lists the fields that are as they must be.
const LINE_MAX: usize = 96;

/// Everything that was found.
#[derive(Debug, Serialize)]
pub struct Surveyed {
    /// Line by line.
    pub items: Vec<Item>,
    /// What was made, line by line, and the exit code that each deserves.
    #[serde(serialize_with = "lines_alone")]
    pub steps: Vec<(String, u8)>,
    /// Calls to Salesforce that asking took.
    pub calls: u64,
    /// Calls that looking for changes takes in 24 h.
    #[serde(rename = "calls_of_looking")]
    pub looking: u64,
    /// The process that holds the store, when nothing was asked because of it; 0 for one unknown.
    #[serde(rename = "beside_process", skip_serializing_if = "Option::is_none")]
    pub beside: Option<u32>,
    /// What to do next.
    pub next: String,
}

fn lines_alone<S: serde::Serializer>(
    steps: &[(String, u8)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(steps.iter().map(|(line, _)| line))
}

/// Grouped by side, then by object.
pub fn text(survey: &Surveyed) -> String {
    let mut text = String::new();
    if !survey.steps.is_empty() {
        text.push('\n');
    }
    for (line, _) in &survey.steps {
        text.push_str(&format!("{}\n", escaped(line)));
    }
    for side in Side::BOTH {
        let items = survey.items.iter();
        let own = items.filter(|one| one.object.is_none() && one.side == Some(side));
        group(&mut text, &side.to_string(), own.collect());
    }
    let mut objects: Vec<&str> = Vec::new();
    for object in survey.items.iter().filter_map(|one| one.object.as_ref()) {
        if !objects.contains(&object.as_str()) {
            objects.push(object.as_str());
        }
    }
    for name in objects {
        let is_of = |one: &&Item| one.object.as_ref().is_some_and(|one| one.as_str() == name);
        group(&mut text, name, survey.items.iter().filter(is_of).collect());
    }
    text.push('\n');
    match survey.beside {
        Some(pid) => {
            let process = match pid {
                0 => String::new(),
                pid => format!(" (process {pid})"),
            };
            text.push_str(&format!(
                "The daemon runs{process} and alone spends calls: neither side was asked, and what it read \
                 last of them is judged.\nTo ask them: stop it, then check again; \"syncline status\" \
                 says how it fares.\n"
            ));
        }
        None => text.push_str(&format!(
            "Asking took {} to Salesforce, counted in lane metadata. Looking for changes takes about {} \
             in 24 h.\n",
            counted(survey.calls, "call"),
            number(survey.looking)
        )),
    }
    text.push_str(&format!("next: {}\n", escaped(&survey.next)));
    text
}

fn group(text: &mut String, head: &str, items: Vec<&Item>) {
    if items.is_empty() {
        return;
    }
    text.push_str(&format!("\n{head}\n"));
    let (fields, others): (Vec<&Item>, Vec<&Item>) =
        items.into_iter().partition(|one| one.is_field);
    let width = others.iter().map(|one| one.what.chars().count()).max();
    let width = width.unwrap_or(0).min(48);
    for item in others {
        let what = escaped(&item.what);
        let said = escaped(&item.said);
        text.push_str(&format!(
            "  {:<7}  {what:<width$}  {said}\n",
            item.state.word()
        ));
        for (head, more) in [("mend", &item.remedy), ("click", &item.click)] {
            if let Some(more) = more {
                text.push_str(&format!("           {head:<6} {}\n", escaped(more)));
            }
        }
    }
    if !fields.is_empty() {
        let names: Vec<String> = fields.iter().map(|one| escaped(&one.what)).collect();
        let word = State::Granted.word();
        let head = counted(fields.len() as u64, "mapped field");
        text.push_str(&format!("  {word:<7}  {head}\n"));
        for line in wrapped(&names) {
            text.push_str(&format!("           {line}\n"));
        }
    }
}

fn wrapped(names: &[String]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for name in names {
        match lines.last_mut() {
            Some(line) if line.chars().count() + name.chars().count() + 2 <= LINE_MAX => {
                line.push_str(", ");
                line.push_str(name);
            }
            Some(_) | None => lines.push(name.clone()),
        }
    }
    lines
}
