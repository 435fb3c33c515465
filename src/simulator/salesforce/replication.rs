//! `/updated` and `/deleted`: ids changed in a window of whole minutes.

use serde_json::{Value, json};

use super::Salesforce;
use super::call::{Answer, Call};
use super::moments;
use super::problem::Problem;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 86_400_000;

impl Salesforce {
    pub(crate) fn updated(&mut self, call: &Call, object: &str) -> Result<Answer, Problem> {
        let (start, end) = self.window(call, 30)?;
        let ids: Vec<&str> = self
            .table(object)
            .rows_since(start)
            .take_while(|row| row.stamp() <= end)
            .filter(|row| !row.is_deleted() && !self.unseen.contains(&row.id))
            .map(|row| row.id.as_str())
            .collect();
        let covered = moments::wire(self.covered(end));
        Ok(Answer::ok(
            json!({"ids": ids, "latestDateCovered": covered}),
        ))
    }

    pub(crate) fn deleted(&mut self, call: &Call, object: &str) -> Result<Answer, Problem> {
        let (start, end) = self.window(call, 15)?;
        let records: Vec<Value> = self
            .table(object)
            .rows_since(start)
            .take_while(|row| row.stamp() <= end)
            .filter(|row| row.is_deleted() && !self.unseen.contains(&row.id))
            .map(|row| json!({"id": row.id, "deletedDate": moments::wire(row.stamp())}))
            .collect();
        Ok(Answer::ok(json!({
            "deletedRecords": records,
            "earliestDateAvailable": moments::wire(self.clock - 15 * DAY_MS),
            "latestDateCovered": moments::wire(self.covered(end)),
        })))
    }

    /// The window asked for, seconds dropped.
    fn window(&self, call: &Call, days: i64) -> Result<(i64, i64), Problem> {
        let refuse = |message: &str| Problem::new(400, "INVALID_REPLICATION_DATE", message);
        // A plus sign that was not encoded arrives as a blank.
        let time = |name: &str| {
            let text = call.param(name).unwrap_or_default().replace(' ', "+");
            moments::parse(&text)
                .map(|at| at.div_euclid(MINUTE_MS) * MINUTE_MS)
                .ok_or_else(|| refuse("a date of the window is missing or malformed"))
        };
        let (start, end) = (time("start")?, time("end")?);
        if start >= end {
            return Err(refuse("startDate must be before endDate"));
        }
        if start < self.clock - days * DAY_MS {
            return Err(refuse(&format!(
                "startDate before org replication enabled date or more than {days} days ago"
            )));
        }
        Ok((start, end))
    }

    /// An open transaction holds the end of what is covered back at its own stamp.
    fn covered(&self, end: i64) -> i64 {
        let open = self.late.iter().map(|late| late.stamp).min();
        open.map_or(end, |open| open.min(end))
    }
}
