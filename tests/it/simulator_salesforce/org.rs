//! What administrators, other people and automation do, as the API shows it.

use serde_json::{Value, json};
use syncline::simulator::salesforce::{
    FieldChange, Injected, InjectedKind, Op, Predicate, Rewrite, Settings, Switch,
};
use syncline::simulator::wire::Response;

use super::{NOW, body, check_in, header, map, org, org_with, told};

fn rule(kind: InjectedKind, message: &str) -> Injected {
    let when = vec![Predicate {
        field: "Phone".into(),
        op: Op::NotStartsWith,
        value: "+39".into(),
    }];
    let fields = vec!["Phone".into()];
    Injected {
        name: "Phone_Rule".into(),
        object: "Contact".into(),
        kind,
        when,
        message: message.into(),
        fields,
        active: true,
    }
}

#[test]
fn rules_flows_and_triggers_refuse_what_their_predicate_finds() {
    let mut org = org();
    org.model.inject(rule(
        InjectedKind::ValidationRule,
        "Phone must begin with +39",
    ));
    check_in(
        &mut org,
        json!({"Phone": "+1 555"}),
        "400 FIELD_CUSTOM_VALIDATION_EXCEPTION: Phone must begin with +39 [\"Phone\"]",
    );
    check_in(&mut org, json!({"Phone": "+39 02"}), "201");
    org.model.inject(rule(InjectedKind::FlowFailure, ""));
    check_in(
        &mut org,
        json!({"Phone": "+1 555"}),
        "400 CANNOT_EXECUTE_FLOW_TRIGGER: We can\u{2019}t save this record because the \u{201c}Phone_Rule\u{201d} process failed. Give your Salesforce admin these details. An error occurred when executing a flow interview. [\"Phone\"]",
    );
    org.model.inject(rule(
        InjectedKind::TriggerFailure,
        "System.LimitException: Apex CPU time limit exceeded",
    ));
    check_in(
        &mut org,
        json!({"Phone": "+1 555"}),
        "400 CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY: Phone_Rule: execution of BeforeInsert\n\ncaused by: System.LimitException: Apex CPU time limit exceeded\n\nTrigger.Phone_Rule: line 3, column 1 [\"Phone\"]",
    );
    assert!(org.model.set_rule_active("Phone_Rule", false));
    check_in(&mut org, json!({"Phone": "+1 555"}), "201");
    assert!(org.model.remove_rule("Phone_Rule"));
    assert!(!org.model.remove_rule("Phone_Rule"));
}

#[test]
fn a_duplicate_rule_that_only_alerts_gives_way_to_allow_save() {
    let mut org = org();
    let first = org.create(
        "Contact",
        json!({"LastName": "A", "Email": "a@acme.example"}),
    );
    let duplicates = |allow_save| Injected {
        when: Vec::new(),
        fields: Vec::new(),
        ..rule(
            InjectedKind::DuplicateRule {
                allow_save,
                match_fields: vec!["Email".into()],
            },
            "",
        )
    };
    for (allow_save, expected) in [(true, 201), (false, 400)] {
        org.model.inject(duplicates(allow_save));
        let contact = json!({"LastName": "B", "Email": "A@acme.example"}).to_string();
        let url = "/services/data/v66.0/sobjects/Contact";
        let plain = org.send("POST", url, &[], contact.as_bytes());
        assert_eq!(
            told(&plain),
            "400 DUPLICATES_DETECTED: Use one of these records? []"
        );
        let found = &body(&plain)[0]["duplicateResult"];
        assert_eq!(found["allowSave"], allow_save);
        assert_eq!(
            found["matchResults"][0]["matchRecords"][0]["record"]["Id"],
            first.as_str()
        );
        let allowed = [(
            "sforce-duplicate-rule-header",
            "allowSave=true; includeRecordDetails=true",
        )];
        assert_eq!(
            org.send("POST", url, &allowed, contact.as_bytes()).status,
            expected
        );
    }
}

#[test]
fn locks_storage_and_converted_leads_have_their_own_codes() {
    let mut org = org();
    org.model.lock_rows(1);
    check_in(
        &mut org,
        json!({}),
        "400 UNABLE_TO_LOCK_ROW: unable to obtain exclusive access to this record or 200 records: 000000000000000 []",
    );
    check_in(&mut org, json!({}), "201");
    org.model.set_switch(Switch::StorageFull, true);
    check_in(
        &mut org,
        json!({}),
        "400 STORAGE_LIMIT_EXCEEDED: storage limit exceeded []",
    );
    org.model.set_switch(Switch::StorageFull, false);
    let account = org.create("Account", json!({"Name": "Acme"}));
    let contact = org.create("Contact", json!({"LastName": "R"}));
    let lead = org.create("Lead", json!({"LastName": "R", "Company": "Acme"}));
    org.model
        .convert_lead(&lead, &contact, &account, NOW)
        .unwrap();
    let answer = org.call(
        "PATCH",
        &format!("sobjects/Lead/{lead}"),
        &json!({"Company": "B"}),
    );
    assert_eq!(
        told(&answer),
        "400 CANNOT_UPDATE_CONVERTED_LEAD: cannot reference converted lead []"
    );
}

