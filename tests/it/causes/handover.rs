//! A cause as a ticket for somebody who has no access to Syncline.

use syncline::control::request::Request;
use syncline::domain::event::{By, MappingChanged};
use syncline::domain::mapping::Mapping;
use syncline::domain::record::{FieldName, RecordId, Side};
use syncline::projections::links::{self, User};
use syncline::projections::{append, settings};

use super::{HOUR, contact, fail, shown};
use crate::store::Bench;

/// Contacts that are `Contact` in Salesforce.
fn mapping() -> Mapping {
    Mapping {
        object: contact(),
        form: None,
        hubspot_type: "contacts".to_owned(),
        salesforce_type: "Contact".to_owned(),
        match_by: None,
        hubspot_id_field: FieldName::parse("syncline_salesforce_id").unwrap(),
        salesforce_id_field: FieldName::parse("Syncline_HubSpot_Id__c").unwrap(),
        former_id: None,
        creates: syncline::domain::mapping::Creates::default(),
        direction: syncline::domain::mapping::Direction::default(),
        deletions: syncline::domain::mapping::Deletions::default(),
        list: None,
        condition: None,
        on_first_link: syncline::domain::mapping::OnFirstLink::default(),
        fields: vec![],
    }
}

#[test]
fn a_ticket_names_org_user_field_message_records_and_a_query() {
    let bench = Bench::new();
    bench.write(|tx| {
        let org = RecordId::parse("00D5g000004XyZwEAM")?;
        settings::bind(tx, 4_711_002, &org)?;
        links::keep(tx, Side::Salesforce, "https://acme.my.salesforce.com")?;
        links::keep_user(tx, &User::Name(Some("syncline@acme.example")))?;
        let id = RecordId::parse("0055g00000AbCdEAAV")?;
        links::keep_user(tx, &User::Id(&id))?;
        let (mapping, by) = (mapping(), By::Configuration);
        append(tx, None, MappingChanged { mapping, by })
    });
    fail(&bench, 0..41, "FIELD_CUSTOM_VALIDATION_EXCEPTION", "Phone");
    bench.pass(16 * HOUR);
    let ticket = shown(&bench, &Request::HandOver { number: 1 });
    let (facts, advice) = ticket
        .split_once("\nWhat helps, in the order to try:\n")
        .unwrap();
    insta::assert_snapshot!(facts, @r#"
    Validation rule on Contact refuses Phone (C-1)

    Syncline, the program that keeps HubSpot and Salesforce in step, cannot write 41 records to Salesforce.

    Org           00D5g000004XyZwEAM  https://acme.my.salesforce.com
    HubSpot       portal 4711002
    API user      syncline@acme.example (0055g00000AbCdEAAV)
    Object        Contact
    Field         Phone
    Since         2026-11-17 08:00:00 Europe/Rome
    As of         2026-11-18 00:00:00 Europe/Rome, 41 records

    Salesforce answers:
      FIELD_CUSTOM_VALIDATION_EXCEPTION [Phone]
      "Phone is not good"   (41 records)

    Some of the records:
      Salesforce  003Qy0000000000AAA  https://acme.my.salesforce.com/003Qy0000000000AAA
      HubSpot     90000  https://app.hubspot.com/contacts/4711002/record/0-1/90000
      Salesforce  003Qy0000000001AAA  https://acme.my.salesforce.com/003Qy0000000001AAA
      HubSpot     90001  https://app.hubspot.com/contacts/4711002/record/0-1/90001
      Salesforce  003Qy0000000002AAA  https://acme.my.salesforce.com/003Qy0000000002AAA
      HubSpot     90002  https://app.hubspot.com/contacts/4711002/record/0-1/90002

    SOQL:
      SELECT Id, Phone, LastModifiedDate FROM Contact WHERE Id IN ('003Qy0000000000AAA', '003Qy0000000001AAA', '003Qy0000000002AAA')
    "#);
    assert!(advice.starts_with("  1. "), "{advice}");
    assert!(
        advice.ends_with("all of them as soon as it goes through.\n"),
        "{advice}"
    );
}

#[test]
fn before_the_sides_were_reached_a_ticket_says_what_is_known() {
    let bench = Bench::new();
    fail(&bench, 0..1, "STRING_TOO_LONG", "Title");
    let text = shown(&bench, &Request::HandOver { number: 1 });
    assert!(text.contains("Org           not known yet\n"), "{text}");
    assert!(text.contains("API user      not known yet\n"), "{text}");
    let unlinked = "  Salesforce  003Qy0000000000AAA\n";
    assert!(text.contains(unlinked), "{text}");
}
