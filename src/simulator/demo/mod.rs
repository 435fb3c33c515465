//! The demo's data: two CRMs that were kept by hand, with everything that goes wrong in such a life.
//!
//! Always the same, whenever it is asked for; only the stamps follow the time given.

mod drip;
mod firms;
mod org;
mod owners;
mod people;
mod records;
mod surprise;
mod to_hubspot;
mod to_salesforce;

use super::{Server, Simulator};
pub use drip::drip;
use records::{AddRecord, hubspot_contact, salesforce_contact};
use serde_json::json;
pub use surprise::surprise;

/// Contacts that stand only in HubSpot and that Salesforce will take.
const HEALTHY_HUBSPOT: usize = 120;
/// Contacts that stand only in Salesforce and that HubSpot will take.
const HEALTHY_SALESFORCE: usize = 90;
/// Contacts that stand on both sides.
const HEALTHY_BOTH: usize = 30;
/// Number of the first person whose contact is spoiled.
const FIRST_SPOILED: usize = HEALTHY_HUBSPOT + HEALTHY_SALESFORCE + HEALTHY_BOTH;

/// The last record is this much older than now, so that no index hides it any more.
const QUIET_MS: i64 = 60_000;

/// The demo's part of a configuration: the objects, with the custom fields its records use.
pub fn mapping_toml() -> &'static str {
    include_str!("mapping.toml")
}

/// Records that provoke one type of error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provoked {
    /// The type, by its key in the catalogue.
    pub slug: &'static str,
    /// The side that will refuse them.
    pub to: Server,
    /// Their addresses, one record each.
    pub emails: Vec<String>,
}

/// What [`fill`] put in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filled {
    /// Contacts only in HubSpot that will reach Salesforce.
    pub healthy_hubspot: usize,
    /// Contacts only in Salesforce that will reach HubSpot.
    pub healthy_salesforce: usize,
    /// Contacts on both sides that will be linked by their e-mail.
    pub healthy_both: usize,
    /// Who provokes what; together they leave no record unexplained.
    pub provoked: Vec<Provoked>,
    /// The types that must show when all was tried, each once, in alphabetical order. Without
    /// `sf-owner-inactive`: whether its contacts show under it or under `owner-assignment` depends
    /// on whether owners are matched to inactive users too.
    pub expected_types: Vec<&'static str>,
}

impl Filled {
    /// Records that will fail when all was tried.
    pub fn failing(&self) -> usize {
        self.provoked.iter().map(|one| one.emails.len()).sum()
    }
}

/// Puts the demo's records into a fresh simulator; every stamp lies before `now` (Unix ms).
///
/// # Panics
/// When the simulator already holds records of the demo.
pub fn fill(simulator: &mut Simulator, now: i64) -> Filled {
    let mut add = AddRecord::new(simulator, now - QUIET_MS);
    let users = org::set_up(add.simulator, add.start());
    for n in 0..HEALTHY_HUBSPOT {
        let contact = hubspot_contact(&add.somebody(), n);
        add.hubspot(&contact);
    }
    for n in 0..HEALTHY_SALESFORCE {
        let contact = salesforce_contact(&add.somebody(), n, users.of(n));
        add.salesforce("Contact", contact);
    }
    for n in 0..HEALTHY_BOTH {
        add_both(&mut add, &users, n);
    }
    let mut provoked = to_salesforce::add(&mut add, &users);
    provoked.extend(to_hubspot::add(&mut add, &users));
    firms::add(&mut add, HEALTHY_HUBSPOT);
    org::tighten(add.simulator);
    let mut expected_types: Vec<&'static str> = provoked
        .iter()
        .map(|one| one.slug)
        .filter(|slug| *slug != "sf-owner-inactive")
        .collect();
    expected_types.sort_unstable();
    expected_types.dedup();
    Filled {
        healthy_hubspot: HEALTHY_HUBSPOT + to_hubspot::HOLDERS,
        healthy_salesforce: HEALTHY_SALESFORCE + to_salesforce::ORIGINALS,
        healthy_both: HEALTHY_BOTH,
        provoked,
        expected_types,
    }
}

/// One person on both sides: now and then something is blank on one side, or differs.
fn add_both(add: &mut AddRecord<'_>, users: &org::Users, n: usize) {
    let person = add.somebody();
    let mut ours = hubspot_contact(&person, n);
    let mut theirs = salesforce_contact(&person, n, users.of(n));
    match n % 6 {
        0 => drop(theirs.remove("Title")),
        1 => drop(ours.remove("zip")),
        2 => drop(theirs.insert("Title".to_owned(), json!("Consultant"))),
        3 => drop(ours.remove("phone")),
        4 => drop(theirs.remove("LeadSource")),
        _ => {}
    }
    add.hubspot(&ours);
    add.salesforce("Contact", theirs);
}
