//! Objects beyond contacts: stages, record types, queues, roles, and objects of the org's own.

use serde_json::{Value, json};
use syncline::simulator::salesforce::{
    FieldChange, NewObject, NewQueue, NewRecordType, NewUser, Stage, Switch, queue_id,
};

use super::{NOW, Org, body, header, org, told};

fn deal(stage: &str) -> Value {
    json!({"Name": "Deal", "StageName": stage, "CloseDate": "2026-03-31"})
}

fn field(org: &mut Org, object: &str, id: &str, name: &str) -> Value {
    let answer = org.call("GET", &format!("sobjects/{object}/{id}"), &Value::Null);
    body(&answer)[name].clone()
}

fn rows(org: &mut Org, soql: &str) -> Vec<Value> {
    let answer = org.query(soql);
    assert_eq!(answer.status, 200, "{}", told(&answer));
    body(&answer)["records"].as_array().unwrap().clone()
}

fn describe(org: &mut Org, object: &str) -> Value {
    let answer = org.call("GET", &format!("sobjects/{object}/describe"), &Value::Null);
    body(&answer)
}

#[test]
fn a_stage_decides_whether_its_opportunity_is_closed_and_won() {
    let mut org = org();
    let id = org.create("Opportunity", deal("Prospecting"));
    assert_eq!(field(&mut org, "Opportunity", &id, "Probability"), 10.0);
    let path = format!("sobjects/Opportunity/{id}");
    org.call("PATCH", &path, &json!({"StageName": "Closed Won"}));
    let row = org.model.get("Opportunity", &id).unwrap();
    let told = ["IsClosed", "IsWon", "Probability"].map(|name| row[name].to_string());
    assert_eq!(told, ["true", "true", "100.0"]);
    let kept = json!({"StageName": "Closed Lost", "Probability": 5});
    org.call("PATCH", &path, &kept);
    let row = org.model.get("Opportunity", &id).unwrap();
    let told = ["IsClosed", "IsWon", "Probability"].map(|name| row[name].to_string());
    assert_eq!(told, ["true", "false", "5.0"]);
}

#[test]
fn stages_are_rows_that_say_what_the_picklist_says() {
    let mut org = org();
    let soql = "SELECT ApiName,MasterLabel,IsActive,IsClosed,IsWon,SortOrder FROM OpportunityStage \
                WHERE IsActive = true ORDER BY SortOrder";
    let names = |org: &mut Org| -> Vec<String> {
        let stages = rows(org, soql);
        let names = stages.iter().filter_map(|stage| stage["ApiName"].as_str());
        names.map(str::to_owned).collect()
    };
    assert_eq!(names(&mut org).len(), 8);
    let refused = "400 INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST: Stage: bad value for restricted \
                   picklist field: Signed [\"StageName\"]";
    let create =
        |org: &mut Org, stage| told(&org.call("POST", "sobjects/Opportunity", &deal(stage)));
    assert_eq!(create(&mut org, "Signed"), refused);
    org.model.put_stage(&Stage {
        name: "Signed".into(),
        active: true,
        closed: true,
        won: true,
        probability: 100.0,
    });
    assert_eq!(create(&mut org, "Signed"), "201");
    let gone = FieldChange::RemoveValue("Prospecting".into());
    org.model
        .change_field("Opportunity", "StageName", gone)
        .unwrap();
    let active = names(&mut org);
    assert!(!active.contains(&"Prospecting".to_owned()), "{active:?}");
    assert_eq!(active.last().unwrap(), "Signed");
    assert!(create(&mut org, "Prospecting").starts_with("400 INVALID_OR_NULL"));
    org.model.set_switch(Switch::OpenStages, true);
    assert_eq!(create(&mut org, "Anything"), "201");
}

