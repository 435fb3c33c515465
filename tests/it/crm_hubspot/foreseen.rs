//! What is foreseen with certainty is refused when it is sent all the same, by a portal that shares
//! no code with the forecast.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use crate::on_the_wire;
use proptest::prelude::*;
use syncline::crm::Source;
use syncline::crm::http::{HttpRequest, Sending, Transport, TransportError};
use syncline::crm::hubspot::{HubSpot, HubSpotOperation, HubSpotRow, RowOutcome};
use syncline::domain::event::{Action, Known};
use syncline::domain::merge::Write;
use syncline::domain::preflight;
use syncline::domain::record::{FieldName, Fields, ObjectName, RecordId, Side, Value};
use syncline::simulator::{self, Outcome, Server, Simulator};

use super::{NOW, field};

const KEY: &str = "syncline_salesforce_id";

const FIELDS: [&str; 13] = [
    "email",
    "lastname",
    "phone",
    "annualrevenue",
    "score",
    "customer_tier",
    "interests",
    "newsletter",
    "renewal_date",
    "last_webinar",
    "hs_object_id",
    "lifecyclestage",
    "no_such",
];

/// What every run has met.
const MET: [&str; 10] = [
    "made",
    "changed",
    "refused",
    "INVALID_OPTION",
    "INVALID_EMAIL",
    "INVALID_INTEGER",
    "INVALID_BOOLEAN",
    "INVALID_DATE",
    "READ_ONLY_VALUE",
    "PROPERTY_DOESNT_EXIST",
];

/// The portal behind the client.
struct Line(Mutex<Simulator>);

impl Transport for Line {
    fn send(&self, request: HttpRequest) -> Sending<'_> {
        let request = on_the_wire::request(&request);
        let outcome = self
            .0
            .lock()
            .unwrap()
            .handle(Server::HubSpot, &request, NOW.0);
        let answer = match outcome {
            Outcome::Answered(answer) => Ok(on_the_wire::answer(answer)),
            other => Err(TransportError::Unknown(format!("{other:?}"))),
        };
        Box::pin(std::future::ready(answer))
    }
}

/// Values that are good in one property and bad in the next, and those at the edge of either.
fn values() -> Vec<Value> {
    let texts = [
        "x",
        "gold",
        " gold ",
        "GOLD",
        "iron",
        "lead",
        "events",
        "events;beta",
        "dance",
        "ada@acme.example",
        "ada acme@acme.example",
        "@acme.example",
        "nobody",
        "12",
        "12.50",
        "1e3",
        "-7",
        "true",
        "yes",
        "maybe",
        "2026-02-03",
        "3 February",
        "0",
    ];
    let mut all: Vec<Value> = texts
        .iter()
        .map(|text| Value::Text((*text).into()))
        .collect();
    for length in [65_536, 65_537] {
        all.push(Value::Text("a".repeat(length)));
    }
    let options =
        |options: &[&str]| Value::Options(options.iter().map(|one| (*one).to_owned()).collect());
    all.extend([
        Value::Blank,
        Value::Bool(false),
        Value::Number("9999999.5".to_owned()),
        Value::Date(2026, 2, 3),
        Value::DateTime(NOW),
        options(&["events", "beta"]),
        options(&["events", "dance"]),
    ]);
    all
}

#[test]
fn what_is_certain_to_fail_is_refused_when_it_is_sent_all_the_same() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let portal = simulator::hubspot::HubSpot::new(simulator::hubspot::Settings::default());
    let org = simulator::salesforce::Salesforce::new(simulator::salesforce::Settings::default());
    let line = Arc::new(Line(Mutex::new(Simulator::new(portal, org, 1))));
    let hubspot = HubSpot::new(line, on_the_wire::hubspot());
    let schema = runtime
        .block_on(hubspot.properties("contacts", NOW))
        .unwrap()
        .value;
    let object = ObjectName::parse("contact").unwrap();
    let (names, values) = (FIELDS.map(field), values());
    let source = Source {
        object: &object,
        schema: &schema,
        fields: &names,
    };
    let send = |operation: &HubSpotOperation, key: &str, fields: Fields| {
        let row = HubSpotRow {
            trace: "0".to_owned(),
            key: key.to_owned(),
            fields,
        };
        match runtime.block_on(hubspot.write(&source, operation, &[row])) {
            Ok(reply) => match reply.value.into_iter().next() {
                Some((_, RowOutcome::Written { id, .. })) => Some(id),
                Some((_, RowOutcome::Failed(_) | RowOutcome::Unmentioned)) | None => None,
            },
            Err(_) => None,
        }
    };
    let create = HubSpotOperation::Upsert {
        id_property: field(KEY),
    };
    let standing: RecordId = {
        let ada = BTreeMap::from([
            (field("lastname"), Value::Text("Rossi".to_owned())),
            (field(KEY), Value::Text("003-0".to_owned())),
        ]);
        send(&create, "003-0", ada).expect("a contact that stands there")
    };
    let met = RefCell::new(BTreeMap::<String, u32>::new());
    let count = |what: &str| *met.borrow_mut().entry(what.to_owned()).or_default() += 1;
    let key = Cell::new(0);
    let cells = prop::collection::vec((0..FIELDS.len(), 0..values.len()), 1..4);
    let config = ProptestConfig {
        cases: 5_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |(is_new in any::<bool>(), cells in cells)| {
        let fields: BTreeMap<FieldName, Value> = cells
            .iter()
            .map(|(name, value)| (names[*name].clone(), values[*value].clone()))
            .collect();
        let write = Write {
            to: Side::HubSpot,
            action: if is_new { Action::Created } else { Action::Updated },
            id: (!is_new).then(|| standing.clone()),
            fields: fields.clone(),
            moved: Vec::new(),
            lost: Vec::new(),
            withheld: Vec::new(),
            replaced: BTreeMap::new(),
            marks: false,
        };
        let foreseen = preflight::check(&write, &schema, NOW);
        key.set(key.get() + 1);
        let taken = if is_new {
            let id = format!("003-{}", key.get());
            let mut fields = fields.clone();
            fields.insert(field(KEY), Value::Text(id.clone()));
            send(&create, &id, fields)
        } else {
            send(&HubSpotOperation::Update, standing.as_str(), fields.clone())
        };
        for one in &foreseen {
            let failure = &one.raw.failure;
            count(&failure.code);
            prop_assert_eq!(one.known, Known::Certain, "no automation comes before");
            prop_assert!(taken.is_none(), "{failure:?} of {fields:?}");
        }
        count(match (is_new, taken) {
            (true, Some(_)) => "made",
            (false, Some(_)) => "changed",
            (_, None) => "refused",
        });
    });
    let met = met.into_inner();
    for what in MET {
        assert!(met.contains_key(what), "{what} was never met: {met:?}");
    }
}
