//! What people call records: where it comes from, and how records are found by it.

use syncline::annex;
use syncline::control::Refusal;
use syncline::control::request::Request;
use syncline::domain::label::Label;
use syncline::domain::record::{
    Fields, ObjectName, Record, RecordId, RecordKey, Side, Timestamp, Value,
};
use syncline::projections::records::Order;

use super::{ask, fail, ids, shown};
use crate::store::Bench;

fn named(side: Side, fields: &[(&str, &str)]) -> Option<(String, Option<String>)> {
    let fields: Fields = fields
        .iter()
        .map(|(name, value)| {
            let name = syncline::domain::record::FieldName::parse(name).unwrap();
            (name, Value::Text((*value).to_owned()))
        })
        .collect();
    let record = Record {
        key: RecordKey {
            side,
            object: ObjectName::parse("contact").unwrap(),
            id: RecordId::parse("1").unwrap(),
        },
        modified_at: Timestamp(0),
        modified_by: None,
        deleted: false,
        fields,
    };
    Label::of(&record).map(|label| (label.name, label.email))
}

#[test]
fn a_record_is_called_by_its_names_else_by_its_e_mail() {
    let check = |side, fields: &[(&str, &str)], name: &str, email: Option<&str>| {
        let expected = Some((name.to_owned(), email.map(ToOwned::to_owned)));
        assert_eq!(named(side, fields), expected, "{fields:?}");
    };
    let email = ("email", "Anna@Acme.example");
    let lower = Some("anna@acme.example");
    let full = [("firstname", " Anna "), ("lastname", "Rossi\n"), email];
    check(Side::HubSpot, &full, "Anna Rossi", lower);
    check(Side::HubSpot, &[("lastname", "Rossi")], "Rossi", None);
    check(Side::HubSpot, &[email], "Anna@Acme.example", lower);
    check(Side::HubSpot, &[("dealname", "Big  one")], "Big one", None);
    check(Side::HubSpot, &[("hs_task_subject", "Call")], "Call", None);
    check(Side::Salesforce, &[("Name", "Acme")], "Acme", None);
    check(Side::Salesforce, &[("Subject", "Call")], "Call", None);
    let person = [("Title", "CEO"), ("FirstName", "A"), ("LastName", "R")];
    check(Side::Salesforce, &person, "A R", None);
    assert_eq!(named(Side::Salesforce, &[("Phone", "1")]), None);
    assert_eq!(named(Side::HubSpot, &[("firstname", "  ")]), None);
}

/// Contacts that fail, called so in HubSpot and, in another way, in Salesforce.
fn called(names: &'static [(&'static str, &'static str)]) -> Bench {
    let bench = Bench::new();
    fail(
        &bench,
        0..u32::try_from(names.len()).unwrap(),
        "STRING_TOO_LONG",
        "Title",
    );
    bench.write(move |tx| {
        for ((name, email), number) in names.iter().zip(0..) {
            for key in ids(number).keys() {
                let label = Label {
                    name: (*name).to_owned(),
                    email: Some((*email).to_owned()),
                };
                annex::label_record(tx, &key, &label)?;
            }
        }
        Ok(())
    });
    bench
}

const PEOPLE: &[(&str, &str)] = &[
    ("Anna Rossi", "anna@acme.example"),
    ("Anna Verdi", "verdi@acme.example"),
    ("Åsa Öberg", "asa@acme.example"),
    ("Bruno Conti", "anna.c@acme.example"),
];

fn show(id: &str) -> Request {
    Request::Record { id: id.to_owned() }
}

#[test]
fn a_record_is_found_by_how_its_name_or_its_e_mail_begins() {
    let bench = called(PEOPLE);
    let check = |start: &str, head: &str| {
        let story = shown(&bench, &show(start));
        assert!(story.starts_with(head), "{start}: {story}");
    };
    check("anna rossi", "#1  contact  Anna Rossi  HubSpot 90000");
    check("ANNA@acme.example", "#1  contact  Anna Rossi");
    check("åsa", "#3  contact  Åsa Öberg");
    check("br", "#4  contact  Bruno Conti");
    check("#4", "#4  contact  Bruno Conti");
    let refused = |start: &str| match ask(&bench, &show(start)) {
        Err(Refusal { exit: 64, message }) => message,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        refused("Anna"),
        "several records begin with \"Anna\": #1 Anna Rossi, #2 Anna Verdi, #4 Bruno Conti; give \
         one's number"
    );
    let unknown = refused("anna rosso");
    assert!(
        unknown.starts_with("no record \"anna rosso\" is known"),
        "{unknown}"
    );
    assert!(
        unknown.ends_with("; the nearest: #1 Anna Rossi"),
        "{unknown}"
    );
    let strange = refused("zz");
    assert!(strange.ends_with("a name or an e-mail begins"), "{strange}");
}

#[test]
fn records_are_listed_by_how_their_names_begin_and_nobody_fitting_is_said() {
    let bench = called(PEOPLE);
    let list = |name: &str| Request::Records {
        state: None,
        object: None,
        why: None,
        name: Some(name.to_owned()),
        order: Order::Record,
        limit: 100,
        after: None,
    };
    insta::assert_snapshot!(shown(&bench, &list("anna")), @r"
    RECORD  OBJECT   HUBSPOT  SALESFORCE          NAME         STATE    WHY
    #1      contact    90000  003Qy0000000000AAA  Anna Rossi   failing  C-1
    #2      contact    90001  003Qy0000000001AAA  Anna Verdi   failing  C-1
    #4      contact    90003  003Qy0000000003AAA  Bruno Conti  failing  C-1

    one record's story   syncline records show ID
    one cause's fix      syncline errors show C-N
    ");
    assert_eq!(shown(&bench, &list("zoe")), "No record fits.\n");
    let errors = Request::Errors {
        which: syncline::control::request::Which::default(),
        order: None,
        limit: 1,
        after: None,
    };
    let errors = shown(&bench, &errors);
    assert!(errors.contains("  NAME        TO"), "{errors}");
    assert!(errors.contains("  Anna Rossi  Salesforce"), "{errors}");
}

#[test]
fn a_name_that_is_known_is_not_written_again_and_one_that_changed_is() {
    let bench = called(PEOPLE);
    let key = ids(0).keys().remove(0);
    bench.write(move |tx| {
        let label = annex::label(tx, &key)?.unwrap();
        let kept = |tx: &_, name: &str| -> anyhow::Result<Option<String>> {
            let label = Label {
                name: name.to_owned(),
                email: None,
            };
            annex::label_record(tx, &key, &label)?;
            annex::label(tx, &key)
        };
        assert_eq!(label, "Anna Rossi");
        assert_eq!(kept(tx, "Anna Bianchi")?.as_deref(), Some("Anna Bianchi"));
        assert_eq!(annex::labelled(tx, "anna ro", 9)?.len(), 1, "Salesforce's");
        Ok(())
    });
}
