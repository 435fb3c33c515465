//! The demo's data does what it promises: who is healthy syncs, who is not fails for the reason told.
#![expect(
    clippy::unwrap_used,
    reason = "a missing value fails the test, as it should"
)]

use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use syncline::simulator::demo::{self, Filled};
use syncline::simulator::hubspot::{self, HubSpot};
use syncline::simulator::salesforce::{self, Salesforce, human_id, inactive_user_id};
use syncline::simulator::wire::Request;
use syncline::simulator::{Outcome, Server, Simulator};

const NOON: i64 = 1_790_000_000_000;

/// The standard mapping's fields, owners left out.
const STANDARD: [(&str, &str); 13] = [
    ("email", "Email"),
    ("salutation", "Salutation"),
    ("firstname", "FirstName"),
    ("lastname", "LastName"),
    ("jobtitle", "Title"),
    ("phone", "Phone"),
    ("mobilephone", "MobilePhone"),
    ("fax", "Fax"),
    ("address", "MailingStreet"),
    ("city", "MailingCity"),
    ("state", "MailingState"),
    ("zip", "MailingPostalCode"),
    ("country", "MailingCountry"),
];
const NUMBERS: [&str; 4] = ["Employees__c", "Score__c", "Visits__c", "Annual_Value__c"];

/// What the refusal of a write to Salesforce says when its type is the first word: codes, any of
/// them, and parts of the message, any of them. Owners that map to nobody are refused by ourselves.
const TO_SALESFORCE: &str = "
sf-validation-rule: FIELD_CUSTOM_VALIDATION_EXCEPTION: country code
sf-flow: CANNOT_EXECUTE_FLOW_TRIGGER: Partner Referral Routing
sf-automation: CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY: ContactScoring: execution of
missing-contact-id: CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY: [ContactId]
sf-duplicate-rule: DUPLICATES_DETECTED: duplicate record
sf-field-permission: INVALID_FIELD_FOR_INSERT_UPDATE: Fax
restricted-picklist: INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST: Platinum
sf-option-missing: INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST: Bronze
string-too-long: STRING_TOO_LONG: max length=128
type-mismatch: JSON_PARSER_ERROR: Cannot deserialize instance of int
sf-id-missing: MALFORMED_ID: id value of incorrect type
sf-id-invalid: INVALID_CROSS_REFERENCE_KEY: invalid cross reference id
sf-access-or-missing: ENTITY_IS_DELETED|INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY: entity|rights
sf-access: INSUFFICIENT_ACCESS_OR_READONLY: insufficient access
state-country-mismatch: FIELD_INTEGRITY_EXCEPTION: recognize the state|this state|this country
country-required: FIELD_INTEGRITY_EXCEPTION: must be specified before
invalid-email: INVALID_EMAIL_ADDRESS: invalid email address
value-required: REQUIRED_FIELD_MISSING: [LastName]
invalid-value: NUMBER_OUTSIDE_VALID_RANGE: Score
unique-value: DUPLICATE_VALUE: External_Ref__c
owner-assignment: nobody: owner
sf-owner-inactive: INACTIVE_OWNER_OR_USER: inactive user
option-limit: TOO_MANY_ENUM_VALUE: too many values
other: LIMIT_EXCEEDED: takes no further contacts
";
/// The same for a write to HubSpot.
const TO_HUBSPOT: &str = "
options-mismatch: INVALID_OPTION: Purchased List was not one of the allowed
invalid-email: INVALID_EMAIL: is invalid
invalid-value: PROPERTY_VALIDATION_RULE_FAILED: Postal Code
string-too-long: PROPERTY_VALUE_TOO_LONG: Street Address
sf-owners-unsynced: nobody: owner
email-in-use: CONFLICT: Contact already exists
";

/// Whether a refusal is what the table says of this type.
fn fits(table: &str, slug: &str, refused: &Refused) -> bool {
    let lines = table.lines().filter_map(|line| line.split_once(": "));
    let signs = lines.filter(|(known, _)| *known == slug);
    signs
        .filter_map(|(_, signs)| signs.split_once(": "))
        .any(|(codes, words)| {
            codes.split('|').any(|code| code == refused.0)
                && words.split('|').any(|word| refused.1.contains(word))
        })
}

