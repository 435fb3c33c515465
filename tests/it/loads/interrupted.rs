//! Answers that get lost, and processes that die, at every request of a job's life.

#![expect(clippy::print_stderr, reason = "a failing case names itself")]

use syncline::simulator::Fault;

use super::{PEOPLE, assert_arrived, job_lines, restart, sets_out, story, strike};

/// The requests of a job's life, as they are met.
const REQUESTS: [(&str, &str, &str); 5] = [
    ("its creation", "POST", ""),
    ("its rows", "PUT", "/"),
    ("its closing", "PATCH", "/"),
    ("a look at it", "GET", "/750"),
    ("its results", "GET", "/750"),
];

/// What can go wrong with a request: it takes no effect, it takes effect and nobody hears of it.
const FAULTS: [Fault; 5] = [
    Fault::Reset,
    Fault::Lost,
    Fault::Answer(503),
    Fault::AnswerAfter(500),
    Fault::Refused,
];

async fn check(place: usize, fault: Fault, dies: bool) {
    let (what, method, path) = REQUESTS[place];
    eprintln!("{what}, {}, dies: {dies}", fault.name());
    let mut story = story(PEOPLE).await;
    if place == 4 {
        // The look comes first, with the same method.
        strike_after_one(&story, method, path, fault);
    } else {
        strike(&story, method, path, fault);
    }
    story.minutes(1).await;
    if dies {
        restart(&mut story).await;
    }
    story.minutes(8).await;
    if dies {
        restart(&mut story).await;
        story.minutes(3).await;
    }
    assert_arrived(&mut story, PEOPLE);
    let open = job_lines(&story);
    assert!(
        open.iter()
            .all(|line| line.contains("JobComplete") || line.contains("Aborted")),
        "{what}: {open:?}"
    );
    let wrote: Vec<&String> = open.iter().filter(|line| !line.ends_with(" 0")).collect();
    assert_eq!(wrote.len(), 1, "one job wrote: {open:?}");
}

fn strike_after_one(story: &crate::objects::story::Story, method: &str, path: &str, fault: Fault) {
    use syncline::simulator::{OneShot, Server};
    story.world.simulator.lock().unwrap().faults.order(OneShot {
        server: Server::Salesforce,
        method: Some(method.to_owned()),
        path: format!("/services/data/v66.0/jobs/ingest{path}"),
        skip: 1,
        times: 1,
        fault,
    });
}

#[tokio::test]
async fn whatever_answer_is_lost_every_row_arrives_once() {
    for place in 0..REQUESTS.len() {
        for fault in FAULTS {
            check(place, fault, false).await;
        }
    }
}

#[tokio::test]
async fn whenever_the_process_dies_every_row_arrives_once() {
    for place in 0..REQUESTS.len() {
        for fault in [Fault::Reset, Fault::Lost] {
            check(place, fault, true).await;
        }
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_asked_again() {
    for place in 0..REQUESTS.len() {
        check(place, Fault::Truncated, false).await;
    }
}

#[tokio::test]
async fn somebody_elses_open_job_is_not_touched() {
    let mut story = story(PEOPLE).await;
    let admin = "005Qy0000000009AAA";
    let foreign = story.in_salesforce(|org, now| org.open_foreign_load("Contact", admin, now + 1));
    strike(&story, "POST", "", Fault::Lost);
    story.minutes(6).await;
    assert_arrived(&mut story, PEOPLE);
    let jobs = story.in_salesforce(|org, _| org.jobs());
    let states: Vec<(bool, &str)> = jobs
        .iter()
        .map(|job| {
            (
                job["id"] == foreign.as_str(),
                job["state"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        states,
        [(true, "Open"), (false, "Aborted"), (false, "JobComplete")]
    );
}

#[tokio::test]
async fn a_job_that_was_closed_is_followed_over_a_restart() {
    let mut story = story(PEOPLE).await;
    story.in_salesforce(|org, _| org.set_bulk_pace(100_000_000));
    sets_out(&mut story).await;
    assert_eq!(job_lines(&story).len(), 1);
    restart(&mut story).await;
    restart(&mut story).await;
    story.minutes(10).await;
    assert_eq!(job_lines(&story), ["upsert Contact JobComplete 7"]);
    assert_arrived(&mut story, PEOPLE);
}
