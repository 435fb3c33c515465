//! A crowd: firms, the people who work there and their deals, as many as asked for, in one CRM and
//! linked as they are in life: the other CRM is left to whoever keeps the two in step.
//!
//! Always the same for the same numbers; only the stamps follow the time given.

use super::hubspot::association::admin::Tie;
use super::hubspot::owner::{Owner, OwnerKind};
use super::{Server, Simulator};
use serde_json::{Map, Value, json};

/// The oldest record lies so far back, and the youngest this much before now, so that no index hides
/// it any more.
const PAST_MS: i64 = 90 * 86_400_000;
const QUIET_MS: i64 = 60_000;

/// The id under which the portal knows who owns the org's records.
const OWNER: &str = "41629999";

/// How many there are of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crowd {
    /// Companies or accounts.
    pub firms: usize,
    /// Contacts, each of one firm where there are any.
    pub people: usize,
    /// Deals or opportunities, each of one person and of that person's firm where there are any.
    pub deals: usize,
}

/// Puts a crowd into a fresh simulator; every stamp lies before `now` (Unix ms). The error names
/// what the CRM did not take.
pub fn fill(simulator: &mut Simulator, side: Server, crowd: Crowd, now: i64) -> Result<(), String> {
    let roles = match side {
        Server::HubSpot => 0,
        Server::Salesforce => crowd.deals,
    };
    let all = crowd.firms + crowd.people + crowd.deals + roles;
    let step_ms = (PAST_MS - QUIET_MS) / i64::try_from(all.max(1)).unwrap_or(i64::MAX);
    let mut fill = Fill {
        simulator,
        step_ms,
        at: now - PAST_MS,
    };
    match side {
        Server::HubSpot => fill.portal(crowd),
        Server::Salesforce => fill.org(crowd),
    }
}

/// Adds records in the order of their stamps.
struct Fill<'a> {
    simulator: &'a mut Simulator,
    step_ms: i64,
    at: i64,
}

impl Fill<'_> {
    fn portal(&mut self, crowd: Crowd) -> Result<(), String> {
        let mut firms = Vec::with_capacity(crowd.firms);
        for n in 0..crowd.firms {
            firms.push(self.put("companies", json!({ "name": firm(n), "domain": host(n) }))?);
        }
        let mut people = Vec::with_capacity(crowd.people);
        for n in 0..crowd.people {
            let fields = json!({ "email": email(n, crowd.firms), "firstname": format!("Person {n}"),
                "lastname": format!("Of {}", n % 997), "phone": phone(n) });
            let person = self.put("contacts", fields)?;
            if let Some(firm) = member(&firms, n) {
                self.tie(("contacts", &person), ("companies", firm), Tie::Primary)?;
            }
            people.push(person);
        }
        for n in 0..crowd.deals {
            let fields = json!({ "dealname": deal(n), "dealstage": "contractsent",
                "pipeline": "default", "amount": amount(n), "closedate": "2031-12-31T00:00:00Z" });
            let deal = self.put("deals", fields)?;
            let owner = whose(n, crowd.people);
            if let Some(firm) = member(&firms, owner) {
                self.tie(("deals", &deal), ("companies", firm), Tie::Primary)?;
            }
            if let Some(person) = member(&people, owner) {
                self.tie(("deals", &deal), ("contacts", person), Tie::Plain)?;
            }
        }
        Ok(())
    }

    fn org(&mut self, crowd: Crowd) -> Result<(), String> {
        let mut firms = Vec::with_capacity(crowd.firms);
        for n in 0..crowd.firms {
            let website = format!("https://www.{}/", host(n));
            firms.push(self.save("Account", json!({ "Name": firm(n), "Website": website }))?);
        }
        let mut people = Vec::with_capacity(crowd.people);
        for n in 0..crowd.people {
            let fields = json!({ "Email": email(n, crowd.firms), "FirstName": format!("Person {n}"),
                "LastName": format!("Of {}", n % 997), "Phone": phone(n),
                "AccountId": member(&firms, n) });
            people.push(self.save("Contact", fields)?);
        }
        if let Some(firm) = firms.first() {
            self.know_owner("Account", firm);
        }
        if let Some(person) = people.first() {
            self.know_owner("Contact", person);
        }
        for n in 0..crowd.deals {
            let owner = whose(n, crowd.people);
            let fields = json!({ "Name": deal(n), "StageName": "Prospecting",
                "CloseDate": "2031-12-31", "Amount": n % 100_000, "AccountId": member(&firms, owner) });
            let deal = self.save("Opportunity", fields)?;
            if n == 0 {
                self.know_owner("Opportunity", &deal);
            }
            if let Some(person) = member(&people, owner) {
                let ends = json!({ "OpportunityId": deal, "ContactId": person });
                self.save("OpportunityContactRole", ends)?;
            }
        }
        Ok(())
    }

    /// Makes the user who owns a record in the org an owner in the portal: to it nobody else's record
    /// could be given.
    fn know_owner(&mut self, object: &str, id: &str) {
        let org = &self.simulator.salesforce;
        let record = org.get(object, id);
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
        let owner = record.and_then(|record| text(record.get("OwnerId")));
        let user = owner.and_then(|owner| org.get("User", &owner));
        let Some(email) = user.and_then(|user| text(user.get("Email"))) else {
            return;
        };
        self.simulator.hubspot.put_owner(Owner {
            id: OWNER.to_owned(),
            email,
            first_name: "Olga".to_owned(),
            last_name: "Owner".to_owned(),
            kind: OwnerKind::Person,
            archived: false,
        });
    }

    fn put(&mut self, kind: &str, properties: Value) -> Result<String, String> {
        self.at += self.step_ms;
        let properties = map(properties);
        let put = self.simulator.hubspot.put(kind, None, &properties, self.at);
        put.map_err(|refusal| format!("{kind}: {}", String::from(refusal)))
    }

    fn tie(&mut self, from: (&str, &str), to: (&str, &str), tie: Tie<'_>) -> Result<(), String> {
        let portal = &mut self.simulator.hubspot;
        let tied = portal.associate(from.0, from.1, to.0, to.1, tie, self.at);
        tied.map_err(|refusal| format!("{} to {}: {}", from.0, to.0, String::from(refusal)))
    }

    fn save(&mut self, object: &str, fields: Value) -> Result<String, String> {
        self.at += self.step_ms;
        let saved = self.simulator.salesforce.put(object, map(fields), self.at);
        saved.map_err(|problems| format!("{object}: {problems:?}"))
    }
}

fn firm(n: usize) -> String {
    format!("Firm {n}")
}

fn host(n: usize) -> String {
    format!("firm{n}.example")
}

fn email(n: usize, firms: usize) -> String {
    format!("person{n}@{}", host(n.checked_rem(firms).unwrap_or(n)))
}

fn phone(n: usize) -> String {
    format!("+39 02 {n:07}")
}

fn deal(n: usize) -> String {
    format!("Deal {n}")
}

fn amount(n: usize) -> String {
    (n % 100_000).to_string()
}

/// The number of the person whose deal this is.
fn whose(deal: usize, people: usize) -> usize {
    deal.checked_rem(people).unwrap_or(deal)
}

fn member(of: &[String], n: usize) -> Option<&str> {
    let place = n.checked_rem(of.len())?;
    of.get(place).map(String::as_str)
}

fn map(value: Value) -> Map<String, Value> {
    match value {
        // What is not set is left out.
        Value::Object(map) => map
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Map::new()
        }
    }
}
