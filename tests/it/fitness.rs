//! What of a mapping cannot work: the reason and the nearest choice, as a person reads them.

use std::collections::BTreeMap;

use syncline::config;
use syncline::domain::fitness::{Flaw, Weight, flaws};
use syncline::domain::mapping::Mapping;
use syncline::domain::record::{Side, Timestamp};
use syncline::domain::schema::{Field, Kind, ObjectSchema, Offer};

use crate::convert::field;

/// Contacts and companies, with `lines` behind them.
fn mappings(lines: &str) -> Vec<Mapping> {
    let text = format!(
        r#"
zone = "UTC"
[hubspot]
portal = 1
[salesforce]
org = "00D5g000004XyZwEAK"
login = "https://acme.my.salesforce.com"
client_id = "app"
user = "us"
[budget]
allocation = 20_000
[objects.company]
[objects.contact]
leads = false
{lines}"#
    );
    config::parse(&text, "test").expect("it reads well").objects
}

fn key(name: &str) -> Field {
    Field {
        key: true,
        unique: true,
        length: Some(64),
        ..field(name, Kind::Text)
    }
}

fn closed(name: &str, kind: Kind) -> Field {
    Field {
        creatable: false,
        updatable: false,
        ..field(name, kind)
    }
}

fn lookup(name: &str, of: &str) -> Field {
    Field {
        controller: None,
        refers_to: vec![of.to_owned()],
        ..field(name, Kind::Reference)
    }
}

/// Everything that the mapping names, as plain texts, and `more` over it.
fn schema(side: Side, mapping: &Mapping, more: Vec<Field>) -> ObjectSchema {
    let mut fields: BTreeMap<_, _> = mapping
        .fields_on(side)
        .into_iter()
        .filter(|name| !name.as_str().contains('.'))
        .map(|name| (name.clone(), field(name.as_str(), Kind::Text)))
        .collect();
    let mut known = vec![key(mapping.id_field_on(side).as_str())];
    if side == Side::Salesforce {
        known.extend([lookup("OwnerId", "User"), lookup("AccountId", "Account")]);
    }
    for one in known.into_iter().chain(more) {
        fields.insert(one.name.clone(), one);
    }
    ObjectSchema {
        side,
        api_name: mapping.type_on(side).to_owned(),
        key_prefix: None,
        creatable: true,
        updatable: true,
        read_at: Timestamp(0),
        whole_at: Timestamp(0),
        offer: Offer::default(),
        full: Vec::new(),
        modified: None,
        fields,
    }
}

/// What is wrong with contacts when `lines` are configured and the sides have these fields as well;
/// fields of `gone` they have not.
fn judged(lines: &str, hubspot: Vec<Field>, salesforce: Vec<Field>, gone: &[&str]) -> Vec<Flaw> {
    let kept = mappings(lines);
    let mapping = kept.iter().find(|one| one.salesforce_type == "Contact");
    let mapping = mapping.expect("contacts are kept");
    let mut hubspot = schema(Side::HubSpot, mapping, hubspot);
    let mut salesforce = schema(Side::Salesforce, mapping, salesforce);
    for schema in [&mut hubspot, &mut salesforce] {
        schema
            .fields
            .retain(|name, _| !gone.contains(&name.as_str()));
    }
    flaws(mapping, &hubspot, &salesforce, &kept)
}

fn check(found: &[Flaw], weight: Weight, says: &str, remedy: &str) {
    let said: Vec<String> = found
        .iter()
        .map(|one| format!("{:?}: {} | {}", one.weight, one.says, one.remedy))
        .collect();
    assert_eq!(said, [format!("{weight:?}: {says} | {remedy}")]);
}

/// A line that maps `tier` to `Tier__c`.
fn tier(rule: &str) -> String {
    format!(
        "[[objects.contact.fields]]\nhubspot = \"tier\"\nsalesforce = \"Tier__c\"\nrule = \"{rule}\"\n"
    )
}

/// The line with these two kinds of fields.
fn kinds(rule: &str, hubspot: Kind, salesforce: Kind) -> Vec<Flaw> {
    let hubspot = vec![field("tier", hubspot)];
    judged(
        &tier(rule),
        hubspot,
        vec![field("Tier__c", salesforce)],
        &[],
    )
}

#[test]
fn what_works_has_no_flaw() {
    assert_eq!(judged("", Vec::new(), Vec::new(), &[]), []);
    assert_eq!(kinds("two-way", Kind::Text, Kind::LongText), []);
    assert_eq!(kinds("two-way", Kind::Number, Kind::Integer), []);
    assert_eq!(kinds("two-way", Kind::Date, Kind::DateTime), []);
    assert_eq!(kinds("always-salesforce", Kind::Text, Kind::Number), []);
}

