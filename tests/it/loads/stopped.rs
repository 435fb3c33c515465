//! Jobs that are stopped: by an administrator, by a pause, by Salesforce.

use syncline::clock::Clock;
use syncline::control::{self, Request, Vantage};
use syncline::domain::call::Operation;
use syncline::domain::load::LoadOperation;
use syncline::domain::record::ObjectName;
use syncline::projections::jobs as jobs_of;
use syncline::simulator::salesforce::Salesforce;

use super::{
    PEOPLE, assert_arrived, in_salesforce, job_lines, jobs, left, load_lines, made, sets_out, story,
};
use crate::objects::story::Story;

#[tokio::test]
async fn what_an_aborted_job_did_not_write_is_written_by_batches() {
    let people = 450;
    let mut story = story(people).await;
    story.in_salesforce(|org, _| org.set_bulk_pace(1_300_000));
    story.world.guard.floor = 1_000;
    story.configure(super::CONTACTS).await;
    sets_out(&mut story).await;
    let aborted = story.in_salesforce(Salesforce::abort_jobs);
    assert_eq!(aborted, 1);
    assert_eq!(job_lines(&story), ["upsert Contact Aborted 400"]);
    story.minutes(20).await;
    assert_eq!(jobs(&story).last().unwrap(), "concluded");
    assert_eq!(job_lines(&story).len(), 1, "no other job within the hour");
    assert_arrived(&mut story, people);
}

#[tokio::test]
async fn a_job_that_nobody_finds_any_more_is_settled_by_what_it_did() {
    let mut story = story(PEOPLE).await;
    story.in_salesforce(|org, _| org.set_bulk_pace(1_000_000_000));
    sets_out(&mut story).await;
    story.world.clock.pass_until(story.now() + 1_000_000);
    assert_eq!(story.in_salesforce(Salesforce::delete_jobs), 1);
    story.minutes(10).await;
    assert!(
        jobs(&story).contains(&"lost".to_owned()),
        "{:?}",
        jobs(&story)
    );
    assert_arrived(&mut story, PEOPLE);
}

#[tokio::test]
async fn an_org_that_takes_no_job_gets_the_rows_by_batches() {
    let mut story = story(PEOPLE).await;
    story.in_salesforce(|org, _| org.set_bulk_limits(0, 0));
    story.minutes(5).await;
    assert_eq!(jobs(&story), ["intended upsert 7 rows", "refused"]);
    assert_arrived(&mut story, PEOPLE);
    assert_eq!(story.calls(Operation::Load), 1);
}

/// How many hours after the first job's end its kind goes by batches.
fn hours_of_rest(story: &Story) -> i64 {
    let form = ObjectName::parse("contact").unwrap();
    story
        .world
        .store
        .read_blocking(|view| {
            let job = jobs_of::of_parcel(view, 1)?.expect("the first parcel had a job");
            let until = jobs_of::by_batches_until(view, &form, LoadOperation::Upsert)?;
            Ok(until.expect("it rests").since(job.at) / 3_600_000)
        })
        .unwrap()
}

#[tokio::test]
async fn a_refused_kind_goes_by_batches_for_a_day_and_an_aborted_one_for_an_hour() {
    let mut refused = story(PEOPLE).await;
    refused.in_salesforce(|org, _| org.set_bulk_limits(0, 0));
    refused.minutes(5).await;
    assert_eq!(jobs(&refused).last().unwrap(), "refused");
    assert_eq!(hours_of_rest(&refused), 24);
    let mut aborted = story(PEOPLE).await;
    aborted.in_salesforce(|org, _| org.set_bulk_pace(1_000_000_000));
    sets_out(&mut aborted).await;
    aborted.in_salesforce(Salesforce::abort_jobs);
    aborted.minutes(20).await;
    assert_eq!(jobs(&aborted).last().unwrap(), "concluded");
    assert_eq!(hours_of_rest(&aborted), 1);
}

async fn ask(story: &Story, request: Request) {
    let now = story.world.clock.now();
    let answered = control::answer(&story.world.store, &request, 0, now, Vantage::Beside).await;
    answered.unwrap();
}

#[tokio::test]
async fn a_pause_lets_the_job_wait_and_nothing_is_lost() {
    let mut story = story(PEOPLE).await;
    story.in_salesforce(|org, _| org.set_bulk_pace(1_000_000_000));
    sets_out(&mut story).await;
    ask(&story, Request::Pause).await;
    let calls = story.calls(Operation::Load);
    story.minutes(30).await;
    assert_eq!(story.calls(Operation::Load), calls);
    assert_eq!(
        in_salesforce(&story).len(),
        PEOPLE,
        "the job went on without us"
    );
    assert_eq!(made(&mut story), 0, "and nothing of it is journaled");
    assert!(left(&story).starts_with("1 parcels"));
    assert_eq!(
        load_lines(&story).await,
        ["LOAD     contact 0 of 7, 1 job, waits: writing is paused"]
    );
    ask(&story, Request::Resume).await;
    story.minutes(5).await;
    assert_eq!(left(&story), "0 parcels, []");
    assert_eq!(made(&mut story), PEOPLE);
}
