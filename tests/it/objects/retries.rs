//! What makes a failing record worth another try, class by class, and what it costs while nothing
//! changes. Run `retries` with `--nocapture` to see the tries that the simulated org counted.

#![expect(
    clippy::print_stdout,
    reason = "the figures are what somebody runs it for"
)]

use std::collections::BTreeMap;

use serde_json::{Value, json};
use syncline::clock::Clock;
use syncline::control::report::Report;
use syncline::control::request::{Request, Which};
use syncline::control::{Vantage, answer};
use syncline::simulator::salesforce::{FieldChange, Injected, InjectedKind, Op, Predicate};

use super::Story;
use super::story::map;

const CONTACTS: &str = "[objects.contact]\nleads = false\n\
    [[objects.contact.fields]]\nhubspot = \"customer_tier\"\nsalesforce = \"Tier__c\"\nrule = \"two-way\"\n\
    values = { gold = \"Gold\", silver = \"Silver\", platinum = \"Platinum\" }\n";

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// Between two looks while hours pass.
const STEP_MS: i64 = HOUR_MS;

/// An address that HubSpot takes and Salesforce does not.
const FOREIGN: &str = "ad\u{e9}@acme.example";

/// Hours go by, with a look now and then.
async fn hours(story: &mut Story, hours: i64) {
    let end = story.now() + hours * HOUR_MS;
    while story.now() < end {
        story.minutes(1).await;
        story
            .world
            .clock
            .pass_until((story.now() + STEP_MS).min(end));
    }
}

/// The org refuses contacts whose field says this, by a rule or a package.
pub(super) fn refuse(story: &Story, name: &str, kind: InjectedKind, field: &str, value: &str) {
    let says = Predicate {
        field: field.to_owned(),
        op: Op::Equals,
        value: value.to_owned(),
    };
    story.in_salesforce(|org, _| {
        org.inject(Injected {
            name: name.to_owned(),
            object: "Contact".to_owned(),
            kind,
            when: vec![says],
            message: format!("{name} says no"),
            fields: Vec::new(),
            active: true,
        });
    });
}

fn person(story: &Story, more: Value) -> String {
    let mut fields = map(json!({ "email": "ada@acme.example", "lastname": "Lovelace" }));
    fields.extend(map(more));
    story.hubspot("contacts", Value::Object(fields))
}

/// Tries that the org refused so far.
fn refused(story: &Story) -> usize {
    story.in_salesforce(|org, _| org.refusals().len())
}

const MADE: [&str; 2] = ["contact linked: created", "contact created to Salesforce"];

#[tokio::test]
async fn what_only_the_record_can_mend_is_tried_again_when_the_record_changes() {
    let mut story = Story::new(CONTACTS).await;
    let ada = person(&story, json!({ "email": FOREIGN }));
    story.minutes(2).await;
    assert_eq!(
        story.told(),
        ["contact failed to Salesforce: INVALID_EMAIL_ADDRESS"]
    );
    hours(&mut story, 30).await;
    assert_eq!(refused(&story), 1, "time mends no address");
    story.change_hubspot("contacts", &ada, json!({ "email": "ada@acme.example" }));
    story.minutes(2).await;
    assert_eq!(story.told(), MADE);
}

#[tokio::test]
async fn what_the_schema_mends_is_tried_once_and_goes_when_the_schema_changes() {
    let mut story = Story::new(CONTACTS).await;
    person(&story, json!({ "jobtitle": "T".repeat(150) }));
    story.minutes(2).await;
    assert_eq!(
        story.told(),
        ["contact failed to Salesforce: STRING_TOO_LONG"]
    );
    hours(&mut story, 5).await;
    story.in_salesforce(|org, _| {
        let longer = FieldChange::SetLength(200);
        org.change_field("Contact", "Title", longer).unwrap();
    });
    hours(&mut story, 2).await;
    assert_eq!(story.told().last_chunk(), Some(&MADE.map(str::to_owned)));
    assert_eq!(refused(&story), 1, "nobody was asked in between");
}

