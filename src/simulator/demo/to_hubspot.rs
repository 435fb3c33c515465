//! Salesforce contacts that HubSpot will refuse, each group for a reason of its own.

use super::Provoked;
use super::org::{STREET_MAX, Users};
use super::records::{AddRecord, hubspot_contact, salesforce_contact};
use crate::simulator::Server;
use serde_json::{Map, Value, json};

type Contact = Map<String, Value>;

/// A type of error, how many contacts provoke it, and what is wrong with the n-th of them.
type Spoiled = (&'static str, usize, fn(&mut Contact, usize));

/// Healthy HubSpot contacts that hold another's address as their second one.
pub(super) const HOLDERS: usize = 7;

const SPOILED: [Spoiled; 4] = [
    ("options-mismatch", 14, |contact, _| {
        set(contact, "LeadSource", "Purchased List");
    }),
    ("invalid-email", 8, |contact, n| {
        // Salesforce does not ask whether a domain can exist; HubSpot does.
        set(contact, "Email", format!("unknown.{n}@cobalt.invalid"));
    }),
    ("invalid-value", 6, |contact, n| {
        set(
            contact,
            "MailingPostalCode",
            format!("PO Box {}", 40_210 + n),
        );
    }),
    ("string-too-long", 3, |contact, n| {
        let street = format!(
            "Industrial Estate North, Building {n}, Gate 4, Third Floor, Office of the Regional \
             Representative"
        );
        debug_assert!(street.len() > STREET_MAX);
        set(contact, "MailingStreet", street);
    }),
];

/// Adds all of them and says who provokes what.
pub(super) fn add(add: &mut AddRecord<'_>, users: &Users) -> Vec<Provoked> {
    let mut all: Vec<Provoked> = SPOILED
        .iter()
        .map(|(slug, count, spoil)| contacts(add, slug, *count, users, spoil))
        .collect();
    all.push(contacts(
        add,
        "sf-owners-unsynced",
        7,
        users,
        |contact, _| {
            set(contact, "OwnerId", users.paula.as_str());
        },
    ));
    all.push(second_addresses(add, users));
    all
}

fn set(contact: &mut Contact, name: &str, value: impl Into<Value>) {
    contact.insert(name.to_owned(), value.into());
}

fn contacts(
    add: &mut AddRecord<'_>,
    slug: &'static str,
    count: usize,
    users: &Users,
    spoil: impl Fn(&mut Contact, usize),
) -> Provoked {
    let emails = (0..count).map(|n| {
        let mut contact = salesforce_contact(&add.somebody(), n, users.of(n));
        spoil(&mut contact, n);
        let email = contact.get("Email").and_then(Value::as_str);
        let email = email.unwrap_or_default().to_owned();
        add.salesforce("Contact", contact);
        email
    });
    let emails = emails.collect();
    Provoked {
        slug,
        to: Server::HubSpot,
        emails,
    }
}

/// Salesforce contacts whose address is the second one of another HubSpot contact.
fn second_addresses(add: &mut AddRecord<'_>, users: &Users) -> Provoked {
    let mut seconds = Vec::new();
    for n in 0..HOLDERS {
        let mut holder = hubspot_contact(&add.somebody(), n);
        let second = format!("assistant.{n}@juno.example");
        set(&mut holder, "hs_additional_emails", json!(second));
        add.hubspot(&holder);
        seconds.push(second);
    }
    contacts(add, "email-in-use", seconds.len(), users, |contact, n| {
        set(contact, "Email", seconds[n].as_str());
    })
}
