//! The allocation as people set it and look at it, and an org that has nothing left to give.

use jiff::tz::TimeZone;
use serde_json::json;
use syncline::cli::render::text;
use syncline::cli::render::time::Moment;
use syncline::clock::Clock;
use syncline::config;
use syncline::control::{Request, Vantage, answer};
use syncline::domain::call::Operation;
use syncline::domain::event::{Event, UsageReported};
use syncline::domain::record::Side;
use syncline::projections::append;
use syncline::simulator::salesforce::{Injected, InjectedKind, Op, Predicate};

use crate::objects::story::Story;

const CONTACTS: &str = "[objects.contact]\nleads = false\n";

/// What a verb prints, or why it is refused.
async fn said(story: &Story, request: Request) -> String {
    let (world, now) = (&story.world, story.world.clock.now());
    match answer(&world.store, &request, 1000, now, Vantage::Beside).await {
        Ok(report) => {
            let zone = TimeZone::UTC;
            text(&report, &Moment { now, zone })
        }
        Err(refusal) => format!("{} (exit {})\n", refusal.message, refusal.exit),
    }
}

async fn set(story: &Story, calls: u64) -> String {
    said(story, Request::SetBudget { calls }).await
}

#[tokio::test]
async fn an_allocation_is_refused_with_the_range_capped_with_what_caps_it_and_waits_until_it_frees()
{
    let mut story = Story::new(CONTACTS).await;
    story.minutes(20).await;
    let report = UsageReported {
        side: Side::Salesforce,
        used: 61_204,
        limit: 145_000,
    };
    let write = move |tx: &syncline::store::Tx<'_>| append(tx, None, report);
    story.world.store.write(write).await.unwrap();
    assert_eq!(
        set(&story, 0).await,
        "an allocation is a number from 1 to 100,000,000 calls in any 24 h; to stop all writing: \
         syncline pause (exit 64)\n"
    );
    assert_eq!(
        set(&story, u64::MAX).await,
        "an allocation is a number from 1 to 100,000,000 calls in any 24 h (exit 64)\n"
    );
    assert_eq!(
        set(&story, 250_000).await,
        "250,000 Salesforce calls allowed in any 24 h from now on; Salesforce's own limit is 145,000, \
         of which 10 % are left to everybody else: 130,500 can be spent\n"
    );
    assert_eq!(
        set(&story, 20_000).await,
        "20,000 Salesforce calls allowed in any 24 h from now on\n"
    );
    let lowered = set(&story, 10).await;
    let wait = lowered.strip_prefix(
        "10 Salesforce calls allowed in any 24 h from now on; 22 are used already: nothing is spent \
         for ",
    );
    assert_eq!(wait, Some("23 h 53 min\n"), "{lowered}");
    // What was lowered holds the loops, and what is raised lets them go on at once.
    let before = story.calls(Operation::Poll);
    story.minutes(10).await;
    assert_eq!(story.calls(Operation::Poll), before);
    set(&story, 20_000).await;
    story.minutes(2).await;
    assert_eq!(story.calls(Operation::Poll), before + 2);
}

#[test]
fn a_configuration_without_an_allocation_is_refused_with_how_to_reckon_one() {
    let text = "[hubspot]\nportal = 4711002\n[salesforce]\norg = \"00D5g000004XyZw\"\n\
        login = \"https://acme.my.salesforce.com\"\nclient_id = \"3MVG9\"\n\
        user = \"syncline@acme.example\"\n[objects.contact]\n";
    let mistakes = config::parse(text, "syncline.toml").unwrap_err();
    insta::assert_snapshot!(mistakes, @"syncline.toml:1: budget.allocation: is missing; add [budget] allocation = N, calls to Salesforce in any 24 h. Looking for changes takes 1,728 of them with this configuration, and every 1,000 changes to Salesforce take 1 to 3: 20000 leaves room for a million changes a day. Salesforce's own limit is in Setup > Company Information; take what its other users leave, at most 90 % of it");
}

#[tokio::test]
async fn an_org_that_has_used_up_its_own_limit_is_asked_four_times_an_hour_and_told_once() {
    let mut story = Story::new(CONTACTS).await;
    story.minutes(5).await;
    let used = story.in_salesforce(|org, _| {
        let used = org.calls_counted();
        org.set_org_limit(used);
        used
    });
    story.hubspot(
        "contacts",
        json!({ "email": "ada@acme.example", "lastname": "Lovelace" }),
    );
    story.minutes(120).await;
    assert!(story.in_salesforce(|org, _| org.records("Contact").is_empty()));
    let asked = story.calls(Operation::Limits);
    assert!((7..=9).contains(&asked), "{asked} probes in two hours");
    let stopped = |story: &Story| {
        let entries = story.journal().into_iter();
        let told = entries.filter(|entry| matches!(entry.event, Event::ConnectionSuspended(_)));
        told.count()
    };
    assert_eq!(stopped(&story), 1);
    story.in_salesforce(|org, _| org.set_org_limit(used + 1_000));
    story.minutes(17).await;
    assert_eq!(
        story.in_salesforce(|org, _| org.records("Contact").len()),
        1
    );
    let resumed = story.journal().into_iter();
    let resumed = resumed.filter(|entry| matches!(entry.event, Event::ConnectionResumed(_)));
    assert_eq!((stopped(&story), resumed.count()), (1, 1));
}

/// The dearest cause, as `budget` shows it.
async fn dearest(story: &Story) -> String {
    let shown = said(story, Request::Budget).await;
    let lines = shown.lines().skip_while(|line| !line.starts_with("CAUSE"));
    lines.take(2).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn what_errors_cost_stands_beside_what_the_calls_were_for() {
    let mut story = Story::new(CONTACTS).await;
    story.in_salesforce(|org, _| {
        org.inject(Injected {
            name: "Consent".to_owned(),
            object: "Contact".to_owned(),
            kind: InjectedKind::ValidationRule,
            when: vec![Predicate {
                field: "Title".to_owned(),
                op: Op::Equals,
                value: "Countess".to_owned(),
            }],
            message: "Ask for consent first.".to_owned(),
            fields: Vec::new(),
            active: true,
        });
    });
    for number in 0..5 {
        let email = format!("p{number}@acme.example");
        story.hubspot(
            "contacts",
            json!({ "email": email, "lastname": "Lovelace", "jobtitle": "Countess" }),
        );
    }
    // All five in one call; then one of them after an hour, to see whether the rule still stands.
    story.minutes(65).await;
    insta::assert_snapshot!(dearest(&story).await, @r"
    CAUSE  CALLS  REFUSED  WHAT
    C-1        2        6  Validation rule on Contact refuses the record
    ");
    // A day later they cost what one probe costs.
    story.world.clock.pass_until(story.now() + 26 * 3_600_000);
    story.minutes(3).await;
    insta::assert_snapshot!(dearest(&story).await, @r"
    CAUSE  CALLS  REFUSED  WHAT
    C-1        1        1  Validation rule on Contact refuses the record
    ");
}
