//! What goes by a job when nothing goes wrong.

use serde_json::json;
use syncline::domain::call::Operation;
use syncline::domain::load::LoadState;
use syncline::projections::{self, jobs as known};
use syncline::simulator::salesforce::{Injected, InjectedKind, Op, Predicate};

use super::{
    CONTACTS, PEOPLE, assert_arrived, in_salesforce, job_lines, jobs, left, person, sets_out, story,
};
use crate::objects::story::Story;

#[tokio::test]
async fn many_new_records_go_by_one_job() {
    let mut story = story(PEOPLE).await;
    story.minutes(5).await;
    assert_eq!(
        jobs(&story),
        [
            "intended upsert 7 rows",
            "opened",
            "uploaded",
            "closed",
            "complete",
            "concluded"
        ]
    );
    assert_eq!(job_lines(&story), ["upsert Contact JobComplete 7"]);
    assert_arrived(&mut story, PEOPLE);
    // Created, filled, closed, looked at, and its good rows fetched: nobody was refused.
    assert_eq!(story.calls(Operation::Load), 5);
    assert_eq!(story.calls(Operation::Write), 0);
    let (before, calls) = (story.journal().len(), story.calls(Operation::Load));
    story.minutes(10).await;
    assert_eq!(story.told(), [""; 0], "the second look writes nothing");
    assert_eq!(story.calls(Operation::Load), calls);
    assert!(story.journal().len() > before, "it did look");
    let job = story
        .world
        .store
        .read_blocking(|view| known::of_parcel(view, 1));
    let job = job.unwrap().expect("the parcel had a job");
    assert_eq!(
        (job.state, job.ended, job.processed, job.refused),
        (LoadState::Concluded, Some(LoadState::Complete), 7, 0)
    );
    let replayed = story.world.store.write_blocking(|tx| {
        let before = projections::dump(tx)?;
        projections::rebuild(tx)?;
        Ok((before, projections::dump(tx)?))
    });
    let (before, after) = replayed.unwrap();
    assert_eq!(before, after, "projections are what the journal says");
}

#[tokio::test]
async fn few_go_by_batches() {
    let mut story = story(3).await;
    story.minutes(5).await;
    assert_eq!(jobs(&story), [""; 0]);
    assert_arrived(&mut story, 3);
}

#[tokio::test]
async fn what_changes_today_never_goes_by_a_job() {
    let mut story = story(0).await;
    story.minutes(2).await;
    for number in 0..PEOPLE {
        story.hubspot("contacts", person(number));
    }
    story.minutes(5).await;
    assert_eq!(jobs(&story), [""; 0]);
    assert_arrived(&mut story, PEOPLE);
}

#[tokio::test]
async fn a_parcel_holds_so_many_rows_and_the_next_one_has_a_job_of_its_own() {
    let mut story = story(PEOPLE).await;
    story.world.bounds.parcel_rows = 3;
    story.configure(CONTACTS).await;
    story.minutes(5).await;
    let intended: Vec<String> = jobs(&story)
        .into_iter()
        .filter(|word| word.starts_with("intended"))
        .collect();
    assert_eq!(
        intended,
        [
            "intended upsert 3 rows",
            "intended upsert 3 rows",
            "intended upsert 1 rows"
        ]
    );
    assert_arrived(&mut story, PEOPLE);
}

#[tokio::test]
async fn rows_that_come_cycle_by_cycle_go_together() {
    let mut story = story(PEOPLE).await;
    story.world.bounds.cycle = 2;
    story.configure(CONTACTS).await;
    story.minutes(5).await;
    assert_eq!(jobs(&story)[0], "intended upsert 7 rows");
    assert_arrived(&mut story, PEOPLE);
}

#[tokio::test]
async fn a_parcel_waits_a_minute_for_more_rows() {
    let mut story = story(PEOPLE).await;
    story.world.bounds.parcel_gather_ms = 60_000;
    story.configure(CONTACTS).await;
    let (mut minutes, mut packed) = (0, false);
    while job_lines(&story).is_empty() {
        packed |= left(&story).starts_with("1 parcels");
        story.minutes(1).await;
        minutes += 1;
        assert!(minutes < 10, "it does not set out");
    }
    assert!(packed, "it was seen waiting");
    story.minutes(5).await;
    assert_eq!(jobs(&story)[0], "intended upsert 7 rows");
    assert_arrived(&mut story, PEOPLE);
}

