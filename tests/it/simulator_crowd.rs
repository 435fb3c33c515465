//! A crowd in one CRM: as many as asked for, linked, and nobody in the other.

use syncline::simulator::crowd::{Crowd, fill};
use syncline::simulator::hubspot::{self, HubSpot};
use syncline::simulator::salesforce::{self, Salesforce};
use syncline::simulator::{Server, Simulator};

const NOW_MS: i64 = 1_794_902_400_000;
const CROWD: Crowd = Crowd {
    firms: 3,
    people: 7,
    deals: 9,
};

fn filled(side: Server, crowd: Crowd) -> Simulator {
    let portal = HubSpot::new(hubspot::Settings::default());
    let org = Salesforce::new(salesforce::Settings::default());
    let mut simulator = Simulator::new(portal, org, 1);
    fill(&mut simulator, side, crowd, NOW_MS).expect("it takes them");
    simulator
}

fn counts(simulator: &Simulator) -> [usize; 7] {
    let (portal, org) = (&simulator.hubspot, &simulator.salesforce);
    [
        portal.records("companies").len(),
        portal.records("contacts").len(),
        portal.records("deals").len(),
        org.records("Account").len(),
        org.records("Contact").len(),
        org.records("Opportunity").len(),
        org.records("OpportunityContactRole").len(),
    ]
}

#[test]
fn a_crowd_in_hubspot_has_firms_people_and_deals_that_know_each_other() {
    let simulator = filled(Server::HubSpot, CROWD);
    assert_eq!(counts(&simulator), [3, 7, 9, 0, 0, 0, 0]);
    let portal = &simulator.hubspot;
    for record in portal.records("contacts") {
        let firms = portal.associations_of("contacts", &record.id.to_string(), "companies");
        let primary: Vec<bool> = firms.iter().map(|firm| firm.is_primary).collect();
        assert_eq!(primary, [true], "contact {}", record.id);
        assert!(record.updated_at < NOW_MS);
    }
    for record in portal.records("deals") {
        let id = record.id.to_string();
        let people = portal.associations_of("deals", &id, "contacts");
        let firms = portal.associations_of("deals", &id, "companies");
        assert_eq!((people.len(), firms.len()), (1, 1), "deal {id}");
        let employer = portal.associations_of("contacts", &people[0].id, "companies");
        assert_eq!(
            employer[0].id, firms[0].id,
            "a deal is of its person's firm"
        );
    }
}

#[test]
fn a_crowd_in_salesforce_has_accounts_contacts_and_opportunities_with_roles() {
    let simulator = filled(Server::Salesforce, CROWD);
    assert_eq!(counts(&simulator), [0, 0, 0, 3, 7, 9, 9]);
    let org = &simulator.salesforce;
    for object in [
        "Account",
        "Contact",
        "Opportunity",
        "OpportunityContactRole",
    ] {
        for record in org.records(object) {
            let stamp = record["SystemModstamp"].as_str().expect("a stamp");
            assert!(stamp < "2026-11-17T08:00:00", "{object} of {stamp}");
        }
    }
    for object in ["Account", "Contact", "Opportunity"] {
        for record in org.records(object) {
            let owner = record["OwnerId"].as_str().expect("an owner");
            let user = org.get("User", owner).expect("a user");
            let email = user["Email"].as_str().expect("an address");
            let known = simulator.hubspot.owners();
            assert!(known.iter().any(|one| one.email == email), "{email}");
        }
    }
    for role in org.records("OpportunityContactRole") {
        let id = role["ContactId"].as_str().expect("an end");
        let person = org.get("Contact", id).expect("it is there");
        let id = role["OpportunityId"].as_str().expect("an end");
        let deal = org.get("Opportunity", id).expect("it is there");
        assert_eq!(person["AccountId"], deal["AccountId"]);
    }
}

#[test]
fn people_without_firms_stand_alone() {
    let crowd = Crowd {
        firms: 0,
        people: 2,
        deals: 1,
    };
    let simulator = filled(Server::Salesforce, crowd);
    assert_eq!(counts(&simulator), [0, 0, 0, 0, 2, 1, 1]);
}