/// Both CRMs with the demo in them, and a hand that carries single records across.
struct Carrier {
    simulator: Simulator,
    filled: Filled,
    token: String,
    fields: Vec<(String, String)>,
}

/// A refusal's code and text; several are joined.
type Refused = (String, String);

impl Carrier {
    fn new() -> Carrier {
        let salesforce = Salesforce::new(salesforce::Settings::default());
        let portal = HubSpot::new(hubspot::Settings::default());
        let mut simulator = Simulator::new(portal, salesforce, 1);
        let filled = demo::fill(&mut simulator, NOON);
        let mapped: toml::Table = toml::from_str(demo::mapping_toml()).unwrap();
        let custom = mapped["objects"]["contact"]["fields"].as_array().unwrap();
        let name = |field: &toml::Value, side: &str| field[side].as_str().unwrap().to_owned();
        let mut fields: Vec<(String, String)> = STANDARD
            .iter()
            .map(|(ours, theirs)| ((*ours).to_owned(), (*theirs).to_owned()))
            .collect();
        fields.extend(
            custom
                .iter()
                .map(|field| (name(field, "hubspot"), name(field, "salesforce"))),
        );
        let mut carrier = Carrier {
            simulator,
            filled,
            token: String::new(),
            fields,
        };
        let form =
            "grant_type=client_credentials&client_id=syncline-key&client_secret=syncline-secret";
        let (_, answer) = carrier.send("POST", Server::Salesforce, "/services/oauth2/token", form);
        let token = answer["access_token"].as_str().unwrap();
        token.clone_into(&mut carrier.token);
        carrier
    }

    fn send(&mut self, method: &str, server: Server, path: &str, body: &str) -> (u16, Value) {
        let bearer = match server {
            Server::HubSpot => "Bearer pat-eu1-simulated".to_owned(),
            Server::Salesforce => format!("Bearer {}", self.token),
        };
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let request = Request {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: vec![("authorization".to_owned(), bearer)],
            body: body.as_bytes().to_vec(),
        };
        // Ten calls a second, so that no limit of a portal is met.
        let now = NOON + i64::try_from(self.simulator.hubspot.calls_counted()).unwrap() * 100;
        match self.simulator.handle(server, &request, now) {
            Outcome::Answered(response) => {
                let body = serde_json::from_slice(&response.body).unwrap_or(Value::Null);
                (response.status, body)
            }
            other @ (Outcome::Lost | Outcome::Reset | Outcome::Refused | Outcome::Hung { .. }) => {
                panic!("no fault was ordered: {other:?}")
            }
        }
    }

    fn hubspot_contacts(&self) -> BTreeMap<String, Map<String, Value>> {
        let records = self.simulator.hubspot.records("contacts");
        let contacts = records.into_iter().map(|record| {
            let values = record
                .set_values()
                .map(|(name, value)| (name.to_owned(), json!(value)));
            (
                record.value("email").unwrap_or_default().to_owned(),
                values.collect(),
            )
        });
        contacts.collect()
    }

    fn salesforce_contacts(&self) -> BTreeMap<String, Map<String, Value>> {
        let records = self.simulator.salesforce.records("Contact");
        let contacts = records.into_iter().map(|record| {
            let record = record.as_object().unwrap().clone();
            (text(&record, "Email").to_lowercase(), record)
        });
        contacts.collect()
    }

