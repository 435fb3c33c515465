//! `mapping show`: needs a configuration and nothing else.

use serde_json::{Value, json};
use syncline::cli::render::mapping::{Field, Object, Origin, tables, toml};
use syncline::config::{self, standard_mapping};
use syncline::domain::mapping::{Creates, Mapping, OnFirstLink};
use syncline::domain::record::ObjectName;

use super::scene::{CONFIGURATION, Scene, bare, said};

fn standard(name: &str) -> Mapping {
    let contact = ObjectName::parse("contact").expect("a name");
    let mapping = standard_mapping(&contact)
        .expect("built in")
        .expect("reads well");
    Mapping {
        object: ObjectName::parse(name).expect("a name"),
        ..mapping
    }
}

#[test]
fn the_mapping_in_force_is_a_table_that_says_where_each_line_comes_from() {
    let scene = Scene::new();
    scene.configure(
        "\n[[objects.contact.fields]]\nhubspot = \"tier\"\nsalesforce = \"Tier__c\"\n\
         rule = \"always-hubspot\"\n",
    );
    let shown = scene.verb(&["mapping", "show"]);
    assert_eq!((shown.exit, shown.err.as_str()), (0, ""));
    insta::assert_snapshot!(shown.out, @r"
    contact: HubSpot contacts <-> Salesforce Contact
      matched by   email = Email
      ids kept in  HubSpot syncline_salesforce_id, Salesforce Syncline_HubSpot_Id__c
      new records  on both sides
      first link   fills what is blank and overwrites nothing
      former ids   salesforcecontactid, left by HubSpot's own integration

    HUBSPOT                  SALESFORCE         RULE               FROM
    email             <-(>)  Email              prefer-salesforce  standard
    salutation        <-(>)  Salutation         prefer-salesforce  standard
    firstname         <-(>)  FirstName          prefer-salesforce  standard
    lastname          <-(>)  LastName           prefer-salesforce  standard
    jobtitle          <->    Title              two-way            configuration
    phone             <->    Phone              two-way            configuration
    mobilephone       <-(>)  MobilePhone        prefer-salesforce  standard
    fax               <-(>)  Fax                prefer-salesforce  standard
    address           <-(>)  MailingStreet      prefer-salesforce  standard
    city              <-(>)  MailingCity        prefer-salesforce  standard
    state             <-(>)  MailingState       prefer-salesforce  standard
    zip               <-(>)  MailingPostalCode  prefer-salesforce  standard
    country           <-(>)  MailingCountry     prefer-salesforce  standard
    tier              -->    Tier__c            always-hubspot     configuration
    hubspot_owner_id  -      OwnerId            off                configuration

    lead: HubSpot contacts <-> Salesforce Lead
      matched by   email = Email
      ids kept in  HubSpot syncline_salesforce_id, Salesforce Syncline_HubSpot_Id__c
      new records  on both sides
      first link   fills what is blank and overwrites nothing
      former ids   salesforceleadid, left by HubSpot's own integration

    HUBSPOT                  SALESFORCE   RULE               FROM
    email             <-(>)  Email        prefer-salesforce  standard
    salutation        <-(>)  Salutation   prefer-salesforce  standard
    firstname         <-(>)  FirstName    prefer-salesforce  standard
    lastname          <-(>)  LastName     prefer-salesforce  standard
    jobtitle          <->    Title        two-way            configuration
    company           <-(>)  Company      prefer-salesforce  standard
    phone             <->    Phone        two-way            configuration
    mobilephone       <-(>)  MobilePhone  prefer-salesforce  standard
    fax               <-(>)  Fax          prefer-salesforce  standard
    address           <-(>)  Street       prefer-salesforce  standard
    city              <-(>)  City         prefer-salesforce  standard
    state             <-(>)  State        prefer-salesforce  standard
    zip               <-(>)  PostalCode   prefer-salesforce  standard
    country           <-(>)  Country      prefer-salesforce  standard
    hubspot_owner_id  -      OwnerId      off                configuration

    <-(>)  Salesforce's value, its deletion too; HubSpot's only while Salesforce is blank
    <->    the newer change; of two at once Salesforce's
    -->    HubSpot's value, also when blank
    -      not synced

    as configuration   syncline mapping show --toml
    ");
    assert_eq!(scene.verb(&["mapping", "show", "contact"]).out, shown.out);
    assert!(!scene.path("store").exists(), "it made a store");
    let unknown = scene.verb(&["mapping", "show", "deal"]);
    assert_eq!(unknown.exit, 64, "{unknown:?}");
    assert!(
        unknown
            .err
            .contains("deal is not configured; there are: contact"),
        "{unknown:?}"
    );
}

#[test]
fn the_mapping_is_json_for_machines_with_the_fields_that_are_off() {
    let scene = Scene::new();
    let shown = scene.verb(&["mapping", "show", "--json"]).json();
    assert_eq!(shown["report"], json!("mapping"));
    let fields = shown["objects"][0]["fields"]
        .as_array()
        .expect("fields")
        .clone();
    let of = |name: &str| {
        let field = fields.iter().find(|field| field["hubspot"] == name);
        field.cloned().unwrap_or(Value::Null)
    };
    assert_eq!(
        of("hubspot_owner_id"),
        json!({ "hubspot": "hubspot_owner_id", "salesforce": "OwnerId", "rule": "off",
            "owner": true, "from": "configuration" })
    );
    assert_eq!(of("email")["from"], json!("standard"));
}

#[test]
fn what_is_printed_as_configuration_makes_the_same_mapping() {
    let scene = Scene::new();
    let printed = scene.verb(&["mapping", "show", "--toml"]).out;
    let before = config::parse(&scene.configuration(), CONFIGURATION).expect("reads well");
    let whole = scene.configuration();
    let (head, _) = whole
        .split_once("[objects.contact]")
        .expect("its objects stand last");
    let after = config::parse(&format!("{head}{printed}"), CONFIGURATION);
    assert_eq!(
        after.expect("reads well").objects,
        before.objects,
        "{printed}"
    );
    let clash = scene.verb(&["mapping", "show", "--toml", "--json"]);
    assert_eq!(clash.exit, 64, "{clash:?}");
}

#[test]
fn what_the_configuration_leaves_out_is_shown_in_both_forms() {
    let scene = Scene::new();
    let selection = r#"[objects.company]
[objects.contact]
lead_condition = "Rating != 'Cold'"
list = "Sync to \"SF\""
condition = "LastName != 'O\\'Hara'"
direction = "to-salesforce"
"#;
    let whole = scene.configuration();
    let whole = whole.replace("[objects.contact]\n", selection);
    std::fs::write(scene.path(CONFIGURATION), &whole).expect("the folder takes files");
    let shown = scene.verb(&["mapping", "show"]).out;
    let heads: Vec<&str> = shown
        .split("\n\n")
        .filter(|part| part.contains("contacts <->"))
        .collect();
    insta::assert_snapshot!(heads.join("\n"), @r#"
    contact: HubSpot contacts <-> Salesforce Contact
      matched by   email = Email
      ids kept in  HubSpot syncline_salesforce_id, Salesforce Syncline_HubSpot_Id__c
      new records  in Salesforce only
      first link   fills what is blank and overwrites nothing
      former ids   salesforcecontactid, left by HubSpot's own integration
      direction    only Salesforce is written
      list         Sync to "SF": its members alone go to Salesforce
      condition    LastName != 'O\'Hara': what meets it alone goes to HubSpot
    lead: HubSpot contacts <-> Salesforce Lead
      matched by   email = Email
      ids kept in  HubSpot syncline_salesforce_id, Salesforce Syncline_HubSpot_Id__c
      new records  in Salesforce only
      first link   fills what is blank and overwrites nothing
      former ids   salesforceleadid, left by HubSpot's own integration
      direction    only Salesforce is written
      list         Sync to "SF": its members alone go to Salesforce
      condition    Rating != 'Cold': what meets it alone goes to HubSpot
    "#);
    let printed = scene.verb(&["mapping", "show", "--toml"]).out;
    let (before, _) = whole.split_once("[objects.company]").expect("it is there");
    let after = config::parse(&format!("{before}{printed}"), CONFIGURATION);
    let same = config::parse(&whole, CONFIGURATION).expect("reads well");
    assert_eq!(
        after.expect("reads well").objects,
        same.objects,
        "{printed}"
    );
}

#[test]
fn before_there_is_a_configuration_the_standard_mapping_of_an_object_is_shown() {
    if std::path::Path::new(config::PATH).exists() {
        // This machine has one, and then it is in force.
        return;
    }
    let shown = said(&mut bare(&["mapping", "show", "contact"]));
    assert_eq!(shown.exit, 0, "{shown:?}");
    assert!(
        shown.out.contains("hubspot_owner_id  <->    OwnerId"),
        "{shown:?}"
    );
    let all = said(&mut bare(&["mapping", "show"]));
    assert_eq!(all.exit, 78, "{all:?}");
}

#[test]
fn several_objects_stand_one_under_the_other() {
    let short = |name: &str, keep: usize| {
        let mapping = standard(name);
        let fields = mapping.fields.iter().take(keep);
        let fields = fields
            .map(|field| Field::new(field, Origin::Standard))
            .collect();
        Object::new(mapping, fields)
    };
    let deal = Object {
        match_by: None,
        creates: Creates::Salesforce,
        on_first_link: OnFirstLink::Hubspot,
        ..short("deal", 1)
    };
    let objects = [short("contact", 2), deal];
    insta::assert_snapshot!(tables(&objects), @r"
    contact: HubSpot contacts <-> Salesforce Contact
      matched by   email = Email
      ids kept in  HubSpot syncline_salesforce_id, Salesforce Syncline_HubSpot_Id__c
      new records  on both sides
      first link   fills what is blank and overwrites nothing
      former ids   salesforcecontactid, left by HubSpot's own integration

    HUBSPOT            SALESFORCE  RULE               FROM
    email       <-(>)  Email       prefer-salesforce  standard
    salutation  <-(>)  Salutation  prefer-salesforce  standard

    deal: HubSpot contacts <-> Salesforce Contact
      matched by   their id fields only
      ids kept in  HubSpot syncline_salesforce_id, Salesforce Syncline_HubSpot_Id__c
      new records  in Salesforce only
      first link   HubSpot's values win where the rule lets them
      former ids   salesforcecontactid, left by HubSpot's own integration

    HUBSPOT         SALESFORCE  RULE               FROM
    email    <-(>)  Email       prefer-salesforce  standard

    <-(>)  Salesforce's value, its deletion too; HubSpot's only while Salesforce is blank

    as configuration   syncline mapping show --toml
    ");
    insta::assert_snapshot!(toml(&objects), @r#"
    # HubSpot contacts <-> Salesforce Contact
    [objects.contact]
    create_as = "Contact"
    leads = false
    creates = "both"
    former_id = "salesforcecontactid"

    [[objects.contact.fields]]
    hubspot    = "email"
    salesforce = "Email"
    rule       = "prefer-salesforce"

    [[objects.contact.fields]]
    hubspot    = "salutation"
    salesforce = "Salutation"
    rule       = "prefer-salesforce"

    # HubSpot contacts <-> Salesforce Contact
    [objects.deal]
    creates = "salesforce"
    former_id = "salesforcecontactid"

    [[objects.deal.fields]]
    hubspot    = "email"
    salesforce = "Email"
    rule       = "prefer-salesforce"
    "#);
}
