//! Records that meet, part, move and vanish while others hang on them.

use std::sync::Arc;

use serde_json::json;
use syncline::control::deed::{Deed, Named};
use syncline::control::{Request, Vantage, answer};
use syncline::domain::record::{ObjectName, PairNumber, RecordId, Timestamp};
use syncline::projections::pairs::{self, Filter, Pair, State};
use syncline::simulator::salesforce::{Conversion, NewUser};

use super::{ALL, Story};

const COMPANIES_AND_CONTACTS: &str = "[objects.company]\n[objects.contact]\n";

/// The pairs of an object and the state of each.
fn states(story: &Story, object: &str) -> Vec<State> {
    let pairs = story
        .world
        .store
        .read_blocking(|view| pairs::list(view, &Filter::default(), PairNumber(i64::MIN)));
    let of = |pair: &Pair| pair.ids.object.as_str() == object && pair.state != State::Absorbed;
    let pairs = pairs.unwrap().into_iter();
    pairs.filter(of).map(|pair| pair.state).collect()
}

#[tokio::test]
async fn a_child_does_not_wait_for_a_parent_that_is_gone_before_it_was_read() {
    let mut story = Story::new(COMPANIES_AND_CONTACTS).await;
    story.minutes(1).await;
    let (simulator, clock) = (
        Arc::clone(&story.world.simulator),
        Arc::clone(&story.world.clock),
    );
    let interruption = Arc::clone(&story.world.interruption);
    let later = Arc::clone(&interruption);
    // Both are made after companies were searched and before contacts are; the company is gone when
    // the contact asks for it.
    let made = move || {
        let mut crm = simulator.lock().unwrap();
        let (portal, now) = (&mut crm.hubspot, clock.ms());
        let name = json!({ "name": "Acme", "domain": "acme.example" });
        let company = portal.put("companies", None, name.as_object().unwrap(), now);
        let person = json!({ "email": "ada@acme.example", "lastname": "Lovelace" });
        let contact = portal.put("contacts", None, person.as_object().unwrap(), now);
        let (company, contact) = (company.unwrap(), contact.unwrap());
        let tie = syncline::simulator::hubspot::association::admin::Tie::Primary;
        let tied = portal.associate("contacts", &contact, "companies", &company, tie, now);
        tied.unwrap();
        drop(crm);
        let gone = move || {
            let mut crm = simulator.lock().unwrap();
            let now = clock.ms();
            crm.hubspot.archive("companies", &company, now).unwrap();
        };
        *later.lock().unwrap() = Some(("companies/batch/read", Box::new(gone)));
    };
    *interruption.lock().unwrap() = Some(("contacts/search", Box::new(made)));
    story.minutes(5).await;
    assert!(interruption.lock().unwrap().is_none(), "both happened");
    assert_eq!(states(&story, "contact"), [State::InSync]);
    story.only_in_salesforce("Contact");
}

#[tokio::test]
async fn a_record_that_moves_back_to_a_known_parent_waits_no_longer() {
    let mut story = Story::new(COMPANIES_AND_CONTACTS).await;
    let account = |story: &Story, name: &str, owner: Option<&str>| {
        let mut fields = json!({ "Name": name, "Website": format!("{name}.example") });
        if let Some(owner) = owner {
            fields["OwnerId"] = json!(owner);
        }
        story.salesforce("Account", fields)
    };
    let stranger = story.in_salesforce(|org, _| {
        org.add_user(&NewUser {
            email: "nobody@elsewhere.example".to_owned(),
            first_name: "Nobody".to_owned(),
            last_name: "Known".to_owned(),
            user_type: "Standard".to_owned(),
            active: true,
        })
    });
    let first = account(&story, "acme", None);
    let contact = story.salesforce(
        "Contact",
        json!({ "LastName": "Lovelace", "Email": "ada@acme.example", "AccountId": first }),
    );
    story.minutes(3).await;
    assert_eq!(states(&story, "contact"), [State::InSync]);
    let second = account(&story, "babbage", Some(&stranger));
    story.salesforce("Contact", json!({ "Id": contact, "AccountId": second }));
    story.minutes(3).await;
    assert_eq!(states(&story, "contact"), [State::Waiting]);
    story.salesforce("Contact", json!({ "Id": contact, "AccountId": first }));
    story.minutes(3).await;
    assert_eq!(states(&story, "contact"), [State::InSync]);
}

#[tokio::test]
async fn a_task_that_moves_is_about_its_new_company_alone() {
    let mut story = Story::new(ALL).await;
    let accounts = ["acme", "babbage"].map(|name| {
        let fields = json!({ "Name": name, "Website": format!("{name}.example") });
        story.salesforce("Account", fields)
    });
    let deal = story.salesforce(
        "Opportunity",
        json!({ "Name": "Engine", "StageName": "Prospecting", "CloseDate": "2026-12-31" }),
    );
    let task = story.salesforce(
        "Task",
        json!({ "Subject": "Call", "WhatId": deal, "ActivityDate": "2026-12-01" }),
    );
    story.minutes(3).await;
    let ours = story.only_in_hubspot("tasks");
    assert_eq!(story.associated(("tasks", &ours), "deals").len(), 1);
    for account in &accounts {
        story.salesforce("Task", json!({ "Id": task, "WhatId": account }));
        story.minutes(4).await;
        assert_eq!(
            story.shows_salesforce("Task", &task, &["WhatId"]),
            [account.as_str()],
            "what was said in Salesforce stands"
        );
        assert_eq!(story.associated(("tasks", &ours), "deals").len(), 0);
        assert_eq!(story.associated(("tasks", &ours), "companies").len(), 1);
    }
}

