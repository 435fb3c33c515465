//! Writing much by jobs of the Bulk API: what goes by one, what comes of it, and what may happen to
//! it on the way.

mod interrupted;
mod order;
mod shown;
mod stopped;
mod tied;
mod together;
mod usual;

use jiff::tz::TimeZone;
use serde_json::{Value, json};
use syncline::cli::render::{self, time::Moment};
use syncline::clock::Clock;
use syncline::control::{self, Request, Vantage};
use syncline::domain::event::Event;
use syncline::inbox;
use syncline::simulator::{Fault, OneShot, Server};

use crate::objects::story::Story;

const CONTACTS: &str = r#"
[objects.contact]
create_as = "Contact"
[[objects.contact.fields]]
hubspot = "phone"
rule    = "two-way"
"#;

/// People who are in HubSpot before the daemon is first started.
const PEOPLE: usize = 7;

/// A story in which more than three writes of a kind go by a job, with these people in HubSpot.
async fn story(people: usize) -> Story {
    let mut story = Story::new(CONTACTS).await;
    story.world.bounds.break_even = 3;
    story.world.bounds.parcel_gather_ms = 0;
    story.configure(CONTACTS).await;
    for number in 0..people {
        story.hubspot("contacts", person(number));
    }
    story
}

fn person(number: usize) -> Value {
    json!({
        "email": format!("p{number}@people.example"), "lastname": format!("P{number}"),
        "phone": format!("+39 02 {number}"),
    })
}

/// What the journal says of jobs, a word each.
fn jobs(story: &Story) -> Vec<String> {
    let words = story
        .journal()
        .into_iter()
        .filter_map(|entry| match entry.event {
            Event::JobIntended(event) => {
                Some(format!("intended {} {} rows", event.operation, event.rows))
            }
            Event::JobOpened(_) => Some("opened".to_owned()),
            Event::JobMoved(event) => Some(event.state.to_string()),
            _ => None,
        });
    words.collect()
}

/// How often the journal says that something was made in Salesforce.
fn made(story: &mut Story) -> usize {
    let told = story.told();
    let made = told
        .iter()
        .filter(|line| *line == "contact created to Salesforce");
    made.count()
}

/// The last names in Salesforce, in order.
fn in_salesforce(story: &Story) -> Vec<String> {
    let records = story.in_salesforce(|org, _| org.records("Contact"));
    let names = records.iter().map(|record| record["LastName"].as_str());
    let mut names: Vec<String> = names.map(|name| name.unwrap().to_owned()).collect();
    names.sort();
    names
}

fn names(people: usize) -> Vec<String> {
    let mut names: Vec<String> = (0..people).map(|number| format!("P{number}")).collect();
    names.sort();
    names
}

/// Everything has arrived once, each says so of the other, and nothing is left on the way.
fn assert_arrived(story: &mut Story, people: usize) {
    assert_eq!(in_salesforce(story), names(people));
    assert_eq!(made(story), people, "journaled as often as made");
    let marks = story.in_hubspot(|portal, _| {
        let records = portal.records("contacts");
        let marked = records.iter().filter(|record| {
            record
                .value("syncline_salesforce_id")
                .is_some_and(|id| !id.is_empty())
        });
        marked.count()
    });
    assert_eq!(marks, people, "every one in HubSpot knows its partner");
    assert_eq!(left(story), "0 parcels, []");
}

/// What is left on the way: parcels, and rows by state.
fn left(story: &Story) -> String {
    let (parcels, rows) = story
        .world
        .store
        .read_blocking(|view| Ok((inbox::parcels(view, 0)?.len(), inbox::counts(view)?)))
        .unwrap();
    let rows: Vec<String> = rows
        .into_iter()
        .map(|one| format!("{} {}", one.rows, one.state))
        .collect();
    format!("{parcels} parcels, {rows:?}")
}

/// What `status` says of loads.
async fn load_lines(story: &Story) -> Vec<String> {
    let text = told(story).await;
    let lines = text.lines().filter(|line| line.starts_with("LOAD"));
    lines.map(str::to_owned).collect()
}

/// What `status` says.
async fn told(story: &Story) -> String {
    let (now, beside) = (story.world.clock.now(), Vantage::Beside);
    let asked = control::answer(&story.world.store, &Request::Status, 0, now, beside);
    let report = asked.await.unwrap();
    let moment = Moment {
        now,
        zone: TimeZone::UTC,
    };
    render::text(&report, &moment)
}

/// `fault` strikes the next request of a method whose address begins so.
fn strike(story: &Story, method: &str, path: &str, fault: Fault) {
    story.world.simulator.lock().unwrap().faults.order(OneShot {
        server: Server::Salesforce,
        method: Some(method.to_owned()),
        path: format!("/services/data/v66.0/jobs/ingest{path}"),
        skip: 0,
        times: 1,
        fault,
    });
}

fn job_lines(story: &Story) -> Vec<String> {
    story.in_salesforce(|org, _| org.job_lines())
}

/// The process dies and another one is started over the same store.
async fn restart(story: &mut Story) {
    story
        .world
        .store
        .write(inbox::return_in_flight)
        .await
        .unwrap();
    story.configure(CONTACTS).await;
}

/// Minutes go by until the first job is there.
async fn sets_out(story: &mut Story) {
    for _ in 0..5 {
        story.minutes(1).await;
        if !job_lines(story).is_empty() {
            return;
        }
    }
    panic!("no job was made");
}
