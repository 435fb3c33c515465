//! HubSpot contacts that Salesforce will refuse, each group for a reason of its own.
//!
//! Knows which value meets which rule of the org; refuses to know how a refusal is told.

use super::Provoked;
use super::org::Users;
use super::owners;
use super::records::{AddRecord, hubspot_contact, salesforce_contact};
use crate::simulator::Server;
use crate::simulator::salesforce::Access;
use serde_json::{Map, Value, json};

/// A lookup's id that is formed like one and belongs to nothing.
const NO_RECORD: &str = "001Qy00000ZZZZZ";
/// More than the 128 characters that Salesforce's titles take.
const LONG_TITLE: &str = "Director of Regional Business Development, Strategic Partnerships and \
    Cross-Border Programme Coordination for Southern, Central and Eastern Europe";

type Contact = Map<String, Value>;

/// A type of error, how many contacts provoke it, and what is wrong with the n-th of them.
type Spoiled = (&'static str, usize, fn(&mut Contact, usize));

/// The first entry keeps its place: the drip corrects its contacts by their numbers.
const SPOILED: [Spoiled; 19] = [
    ("sf-validation-rule", PHONES, |contact, n| {
        set(contact, "phone", format!("0{} 555 {n:04}", 30 + n % 60));
    }),
    ("sf-flow", 17, |contact, _| {
        set(contact, "lead_source", "Partner Referral");
    }),
    ("sf-automation", 12, |contact, _| {
        set(contact, "visits", "0");
    }),
    ("missing-contact-id", 6, |contact, _| {
        set(contact, "jobtitle", "Partner Manager");
    }),
    ("sf-field-permission", 11, |contact, n| {
        set(contact, "fax", format!("+39 02 556 {n:04}"));
    }),
    ("restricted-picklist", 31, |contact, _| {
        set(contact, "customer_tier", "platinum");
    }),
    ("sf-option-missing", 6, |contact, _| {
        set(contact, "customer_tier", "bronze");
    }),
    ("string-too-long", 15, |contact, _| {
        set(contact, "jobtitle", LONG_TITLE);
    }),
    ("type-mismatch", 8, |contact, n| {
        let sizes = ["11-50", "51-200", "about 300", "1,000+"];
        set(contact, "numemployees", sizes[n % sizes.len()]);
    }),
    ("sf-id-missing", 7, |contact, n| {
        let partners = ["Nordwind Partners", "Alba Resale", "Elbe Brokers"];
        set(contact, "partner_ref", partners[n % partners.len()]);
    }),
    ("sf-id-invalid", 4, |contact, _| {
        set(contact, "partner_ref", NO_RECORD);
    }),
    ("state-country-mismatch", 9, |contact, n| {
        let wrong = [
            ("California", "Italy"),
            ("Milano", "United States"),
            ("", "Deutschland"),
        ];
        let (state, country) = wrong[n % wrong.len()];
        set(contact, "state", state);
        set(contact, "country", country);
    }),
    ("country-required", 6, |contact, _| {
        set(contact, "state", "Texas");
        contact.remove("country");
    }),
    ("invalid-email", 4, |contact, n| {
        let locals = [
            "j\u{f6}rg.m\u{fc}ller",
            "ren\u{e9}e",
            "zo\u{eb}.k",
            "andr\u{e9}.l",
        ];
        set(
            contact,
            "email",
            format!("{}.{n}@elbe.example", locals[n % locals.len()]),
        );
    }),
    ("value-required", 22, |contact, _| {
        // They came by a newsletter form that asks for nothing but the address.
        contact.retain(|name, _| matches!(name.as_str(), "email" | "hubspot_owner_id"));
    }),
    ("invalid-value", 3, |contact, _| {
        set(contact, "score", "125000");
    }),
    ("owner-assignment", 5, |contact, _| {
        set(contact, "hubspot_owner_id", owners::DANA);
    }),
    ("option-limit", 2, |contact, _| {
        let topics: Vec<String> = (0..=TOPICS_MAX).map(|n| format!("Topic {n}")).collect();
        set(contact, "message", topics.join(";"));
    }),
    ("other", 3, |contact, _| {
        set(contact, "zip", "00118");
    }),
];

/// More choices than these no list of Salesforce's takes at once.
const TOPICS_MAX: usize = 100;

const DOUBLES: usize = 9;
const TAKEN: usize = 5;

/// Healthy Salesforce contacts whom others collide with.
pub(super) const ORIGINALS: usize = DOUBLES + TAKEN;

/// How many contacts have a phone that the org's rule refuses.
pub(super) const PHONES: usize = 38;

/// What to correct in the n-th contact with a refused phone.
pub(super) fn corrected_phone(n: usize) -> String {
    format!("+49 {} 555 {n:04}", 30 + n % 60)
}

/// Adds all of them and says who provokes what.
pub(super) fn add(add: &mut AddRecord<'_>, users: &Users) -> Vec<Provoked> {
    let mut all: Vec<Provoked> = SPOILED
        .iter()
        .map(|(slug, count, spoil)| contacts(add, slug, *count, spoil))
        .collect();
    all.push(contacts(add, "sf-owner-inactive", 4, |contact, _| {
        set(contact, "hubspot_owner_id", owners::GONE);
    }));
    all.push(missing_parents(add));
    all.push(doubles(add, users));
    all.push(taken_references(add, users));
    all.push(read_only(add, users));
    all
}

fn set(contact: &mut Contact, name: &str, value: impl Into<Value>) {
    contact.insert(name.to_owned(), value.into());
}

fn provoked(slug: &'static str, emails: Vec<String>) -> Provoked {
    Provoked {
        slug,
        to: Server::Salesforce,
        emails,
    }
}

fn email_of(contact: &Contact) -> String {
    let email = contact.get("email").and_then(Value::as_str);
    email.unwrap_or_default().to_owned()
}

fn contacts(
    add: &mut AddRecord<'_>,
    slug: &'static str,
    count: usize,
    spoil: impl Fn(&mut Contact, usize),
) -> Provoked {
    let emails = (0..count).map(|n| {
        let mut contact = hubspot_contact(&add.somebody(), n);
        spoil(&mut contact, n);
        add.hubspot(&contact);
        email_of(&contact)
    });
    let emails = emails.collect();
    provoked(slug, emails)
}

/// Contacts whose partner account was deleted, or is hidden from the integration user.
fn missing_parents(add: &mut AddRecord<'_>) -> Provoked {
    let account = |add: &mut AddRecord<'_>, name: &str| {
        add.salesforce("Account", AddRecord::map(json!({ "Name": name })))
    };
    let deleted = account(add, "Former Partner Ltd");
    let hidden = account(add, "Confidential Partner Ltd");
    let at = add.tick();
    add.simulator
        .salesforce
        .delete("Account", &deleted, at)
        .expect("the account was created a moment ago");
    add.simulator
        .salesforce
        .set_record_access(&hidden, Access::None);
    contacts(add, "sf-access-or-missing", 5, |contact, n| {
        let parent = if n < 3 { &deleted } else { &hidden };
        set(contact, "partner_ref", parent.as_str());
    })
}