#[tokio::test]
async fn values_arrive_as_they_are_whatever_stands_in_them() {
    let mut story = story(3).await;
    let street = "Via \"Larga\", 4\nscala B, 'interno' 5\r\nRoma; #N/A, perch\u{e9}";
    let one = story.hubspot(
        "contacts",
        json!({ "email": "q@people.example", "lastname": "Quote \"Q\", the 1st",
            "address": street, "city": " =SUM(A1)" }),
    );
    story.minutes(5).await;
    assert_eq!(jobs(&story)[0], "intended upsert 4 rows");
    let id = story.shows_hubspot("contacts", &one, &["syncline_salesforce_id"]);
    let shown = story.shows_salesforce("Contact", &id[0], &["LastName", "MailingStreet"]);
    assert_eq!(shown, ["Quote \"Q\", the 1st", street]);
}

fn phone_rule() -> Injected {
    Injected {
        name: "Phone_Format".to_owned(),
        object: "Contact".to_owned(),
        kind: InjectedKind::ValidationRule,
        when: vec![Predicate {
            field: "Phone".to_owned(),
            op: Op::NotStartsWith,
            value: "+".to_owned(),
        }],
        message: "Phone must start with + and the country code.".to_owned(),
        fields: vec!["Phone".to_owned()],
        active: true,
    }
}

#[tokio::test]
async fn a_refused_row_is_an_error_like_any_other_and_the_others_arrive() {
    let mut story = story(PEOPLE).await;
    story.in_salesforce(|org, _| org.inject(phone_rule()));
    let wrong = story.hubspot(
        "contacts",
        json!({ "email": "w@people.example", "lastname": "W", "phone": "02 1234" }),
    );
    story.minutes(5).await;
    let told = story.told();
    let failed: Vec<&String> = told.iter().filter(|line| line.contains("failed")).collect();
    assert_eq!(
        failed,
        ["contact failed to Salesforce: FIELD_CUSTOM_VALIDATION_EXCEPTION"]
    );
    assert_eq!(in_salesforce(&story).len(), PEOPLE);
    let causes = story.world.store.read_blocking(projections::causes::open);
    let causes = causes.unwrap();
    assert_eq!(causes.len(), 1);
    assert_eq!(causes[0].records, 1);
    // It is put right in HubSpot, and arrives like any change.
    story.change_hubspot("contacts", &wrong, json!({ "phone": "+39 02 1234" }));
    story.minutes(5).await;
    assert_eq!(in_salesforce(&story).len(), PEOPLE + 1);
    assert_eq!(left(&story), "0 parcels, []");
}

#[tokio::test]
async fn the_ids_of_records_that_came_from_salesforce_go_back_by_a_job() {
    let mut story = Story::new(CONTACTS).await;
    story.world.bounds.break_even = 3;
    story.world.bounds.parcel_gather_ms = 0;
    story.configure(CONTACTS).await;
    for number in 0..PEOPLE {
        story.salesforce(
            "Contact",
            json!({ "LastName": format!("S{number}"), "Email": format!("s{number}@people.example") }),
        );
    }
    story.minutes(6).await;
    assert_eq!(jobs(&story)[0], "intended update 7 rows");
    assert_eq!(job_lines(&story), ["update Contact JobComplete 7"]);
    assert_eq!(story.calls(Operation::Write), 0);
    let records = story.in_salesforce(|org, _| org.records("Contact"));
    let marked = records
        .iter()
        .filter(|record| record["Syncline_HubSpot_Id__c"].is_string());
    assert_eq!(marked.count(), PEOPLE);
    assert_eq!(left(&story), "0 parcels, []");
    story.told();
    story.minutes(10).await;
    assert_eq!(story.told(), [""; 0]);
}

#[tokio::test]
async fn an_edit_made_while_a_record_is_on_its_way_arrives_after_it() {
    let mut story = story(PEOPLE).await;
    story.in_salesforce(|org, _| org.set_bulk_pace(10_000_000_000));
    sets_out(&mut story).await;
    assert_eq!(job_lines(&story), ["upsert Contact UploadComplete 0"]);
    let ids = story.in_hubspot(|portal, _| {
        let records = portal.records("contacts").into_iter();
        records.map(|one| one.id.to_string()).collect::<Vec<_>>()
    });
    story.change_hubspot("contacts", &ids[0], json!({ "phone": "+39 06 1" }));
    story.minutes(600).await;
    let id = story.shows_hubspot("contacts", &ids[0], &["syncline_salesforce_id"]);
    let shown = story.shows_salesforce("Contact", &id[0], &["Phone"]);
    assert_eq!(shown, ["+39 06 1"]);
    assert_eq!(in_salesforce(&story).len(), PEOPLE);
    assert_eq!(left(&story), "0 parcels, []");
}
