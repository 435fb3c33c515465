//! Salesforce records that a condition leaves out of HubSpot.

use serde_json::json;
use syncline::domain::call::Operation;
use syncline::domain::event::Excluded;

use super::Story;

const CUSTOMERS: &str = "[objects.contact]\nleads = false\ncondition = \"Department = 'Customer' AND DoNotCall = false\"\n";

#[tokio::test]
async fn a_record_that_does_not_meet_the_condition_stays_out_of_hubspot() {
    let mut story = Story::new(CUSTOMERS).await;
    story.salesforce(
        "Contact",
        json!({ "LastName": "Hopper", "Email": "grace@acme.example" }),
    );
    let ada = story.salesforce(
        "Contact",
        json!({ "LastName": "Lovelace", "Email": "ada@acme.example", "Department": "Customer" }),
    );
    story.minutes(3).await;
    let made = story.only_in_hubspot("contacts");
    assert_eq!(
        story.shows_hubspot("contacts", &made, &["email", "syncline_salesforce_id"]),
        ["ada@acme.example", ada.as_str()]
    );
    let mut told = story.told();
    told.sort();
    assert_eq!(
        told,
        [
            "contact created to HubSpot",
            "contact excluded: condition",
            "contact linked: created"
        ]
    );
    assert_eq!(story.left_out(Excluded::Condition).await, (1, 1));
    story.minutes(3).await;
    assert_eq!(story.told(), Vec::<String>::new(), "it is told once");
}

#[tokio::test]
async fn one_that_comes_to_meet_it_is_created() {
    let mut story = Story::new(CUSTOMERS).await;
    let ada = story.salesforce(
        "Contact",
        json!({ "LastName": "Lovelace", "Email": "ada@acme.example" }),
    );
    story.minutes(3).await;
    story.salesforce("Contact", json!({ "Id": ada, "Department": "Customer" }));
    story.minutes(3).await;
    story.only_in_hubspot("contacts");
    assert_eq!(story.left_out(Excluded::Condition).await, (0, 0));
}

#[tokio::test]
async fn one_that_leaves_is_not_written_to_hubspot_and_comes_back_with_what_was_missed() {
    let mut story = Story::new(CUSTOMERS).await;
    let ada = story.salesforce(
        "Contact",
        json!({ "LastName": "Lovelace", "Email": "ada@acme.example", "Department": "Customer" }),
    );
    story.minutes(3).await;
    let contact = story.only_in_hubspot("contacts");
    story.told();
    // Department is not mapped: for all that is mapped this looks like an echo.
    story.salesforce("Contact", json!({ "Id": ada, "Department": "Former" }));
    story.minutes(3).await;
    assert_eq!(story.told(), ["contact excluded: condition"]);
    story.salesforce("Contact", json!({ "Id": ada, "Phone": "2" }));
    story.change_hubspot("contacts", &contact, json!({ "fax": "3" }));
    story.minutes(3).await;
    assert_eq!(
        story.told(),
        ["contact updated to Salesforce"],
        "HubSpot's change goes on"
    );
    assert_eq!(story.shows_salesforce("Contact", &ada, &["Fax"]), ["3"]);
    assert_eq!(story.shows_hubspot("contacts", &contact, &["phone"]), [""]);
    assert_eq!(story.left_out(Excluded::Condition).await, (1, 1));
    story.salesforce("Contact", json!({ "Id": ada, "Department": "Customer" }));
    story.minutes(3).await;
    assert_eq!(
        story.told(),
        ["contact included", "contact updated to HubSpot"]
    );
    assert_eq!(
        story.shows_hubspot("contacts", &contact, &["phone", "fax"]),
        ["2", "3"]
    );
    assert_eq!(story.left_out(Excluded::Condition).await, (0, 0));
    story.minutes(3).await;
    assert_eq!(story.told(), Vec::<String>::new());
}

#[tokio::test]
async fn a_hubspot_contact_is_not_doubled_beside_a_partner_that_is_left_out() {
    let mut story = Story::new(CUSTOMERS).await;
    let partner = story.salesforce(
        "Contact",
        json!({ "LastName": "Lovelace", "Email": "ada@acme.example" }),
    );
    story.minutes(2).await;
    let contact = story.hubspot(
        "contacts",
        json!({ "email": "ada@acme.example", "lastname": "Lovelace", "phone": "1" }),
    );
    story.minutes(3).await;
    assert_eq!(story.only_in_salesforce("Contact"), partner);
    assert_eq!(
        story.shows_hubspot("contacts", &contact, &["syncline_salesforce_id"]),
        [""]
    );
    assert_eq!(story.left_out(Excluded::Condition).await, (2, 2));
    story.told();
    story.salesforce(
        "Contact",
        json!({ "Id": partner, "Department": "Customer" }),
    );
    story.minutes(3).await;
    assert_eq!(
        story.told(),
        [
            "contact linked: key",
            "contact updated to Salesforce",
            "contact updated to HubSpot"
        ]
    );
    assert_eq!(
        story.shows_salesforce("Contact", &partner, &["Phone"]),
        ["1"]
    );
    assert_eq!(story.left_out(Excluded::Condition).await, (0, 0));
}

