//! Whatever two records hold and whatever the rules are: once their differences are settled,
//! nothing more is written. More seeds: `SYNCLINE_REST_SEEDS=200`, one: `SYNCLINE_REST_SEED=7`.

use fastrand::Rng;
use serde_json::{Map, Value, json};
use syncline::domain::event::{Action, Event};
use syncline::domain::guard;
use syncline::domain::record::FieldName;

use super::Story;

/// Runs of one test run.
const SEEDS: u64 = 4;

/// People of a run: on both sides, in HubSpot alone, in Salesforce alone, in turn.
const PEOPLE: usize = 18;

/// Minutes in which differences have to be settled, and in which nothing may happen then: long
/// enough for both listings that pass over the last write.
const MINUTES: u32 = 5;
const QUIET_MINUTES: u32 = 12;

const RULES: [&str; 5] = [
    "prefer-salesforce",
    "always-salesforce",
    "always-hubspot",
    "two-way",
    "off",
];

const FIRST_LINKS: [&str; 3] = ["fill-blanks", "salesforce", "hubspot"];

/// A mapped field with values that each side takes, the awkward ones first.
struct Field {
    hubspot: &'static str,
    salesforce: &'static str,
    options: &'static str,
    there: &'static [&'static str],
    here: &'static [&'static str],
}

const TEXTS: &[&str] = &[
    "",
    " both ends ",
    "Ada &amp; <b>Co</b>",
    "Caf\u{e9}",
    "Cafe\u{301}",
    "\u{1f9ee}",
    "ADA",
    "ada",
    "0039",
];

const LINES: &[&str] = &["", "one\ntwo", "one\r\ntwo\r\n", "one", " one\n"];

const FIELDS: &[Field] = &[
    Field::same("firstname", "FirstName", TEXTS),
    Field::same("jobtitle", "Title", TEXTS),
    Field::same("city", "MailingCity", TEXTS),
    Field::same("address", "MailingStreet", LINES),
    Field::same("phone", "Phone", &["", "+39 02 1", "0039 02 1", "+39021"]),
    Field {
        hubspot: "customer_tier",
        salesforce: "Tier__c",
        options: "{ gold = \"Gold\", silver = \"Silver\", bronze = \"Bronze\" }",
        there: &["", "gold", "silver", "platinum"],
        here: &["", "Gold", "Silver", "Bronze"],
    },
    Field {
        hubspot: "interests",
        salesforce: "Interests__c",
        options: "{ events = \"Data\", training = \"Design\", beta = \"Finance\" }",
        there: &["", "events;training", "training;events", "beta", "support"],
        here: &["", "Design;Data", "Data;Design", "Finance", "Sports"],
    },
    Field::same(
        "score",
        "Score__c",
        &["", "10.005", "10.01", "0.1", "7", "-3.5"],
    ),
    Field::same("visits", "Visits__c", &["", "0", "12", "7"]),
    Field::same(
        "renewal_date",
        "Renewal__c",
        &["", "2026-03-29", "2026-10-25", "1999-12-31"],
    ),
    Field {
        hubspot: "last_webinar",
        salesforce: "Last_Webinar__c",
        options: "",
        there: &["", "2026-03-29T00:59:59.999Z", "2026-10-25T01:30:00Z"],
        here: &[
            "",
            "2026-03-29T00:59:59.000+0000",
            "2026-10-25T01:30:00.000+0000",
        ],
    },
    Field {
        hubspot: "newsletter",
        salesforce: "Newsletter__c",
        options: "",
        there: &["", "true", "false"],
        here: &["true", "false"],
    },
    Field::same(
        "annual_value",
        "Annual_Value__c",
        &["", "1000", "1000.5", "99.999"],
    ),
];

impl Field {
    const fn same(
        hubspot: &'static str,
        salesforce: &'static str,
        values: &'static [&'static str],
    ) -> Self {
        Self {
            hubspot,
            salesforce,
            options: "",
            there: values,
            here: values,
        }
    }

    fn in_hubspot(&self, luck: &mut Rng) -> (String, Value) {
        let value = self.there[luck.usize(..self.there.len())];
        (self.hubspot.to_owned(), json!(value))
    }

    fn in_salesforce(&self, luck: &mut Rng) -> (String, Value) {
        let text = self.here[luck.usize(..self.here.len())];
        let value = match self.salesforce {
            _ if text.is_empty() => Value::Null,
            "Newsletter__c" => json!(text == "true"),
            "Score__c" | "Visits__c" | "Annual_Value__c" => {
                json!(text.parse::<f64>().expect("a number"))
            }
            _ => json!(text),
        };
        (self.salesforce.to_owned(), value)
    }
}

