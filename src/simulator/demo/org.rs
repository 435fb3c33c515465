//! What the administrators of both sides have set up: fields, people, and the rules that refuse.
//!
//! Knows which record will meet which rule only by the values they look at.

use super::owners;
use super::records::AddRecord;
use crate::simulator::Simulator;
use crate::simulator::hubspot::owner::{Owner, OwnerKind};
use crate::simulator::hubspot::rule::{Rule, When};
use crate::simulator::salesforce::{
    FieldChange, Injected, InjectedKind, Op, Predicate, Salesforce, Switch, human_id,
};
use serde_json::json;

/// Name of the flow that some records trip over, and that the drip switches off and on.
pub(super) const FLOW: &str = "Partner Referral Routing";

/// Longest street that the portal accepts.
pub(super) const STREET_MAX: usize = 80;

/// Ids of the Salesforce users that own the demo's records.
#[derive(Debug, Clone)]
pub(super) struct Users {
    pub(super) ada: String,
    pub(super) ben: String,
    /// A partner who is nobody in HubSpot.
    pub(super) paula: String,
}

impl Users {
    /// Whose a healthy record is: the same person's as on HubSpot's side.
    pub(super) fn of(&self, number: usize) -> &str {
        if owners::of(number) == owners::ADA {
            &self.ada
        } else {
            &self.ben
        }
    }
}

/// Fields, users and owners, before any record is there.
pub(super) fn set_up(simulator: &mut Simulator, now: i64) -> Users {
    let org = &mut simulator.salesforce;
    let employees = FieldChange::Add("\"Employees\" int(8) cunFS".to_owned());
    org.change_field("Contact", "Employees__c", employees)
        .expect("every org has contacts, and the line is well formed");
    org.set_switch(Switch::StateCountryPicklists, true);
    let users = Users {
        ada: human_id(),
        ben: user(org, ["Ben", "Moreau", owners::BEN_EMAIL, "Standard"], now),
        paula: user(
            org,
            ["Paula", "Partner", "paula@reseller.example", "PowerPartner"],
            now,
        ),
    };
    for (id, first, last, email) in owners::ALL {
        simulator.hubspot.put_owner(Owner {
            id: id.to_owned(),
            email: email.to_owned(),
            first_name: first.to_owned(),
            last_name: last.to_owned(),
            kind: OwnerKind::Person,
            archived: false,
        });
    }
    users
}

fn user(org: &mut Salesforce, [first, last, email, kind]: [&str; 4], now: i64) -> String {
    let fields = json!({
        "Username": email, "Email": email, "FirstName": first, "LastName": last, "Alias": first,
        "Name": format!("{first} {last}"), "UserType": kind, "IsActive": true,
    });
    org.put_unchecked("User", AddRecord::map(fields), now)
        .expect("the values of a user can be read")
}

/// The rules, once the records of former days are in: rules look at new saves only.
pub(super) fn tighten(simulator: &mut Simulator) {
    for rule in salesforce_rules() {
        simulator.salesforce.inject(rule);
    }
    let changes = [
        ("Interests__c", FieldChange::Restrict(false)),
        ("Fax", FieldChange::Writable(false)),
        ("Tier__c", FieldChange::RemoveValue("Bronze".to_owned())),
    ];
    for (field, change) in changes {
        simulator
            .salesforce
            .change_field("Contact", field, change)
            .expect("every org has these fields");
    }
    for rule in hubspot_rules() {
        simulator
            .hubspot
            .add_rule("contacts", rule)
            .expect("every portal has contacts");
    }
}

/// Adds the picklist value whose lack stops the platinum customers.
pub(super) fn add_platinum(org: &mut Salesforce) {
    let change = FieldChange::AddValue("Platinum".to_owned());
    org.change_field("Contact", "Tier__c", change)
        .expect("every org has this field");
}

fn salesforce_rules() -> [Injected; 6] {
    let rule = |name: &str, kind, when: [(&str, Op, &str); 1], message: &str, fields: &[&str]| {
        let when = when.map(|(field, op, value)| Predicate {
            field: field.to_owned(),
            op,
            value: value.to_owned(),
        });
        Injected {
            name: name.to_owned(),
            object: "Contact".to_owned(),
            kind,
            when: when.to_vec(),
            message: message.to_owned(),
            fields: fields.iter().map(|name| (*name).to_owned()).collect(),
            active: true,
        }
    };
    let same_person = InjectedKind::DuplicateRule {
        allow_save: false,
        match_fields: vec!["MobilePhone".to_owned(), "LastName".to_owned()],
    };
    [
        rule(
            "Phone_Format",
            InjectedKind::ValidationRule,
            [("Phone", Op::NotStartsWith, "+")],
            "Phone must start with + and the country code.",
            &["Phone"],
        ),
        // A quota of a package's own: no catalogue can know what lifts it.
        rule(
            "GeoTerritories",
            InjectedKind::Quota,
            [("MailingPostalCode", Op::Equals, "00118")],
            "Territory IT-118 takes no further contacts.",
            &[],
        ),
        rule(
            FLOW,
            InjectedKind::FlowFailure,
            [("LeadSource", Op::Equals, "Partner Referral")],
            "An error occurred when executing a flow interview.",
            &[],
        ),
        rule(
            "ContactScoring",
            InjectedKind::TriggerFailure,
            [("Visits__c", Op::Equals, "0")],
            "System.MathException: Divide by 0",
            &[],
        ),
        rule(
            "PartnerPortalAccess",
            InjectedKind::TriggerFailure,
            [("Title", Op::Equals, "Partner Manager")],
            "System.DmlException: Insert failed. First exception on row 0; first error: \
             REQUIRED_FIELD_MISSING, Required fields are missing: [ContactId]: [ContactId]",
            &[],
        ),
        rule(
            "Same_Mobile_And_Name",
            same_person,
            [("MobilePhone", Op::Present, "")],
            "You're creating a duplicate record. We recommend you use an existing record instead.",
            &[],
        ),
    ]
}

fn hubspot_rules() -> [Rule; 2] {
    [
        Rule {
            id: "zip-length".to_owned(),
            property: "zip".to_owned(),
            code: "PROPERTY_VALIDATION_RULE_FAILED".to_owned(),
            message: "Postal Code must have at most 10 characters".to_owned(),
            when: When::LongerThan(10),
            given: None,
        },
        Rule {
            id: "street-length".to_owned(),
            property: "address".to_owned(),
            code: "PROPERTY_VALUE_TOO_LONG".to_owned(),
            message: format!("Street Address must have at most {STREET_MAX} characters"),
            when: When::LongerThan(STREET_MAX),
            given: None,
        },
    ]
}