#[test]
fn record_types_show_in_the_describe_and_as_rows_and_bind_their_object() {
    let mut org = org();
    let types = |org: &mut Org| describe(org, "Opportunity")["recordTypeInfos"].clone();
    assert_eq!(types(&mut org).as_array().unwrap().len(), 1);
    let mut add = |object: &str, name: &str, default| {
        org.model
            .add_record_type(&NewRecordType {
                object: object.into(),
                name: name.into(),
                developer_name: name.into(),
                default,
            })
            .unwrap()
    };
    let (sale, renewal) = (
        add("Opportunity", "Sale", true),
        add("Opportunity", "Renewal", false),
    );
    let partner = add("Account", "Partner", false);
    let infos = types(&mut org);
    assert_eq!(
        (
            &infos[0]["developerName"],
            &infos[0]["defaultRecordTypeMapping"],
            &infos[2]["master"]
        ),
        (&json!("Sale"), &json!(true), &json!(true))
    );
    let found = rows(
        &mut org,
        "SELECT Id,DeveloperName FROM RecordType WHERE SobjectType = 'Opportunity' AND IsActive = true",
    );
    assert_eq!(found.len(), 2);
    let id = org.create("Opportunity", deal("Prospecting"));
    assert_eq!(
        field(&mut org, "Opportunity", &id, "RecordTypeId"),
        sale.as_str()
    );
    org.model.set_record_type_active(&renewal, false).unwrap();
    for wrong in [partner, renewal] {
        let answer = org.call(
            "PATCH",
            &format!("sobjects/Opportunity/{id}"),
            &json!({"RecordTypeId": wrong}),
        );
        assert_eq!(
            told(&answer),
            format!(
                "400 INVALID_CROSS_REFERENCE_KEY: Record Type ID: this ID value isn't valid for \
                 the user: {} [\"RecordTypeId\"]",
                &wrong[..15]
            )
        );
    }
}

#[test]
fn a_queue_owns_only_what_it_was_made_for() {
    let mut org = org();
    let refused = "400 INVALID_OPERATION: Queue not associated with this SObject type []";
    let create = |org: &mut Org, object: &str, mut fields: Value, owner: &str| {
        fields["OwnerId"] = json!(owner);
        told(&org.call("POST", &format!("sobjects/{object}"), &fields))
    };
    let lead = json!({"LastName": "R", "Company": "Acme"});
    let task = json!({"Subject": "Call"});
    assert_eq!(create(&mut org, "Lead", lead.clone(), &queue_id()), "201");
    assert_eq!(
        create(&mut org, "Case", json!({"Subject": "Help"}), &queue_id()),
        "201"
    );
    for (object, fields) in [
        ("Task", task.clone()),
        ("Opportunity", deal("Prospecting")),
        ("Account", json!({"Name": "Acme"})),
    ] {
        assert_eq!(
            create(&mut org, object, fields, &queue_id()),
            refused,
            "{object}"
        );
    }
    let calls = org.model.add_queue(&NewQueue {
        name: "Calls".into(),
        objects: vec!["Task".into()],
    });
    assert_eq!(create(&mut org, "Task", task, &calls), "201");
    assert_eq!(create(&mut org, "Lead", lead, &calls), refused);
    let links = rows(
        &mut org,
        "SELECT QueueId,Queue.Name FROM QueueSobject WHERE SobjectType = 'Task'",
    );
    assert_eq!(links[0]["Queue"]["Name"], "Calls");
}

#[test]
fn a_new_user_can_own_records_until_it_is_deactivated() {
    let mut org = org();
    let eve = org.model.add_user(&NewUser {
        email: "eve@acme.example".into(),
        first_name: "Eve".into(),
        last_name: "Sales".into(),
        user_type: "Standard".into(),
        active: true,
    });
    let found = rows(
        &mut org,
        "SELECT Email,UserType,IsActive FROM User WHERE Name = 'Eve Sales'",
    );
    assert_eq!(
        (&found[0]["UserType"], &found[0]["IsActive"]),
        (&json!("Standard"), &json!(true))
    );
    let account = json!({"Name": "Acme", "OwnerId": eve});
    org.create("Account", account.clone());
    org.model.set_user_active(&eve, false, NOW).unwrap();
    let answer = told(&org.call("POST", "sobjects/Account", &account));
    assert!(answer.starts_with("400 INACTIVE_OWNER_OR_USER"), "{answer}");
}