/// A mapping with a rule for each field that luck chose.
fn objects(luck: &mut Rng) -> String {
    let first = FIRST_LINKS[luck.usize(..FIRST_LINKS.len())];
    let mut text =
        format!("[sync]\non_first_link = \"{first}\"\n[objects.contact]\nleads = false\n");
    for field in FIELDS {
        let rule = RULES[luck.usize(..RULES.len())];
        let (hubspot, salesforce) = (field.hubspot, field.salesforce);
        text.push_str(&format!(
            "[[objects.contact.fields]]\nhubspot = \"{hubspot}\"\nsalesforce = \"{salesforce}\"\nrule = \"{rule}\"\n"
        ));
        if !field.options.is_empty() {
            text.push_str(&format!("values = {}\n", field.options));
        }
    }
    text
}

/// The address of a person, as either side may write it.
fn email(number: usize, luck: &mut Rng) -> Value {
    let address = format!("person{number}@acme.example");
    json!(if luck.bool() {
        address
    } else {
        address.to_uppercase()
    })
}

/// Some fields of a record: which, and with which values, luck says.
fn some(luck: &mut Rng, one: impl Fn(&Field, &mut Rng) -> (String, Value)) -> Map<String, Value> {
    let mut fields = Map::new();
    for field in FIELDS {
        if luck.u8(..3) > 0 {
            fields.extend([one(field, luck)]);
        }
    }
    fields
}

fn people(story: &Story, luck: &mut Rng) {
    for number in 0..PEOPLE {
        if number % 3 != 2 {
            let mut fields = some(luck, Field::in_hubspot);
            fields.insert("lastname".to_owned(), json!(format!("Person {number}")));
            fields.insert("email".to_owned(), email(number, luck));
            story.hubspot("contacts", Value::Object(fields));
        }
        if number % 3 != 1 {
            let mut fields = some(luck, Field::in_salesforce);
            fields.insert("LastName".to_owned(), json!(format!("Person {number}")));
            fields.insert("Email".to_owned(), email(number, luck));
            story.salesforce("Contact", Value::Object(fields));
        }
    }
}

/// People change some records on each side, now and then the same one.
fn meddle(story: &Story, luck: &mut Rng) {
    let contacts = story.in_hubspot(|portal, _| {
        let records = portal.records("contacts").into_iter();
        records.map(|one| one.id.to_string()).collect::<Vec<_>>()
    });
    for id in contacts {
        if luck.u8(..4) == 0 {
            let change = some(luck, Field::in_hubspot);
            story.change_hubspot("contacts", &id, Value::Object(change));
        }
    }
    for record in story.in_salesforce(|org, _| org.records("Contact")) {
        if luck.u8(..4) == 0 {
            let mut change = some(luck, Field::in_salesforce);
            change.insert("Id".to_owned(), record["Id"].clone());
            story.salesforce("Contact", Value::Object(change));
        }
    }
}

/// Writes so far, one line each.
fn writes(story: &Story) -> Vec<String> {
    let entries = story.journal().into_iter();
    let lines = entries.filter_map(|entry| match entry.event {
        Event::RecordSynced(event) if event.action != Action::Agreed => {
            let fields: Vec<&str> = event.fields.iter().map(FieldName::as_str).collect();
            Some(format!(
                "{} {} {}: {}",
                entry.seq,
                event.action,
                event.to,
                fields.join(" ")
            ))
        }
        Event::RecordFailed(event) => Some(format!("{} failed {}", entry.seq, event.to)),
        _ => None,
    });
    lines.collect()
}

async fn comes_to_rest(seed: u64) {
    let mut luck = Rng::with_seed(seed);
    let objects = objects(&mut luck);
    let mut story = Story::new(&objects).await;
    story.world.guard = guard::Limits {
        percent: 1_000,
        deletions_percent: 1_000,
        ..guard::Limits::default()
    };
    story.configure(&objects).await;
    people(&story, &mut luck);
    for round in 0..3 {
        story.minutes(MINUTES).await;
        let before = writes(&story);
        story.minutes(QUIET_MINUTES).await;
        let after = writes(&story);
        assert_eq!(
            after[before.len()..],
            [] as [String; 0],
            "seed {seed}, round {round}: not at rest\n{objects}"
        );
        assert!(round > 0 || before.len() >= PEOPLE / 3, "{before:?}");
        meddle(&story, &mut luck);
    }
}

#[tokio::test]
async fn whatever_stands_on_both_sides_the_next_cycles_write_nothing() {
    let number = |name| {
        std::env::var(name)
            .ok()
            .map(|text| text.parse().expect("a number"))
    };
    if let Some(seed) = number("SYNCLINE_REST_SEED") {
        return comes_to_rest(seed).await;
    }
    for seed in 0..number("SYNCLINE_REST_SEEDS").unwrap_or(SEEDS) {
        comes_to_rest(seed).await;
    }
}
