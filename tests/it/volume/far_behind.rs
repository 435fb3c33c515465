//! More changes in Salesforce than pages should bring.

use serde_json::json;
use syncline::simulator::salesforce::Settings;

use super::{calls, crowd, in_hubspot, members, small, story};

const CONTACTS: &str = "[objects.contact]\n";

/// Fifty rows then take nearly seven minutes.
fn slow() -> Settings {
    Settings {
        bulk_ms_per_10k: 80_000_000,
        ..Settings::default()
    }
}

#[tokio::test]
async fn many_changes_are_read_by_one_bulk_query() {
    let mut story = story(Settings::default(), small(), CONTACTS).await;
    crowd(&story, 0..60);
    story.minutes(1).await;
    assert_eq!(in_hubspot(&story), members(0..60));
    // A job is created and looked at once; its 50 rows come in pages of 15, after one that counts.
    assert_eq!(calls(&story), (2, 5));
    story.minutes(9).await;
    assert_eq!(story.told().len(), 120, "each is linked and created once");
}

#[tokio::test]
async fn a_few_pages_of_changes_need_no_job() {
    let mut story = story(Settings::default(), small(), CONTACTS).await;
    crowd(&story, 0..30);
    story.minutes(1).await;
    assert_eq!(in_hubspot(&story), members(0..30));
    // One call counts, two bring full pages and the third finds nothing.
    assert_eq!(calls(&story), (0, 4));
}

#[tokio::test]
async fn an_org_that_refuses_jobs_is_read_page_by_page() {
    let settings = Settings {
        bulk_query_jobs: 0,
        ..Settings::default()
    };
    let mut story = story(settings, small(), CONTACTS).await;
    crowd(&story, 0..60);
    story.minutes(2).await;
    assert_eq!(in_hubspot(&story), members(0..60));
    // One call counts, five bring full pages after the first, and one finds nothing.
    assert_eq!(calls(&story), (1, 7), "it is asked for a job once");
}

#[tokio::test]
async fn a_job_that_a_restart_forgot_is_asked_anew_and_nothing_comes_twice() {
    let mut story = story(slow(), small(), CONTACTS).await;
    crowd(&story, 0..60);
    story.minutes(2).await;
    let none: [&str; 0] = [];
    assert_eq!(
        in_hubspot(&story),
        none,
        "the first page waits for the others"
    );
    story.configure(CONTACTS).await;
    story.minutes(12).await;
    assert_eq!(in_hubspot(&story), members(0..60));
    assert_eq!(story.told().len(), 120, "each is linked and created once");
}

#[tokio::test]
async fn what_changes_while_a_job_works_arrives_as_it_became() {
    let mut story = story(slow(), small(), "[objects.company]\n[objects.contact]\n").await;
    crowd(&story, 0..60);
    story.minutes(2).await;
    let edited = story.in_salesforce(|org, _| {
        let mut records = org.records("Contact").into_iter();
        let late = records.find(|record| record["LastName"] == "Member 050");
        late.unwrap()["Id"].clone()
    });
    story.salesforce("Contact", json!({ "Id": edited, "LastName": "Edited" }));
    story.salesforce("Account", json!({ "Name": "Acme" }));
    story.minutes(2).await;
    let companies = story.in_hubspot(|portal, _| portal.records("companies").len());
    assert_eq!(companies, 1, "other objects are read meanwhile");
    let none: [&str; 0] = [];
    assert_eq!(
        in_hubspot(&story),
        none,
        "the first page waits for the others"
    );
    story.minutes(12).await;
    let mut expected = members(0..60);
    expected.retain(|name| name != "Member 050");
    expected.insert(0, "Edited".to_owned());
    assert_eq!(in_hubspot(&story), expected);
}