#[test]
fn a_field_that_is_missing_is_named_with_the_one_that_was_probably_meant() {
    let lines = tier("two-way");
    check(
        &judged(
            &lines,
            Vec::new(),
            vec![key("Customer_Tier__c")],
            &["Tier__c"],
        ),
        Weight::LeftOut,
        "Contact.Tier__c: there is no such field, or it is hidden from us",
        "let the integration user see it, or write rule = \"off\"",
    );
    check(
        &judged(
            &lines,
            Vec::new(),
            vec![field("Tiers__c", Kind::Text)],
            &["Tier__c"],
        ),
        Weight::LeftOut,
        "Contact.Tier__c: there is no such field, or it is hidden from us",
        "did you mean salesforce = \"Tiers__c\"? Or let the integration user see it, or write rule = \
         \"off\"",
    );
    check(
        &judged(
            &lines,
            vec![field("tier_", Kind::Text)],
            Vec::new(),
            &["tier"],
        ),
        Weight::LeftOut,
        "contacts.tier: there is no such property, or it is archived",
        "did you mean hubspot = \"tier_\"? Or make it, or write rule = \"off\"",
    );
    // What looks alike and cannot hold it is not proposed.
    check(
        &judged(
            &lines,
            vec![field("tier_", Kind::Unsupported)],
            Vec::new(),
            &["tier"],
        ),
        Weight::LeftOut,
        "contacts.tier: there is no such property, or it is archived",
        "make it, or write rule = \"off\"",
    );
}

#[test]
fn types_that_do_not_go_into_each_other_are_named_in_words() {
    check(
        &kinds("always-hubspot", Kind::MultiPicklist, Kind::Number),
        Weight::Fails,
        "contacts.tier is a list to choose several of, which never goes into Contact.Tier__c, a number",
        "write rule = \"off\"",
    );
    check(
        &kinds("always-salesforce", Kind::Number, Kind::Bool),
        Weight::Fails,
        "Contact.Tier__c is a yes or no, which never goes into contacts.tier, a number",
        "write rule = \"off\"",
    );
    check(
        &kinds("two-way", Kind::Text, Kind::Number),
        Weight::Doubtful,
        "contacts.tier is a text, of which only some values go into Contact.Tier__c, a number",
        "write rule = \"always-salesforce\", or write rule = \"off\"",
    );
    check(
        &kinds("always-hubspot", Kind::Text, Kind::Unsupported),
        Weight::Fails,
        "contacts.tier is a text, which never goes into Contact.Tier__c, of a type that is not \
         carried across",
        "write rule = \"off\"",
    );
}

#[test]
fn what_nobody_may_write_is_turned_round_where_that_works() {
    let formula = Field {
        calculated: true,
        ..closed("Tier__c", Kind::Text)
    };
    check(
        &judged(&tier("two-way"), Vec::new(), vec![formula.clone()], &[]),
        Weight::Fails,
        "Contact.Tier__c is computed by Salesforce (formula or roll-up)",
        "write rule = \"always-salesforce\"",
    );
    let calculated = Field {
        calculated: true,
        ..closed("tier", Kind::Text)
    };
    check(
        &judged(
            &tier("always-salesforce"),
            vec![calculated],
            Vec::new(),
            &[],
        ),
        Weight::Fails,
        "contacts.tier is calculated by HubSpot",
        "write rule = \"always-hubspot\"",
    );
    let read_only = closed("tier", Kind::Text);
    check(
        &judged(
            &tier("always-salesforce"),
            vec![read_only],
            vec![formula],
            &[],
        ),
        Weight::Fails,
        "contacts.tier is kept by HubSpot itself",
        "write rule = \"off\"",
    );
    let hidden = closed("Tier__c", Kind::Text);
    check(
        &judged(
            &tier("always-hubspot"),
            Vec::new(),
            vec![hidden.clone()],
            &[],
        ),
        Weight::Fails,
        "Contact.Tier__c may be read and not be edited by the integration user",
        "give the integration user edit access, or write rule = \"always-salesforce\"",
    );
    // A direction that leaves Salesforce alone needs no permission there.
    let lines = format!("direction = \"to-hubspot\"\n{}", tier("two-way"));
    assert_eq!(judged(&lines, Vec::new(), vec![hidden], &[]), []);
}