#[tokio::test]
async fn a_child_goes_in_the_minute_in_which_its_parent_is_linked_and_is_not_tried_before() {
    let mut story = Story::new("[objects.company]\n[objects.contact]\nleads = false\n").await;
    story.in_salesforce(|org, _| {
        org.inject(Injected {
            name: "Needs_Phone".to_owned(),
            object: "Account".to_owned(),
            kind: InjectedKind::ValidationRule,
            when: vec![Predicate {
                field: "Phone".to_owned(),
                op: Op::Blank,
                value: String::new(),
            }],
            message: "Say a phone number.".to_owned(),
            fields: vec!["Phone".to_owned()],
            active: true,
        });
    });
    let acme = story.hubspot(
        "companies",
        json!({ "name": "Acme", "domain": "acme.example" }),
    );
    let ada = person(&story, json!({}));
    story.associate(("contacts", &ada), ("companies", &acme));
    story.minutes(3).await;
    assert_eq!(
        story.told(),
        [
            "company failed to Salesforce: FIELD_CUSTOM_VALIDATION_EXCEPTION",
            "contact failed to Salesforce: parent_not_linked",
        ]
    );
    story.change_hubspot("companies", &acme, json!({ "phone": "+39 02 1" }));
    story.minutes(2).await;
    assert_eq!(
        story.told(),
        [
            "company linked: created",
            "company created to Salesforce",
            "contact linked: created",
            "contact created to Salesforce",
        ]
    );
    let contacts = story.in_salesforce(|org, _| {
        let of_contacts = |one: &&_| is_of(one, "Contact");
        org.refusals().iter().filter(of_contacts).count()
    });
    assert_eq!(contacts, 0);
}

fn is_of(one: &syncline::simulator::salesforce::Refusal, object: &str) -> bool {
    one.object == object
}

#[tokio::test]
async fn what_nobody_knows_waits_for_a_person_and_goes_when_asked() {
    let mut story = Story::new(CONTACTS).await;
    refuse(&story, "Quota", InjectedKind::Quota, "LastName", "Lovelace");
    person(&story, json!({}));
    story.minutes(2).await;
    assert_eq!(
        story.told(),
        ["contact failed to Salesforce: LIMIT_EXCEEDED"]
    );
    story.in_salesforce(|org, _| assert!(org.remove_rule("Quota")));
    hours(&mut story, 30).await;
    assert_eq!(story.told(), Vec::<String>::new(), "nobody asked");
    assert_eq!(refused(&story), 1);
    let which = Which {
        cause: Some(1),
        ..Which::default()
    };
    let resync = Request::Resync {
        which,
        records: Vec::new(),
        everything: false,
        sure: true,
    };
    let (world, now) = (&story.world, story.world.clock.now());
    let asked = answer(&world.store, &resync, 0, now, Vantage::Alone)
        .await
        .unwrap();
    assert!(matches!(asked, Report::Resync(_)), "{asked:?}");
    story.minutes(2).await;
    assert_eq!(story.told(), MADE);
}

#[tokio::test]
async fn a_rule_that_is_lifted_without_a_trace_is_found_by_one_record_that_lets_all_others_go() {
    let mut story = Story::new(CONTACTS).await;
    let rule = InjectedKind::ValidationRule;
    refuse(&story, "Consent", rule, "Title", "Countess");
    for number in 0..5 {
        let email = format!("p{number}@acme.example");
        person(&story, json!({ "email": email, "jobtitle": "Countess" }));
    }
    story.minutes(2).await;
    assert_eq!(refused(&story), 5);
    hours(&mut story, 2).await;
    assert_eq!(refused(&story), 6, "one of five, an hour after");
    story.in_salesforce(|org, _| assert!(org.remove_rule("Consent")));
    hours(&mut story, 4).await;
    assert_eq!(refused(&story), 6);
    let made = story.in_salesforce(|org, _| org.records("Contact").len());
    assert_eq!(made, 5, "all of them, with no visit by anybody");
}