    /// Writes one HubSpot contact to Salesforce, as an upsert by the id field.
    fn carry_to_salesforce(
        &mut self,
        email: &str,
        contact: &Map<String, Value>,
    ) -> Result<(), Refused> {
        let mut row = Map::new();
        for (ours, theirs) in &self.fields {
            let Some(Value::String(value)) = contact.get(ours) else {
                continue;
            };
            let number = NUMBERS.contains(&theirs.as_str());
            let value = match value.parse::<f64>() {
                Ok(value) if number => json!(value),
                Ok(_) | Err(_) if theirs == "Tier__c" => json!(capital(value)),
                Ok(_) | Err(_) => json!(value),
            };
            row.insert(theirs.clone(), value);
        }
        row.insert(
            "OwnerId".to_owned(),
            json!(user_of(&text(contact, "hubspot_owner_id"))?),
        );
        let known = self
            .simulator
            .salesforce
            .ids_where("Contact", "Email", email);
        let path = match known.first() {
            Some(id) => format!("/services/data/v66.0/sobjects/Contact/{id}"),
            None => format!(
                "/services/data/v66.0/sobjects/Contact/Syncline_HubSpot_Id__c/146812345-{}",
                text(contact, "hs_all_contact_vids")
            ),
        };
        let body = Value::Object(row).to_string();
        match self.send("PATCH", Server::Salesforce, &path, &body) {
            (200..=299, _) => Ok(()),
            (_, errors) => {
                let all = |name: &str| {
                    let errors = errors.as_array().unwrap().iter();
                    let texts: Vec<String> = errors
                        .map(|error| error[name].as_str().unwrap().to_owned())
                        .collect();
                    texts.join("; ")
                };
                Err((all("errorCode"), all("message")))
            }
        }
    }

    /// Creates one Salesforce contact in HubSpot.
    fn carry_to_hubspot(&mut self, contact: &Map<String, Value>) -> Result<(), Refused> {
        let mut properties = Map::new();
        for (ours, theirs) in &self.fields {
            match contact.get(theirs) {
                None | Some(Value::Null) => {}
                Some(Value::String(value)) if theirs == "Tier__c" => {
                    properties.insert(ours.clone(), json!(value.to_lowercase()));
                }
                Some(value) => drop(properties.insert(ours.clone(), value.clone())),
            }
        }
        if text(contact, "OwnerId") != human_id() && !is_ben(&self.simulator, contact) {
            return Err(("nobody".to_owned(), "no such owner".to_owned()));
        }
        let body = json!({ "properties": properties }).to_string();
        match self.send(
            "POST",
            Server::HubSpot,
            "/crm/objects/2026-09/contacts",
            &body,
        ) {
            (201, _) => Ok(()),
            (_, refusal) => {
                let code = refusal["errors"][0]["code"].as_str();
                let code = code.or(refusal["category"].as_str()).unwrap_or_default();
                Err((
                    code.to_owned(),
                    refusal["message"].as_str().unwrap().to_owned(),
                ))
            }
        }
    }
}

