//! What many records ask for: they are read by few calls, and nothing is lost on the way.

#![expect(
    clippy::unwrap_used,
    reason = "what a test sets up must work, and says so when it does not"
)]

mod ahead;
mod far_behind;
mod listings;

use serde_json::{Value, json};
use syncline::domain::call::Operation;
use syncline::simulator::{Simulator, salesforce};
use syncline::sync::Bounds;

use crate::calls::world::{BEGIN_MS, empty};
use crate::objects::story::Story;

/// Bounds under which twenty rows are many.
fn small() -> Bounds {
    Bounds {
        salesforce_page: 10,
        bulk_rows: 20,
        bulk_page: 15,
        ..Bounds::default()
    }
}

/// Both CRMs, Salesforce so set.
fn with(settings: salesforce::Settings) -> Simulator {
    let mut simulator = empty();
    simulator.salesforce = salesforce::Salesforce::new(settings);
    simulator
}

/// A daemon with these bounds and objects.
async fn story(settings: salesforce::Settings, bounds: Bounds, objects: &str) -> Story {
    let mut story = Story::over(with(settings), objects).await;
    story.world.bounds = bounds;
    story.configure(objects).await;
    story
}

/// People in Salesforce, written long ago, a minute apart.
fn crowd(story: &Story, numbers: std::ops::Range<i64>) {
    for number in numbers {
        let fields = json!({ "LastName": format!("Member {number:03}"),
            "Email": format!("m{number:03}@crowd.example") });
        let at = BEGIN_MS - 86_400_000 + number * 60_000;
        story.in_salesforce(|org, _| {
            let Value::Object(fields) = fields else {
                return;
            };
            org.put("Contact", fields, at).unwrap();
        });
    }
}

/// The last names of all contacts in HubSpot, in order.
fn in_hubspot(story: &Story) -> Vec<String> {
    let mut names: Vec<String> = story.in_hubspot(|portal, _| {
        let records = portal.records("contacts").into_iter();
        records.map(|record| value(record, "lastname")).collect()
    });
    names.sort();
    names
}

fn value(record: &syncline::simulator::hubspot::record::Record, name: &str) -> String {
    record.value(name).unwrap_or_default().to_owned()
}

fn members(numbers: std::ops::Range<i64>) -> Vec<String> {
    numbers
        .map(|number| format!("Member {number:03}"))
        .collect()
}

/// Calls to Salesforce so far: for jobs, and for pages.
fn calls(story: &Story) -> (usize, usize) {
    (story.calls(Operation::Bulk), story.calls(Operation::Page))
}