/// The same people under another address: name and mobile phone are those of a Salesforce contact.
fn doubles(add: &mut AddRecord<'_>, users: &Users) -> Provoked {
    let mut emails = Vec::new();
    for n in 0..DOUBLES {
        let person = add.somebody();
        let mobile = format!("+39 348 555 {n:04}");
        let mut original = salesforce_contact(&person, n, users.of(n));
        set(&mut original, "MobilePhone", mobile.as_str());
        add.salesforce("Contact", original);
        let mut double = hubspot_contact(&person, n);
        let private = format!("{}.{}@mail.example", person.first, person.last).to_lowercase();
        set(&mut double, "email", private.as_str());
        set(&mut double, "mobilephone", mobile);
        add.hubspot(&double);
        emails.push(private);
    }
    provoked("sf-duplicate-rule", emails)
}

/// External references that another Salesforce contact has already.
fn taken_references(add: &mut AddRecord<'_>, users: &Users) -> Provoked {
    let references: Vec<String> = (0..TAKEN).map(|n| format!("CRM-{}", 1_040 + n)).collect();
    for (n, reference) in references.iter().enumerate() {
        let mut holder = salesforce_contact(&add.somebody(), n, users.of(n));
        set(&mut holder, "External_Ref__c", reference.as_str());
        add.salesforce("Contact", holder);
    }
    contacts(add, "unique-value", references.len(), |contact, n| {
        set(contact, "external_ref", references[n].as_str());
    })
}

/// Contacts on both sides whose Salesforce half the integration user may only read.
fn read_only(add: &mut AddRecord<'_>, users: &Users) -> Provoked {
    let mut emails = Vec::new();
    for n in 0..4 {
        let person = add.somebody();
        let mut half = salesforce_contact(&person, n, users.of(n));
        half.remove("Title");
        let id = add.salesforce("Contact", half);
        add.simulator
            .salesforce
            .set_record_access(&id, Access::ReadOnly);
        add.hubspot(&hubspot_contact(&person, n));
        emails.push(person.email());
    }
    provoked("sf-access", emails)
}