#[test]
fn a_describe_shows_what_the_user_sees_and_when_it_changed() {
    let mut org = org();
    let path = "/services/data/v66.0/sobjects/Contact/describe";
    let first = org.send("GET", path, &[], b"");
    let seen = header(&first, "last-modified").to_owned();
    let field = |answer: &Response, name: &str| {
        body(answer)["fields"]
            .as_array()
            .unwrap()
            .iter()
            .find(|f| f["name"] == name)
            .cloned()
    };
    let tier = field(&first, "Tier__c").unwrap();
    assert_eq!(
        (
            &tier["restrictedPicklist"],
            &tier["picklistValues"][0]["value"]
        ),
        (&json!(true), &json!("Gold"))
    );
    let last = field(&first, "LastName").unwrap();
    assert_eq!(
        (&last["nillable"], &last["createable"], &last["length"]),
        (&json!(false), &json!(true), &json!(80))
    );
    assert_eq!(
        org.send("GET", path, &[("if-modified-since", &seen)], b"")
            .status,
        304
    );
    org.model
        .change_field(
            "Contact",
            "Tier__c",
            FieldChange::RemoveValue("Bronze".into()),
        )
        .unwrap();
    org.model
        .change_field("Contact", "Title", FieldChange::Hide(true))
        .unwrap();
    org.model
        .change_field(
            "Contact",
            "Nickname__c",
            FieldChange::Add("string(10) cunFS".into()),
        )
        .unwrap();
    let second = org.send("GET", path, &[("if-modified-since", &seen)], b"");
    assert_eq!(
        field(&second, "Tier__c").unwrap()["picklistValues"][2]["active"],
        false
    );
    assert!(field(&second, "Title").is_none());
    check_in(
        &mut org,
        json!({"Tier__c": "Bronze"}),
        "400 INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST: Tier: bad value for restricted picklist field: Bronze [\"Tier__c\"]",
    );
    check_in(
        &mut org,
        json!({"Title": "CEO"}),
        "400 INVALID_FIELD: No such column 'Title' on sobject of type Contact",
    );
    check_in(&mut org, json!({"Nickname__c": "Bob"}), "201");
    assert!(
        told(&org.query("SELECT Title FROM Contact"))
            .contains("No such column 'Title' on entity 'Contact'")
    );
    org.model
        .change_field("Contact", "Phone", FieldChange::Writable(false))
        .unwrap();
    org.model
        .change_field("Contact", "Email", FieldChange::Require(true))
        .unwrap();
    check_in(
        &mut org,
        json!({"Phone": "1"}),
        "400 INVALID_FIELD_FOR_INSERT_UPDATE: Unable to create/update fields: Phone. Please check the security settings of this field and verify that it is read/write for your profile or permission set. [\"Phone\"]",
    );
    check_in(
        &mut org,
        json!({}),
        "400 REQUIRED_FIELD_MISSING: Required fields are missing: [Email] [\"Email\"]",
    );
}

#[test]
fn a_late_commit_appears_behind_the_reader_with_its_old_stamp() {
    let mut org = org();
    org.model
        .late_commit(
            "Contact",
            map(json!({"LastName": "Late"})),
            NOW,
            NOW + 60_000,
        )
        .unwrap();
    org.now = NOW + 30_000;
    org.create("Contact", json!({"LastName": "Early"}));
    let soql = "SELECT LastName FROM Contact ORDER BY SystemModstamp, Id";
    assert_eq!(org.names(soql), "Early");
    let window = "start=2026-01-05T10%3A00%3A00Z&end=2026-01-05T10%3A30%3A00Z";
    let updated = body(&org.call(
        "GET",
        &format!("sobjects/Contact/updated/?{window}"),
        &Value::Null,
    ));
    assert_eq!(
        (
            updated["ids"].as_array().map(Vec::len),
            &updated["latestDateCovered"]
        ),
        (Some(1), &json!("2026-01-05T10:11:12.000+0000"))
    );
    org.now = NOW + 60_000;
    assert_eq!(org.names(soql), "Late Early");
}

#[test]
fn the_orgs_automation_and_other_people_change_rows_too() {
    let mut org = org();
    org.model
        .automation("Contact", "LastName", Some(Rewrite::UpperCase));
    let ours = org.create("Contact", json!({"LastName": "Rossi"}));
    let theirs = org.put("Contact", json!({"LastName": "Bianchi"}));
    let modified = |id: &str| org.model.get("Contact", id).unwrap()["LastModifiedById"].clone();
    assert_eq!(
        org.model.get("Contact", &ours).unwrap()["LastName"],
        "ROSSI"
    );
    assert_ne!(modified(&ours), modified(&theirs));
    let refused = org
        .model
        .put("Contact", map(json!({"Email": "a@acme.example"})), NOW)
        .unwrap_err();
    assert_eq!(refused[0].code, "REQUIRED_FIELD_MISSING");
    let loose = org
        .model
        .put_unchecked("Contact", map(json!({"Email": "broken"})), NOW)
        .unwrap();
    assert_eq!(org.model.get("Contact", &loose).unwrap()["Email"], "broken");
    assert_eq!(org.model.calls_counted(), 1);
}

#[test]
fn a_merge_names_the_winner_and_moves_the_children() {
    let mut org = org();
    let winner = org.create("Account", json!({"Name": "A"}));
    let loser = org.create("Account", json!({"Name": "B"}));
    let contact = org.create("Contact", json!({"LastName": "R", "AccountId": loser}));
    org.model
        .merge(&winner, std::slice::from_ref(&loser), NOW + 1000)
        .unwrap();
    let row = org.model.get("Account", &loser).unwrap();
    assert_eq!(
        (&row["IsDeleted"], &row["MasterRecordId"]),
        (&json!(true), &json!(winner))
    );
    assert_eq!(
        org.model.get("Contact", &contact).unwrap()["AccountId"],
        json!(winner)
    );
}

#[test]
fn the_same_seed_and_requests_give_the_same_bytes() {
    let run = |seed| {
        let mut org = org_with(Settings {
            seed,
            ..Settings::default()
        });
        let id = org.create("Contact", json!({"LastName": "Rossi"}));
        (
            org.token.clone(),
            org.call("GET", &format!("sobjects/Contact/{id}"), &Value::Null)
                .body,
        )
    };
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
}
