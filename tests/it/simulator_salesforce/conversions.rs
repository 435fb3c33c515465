//! Leads that become contacts, and records that become one.

use serde_json::{Value, json};
use syncline::simulator::salesforce::{Conversion, Opening, Switch, human_id, queue_id};

use super::{NOW, Org, org, told};

fn lead(org: &mut Org) -> String {
    org.create(
        "Lead",
        json!({"FirstName": "Ada", "LastName": "Rossi", "Company": "Acme", "Title": "CEO",
               "Email": "ada@acme.example", "Phone": "+39 02", "City": "Milano",
               "Syncline_HubSpot_Id__c": "7-1"}),
    )
}

fn get(org: &Org, object: &str, id: &str) -> Value {
    org.model.get(object, id).expect("a record")
}

fn texts<const N: usize>(record: &Value, names: [&str; N]) -> [String; N] {
    names.map(|name| record[name].as_str().unwrap_or("-").to_owned())
}

#[test]
fn a_converted_lead_names_what_it_became_and_hands_its_values_over() {
    let mut org = org();
    let lead = lead(&mut org);
    let task = org.create("Task", json!({"Subject": "Call", "WhoId": lead}));
    let into = Conversion {
        opportunity: Some(Opening::New("Acme-".into())),
        ..Conversion::default()
    };
    let done = org.model.convert_lead_into(&lead, &into, NOW).unwrap();
    let opportunity = done.opportunity.clone().unwrap();
    let row = get(&org, "Lead", &lead);
    assert_eq!(
        texts(
            &row,
            [
                "Status",
                "ConvertedDate",
                "ConvertedContactId",
                "ConvertedAccountId",
                "ConvertedOpportunityId"
            ]
        ),
        [
            "Closed - Converted",
            "2026-01-05",
            &done.contact,
            &done.account,
            &opportunity
        ]
    );
    assert_eq!(row["IsConverted"], true);
    let contact = get(&org, "Contact", &done.contact);
    assert_eq!(
        texts(
            &contact,
            [
                "Name",
                "Email",
                "Phone",
                "Title",
                "MailingCity",
                "AccountId",
                "Syncline_HubSpot_Id__c"
            ]
        ),
        [
            "Ada Rossi",
            "ada@acme.example",
            "+39 02",
            "CEO",
            "Milano",
            &done.account,
            "-"
        ]
    );
    let account = get(&org, "Account", &done.account);
    assert_eq!(texts(&account, ["Name", "BillingCity"]), ["Acme", "Milano"]);
    let deal = get(&org, "Opportunity", &opportunity);
    assert_eq!(
        texts(&deal, ["Name", "StageName", "CloseDate", "AccountId"]),
        ["Acme-", "Prospecting", "2026-03-31", &done.account]
    );
    let roles = org.model.records("OpportunityContactRole");
    assert_eq!(
        texts(&roles[0], ["OpportunityId", "ContactId"]),
        [opportunity, done.contact.clone()]
    );
    assert_eq!(get(&org, "Task", &task)["WhoId"], done.contact.as_str());
}

#[test]
fn a_converted_lead_is_closed_to_writes_and_to_a_second_conversion() {
    let mut org = org();
    let lead = lead(&mut org);
    org.model
        .convert_lead_into(&lead, &Conversion::default(), NOW)
        .unwrap();
    let refused = "400 CANNOT_UPDATE_CONVERTED_LEAD: cannot reference converted lead []";
    let path = format!("sobjects/Lead/{lead}");
    assert_eq!(
        told(&org.call("PATCH", &path, &json!({"Title": "CTO"}))),
        refused
    );
    let key = "sobjects/Lead/Syncline_HubSpot_Id__c/7-1";
    assert_eq!(
        told(&org.call("PATCH", key, &json!({"Title": "CTO"}))),
        refused
    );
    let again = org
        .model
        .convert_lead_into(&lead, &Conversion::default(), NOW);
    assert_eq!(again.unwrap_err().code, "CANNOT_UPDATE_CONVERTED_LEAD");
}

#[test]
fn of_a_contact_that_exists_only_empty_fields_are_filled() {
    let mut org = org();
    let lead = lead(&mut org);
    let account = org.create("Account", json!({"Name": "Acme"}));
    let contact = org.create(
        "Contact",
        json!({"LastName": "Rossi", "Title": "Boss", "AccountId": account}),
    );
    let into = Conversion {
        contact: Some(contact.clone()),
        ..Conversion::default()
    };
    let done = org.model.convert_lead_into(&lead, &into, NOW).unwrap();
    assert_eq!((&done.contact, &done.account), (&contact, &account));
    let row = get(&org, "Contact", &contact);
    assert_eq!(
        texts(&row, ["FirstName", "Title", "Email"]),
        ["Ada", "Boss", "ada@acme.example"]
    );
}

#[test]
fn keys_go_along_and_queues_are_replaced_where_the_org_says_so() {
    let mut org = org();
    org.model.set_switch(Switch::ConversionCarriesKeys, true);
    let lead = lead(&mut org);
    let path = format!("sobjects/Lead/{lead}");
    org.call("PATCH", &path, &json!({"OwnerId": queue_id()}));
    let done = org
        .model
        .convert_lead_into(&lead, &Conversion::default(), NOW)
        .unwrap();
    let contact = get(&org, "Contact", &done.contact);
    assert_eq!(
        texts(&contact, ["Syncline_HubSpot_Id__c", "OwnerId"]),
        ["7-1".to_owned(), human_id()]
    );
}

#[test]
fn a_conversion_that_fails_leaves_nothing_behind() {
    let mut org = org();
    let lead = lead(&mut org);
    let into = Conversion {
        opportunity: Some(Opening::Existing("006000000000001AAA".into())),
        ..Conversion::default()
    };
    assert!(org.model.convert_lead_into(&lead, &into, NOW).is_err());
    assert!(org.model.records("Contact").is_empty());
    assert!(org.model.records("Account").is_empty());
    assert_eq!(get(&org, "Lead", &lead)["IsConverted"], false);
}

#[test]
fn merges_chain_and_take_children_of_every_kind_along() {
    let mut org = org();
    let [first, second, third] =
        ["A", "B", "C"].map(|name| org.create("Contact", json!({"LastName": name})));
    let task = org.create("Task", json!({"Subject": "Call", "WhoId": first}));
    let deal = json!({"Name": "D", "StageName": "Prospecting", "CloseDate": "2026-03-31"});
    let opportunity = org.create("Opportunity", deal);
    let role = org.create(
        "OpportunityContactRole",
        json!({"OpportunityId": opportunity, "ContactId": first}),
    );
    org.model
        .merge(&second, std::slice::from_ref(&first), NOW)
        .unwrap();
    org.model
        .merge(&third, std::slice::from_ref(&second), NOW)
        .unwrap();
    assert_eq!(
        get(&org, "Contact", &first)["MasterRecordId"],
        second.as_str()
    );
    assert_eq!(
        get(&org, "Contact", &second)["MasterRecordId"],
        third.as_str()
    );
    assert_eq!(get(&org, "Task", &task)["WhoId"], third.as_str());
    assert_eq!(
        get(&org, "OpportunityContactRole", &role)["ContactId"],
        third.as_str()
    );
    let gone = org.model.merge(&third, std::slice::from_ref(&first), NOW);
    assert_eq!(gone.unwrap_err().code, "ENTITY_IS_DELETED");
    assert!(
        org.model
            .merge(&third, std::slice::from_ref(&third), NOW)
            .is_err()
    );
}