#[tokio::test]
async fn a_lead_converted_into_the_contact_of_another_pair_leaves_that_pair_alone() {
    let mut story = Story::new("[objects.contact]\n").await;
    let contact = story.salesforce(
        "Contact",
        json!({ "LastName": "Lovelace", "Email": "ada@acme.example" }),
    );
    let lead = story.salesforce(
        "Lead",
        json!({ "LastName": "King", "Company": "Acme", "Email": "ada@king.example" }),
    );
    story.minutes(3).await;
    assert_eq!(states(&story, "contact"), [State::InSync, State::InSync]);
    story.in_salesforce(|org, now| {
        let into = Conversion {
            contact: Some(contact.clone()),
            ..Conversion::default()
        };
        org.convert_lead_into(&lead, &into, now).unwrap();
    });
    story.told();
    story.minutes(3).await;
    assert_eq!(
        story.told(),
        [
            "contact unlinked: converted",
            "contact excluded: ambiguous",
            "contact excluded: converted",
        ]
    );
    let mut standing = states(&story, "contact");
    standing.sort_by_key(|state| *state == State::InSync);
    assert_eq!(standing, [State::Excluded, State::Excluded, State::InSync]);
    let spare = story.in_hubspot(|portal, _| {
        let all = portal.records("contacts").into_iter();
        let named = |id: &str| id == lead;
        let mut found = all.filter(|one| one.value("syncline_salesforce_id").is_some_and(named));
        found.next().unwrap().id.to_string()
    });
    story.change_hubspot("contacts", &spare, json!({ "phone": "+39 02 1" }));
    story.minutes(3).await;
    assert_eq!(story.told(), Vec::<String>::new(), "it is told once");
}

#[tokio::test]
async fn a_company_and_an_account_made_at_once_meet_though_the_search_lags() {
    let mut story = Story::new("[objects.company]\n").await;
    story.minutes(2).await;
    story.in_hubspot(|portal, _| portal.set_index_lag(20_000, 0));
    story.hubspot(
        "companies",
        json!({ "name": "Acme", "domain": "acme.example" }),
    );
    story.world.clock.pass_until(story.now() + 15_000);
    story.salesforce(
        "Account",
        json!({ "Name": "Acme", "Website": "www.acme.example" }),
    );
    story.minutes(5).await;
    story.only_in_hubspot("companies");
    story.only_in_salesforce("Account");
    assert_eq!(states(&story, "company"), [State::InSync]);
}

#[tokio::test]
async fn a_child_goes_on_when_a_person_leaves_its_parent_out() {
    let mut story = Story::new(COMPANIES_AND_CONTACTS).await;
    // Without a name no account can be made.
    let company = story.hubspot("companies", json!({ "domain": "acme.example" }));
    let contact = story.hubspot(
        "contacts",
        json!({ "email": "ada@acme.example", "lastname": "Lovelace" }),
    );
    story.associate(("contacts", &contact), ("companies", &company));
    story.minutes(3).await;
    assert_eq!(states(&story, "contact"), [State::Waiting]);
    let named = Named {
        hubspot: RecordId::parse(&company).ok(),
        object: ObjectName::parse("company").ok(),
        ..Named::default()
    };
    let request = Request::Decide {
        deed: Deed::Exclude,
        records: vec![named],
        sure: true,
    };
    let now = Timestamp(story.now());
    answer(&story.world.store, &request, 1_000, now, Vantage::Beside)
        .await
        .unwrap();
    story.minutes(3).await;
    assert_eq!(states(&story, "contact"), [State::InSync]);
    let made = story.only_in_salesforce("Contact");
    assert_eq!(
        story.shows_salesforce("Contact", &made, &["AccountId"]),
        [""]
    );
}

#[tokio::test]
async fn an_association_with_a_company_that_is_gone_is_given_up() {
    let mut story = Story::new(COMPANIES_AND_CONTACTS).await;
    let account = story.salesforce(
        "Account",
        json!({ "Name": "Acme", "Website": "acme.example" }),
    );
    story.minutes(3).await;
    let company = story.only_in_hubspot("companies");
    story.in_hubspot(|portal, now| portal.archive("companies", &company, now).unwrap());
    story.salesforce(
        "Contact",
        json!({ "LastName": "Lovelace", "Email": "ada@acme.example", "AccountId": account }),
    );
    story.minutes(6).await;
    assert_eq!(states(&story, "company"), [State::Excluded]);
    assert_eq!(states(&story, "contact"), [State::InSync]);
}