fn text(record: &Map<String, Value>, name: &str) -> String {
    record
        .get(name)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

fn capital(value: &str) -> String {
    let mut letters = value.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// The user an owner becomes; Ben's own id is not asked for, because any active user will do.
fn user_of(owner: &str) -> Result<String, Refused> {
    match owner {
        "41629779" | "41629780" => Ok(human_id()),
        "41629783" => Ok(inactive_user_id()),
        _ => Err(("nobody".to_owned(), "no such owner".to_owned())),
    }
}

fn is_ben(simulator: &Simulator, contact: &Map<String, Value>) -> bool {
    let user = simulator
        .salesforce
        .get("User", &text(contact, "OwnerId"))
        .unwrap();
    user["Email"] == json!("ben.moreau@acme.example")
}

#[test]
fn every_provoked_record_is_refused_for_its_own_reason_and_every_other_one_passes() {
    let mut carrier = Carrier::new();
    let (ours, theirs) = (carrier.hubspot_contacts(), carrier.salesforce_contacts());
    let mut bad: [BTreeSet<String>; 2] = [BTreeSet::new(), BTreeSet::new()];
    for provoked in carrier.filled.provoked.clone() {
        assert!((1..=40).contains(&provoked.emails.len()), "{provoked:?}");
        for email in &provoked.emails {
            let (table, refused) = match provoked.to {
                Server::Salesforce => {
                    bad[0].insert(email.clone());
                    (
                        TO_SALESFORCE,
                        carrier.carry_to_salesforce(email, &ours[email]),
                    )
                }
                Server::HubSpot => {
                    bad[1].insert(email.clone());
                    (TO_HUBSPOT, carrier.carry_to_hubspot(&theirs[email]))
                }
            };
            let refused = refused.expect_err(provoked.slug);
            let slug = provoked.slug;
            assert!(fits(table, slug, &refused), "{slug}: {email}: {refused:?}");
        }
    }
    let healthy_ours = ours.keys().filter(|email| !bad[0].contains(*email));
    let refused: Vec<_> = healthy_ours
        .filter_map(|email| {
            Some((
                email,
                carrier.carry_to_salesforce(email, &ours[email]).err()?,
            ))
        })
        .collect();
    assert!(refused.is_empty(), "{refused:#?}");
    let healthy_theirs = theirs
        .keys()
        .filter(|email| !bad[1].contains(*email) && !ours.contains_key(*email));
    let refused: Vec<_> = healthy_theirs
        .filter_map(|email| Some((email, carrier.carry_to_hubspot(&theirs[email]).err()?)))
        .collect();
    assert!(refused.is_empty(), "{refused:#?}");
}

#[test]
fn the_numbers_add_up_and_every_address_leads_nowhere() {
    let carrier = Carrier::new();
    let (ours, theirs) = (carrier.hubspot_contacts(), carrier.salesforce_contacts());
    let both = ours
        .keys()
        .filter(|email| theirs.contains_key(*email))
        .count();
    let filled = &carrier.filled;
    let failing = |to: Server| -> usize {
        let here = filled.provoked.iter().filter(|one| one.to == to);
        here.map(|one| one.emails.len()).sum()
    };
    assert_eq!(
        filled.expected_types.len(),
        26,
        "{:?}",
        filled.expected_types
    );
    assert_eq!(
        both,
        filled.healthy_both + 4,
        "four linked ones may only be read"
    );
    assert_eq!(
        ours.len() - both,
        filled.healthy_hubspot + failing(Server::Salesforce) - 4
    );
    assert_eq!(
        theirs.len() - both,
        filled.healthy_salesforce + failing(Server::HubSpot)
    );
    assert_eq!(
        filled.failing(),
        failing(Server::Salesforce) + failing(Server::HubSpot)
    );
    let real: Vec<&String> = ours
        .keys()
        .chain(theirs.keys())
        .filter(|email| !email.ends_with(".example") && !email.ends_with(".invalid"))
        .collect();
    assert!(real.is_empty(), "{real:?}");
    let records = carrier.simulator.hubspot.records("contacts");
    assert!(records.iter().all(|record| record.updated_at < NOON));
}

#[test]
fn the_same_demo_comes_out_every_time() {
    let (one, other) = (Carrier::new(), Carrier::new());
    assert_eq!(one.filled, other.filled);
    assert_eq!(one.hubspot_contacts(), other.hubspot_contacts());
    assert_eq!(one.salesforce_contacts(), other.salesforce_contacts());
}

#[test]
fn a_hundred_steps_bring_newcomers_changes_and_ends_of_causes() {
    let mut carrier = Carrier::new();
    let contacts = carrier.hubspot_contacts().len();
    let lines: Vec<String> = (0..100)
        .map(|step| {
            let at = NOON + i64::try_from(step).unwrap() * 2_000;
            demo::drip(&mut carrier.simulator, step, at)
        })
        .collect();
    assert!(
        lines.iter().any(|line| line.contains("added Platinum")),
        "{lines:#?}"
    );
    let after = carrier.hubspot_contacts().len();
    assert!(after > contacts + 20);
    demo::drip(&mut carrier.simulator, 0, NOON + 300_000);
    let again = carrier.hubspot_contacts().len();
    assert_eq!(again, after, "a step made twice changes nothing new");
    let (ours, filled) = (carrier.hubspot_contacts(), carrier.filled.clone());
    for slug in ["restricted-picklist", "sf-validation-rule"] {
        let provoked = filled.provoked.iter().find(|one| one.slug == slug).unwrap();
        let email = &provoked.emails[0];
        carrier
            .carry_to_salesforce(email, &ours[email])
            .expect(slug);
    }
}
