//! Records that were merged on one side.

use serde_json::json;
use syncline::simulator::salesforce::Conversion;

use super::Story;

const CONTACTS: &str = "[objects.contact]\n";

/// Two contacts in step, as (HubSpot, Salesforce) ids.
async fn two_pairs(story: &mut Story) -> [(String, String); 2] {
    let ids = ["ada", "countess"].map(|name| {
        let email = format!("{name}@acme.example");
        story.hubspot(
            "contacts",
            json!({ "email": email, "lastname": "Lovelace" }),
        )
    });
    story.minutes(3).await;
    story.told();
    ids.map(|id| {
        let shown = story.shows_hubspot("contacts", &id, &["syncline_salesforce_id"]);
        (id, shown[0].clone())
    })
}

#[tokio::test]
async fn after_a_merge_in_hubspot_the_pair_synced_last_goes_on_with_the_third_id() {
    let mut story = Story::new(CONTACTS).await;
    let [(ada, hers), (countess, other)] = two_pairs(&mut story).await;
    story.change_hubspot("contacts", &countess, json!({ "city": "London" }));
    story.minutes(2).await;
    story.told();
    let third =
        story.in_hubspot(|portal, now| portal.merge("contacts", &ada, &countess, now).unwrap());
    story.minutes(4).await;
    let told = story.told();
    assert!(
        told.contains(&"contact linked: merged".to_owned()),
        "{told:?}"
    );
    assert!(
        told.contains(&"contact unlinked: merged".to_owned()),
        "{told:?}"
    );
    assert!(
        told.contains(&"contact excluded: ambiguous".to_owned()),
        "{told:?}"
    );
    // The countess was synced last: her contact goes on.
    assert_eq!(
        story.shows_salesforce("Contact", &other, &["Syncline_HubSpot_Id__c"]),
        [story.mark(&third)]
    );
    assert_eq!(
        story.shows_hubspot("contacts", &third, &["syncline_salesforce_id"]),
        [other.as_str()]
    );
    story.salesforce("Contact", json!({ "Id": other, "MailingCity": "Oxford" }));
    story.salesforce("Contact", json!({ "Id": hers, "MailingCity": "Paris" }));
    story.minutes(3).await;
    assert_eq!(
        story.shows_hubspot("contacts", &third, &["city"]),
        ["Oxford"]
    );
    let contacts = story.in_hubspot(|portal, _| portal.records("contacts").len());
    assert_eq!(contacts, 1, "nobody came back");
}

#[tokio::test]
async fn after_a_merge_in_salesforce_the_pair_of_the_loser_goes_on_with_a_winner_nobody_has() {
    let mut story = Story::new("[objects.contact]\ncreates = \"salesforce\"\n").await;
    let ada = story.hubspot(
        "contacts",
        json!({ "email": "ada@acme.example", "lastname": "Lovelace" }),
    );
    story.minutes(3).await;
    let loser = story.only_in_salesforce("Contact");
    let winner = story.salesforce(
        "Contact",
        json!({ "LastName": "Lovelace", "Email": "countess@acme.example" }),
    );
    story.minutes(2).await;
    story.in_salesforce(|org, now| {
        org.merge(&winner, std::slice::from_ref(&loser), now)
            .unwrap();
    });
    story.told();
    story.minutes(4).await;
    let told = story.told();
    assert!(
        told.contains(&"contact linked: merged".to_owned()),
        "{told:?}"
    );
    assert_eq!(
        story.shows_hubspot("contacts", &ada, &["syncline_salesforce_id"]),
        [winner.as_str()]
    );
    story.change_hubspot("contacts", &ada, json!({ "city": "London" }));
    story.minutes(3).await;
    assert_eq!(
        story.shows_salesforce("Contact", &winner, &["MailingCity"]),
        ["London"]
    );
}

#[tokio::test]
async fn two_pairs_merged_in_salesforce_leave_one_pair_and_one_ambiguity() {
    let mut story = Story::new(CONTACTS).await;
    let [(ada, hers), (countess, other)] = two_pairs(&mut story).await;
    story.in_salesforce(|org, now| org.merge(&hers, std::slice::from_ref(&other), now).unwrap());
    story.minutes(4).await;
    let told = story.told();
    assert!(
        told.contains(&"contact unlinked: merged".to_owned()),
        "{told:?}"
    );
    assert!(
        told.contains(&"contact excluded: ambiguous".to_owned()),
        "{told:?}"
    );
    assert_eq!(
        story.shows_hubspot("contacts", &ada, &["syncline_salesforce_id"]),
        [hers.as_str()]
    );
    story.change_hubspot("contacts", &countess, json!({ "city": "London" }));
    story.change_hubspot("contacts", &ada, json!({ "city": "Paris" }));
    story.minutes(3).await;
    assert_eq!(
        story.shows_salesforce("Contact", &hers, &["MailingCity"]),
        ["Paris"]
    );
    let living = story.in_salesforce(|org, _| {
        let all = org.records("Contact").into_iter();
        all.filter(|one| one["IsDeleted"] == false).count()
    });
    assert_eq!(living, 1, "nobody came back");
}

#[tokio::test]
async fn a_chain_of_merges_is_followed_to_its_end() {
    let mut story = Story::new("[objects.contact]\ncreates = \"salesforce\"\n").await;
    let ada = story.hubspot(
        "contacts",
        json!({ "email": "ada@acme.example", "lastname": "Lovelace" }),
    );
    story.minutes(3).await;
    let first = story.only_in_salesforce("Contact");
    let next = |story: &Story, email: &str| {
        story.salesforce("Contact", json!({ "LastName": "Lovelace", "Email": email }))
    };
    let second = next(&story, "countess@acme.example");
    let third = next(&story, "king@acme.example");
    story.in_salesforce(|org, now| {
        org.merge(&second, std::slice::from_ref(&first), now)
            .unwrap();
    });
    story.in_salesforce(|org, now| {
        org.merge(&third, std::slice::from_ref(&second), now + 1_000)
            .unwrap();
    });
    story.minutes(5).await;
    assert_eq!(
        story.shows_hubspot("contacts", &ada, &["syncline_salesforce_id"]),
        [third]
    );
}

#[tokio::test]
async fn a_lead_converted_into_a_contact_of_another_pair_leaves_an_ambiguity() {
    let mut story =
        Story::new("[objects.company]\n[objects.contact]\ncreate_as = \"Lead\"\n").await;
    let lead_of = story.hubspot(
        "contacts",
        json!({ "email": "ada@home.example", "lastname": "Lovelace", "company": "Acme" }),
    );
    let account = story.salesforce(
        "Account",
        json!({ "Name": "Acme", "Website": "acme.example" }),
    );
    let contact = story.salesforce(
        "Contact",
        json!({ "LastName": "Lovelace", "Email": "ada@acme.example", "AccountId": account }),
    );
    story.minutes(4).await;
    let lead = story.only_in_salesforce("Lead");
    story.told();
    let into = Conversion {
        contact: Some(contact.clone()),
        account: Some(account),
        opportunity: None,
    };
    story.in_salesforce(|org, now| org.convert_lead_into(&lead, &into, now).unwrap());
    story.minutes(4).await;
    let told = story.told();
    assert!(
        told.contains(&"contact unlinked: converted".to_owned()),
        "{told:?}"
    );
    assert!(
        told.contains(&"contact excluded: ambiguous".to_owned()),
        "{told:?}"
    );
    story.change_hubspot("contacts", &lead_of, json!({ "city": "London" }));
    story.minutes(3).await;
    assert_eq!(
        story.shows_salesforce("Contact", &contact, &["MailingCity"]),
        [""]
    );
}
