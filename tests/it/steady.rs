//! A usual day, for long: people change a hundred records a minute on each side, and nothing is
//! lost, made twice, or read more often than it takes. Ten hours of it:
//! `SYNCLINE_STEADY_MINUTES=600 cargo test --test it steady -- --nocapture`.

#![expect(
    clippy::print_stdout,
    reason = "the figures are what the test is run for"
)]

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use syncline::domain::call::Operation;
use syncline::domain::event::{Action, Event};
use syncline::domain::guard;
use syncline::domain::record::Side;

use crate::objects::story::Story;

/// Changes a minute, on each side.
const CHANGES: usize = 100;

/// New records among them.
const NEW: usize = 2;

/// Minutes of the short run, which is part of every test run.
const MINUTES: u32 = 8;

/// Minutes between two listings of late commits.
const LISTING_MINUTES: u32 = 5;

/// Calls that look at six types: accounts, contacts, leads, opportunities, tasks, contact roles.
const CALLS_OF_A_LOOK: usize = 2;

/// One object as people change it: each side has a field that only its people write, so that what
/// must stand in the end is known.
struct Kind {
    hubspot: &'static str,
    salesforce: &'static str,
    name: (&'static str, &'static str),
    /// (HubSpot's name, Salesforce's name) of the field that people change in HubSpot.
    from_hubspot: (&'static str, &'static str),
    from_salesforce: (&'static str, &'static str),
}

const KINDS: [Kind; 4] = [
    Kind {
        hubspot: "companies",
        salesforce: "Account",
        name: ("name", "Name"),
        from_hubspot: ("city", "BillingCity"),
        from_salesforce: ("phone", "Phone"),
    },
    Kind {
        hubspot: "contacts",
        salesforce: "Contact",
        name: ("lastname", "LastName"),
        from_hubspot: ("city", "MailingCity"),
        from_salesforce: ("jobtitle", "Title"),
    },
    Kind {
        hubspot: "deals",
        salesforce: "Opportunity",
        name: ("dealname", "Name"),
        from_hubspot: ("description", "Description"),
        from_salesforce: ("dealname", "Name"),
    },
    Kind {
        hubspot: "tasks",
        salesforce: "Task",
        name: ("hs_task_subject", "Subject"),
        from_hubspot: ("hs_task_body", "Description"),
        from_salesforce: ("hs_task_subject", "Subject"),
    },
];

/// The objects, every changed field two-way.
fn objects() -> String {
    let mut text = String::new();
    for (object, kind) in ["company", "contact", "deal", "task"].iter().zip(&KINDS) {
        text.push_str(&format!("[objects.{object}]\n"));
        for (hubspot, salesforce) in [kind.from_hubspot, kind.from_salesforce] {
            text.push_str(&format!(
                "[[objects.{object}.fields]]\nhubspot = \"{hubspot}\"\n\
                 salesforce = \"{salesforce}\"\nrule = \"two-way\"\n"
            ));
        }
    }
    text
}

/// What must stand in the end: by HubSpot's id, the value of each of both fields.
#[derive(Default)]
struct Expected {
    /// Records of a kind, as (HubSpot's id, Salesforce's id); one that was made now has one half.
    pairs: Vec<(Option<String>, Option<String>)>,
    /// The last values by the place of the pair.
    from_hubspot: BTreeMap<usize, String>,
    from_salesforce: BTreeMap<usize, String>,
}

/// People at work.
struct Crowd {
    luck: fastrand::Rng,
    made: usize,
    changes: usize,
    kinds: [Expected; 4],
}

impl Crowd {
    fn new() -> Self {
        Self {
            luck: fastrand::Rng::with_seed(1),
            made: 0,
            changes: 0,
            kinds: Default::default(),
        }
    }