#[test]
fn an_opportunity_has_roles_of_contacts_doubles_and_one_primary() {
    let mut org = org();
    let opportunity = org.create("Opportunity", deal("Prospecting"));
    let contact = org.create("Contact", json!({"LastName": "R"}));
    let role = json!({"OpportunityId": opportunity, "ContactId": contact, "IsPrimary": true});
    let first = org.create("OpportunityContactRole", role.clone());
    org.now += 5000;
    let second = org.create("OpportunityContactRole", role);
    let soql = "SELECT Id,IsPrimary,SystemModstamp FROM OpportunityContactRole ORDER BY Id";
    let told: Vec<String> = rows(&mut org, soql)
        .iter()
        .map(|row| format!("{} {}", row["IsPrimary"], row["SystemModstamp"]))
        .collect();
    assert_eq!(
        told,
        [
            "false \"2026-01-05T10:11:17.000+0000\"",
            "true \"2026-01-05T10:11:17.000+0000\""
        ]
    );
    let answer = org.call(
        "POST",
        "sobjects/OpportunityContactRole",
        &json!({"OpportunityId": opportunity}),
    );
    assert_eq!(
        super::told(&answer),
        "400 REQUIRED_FIELD_MISSING: Required fields are missing: [ContactId] [\"ContactId\"]"
    );
    org.call(
        "DELETE",
        &format!("sobjects/Opportunity/{opportunity}"),
        &Value::Null,
    );
    for id in [first, second] {
        assert_eq!(
            org.model.get("OpportunityContactRole", &id).unwrap()["IsDeleted"],
            true
        );
    }
}

#[test]
fn an_object_of_the_orgs_own_has_ids_and_lookups_of_its_own() {
    let mut org = org();
    let prefix = org
        .model
        .add_object(&NewObject {
            name: "Project__c".into(),
            label: "Project".into(),
            prefix: None,
            fields: "Budget__c currency(16,2) cunFS\n\
                     Account__c \"Account\" reference cunFS >Account:Account__r"
                .into(),
        })
        .unwrap();
    assert_eq!(prefix, "a01");
    org.model.add_key_field("Project__c").unwrap();
    let account = org.create("Account", json!({"Name": "Acme"}));
    let path = "sobjects/Project__c/Syncline_HubSpot_Id__c/7-1";
    let project = json!({"Name": "Bridge", "Budget__c": 12.5, "Account__c": account});
    let answer = org.call("PATCH", path, &project);
    assert_eq!(answer.status, 201, "{}", told(&answer));
    assert!(body(&answer)["id"].as_str().unwrap().starts_with("a01"));
    let found = rows(
        &mut org,
        "SELECT Name,Account__r.Name,Owner.Name FROM Project__c WHERE Budget__c > 12",
    );
    assert_eq!(found[0]["Account__r"]["Name"], "Acme");
    let described = describe(&mut org, "Project__c");
    assert_eq!(
        (&described["keyPrefix"], &described["custom"]),
        (&json!("a01"), &json!(true))
    );
    let taken = NewObject {
        name: "Project__c".into(),
        label: "P".into(),
        prefix: None,
        fields: String::new(),
    };
    assert!(org.model.add_object(&taken).is_err());
}

#[test]
fn only_a_task_lacks_the_key_field_until_it_is_added() {
    let mut org = org();
    let has_key = |org: &mut Org, object: &str| {
        let described = describe(org, object);
        let fields = described["fields"].as_array().unwrap();
        fields
            .iter()
            .any(|field| field["name"] == "Syncline_HubSpot_Id__c" && field["unique"] == true)
    };
    for (object, expected) in [
        ("Account", true),
        ("Contact", true),
        ("Lead", true),
        ("Opportunity", true),
        ("OpportunityContactRole", false),
        ("Task", false),
    ] {
        assert_eq!(has_key(&mut org, object), expected, "{object}");
    }
    org.model.add_key_field("Task").unwrap();
    assert!(has_key(&mut org, "Task"));
    let path = "sobjects/Task/Syncline_HubSpot_Id__c/7-1";
    assert_eq!(
        org.call("PATCH", path, &json!({"Subject": "Call"})).status,
        201
    );
}

#[test]
fn an_unchanged_describe_is_told_in_a_word_and_still_counted() {
    let mut org = org();
    let path = "/services/data/v66.0/sobjects/Task/describe";
    let first = org.send("GET", path, &[], b"");
    let seen = header(&first, "last-modified").to_owned();
    assert!(seen.ends_with(" GMT"), "{seen}");
    let before = org.model.calls_counted();
    let again = org.send("GET", path, &[("if-modified-since", &seen)], b"");
    assert_eq!((again.status, again.body.len()), (304, 0));
    assert_eq!(header(&again, "last-modified"), seen);
    assert_eq!(org.model.calls_counted(), before + 1);
    org.model.add_key_field("Task").unwrap();
    let changed = org.send("GET", path, &[("if-modified-since", &seen)], b"");
    assert_eq!(changed.status, 200);
}