#[tokio::test]
async fn a_record_that_is_not_sent_for_another_reason_keeps_no_probe_from_the_others() {
    let mut story = Story::new(CONTACTS).await;
    let rule = InjectedKind::ValidationRule;
    refuse(&story, "Consent", rule, "Title", "Countess");
    let people: Vec<String> = (0..5)
        .map(|number| {
            let email = format!("p{number}@acme.example");
            person(&story, json!({ "email": email, "jobtitle": "Countess" }))
        })
        .collect();
    story.minutes(2).await;
    story.change_hubspot(
        "contacts",
        &people[0],
        json!({ "customer_tier": "platinum" }),
    );
    story.minutes(2).await;
    story.in_salesforce(|org, _| assert!(org.remove_rule("Consent")));
    story.told();
    hours(&mut story, 2).await;
    story.minutes(30).await;
    let told = story.told();
    let again = told.iter().filter(|line| line.contains("failed"));
    assert!(again.count() <= 3, "{told:?}");
    let made = story.in_salesforce(|org, _| org.records("Contact").len());
    assert_eq!(made, 4, "{told:?}");
}

/// Five people for each of these causes, and what the org counts of each in a day at most once its
/// first answers are in: a probe after 1 h and one after 4 h more, then one a day, where only a
/// probe can find a fix; nothing where the record itself, a description or a person tells.
const CAUSES: [(&str, [usize; 3]); 4] = [
    ("INVALID_EMAIL_ADDRESS", [0, 0, 0]),
    ("FIELD_CUSTOM_VALIDATION_EXCEPTION", [2, 1, 1]),
    ("LIMIT_EXCEEDED", [0, 0, 0]),
    ("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", [0, 0, 0]),
];

const PEOPLE: usize = 5;

#[tokio::test]
async fn while_nothing_changes_a_cause_costs_a_probe_a_day_or_nothing_however_many_records() {
    let mut story = Story::new(CONTACTS).await;
    refuse(
        &story,
        "Consent",
        InjectedKind::ValidationRule,
        "Title",
        "Countess",
    );
    refuse(&story, "Quota", InjectedKind::Quota, "Title", "Baroness");
    for number in 0..PEOPLE {
        let email = |kind: &str| format!("{kind}{number}@acme.example");
        person(
            &story,
            json!({ "email": format!("\u{e9}{number}@acme.example") }),
        );
        person(
            &story,
            json!({ "email": email("c"), "jobtitle": "Countess" }),
        );
        person(
            &story,
            json!({ "email": email("b"), "jobtitle": "Baroness" }),
        );
        person(
            &story,
            json!({ "email": email("t"), "customer_tier": "platinum" }),
        );
    }
    story.minutes(3).await;
    let begun = story.now();
    hours(&mut story, 72).await;
    let tries = counted(&story, begun);
    println!("tries that Salesforce counted, {PEOPLE} records a cause:");
    println!("{:<42} first  day 1  day 2  day 3", "");
    for (code, most) in CAUSES {
        let days = tries.get(code).copied().unwrap_or_default();
        let [first, one, two, three] = days;
        println!("{code:<42} {first:>5}  {one:>5}  {two:>5}  {three:>5}");
        for (day, most) in (1..).zip(most) {
            assert_eq!(days[day], most, "{code} on day {day}");
        }
        let is_foreseen = code == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST";
        assert_eq!(first, if is_foreseen { 0 } else { PEOPLE }, "{code}");
    }
    let open: BTreeMap<_, _> = story.world.store.read_blocking(by_code).unwrap();
    assert_eq!(
        open,
        CAUSES.map(|(code, _)| (code.to_owned(), PEOPLE)).into()
    );
}

/// By code: rows refused before `begun`, and on each of the three days from then on.
fn counted(story: &Story, begun: i64) -> BTreeMap<&'static str, [usize; 4]> {
    let mut tries: BTreeMap<&'static str, [usize; 4]> = BTreeMap::new();
    story.in_salesforce(|org, _| {
        for refusal in org.refusals() {
            let day = (refusal.at_ms - begun).div_euclid(DAY_MS) + 1;
            let day = usize::try_from(day).unwrap();
            for code in &refusal.codes {
                tries.entry(code).or_default()[day] += 1;
            }
        }
    });
    tries
}

/// How many errors are open by each code.
fn by_code(view: &syncline::store::View<'_>) -> anyhow::Result<BTreeMap<String, usize>> {
    use syncline::projections::errors::{Filter, Place, list};
    let mut open = BTreeMap::new();
    for error in list(view, &Filter::default(), &Place::start())? {
        *open.entry(error.code).or_default() += 1;
    }
    Ok(open)
}