    /// A new record, as its people make it.
    fn make(&mut self, story: &Story, place: usize, side: Side) {
        let kind = &KINDS[place];
        self.made += 1;
        let name = format!("Number {}", self.made);
        let mut fields = Map::new();
        let key = format!("n{}@acme.example", self.made);
        let pair = match side {
            Side::HubSpot => {
                fields.insert(kind.name.0.to_owned(), json!(name));
                if kind.hubspot == "contacts" {
                    fields.insert("email".to_owned(), json!(key));
                }
                fields.extend(required_in_hubspot(kind));
                (
                    Some(story.hubspot(kind.hubspot, Value::Object(fields))),
                    None,
                )
            }
            Side::Salesforce => {
                fields.insert(kind.name.1.to_owned(), json!(name));
                if kind.salesforce == "Contact" {
                    fields.insert("Email".to_owned(), json!(key));
                }
                fields.extend(required_in_salesforce(kind));
                let made = story.salesforce(kind.salesforce, Value::Object(fields));
                (None, Some(made))
            }
        };
        let expected = &mut self.kinds[place];
        let number = expected.pairs.len();
        expected.pairs.push(pair);
        if kind.from_salesforce.1 == kind.name.1 {
            expected.from_salesforce.insert(number, name);
        }
    }

    /// One person changes one record that stands on `side`.
    fn change(&mut self, story: &Story, side: Side) {
        let place = self.luck.usize(..KINDS.len());
        let (kind, expected) = (&KINDS[place], &mut self.kinds[place]);
        let number = self.luck.usize(..expected.pairs.len());
        self.changes += 1;
        let value = format!("Change {}", self.changes);
        let (hubspot, salesforce) = &expected.pairs[number];
        match (side, hubspot, salesforce) {
            (Side::HubSpot, Some(id), _) => {
                let change = json!({ (kind.from_hubspot.0): value });
                story.change_hubspot(kind.hubspot, id, change);
                expected.from_hubspot.insert(number, value);
            }
            (Side::Salesforce, _, Some(id)) => {
                let change = json!({ "Id": id, (kind.from_salesforce.1): value });
                story.salesforce(kind.salesforce, change);
                expected.from_salesforce.insert(number, value);
            }
            // Not across yet: nobody can change it there.
            (Side::HubSpot, None, _) | (Side::Salesforce, _, None) => (),
        }
    }

    /// Learns the halves that were made across, from the ids that records carry.
    fn learn(&mut self, story: &Story) {
        for (kind, expected) in KINDS.iter().zip(&mut self.kinds) {
            for (hubspot, salesforce) in &mut expected.pairs {
                match (&hubspot, &salesforce) {
                    (Some(id), None) => {
                        let names = ["syncline_salesforce_id"];
                        let shown = story.shows_hubspot(kind.hubspot, id, &names);
                        *salesforce = Some(shown[0].clone()).filter(|id| !id.is_empty());
                    }
                    (None, Some(id)) => {
                        let names = ["Syncline_HubSpot_Id__c"];
                        let shown = story.shows_salesforce(kind.salesforce, id, &names);
                        *hubspot = shown[0].split_once('-').map(|(_, id)| id.to_owned());
                    }
                    (Some(_), Some(_)) | (None, None) => (),
                }
            }
        }
    }

    /// Both sides show every value that people wrote last, of every record, and no record more.
    fn check(&self, story: &Story) {
        for (kind, expected) in KINDS.iter().zip(&self.kinds) {
            let made = expected.pairs.len();
            let hubspot = story.in_hubspot(|portal, _| portal.records(kind.hubspot).len());
            let salesforce = story.in_salesforce(|org, _| org.records(kind.salesforce).len());
            assert_eq!((hubspot, salesforce), (made, made), "{}", kind.hubspot);
            for (number, pair) in expected.pairs.iter().enumerate() {
                let (Some(hubspot), Some(salesforce)) = pair else {
                    panic!("{} {pair:?} has no partner", kind.hubspot);
                };
                for (names, values) in [
                    (kind.from_hubspot, &expected.from_hubspot),
                    (kind.from_salesforce, &expected.from_salesforce),
                ] {
                    let value = values.get(&number).cloned().unwrap_or_default();
                    let there = story.shows_hubspot(kind.hubspot, hubspot, &[names.0]);
                    let here = story.shows_salesforce(kind.salesforce, salesforce, &[names.1]);
                    assert_eq!((&there[0], &here[0]), (&value, &value), "{pair:?}");
                }
            }
        }
    }
}

