//! An answer becomes an event: what the target showed counts only for what was written.

use std::collections::BTreeMap;

use syncline::domain::attempt::{Attempt, Shown};
use syncline::domain::call::Lane;
use syncline::domain::convert;
use syncline::domain::event::{Action, Known, Moved, Span};
use syncline::domain::failure::{Failure, System};
use syncline::domain::fingerprint::PrintKey;
use syncline::domain::mapping::Mapping;
use syncline::domain::merge::Write;
use syncline::domain::record::{
    FieldName, Fields, ObjectName, PairIds, Record, RecordId, RecordKey, Side, Timestamp, Value,
};
use syncline::domain::schema::{Field, Kind, ObjectSchema, Offer};

const KEY: PrintKey = PrintKey([7; 16]);

fn name(text: &str) -> FieldName {
    FieldName::parse(text).expect("a field name")
}

fn id(text: &str) -> RecordId {
    RecordId::parse(text).expect("an id")
}

fn mapping() -> Mapping {
    let contact = ObjectName::parse("contact").expect("an object");
    let mapping = syncline::config::standard_mapping(&contact).expect("contacts are known");
    mapping.expect("the shipped mapping reads well")
}

fn text_field(text: &str) -> Field {
    Field {
        name: name(text),
        label: text.to_owned(),
        kind: Kind::Text,
        length: None,
        precision: None,
        scale: None,
        required: false,
        unique: false,
        key: false,
        creatable: true,
        updatable: true,
        restricted: false,
        calculated: false,
        choices: Vec::new(),
        controller: None,
        refers_to: Vec::new(),
    }
}

fn schema() -> ObjectSchema {
    let fields = ["firstname", "phone"].map(|field| (name(field), text_field(field)));
    ObjectSchema {
        key_prefix: None,
        side: Side::HubSpot,
        api_name: "contacts".to_owned(),
        creatable: true,
        updatable: true,
        read_at: Timestamp(0),
        whole_at: Timestamp(0),
        offer: Offer::default(),
        full: Vec::new(),
        modified: None,
        fields: BTreeMap::from(fields),
    }
}

fn print(value: &str) -> syncline::domain::event::ValuePrint {
    convert::print(&KEY, &Value::Text(value.to_owned()), &text_field("any"))
}

fn moved(field: &str, hubspot: &str) -> Moved {
    Moved {
        field: name(field),
        hubspot: Some(print(hubspot)),
        salesforce: None,
    }
}

/// Writes the first name; the phone was read as `111` and only agrees.
fn attempt() -> Attempt {
    let mut fields = Fields::new();
    fields.insert(name("firstname"), Value::Text("Ada".to_owned()));
    Attempt {
        ids: PairIds {
            object: ObjectName::parse("contact").expect("an object"),
            hubspot: Some(id("501")),
            salesforce: Some(id("003Qy00000A1b2cIAB")),
        },
        write: Write {
            to: Side::HubSpot,
            action: Action::Updated,
            id: Some(id("501")),
            fields,
            moved: vec![moved("firstname", "Ada"), moved("phone", "111")],
            lost: Vec::new(),
            withheld: Vec::new(),
            replaced: Fields::new(),
            marks: false,
        },
        lane: Lane::Live,
        number: 3,
        ask: None,
        foretold: Vec::new(),
    }
}

fn shown(firstname: &str, phone: &str) -> Record {
    let fields = [("firstname", firstname), ("phone", phone)]
        .map(|(field, value)| (name(field), Value::Text(value.to_owned())));
    Record {
        key: RecordKey {
            side: Side::HubSpot,
            object: ObjectName::parse("contact").expect("an object"),
            id: id("501"),
        },
        modified_at: Timestamp(1),
        modified_by: None,
        deleted: false,
        fields: BTreeMap::from(fields),
    }
}

#[test]
fn what_the_target_made_of_a_written_value_is_its_print() {
    let record = shown("ADA", "111");
    let event = attempt().synced(
        &id("501"),
        &Shown::Record(&record, &schema(), &mapping(), &KEY),
    );
    assert_eq!(event.moved[0].hubspot, Some(print("ADA")));
    assert_eq!(event.provisional, None);
}

#[test]
fn a_persons_change_shown_in_the_answer_is_not_taken_for_ours() {
    let record = shown("Ada", "999");
    let event = attempt().synced(
        &id("501"),
        &Shown::Record(&record, &schema(), &mapping(), &KEY),
    );
    assert_eq!(
        event.moved[1].hubspot,
        Some(print("111")),
        "the next look sees that it changed"
    );
}

#[test]
fn an_answer_without_the_record_leaves_the_prints_provisional() {
    let span = Span {
        from: Timestamp(5),
        to: Timestamp(9),
    };
    let event = attempt().synced(&id("501"), &Shown::Later(span.clone()));
    assert_eq!(event.provisional, Some(span));
    assert_eq!(event.fields, [name("firstname")]);
}

#[test]
fn only_answered_attempts_are_numbered() {
    let failures = || vec![Failure::of(System::Salesforce, "STRING_TOO_LONG")];
    assert_eq!(
        attempt().failed(failures(), Known::Answered, None).attempt,
        3
    );
    assert_eq!(
        attempt().failed(failures(), Known::Certain, None).attempt,
        0
    );
}
