//! Whole stories: what a person does, what is printed, and what both sides hold afterwards.

use serde_json::json;
use syncline::control::deed::Deed;
use syncline::domain::record::Side;

use super::Desk;

#[tokio::test]
async fn an_ambiguous_contact_is_settled_by_link_and_the_next_cycle_brings_it_in_step() {
    let mut desk = Desk::doubled().await;
    insta::assert_snapshot!(desk.list().await, @r"
    RECORD  OBJECT   HUBSPOT       SALESFORCE          NAME   STATE     WHY
    #1      contact  -             003Qy0000001003IAA  Rossi  excluded  ambiguous
    #2      contact  -             003Qy0000001004IAA  Rossi  excluded  ambiguous
    #3      contact  210000000028  -                   Rossi  excluded  ambiguous
    ");
    let hubspot = desk.ids(Side::HubSpot).remove(0);
    let milan = desk.ids(Side::Salesforce).remove(1);
    insta::assert_snapshot!(desk.say(Deed::Link, &[&hubspot, &milan]).await, @r"HubSpot 210000000028 and Salesforce 003Qy0000001004IAA are a pair now; the next cycle reads both records, writes their id fields and brings them in step");
    desk.cycles(3).await;
    insta::assert_snapshot!(desk.list().await, @r"
    RECORD  OBJECT   HUBSPOT       SALESFORCE          NAME   STATE     WHY
    #1      contact  -             003Qy0000001003IAA  Rossi  excluded  ambiguous
    #2      contact  210000000028  003Qy0000001004IAA  Rossi  in-sync
    ");
    assert_eq!(desk.hubspot_value(&hubspot, "city"), "Milan");
    assert_eq!(
        desk.hubspot_value(&hubspot, "syncline_salesforce_id"),
        milan
    );
    let mark = desk.salesforce_value(&milan, "Syncline_HubSpot_Id__c");
    assert!(mark.ends_with(&format!("-{hubspot}")), "{mark}");
    let again = desk.say(Deed::Link, &[&milan, &hubspot]).await;
    insta::assert_snapshot!(again, @r"nothing to do: HubSpot 210000000028 and Salesforce 003Qy0000001004IAA are a pair already");
    let before = desk.facts().await;
    desk.cycles(3).await;
    assert_eq!(desk.facts().await, before, "it is at rest");
}

#[tokio::test]
async fn to_exclude_one_of_two_settles_an_ambiguous_contact_as_well() {
    let mut desk = Desk::doubled().await;
    let hubspot = desk.ids(Side::HubSpot).remove(0);
    let rome = desk.ids(Side::Salesforce).remove(0);
    insta::assert_snapshot!(desk.say(Deed::Exclude, &[&rome]).await, @r#"Salesforce 003Qy0000001003IAA is left out; nothing is written for it on either side until "syncline exclude ID --drop"; a write that is on its way may still arrive"#);
    desk.in_hubspot(&hubspot, &json!({ "firstname": "Rita" }));
    desk.cycles(4).await;
    insta::assert_snapshot!(desk.list().await, @r"
    RECORD  OBJECT   HUBSPOT       SALESFORCE          NAME        STATE     WHY
    #1      contact  -             003Qy0000001003IAA  Rossi       excluded  operator
    #2      contact  210000000028  003Qy0000001004IAA  Rita Rossi  in-sync
    ");
    assert_eq!(desk.hubspot_value(&hubspot, "city"), "Milan");
}

#[tokio::test]
async fn a_pair_taken_apart_is_let_alone_by_both_sides_until_it_is_linked_again() {
    let mut desk = Desk::new(
        &[json!({ "email": "ugo@deeds.example", "lastname": "Ugo", "city": "Rome" })],
        &[json!({ "Email": "ugo@deeds.example", "LastName": "Ugo", "MailingCity": "Rome" })],
    )
    .await;
    let hubspot = desk.ids(Side::HubSpot).remove(0);
    let salesforce = desk.ids(Side::Salesforce).remove(0);
    insta::assert_snapshot!(desk.say(Deed::Unlink, &[&salesforce]).await, @r#"HubSpot 210000000028 and Salesforce 003Qy0000001003IAA are no pair any more; both halves are left out, because their id fields still name each other; join two again with "syncline link", or empty their id fields and then use "syncline exclude ID --drop""#);
    insta::assert_snapshot!(desk.list().await, @r"
    RECORD  OBJECT   HUBSPOT       SALESFORCE          NAME  STATE     WHY
    #1      contact  210000000028  -                   Ugo   excluded  operator
    #2      contact  -             003Qy0000001003IAA  Ugo   excluded  operator
    ");
    desk.in_salesforce(
        &salesforce,
        &json!({ "MailingCity": "Oslo", "Title": "Boss" }),
    );
    desk.in_hubspot(&hubspot, &json!({ "fax": "+39 06 1" }));
    let before = desk.facts().await;
    desk.cycles(4).await;
    assert_eq!(desk.facts().await, before, "nothing happened to either");
    assert_eq!(desk.hubspot_value(&hubspot, "city"), "Rome");
    assert_eq!(desk.salesforce_value(&salesforce, "Fax"), "");
    desk.say(Deed::Link, &[&hubspot, &salesforce]).await;
    desk.cycles(4).await;
    insta::assert_snapshot!(desk.list().await, @r"
    RECORD  OBJECT        HUBSPOT  SALESFORCE          NAME  STATE    WHY
    #1      contact  210000000028  003Qy0000001003IAA  Ugo   in-sync
    ");
    // With no base nothing is overwritten: what was blank is filled, the cities differ on.
    assert_eq!(desk.hubspot_value(&hubspot, "jobtitle"), "Boss");
    assert_eq!(desk.salesforce_value(&salesforce, "Fax"), "+39 06 1");
    assert_eq!(desk.hubspot_value(&hubspot, "city"), "Rome");
    desk.in_salesforce(&salesforce, &json!({ "MailingCity": "Bergen" }));
    desk.cycles(4).await;
    assert_eq!(desk.hubspot_value(&hubspot, "city"), "Bergen");
}

#[tokio::test]
async fn edits_of_an_excluded_pair_wait_in_their_crm_and_arrive_when_it_is_taken_up_again() {
    let mut desk = Desk::new(
        &[json!({ "email": "ada@deeds.example", "lastname": "Ada", "city": "Rome" })],
        &[],
    )
    .await;
    let hubspot = desk.ids(Side::HubSpot).remove(0);
    let salesforce = desk.ids(Side::Salesforce).remove(0);
    desk.in_salesforce(&salesforce, &json!({ "Phone": "+39 06 0" }));
    insta::assert_snapshot!(desk.say(Deed::Exclude, &[&hubspot]).await, @r#"HubSpot 210000000028 <-> Salesforce 003Qy0000001003IAA is left out; nothing is written for it on either side until "syncline exclude ID --drop"; a write that is on its way may still arrive"#);
    insta::assert_snapshot!(desk.say(Deed::Exclude, &[&salesforce]).await, @r"nothing to do: HubSpot 210000000028 <-> Salesforce 003Qy0000001003IAA is left out already");
    desk.in_salesforce(&salesforce, &json!({ "MailingCity": "Oslo" }));
    desk.in_hubspot(&hubspot, &json!({ "fax": "+39 06 1" }));
    desk.cycles(4).await;
    insta::assert_snapshot!(desk.list().await, @r"
    RECORD  OBJECT        HUBSPOT  SALESFORCE          NAME  STATE     WHY
    #1      contact  210000000028  003Qy0000001003IAA  Ada   excluded  operator
    ");
    assert_eq!(desk.hubspot_value(&hubspot, "city"), "Rome");
    assert_eq!(desk.salesforce_value(&salesforce, "Fax"), "");
    insta::assert_snapshot!(desk.say(Deed::Include, &[&hubspot]).await, @r"HubSpot 210000000028 <-> Salesforce 003Qy0000001003IAA is taken up again; the next cycle reads it and plans it with what is known");
    desk.cycles(4).await;
    assert_eq!(desk.hubspot_value(&hubspot, "city"), "Oslo");
    assert_eq!(desk.hubspot_value(&hubspot, "phone"), "+39 06 0");
    assert_eq!(desk.salesforce_value(&salesforce, "Fax"), "+39 06 1");
    insta::assert_snapshot!(desk.say(Deed::Include, &[&hubspot]).await, @r"nothing to do: HubSpot 210000000028 <-> Salesforce 003Qy0000001003IAA was not left out by a person: it is in sync");
    insta::assert_snapshot!(desk.facts().await.join("\n"), @r"
    record_linked created
    record_synced created
    record_synced updated
    record_excluded operator
    record_included
    record_synced updated
    record_synced updated
    ");
}

#[tokio::test]
async fn ids_never_seen_are_linked_and_left_out_too_and_a_missing_one_is_told_as_deleted() {
    let mut desk = Desk::new(&[], &[]).await;
    let now = desk.world.clock.ms();
    let fields = json!({ "email": "new@deeds.example", "lastname": "New" });
    let hubspot = {
        let mut simulator = desk.world.simulator.lock().unwrap();
        let fields = fields.as_object().unwrap();
        simulator
            .hubspot
            .put("contacts", None, fields, now)
            .unwrap()
    };
    let missing = "003Qy00000A1b2cIAB";
    insta::assert_snapshot!(desk.say(Deed::Exclude, &["77"]).await, @r#"HubSpot 77 is left out; nothing is written for it on either side until "syncline exclude ID --drop"; a write that is on its way may still arrive"#);
    insta::assert_snapshot!(desk.say(Deed::Link, &[&hubspot, missing]).await, @r"HubSpot 210000000076 and Salesforce 003Qy00000A1b2cIAB are a pair now; the next cycle reads both records, writes their id fields and brings them in step");
    desk.cycles(3).await;
    insta::assert_snapshot!(desk.list().await, @r"
    RECORD  OBJECT        HUBSPOT  SALESFORCE          NAME  STATE     WHY
    #1      contact            77  -                         excluded  operator
    #2      contact  210000000076  003Qy00000A1b2cIAB  New   excluded  deleted
    ");
}