fn required_in_hubspot(kind: &Kind) -> Map<String, Value> {
    crate::objects::story::map(match kind.hubspot {
        "deals" => json!({ "dealstage": "qualifiedtobuy", "closedate": "2026-12-24" }),
        "tasks" => json!({ "hs_timestamp": "2026-12-24T08:00:00Z" }),
        _ => json!({}),
    })
}

fn required_in_salesforce(kind: &Kind) -> Map<String, Value> {
    crate::objects::story::map(match kind.salesforce {
        "Opportunity" => json!({ "StageName": "Prospecting", "CloseDate": "2026-12-24" }),
        "Task" => json!({ "ActivityDate": "2026-12-24" }),
        _ => json!({}),
    })
}

/// Calls to Salesforce for `operation`.
fn calls(story: &Story, operation: Operation) -> usize {
    story.calls(operation)
}

#[tokio::test]
async fn a_hundred_changes_a_minute_on_each_side_arrive_once_and_none_is_lost() {
    let minutes = std::env::var("SYNCLINE_STEADY_MINUTES");
    let minutes: u32 = minutes.map_or(MINUTES, |text| text.parse().expect("a number"));
    let mut story = Story::new(&objects()).await;
    story.in_salesforce(|org, _| org.add_key_field("Task").unwrap());
    story.world.guard = guard::Limits {
        percent: 1_000_000,
        records: 1_000_000,
        ..guard::Limits::default()
    };
    story.configure(&objects()).await;
    let mut crowd = Crowd::new();
    for number in 0..240 {
        let side = Side::BOTH[number % 2];
        crowd.make(&story, number / 2 % KINDS.len(), side);
    }
    story.minutes(8).await;
    crowd.learn(&story);
    let (polls, listings) = (
        calls(&story, Operation::Poll),
        calls(&story, Operation::Listing),
    );
    for _ in 0..minutes {
        for _ in 0..NEW {
            let place = crowd.luck.usize(..KINDS.len());
            for side in Side::BOTH {
                crowd.make(&story, place, side);
            }
        }
        for change in 0..CHANGES - NEW {
            for side in Side::BOTH {
                crowd.change(&story, side);
            }
            // Spread a little: Salesforce stamps whole seconds.
            if change % 10 == 0 {
                story.world.clock.pass_until(story.now() + 700);
            }
        }
        story.minutes(1).await;
        crowd.learn(&story);
    }
    let polls = calls(&story, Operation::Poll) - polls;
    let listings = calls(&story, Operation::Listing) - listings;
    story.minutes(2 * LISTING_MINUTES + 2).await;
    crowd.learn(&story);
    crowd.check(&story);
    let looks = CALLS_OF_A_LOOK * minutes as usize;
    assert_eq!(polls, looks, "so many calls look at all objects");
    let expected = CALLS_OF_A_LOOK * (minutes / LISTING_MINUTES) as usize;
    assert!(
        listings.abs_diff(expected) <= CALLS_OF_A_LOOK + expected / 10,
        "{listings} listings"
    );
    let (mut updated, mut created, mut failed) = (0, 0, 0);
    for entry in story.journal() {
        match entry.event {
            Event::RecordSynced(event) if event.only_marks() => (),
            Event::RecordSynced(event) if event.action == Action::Created => created += 1,
            Event::RecordSynced(event) if event.action == Action::Updated => updated += 1,
            Event::RecordFailed(_) => failed += 1,
            _ => (),
        }
    }
    assert_eq!((created, failed), (crowd.made, 0));
    assert!(
        updated <= crowd.changes,
        "{updated} writes of {} changes",
        crowd.changes
    );
    story.minutes(3).await;
    let spent = [
        Operation::Poll,
        Operation::Listing,
        Operation::Page,
        Operation::Match,
        Operation::Write,
    ]
    .map(|operation| format!("{operation} {}", calls(&story, operation)));
    println!(
        "{minutes} min: {} changes, {} made; {updated} updates, {created} creates written; \
         calls to Salesforce: {}",
        crowd.changes,
        crowd.made,
        spent.join(", ")
    );
}