#[test]
fn a_lookup_needs_an_association_or_an_owner() {
    check(
        &judged(
            &tier("two-way"),
            Vec::new(),
            vec![lookup("Tier__c", "Account")],
            &[],
        ),
        Weight::Fails,
        "Contact.Tier__c is a lookup of Account, and contacts.tier is a text, which names no record \
         there",
        "write hubspot = \"associations.company\", or write rule = \"always-salesforce\" to have \
         Salesforce's ids in HubSpot",
    );
    check(
        &judged(
            &tier("two-way"),
            Vec::new(),
            vec![lookup("Tier__c", "User")],
            &[],
        ),
        Weight::Fails,
        "Contact.Tier__c is a lookup of User, and contacts.tier is a text, which names no record \
         there",
        "map hubspot_owner_id to it with owner = true, or write rule = \"always-salesforce\" to have \
         Salesforce's ids in HubSpot",
    );
    check(
        &judged("", Vec::new(), vec![lookup("AccountId", "Campaign")], &[]),
        Weight::Fails,
        "Contact.AccountId is a lookup of Campaign, and the association with company needs a lookup \
         of Account",
        "name the lookup that points there, or write rule = \"off\"",
    );
    check(
        &judged("", Vec::new(), vec![field("OwnerId", Kind::Text)], &[]),
        Weight::Fails,
        "Contact.OwnerId is a text, and hubspot_owner_id is mapped as an owner",
        "map it to a lookup of users, or leave owner = true out",
    );
}

#[test]
fn a_new_record_needs_every_required_field() {
    let needed = || Field {
        required: true,
        ..field("Region__c", Kind::Text)
    };
    check(
        &judged("", Vec::new(), vec![needed()], &[]),
        Weight::Fails,
        "a new record needs Contact.Region__c, and nothing that is mapped goes there",
        "map it, give it a default value, or let new records go the other way only: creates = \
         \"hubspot\"",
    );
    let lines = "creates = \"hubspot\"\n";
    assert_eq!(judged(lines, Vec::new(), vec![needed()], &[]), []);
}

#[test]
fn two_properties_that_would_write_one_field_are_both_named() {
    let kept = mappings(&tier("two-way"));
    let mapping = kept.iter().find(|one| one.salesforce_type == "Contact");
    let mut mapping = mapping.expect("contacts are kept").clone();
    // The configuration refuses this: what was journaled by an older version may hold it.
    let mut twice = mapping.fields[0].clone();
    twice.salesforce = mapping.fields[1].salesforce.clone();
    mapping.fields[0] = twice;
    let hubspot = schema(Side::HubSpot, &mapping, Vec::new());
    let salesforce = schema(Side::Salesforce, &mapping, Vec::new());
    check(
        &flaws(&mapping, &hubspot, &salesforce, &kept),
        Weight::Fails,
        "email and salutation would both write Contact.Salutation",
        "give one of them the rule \"always-salesforce\" or \"off\"",
    );
}

#[test]
fn without_id_fields_that_find_one_record_nothing_is_written() {
    check(
        &judged("", Vec::new(), Vec::new(), &["Syncline_HubSpot_Id__c"]),
        Weight::Stops,
        "Contact.Syncline_HubSpot_Id__c is not there, or hidden from us",
        "make it with \"syncline check --create-fields\"",
    );
    let twice = Field {
        unique: false,
        ..key("Syncline_HubSpot_Id__c")
    };
    check(
        &judged("", Vec::new(), vec![twice], &[]),
        Weight::Stops,
        "Contact.Syncline_HubSpot_Id__c takes one value twice, so that it finds no record for certain",
        "tick External ID and Unique in its definition",
    );
    let shown = Field {
        creatable: false,
        updatable: false,
        ..key("Syncline_HubSpot_Id__c")
    };
    check(
        &judged("", Vec::new(), vec![shown], &[]),
        Weight::Stops,
        "Contact.Syncline_HubSpot_Id__c may be read and not be written",
        "let the integration user edit it: \"syncline check --create-fields\" does",
    );
    check(
        &judged(
            "",
            vec![field("syncline_salesforce_id", Kind::Text)],
            Vec::new(),
            &[],
        ),
        Weight::Stops,
        "contacts.syncline_salesforce_id takes one value twice, so that it finds no record for \
         certain",
        "HubSpot makes no property unique later: name a new one in hubspot_id_field and make it with \
         \"syncline check --create-fields\"",
    );
}

#[test]
fn an_object_that_the_user_may_not_touch_is_named_as_a_whole() {
    let kept = mappings("");
    let mapping = kept.iter().find(|one| one.salesforce_type == "Contact");
    let mapping = mapping.expect("contacts are kept");
    let hubspot = schema(Side::HubSpot, mapping, Vec::new());
    let salesforce = ObjectSchema {
        creatable: false,
        updatable: false,
        ..schema(Side::Salesforce, mapping, Vec::new())
    };
    check(
        &flaws(mapping, &hubspot, &salesforce, &kept),
        Weight::Fails,
        "we may not make nor change records of Contact",
        "give the integration user Create and Edit on Contact, or write direction = \"to-hubspot\"",
    );
}