#[tokio::test]
async fn a_condition_that_salesforce_refuses_holds_its_object_and_nothing_else() {
    let mut story = Story::new(
        "[objects.company]\n[objects.contact]\nleads = false\ncondition = \"Kind__c = 'Customer'\"\n",
    )
    .await;
    story.salesforce(
        "Contact",
        json!({ "LastName": "Lovelace", "Email": "ada@acme.example" }),
    );
    story.hubspot(
        "contacts",
        json!({ "email": "grace@acme.example", "lastname": "Hopper" }),
    );
    story.hubspot(
        "companies",
        json!({ "name": "Acme", "domain": "acme.example" }),
    );
    story.minutes(3).await;
    assert_eq!(
        story.told(),
        ["company linked: created", "company created to Salesforce"]
    );
    let lines = story.attention("condition").await;
    let [line] = lines.as_slice() else {
        panic!("{lines:?}")
    };
    assert!(
        line.starts_with("contact: Salesforce refuses the condition on Contact (INVALID_FIELD: "),
        "{line}"
    );
    assert!(
        line.ends_with("; nothing of contact is synced until it is corrected in the configuration"),
        "{line}"
    );
    let before = story.calls(Operation::Match);
    story.minutes(8).await;
    assert_eq!(
        story.calls(Operation::Match) - before,
        0,
        "it is asked again after ten minutes"
    );
    story
        .configure(&format!("[objects.company]\n{CUSTOMERS}"))
        .await;
    story.minutes(3).await;
    assert_eq!(story.attention("condition").await, Vec::<String>::new());
    let mut told = story.told();
    told.sort();
    assert_eq!(
        told,
        [
            "contact created to Salesforce",
            "contact excluded: condition",
            "contact excluded: condition",
            "contact linked: created"
        ],
        "what was made in Salesforce does not meet it either"
    );
}

#[tokio::test]
async fn another_condition_looks_at_every_record_again() {
    let mut story = Story::new(CUSTOMERS).await;
    story.salesforce(
        "Contact",
        json!({ "LastName": "Hopper", "Email": "grace@acme.example", "Department": "Partner" }),
    );
    story.salesforce(
        "Contact",
        json!({ "LastName": "Lovelace", "Email": "ada@acme.example", "Department": "Customer" }),
    );
    story.minutes(3).await;
    story.told();
    story
        .configure("[objects.contact]\nleads = false\ncondition = \"Department = 'Partner'\"\n")
        .await;
    story.minutes(3).await;
    let mut told = story.told();
    told.sort();
    assert_eq!(
        told,
        [
            "contact created to HubSpot",
            "contact excluded: condition",
            "contact included",
            "contact linked: created"
        ]
    );
    story.configure("[objects.contact]\nleads = false\n").await;
    story.minutes(3).await;
    assert_eq!(story.told(), ["contact included"]);
    assert_eq!(story.left_out(Excluded::Condition).await, (0, 0));
}

#[tokio::test]
async fn leads_have_a_condition_of_their_own() {
    let mut story = Story::new(
        "[objects.contact]\ncreate_as = \"Lead\"\nlead_condition = \"Rating != 'Cold'\"\n",
    )
    .await;
    for (name, rating) in [("Hot", "Hot"), ("Cold", "Cold")] {
        let email = format!("{name}@acme.example");
        story.salesforce(
            "Lead",
            json!({ "LastName": name, "Company": "Acme", "Email": email, "Rating": rating }),
        );
    }
    story.salesforce(
        "Contact",
        json!({ "LastName": "Own", "Email": "own@acme.example" }),
    );
    story.minutes(4).await;
    let mut names: Vec<String> = story.in_hubspot(|portal, _| {
        let all = portal.records("contacts").into_iter();
        all.map(|one| one.value("lastname").unwrap_or_default().to_owned())
            .collect()
    });
    names.sort();
    assert_eq!(names, ["Hot", "Own"]);
}

#[tokio::test]
async fn the_condition_costs_a_call_where_something_changed_and_none_while_all_is_quiet() {
    let mut story = Story::new(CUSTOMERS).await;
    for number in 0..30 {
        story.salesforce(
            "Contact",
            json!({ "LastName": "Crowd", "Email": format!("{number}@crowd.example") }),
        );
    }
    story.minutes(5).await;
    let begun = story.calls(Operation::Match);
    assert_eq!(begun, 1, "thirty are asked in one call");
    story.minutes(10).await;
    assert_eq!(story.calls(Operation::Match), begun);
}

#[tokio::test]
async fn values_that_a_rule_sends_back_are_asked_about_as_well() {
    let rule = "[[objects.contact.fields]]\nhubspot = \"phone\"\nsalesforce = \"Phone\"\n\
                rule = \"always-salesforce\"\n";
    let mut story = Story::new(&format!("{CUSTOMERS}{rule}")).await;
    let ada = story.salesforce(
        "Contact",
        json!({ "LastName": "Lovelace", "Email": "ada@acme.example", "Department": "Customer",
                "Phone": "1" }),
    );
    story.minutes(3).await;
    let contact = story.only_in_hubspot("contacts");
    story.change_hubspot("contacts", &contact, json!({ "phone": "2" }));
    story.minutes(3).await;
    assert_eq!(story.shows_hubspot("contacts", &contact, &["phone"]), ["1"]);
    // Both happen in one minute, and HubSpot's change may be planned first.
    story.change_hubspot("contacts", &contact, json!({ "phone": "3" }));
    story.salesforce(
        "Contact",
        json!({ "Id": ada, "Department": "Former", "Phone": "4" }),
    );
    story.told();
    story.minutes(3).await;
    assert_eq!(story.told(), ["contact excluded: condition"]);
    assert_eq!(story.shows_hubspot("contacts", &contact, &["phone"]), ["3"]);
}
