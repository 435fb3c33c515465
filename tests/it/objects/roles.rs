//! The people a deal is about: HubSpot's associations, Salesforce's contact roles.

use serde_json::json;
use syncline::domain::call::Operation;
use syncline::projections::pairs::{self, Filter, State};
use syncline::simulator::faults::{Fault, OneShot, Server};
use syncline::simulator::hubspot::association::admin::Tie;
use syncline::simulator::salesforce::Conversion;

use super::{ALL, Story};
use syncline::domain::record::PairNumber;

/// A deal and a contact that stand on both sides: in HubSpot, and in Salesforce.
struct Scene {
    story: Story,
    deal: String,
    contact: String,
    opportunity: String,
    person: String,
}

impl Scene {
    async fn new() -> Self {
        let mut story = Story::new(ALL).await;
        let deal = deal(&story, "Engine");
        let contact = contact(&story, "ada");
        story.minutes(3).await;
        let (opportunity, person) = (
            story.only_in_salesforce("Opportunity"),
            story.only_in_salesforce("Contact"),
        );
        story.told();
        Self {
            story,
            deal,
            contact,
            opportunity,
            person,
        }
    }

    fn people(&self) -> Vec<String> {
        self.story.associated(("deals", &self.deal), "contacts")
    }

    fn roles(&self) -> Vec<String> {
        roles(&self.story, &self.opportunity)
    }

    /// Nothing more is journaled, and nothing more is written.
    async fn is_quiet(&mut self) {
        self.story.told();
        let writes = self.story.calls(Operation::Write);
        self.story.minutes(30).await;
        assert_eq!(self.story.told(), Vec::<String>::new(), "all is quiet");
        assert_eq!(self.story.calls(Operation::Write), writes);
    }
}

fn deal(story: &Story, name: &str) -> String {
    story.hubspot(
        "deals",
        json!({ "dealname": name, "dealstage": "contractsent", "pipeline": "default",
            "closedate": "2026-12-31T00:00:00Z" }),
    )
}

fn contact(story: &Story, name: &str) -> String {
    story.hubspot(
        "contacts",
        json!({ "email": format!("{name}@acme.example"), "lastname": name, "company": "Acme" }),
    )
}

/// Whom an opportunity's living roles name.
fn roles(story: &Story, opportunity: &str) -> Vec<String> {
    let roles = story.in_salesforce(|org, _| org.records("OpportunityContactRole"));
    let mut named: Vec<String> = roles
        .iter()
        .filter(|role| role["IsDeleted"] != json!(true))
        .filter(|role| role["OpportunityId"] == json!(opportunity))
        .map(|role| role["ContactId"].as_str().unwrap().to_owned())
        .collect();
    named.sort();
    named
}

fn states(story: &Story, object: &str) -> Vec<State> {
    let filter = Filter {
        object: syncline::domain::record::ObjectName::parse(object).ok(),
        ..Filter::default()
    };
    let list = |view: &syncline::store::View<'_>| pairs::list(view, &filter, PairNumber(0));
    let pairs = story.world.store.read_blocking(list).unwrap();
    pairs.into_iter().map(|pair| pair.state).collect()
}

#[tokio::test]
async fn a_contact_of_a_deal_becomes_a_contact_role() {
    let mut scene = Scene::new().await;
    let (deal, contact) = (scene.deal.clone(), scene.contact.clone());
    scene
        .story
        .associate(("deals", &deal), ("contacts", &contact));
    scene.story.minutes(12).await;
    assert_eq!(scene.roles(), [scene.person.clone()]);
    assert_eq!(scene.story.told(), ["deal associated to Salesforce"]);
    scene.is_quiet().await;
}

#[tokio::test]
async fn a_role_that_we_made_is_told_by_its_own_record() {
    let mut scene = Scene::new().await;
    let (deal, contact) = (scene.deal.clone(), scene.contact.clone());
    scene
        .story
        .associate(("deals", &deal), ("contacts", &contact));
    let mut minutes = 0;
    while scene.roles().is_empty() {
        scene.story.minutes(1).await;
        minutes += 1;
        assert!(minutes < 15, "the association does not come across");
    }
    let read = scene.story.calls(Operation::Match);
    scene.story.minutes(5).await;
    assert_eq!(scene.story.calls(Operation::Match), read);
}

#[tokio::test]
async fn a_role_that_somebody_makes_while_we_write_the_deal_is_seen() {
    let mut scene = Scene::new().await;
    scene.story.salesforce(
        "OpportunityContactRole",
        json!({ "OpportunityId": scene.opportunity, "ContactId": scene.person }),
    );
    let deal = scene.deal.clone();
    scene
        .story
        .change_hubspot("deals", &deal, json!({ "amount": "4711" }));
    scene.story.minutes(3).await;
    assert_eq!(scene.people(), [scene.contact.clone()]);
    let opportunity = scene.opportunity.clone();
    let shown = scene
        .story
        .shows_salesforce("Opportunity", &opportunity, &["Amount"]);
    assert_eq!(shown, ["4711.0"]);
    scene.is_quiet().await;
}

#[tokio::test]
async fn a_contact_role_becomes_an_association() {
    let mut scene = Scene::new().await;
    scene.story.salesforce(
        "OpportunityContactRole",
        json!({ "OpportunityId": scene.opportunity, "ContactId": scene.person,
            "Role": "Decision Maker", "IsPrimary": true }),
    );
    scene.story.minutes(2).await;
    assert_eq!(scene.people(), [scene.contact.clone()]);
    assert_eq!(scene.story.told(), ["deal associated to HubSpot"]);
    scene.is_quiet().await;
}

#[tokio::test]
async fn a_deal_and_its_people_made_at_once_are_tied_across() {
    let mut story = Story::new(ALL).await;
    let (deal, ada, bob) = (
        deal(&story, "Engine"),
        contact(&story, "ada"),
        contact(&story, "bob"),
    );
    story.associate(("deals", &deal), ("contacts", &ada));
    story.associate(("deals", &deal), ("contacts", &bob));
    story.minutes(3).await;
    let opportunity = story.only_in_salesforce("Opportunity");
    assert_eq!(roles(&story, &opportunity).len(), 2);
    let told = story.told();
    let ties = told
        .iter()
        .filter(|line| line.ends_with("associated to Salesforce"));
    assert_eq!(ties.count(), 1, "one attempt for both: {told:?}");
}

#[tokio::test]
async fn an_opportunity_with_roles_becomes_a_deal_with_people() {
    let mut story = Story::new(ALL).await;
    let opportunity = story.salesforce(
        "Opportunity",
        json!({ "Name": "Engine", "StageName": "Prospecting", "CloseDate": "2026-12-31" }),
    );
    let person = story.salesforce(
        "Contact",
        json!({ "LastName": "Lovelace", "Email": "ada@acme.example" }),
    );
    story.salesforce(
        "OpportunityContactRole",
        json!({ "OpportunityId": opportunity, "ContactId": person }),
    );
    story.minutes(3).await;
    let (deal, contact) = (
        story.only_in_hubspot("deals"),
        story.only_in_hubspot("contacts"),
    );
    assert_eq!(story.associated(("deals", &deal), "contacts"), [contact]);
    story.told();
    story.minutes(30).await;
    assert_eq!(story.told(), Vec::<String>::new(), "all is quiet");
}

#[tokio::test]
async fn a_role_that_is_removed_takes_the_association_away() {
    let mut scene = Scene::new().await;
    let role = scene.story.salesforce(
        "OpportunityContactRole",
        json!({ "OpportunityId": scene.opportunity, "ContactId": scene.person }),
    );
    scene.story.minutes(2).await;
    scene.story.told();
    scene.story.in_salesforce(|org, now| {
        org.delete("OpportunityContactRole", &role, now).unwrap();
    });
    scene.story.minutes(2).await;
    assert_eq!(scene.story.told(), ["deal parted to HubSpot"]);
    assert_eq!(scene.people(), Vec::<String>::new());
    scene.is_quiet().await;
}

#[tokio::test]
async fn an_association_that_is_removed_takes_the_role_away_and_no_other() {
    let mut scene = Scene::new().await;
    let other = scene.story.salesforce(
        "Contact",
        json!({ "LastName": "Babbage", "Email": "charles@acme.example" }),
    );
    for person in [&scene.person, &other] {
        scene.story.salesforce(
            "OpportunityContactRole",
            json!({ "OpportunityId": scene.opportunity, "ContactId": person }),
        );
    }
    scene.story.minutes(3).await;
    assert_eq!(scene.people().len(), 2);
    scene.story.told();
    let (deal, contact) = (scene.deal.clone(), scene.contact.clone());
    scene.story.in_hubspot(|portal, now| {
        portal
            .dissociate("deals", &deal, "contacts", &contact, Tie::Plain, now)
            .unwrap();
    });
    scene.story.minutes(12).await;
    assert_eq!(scene.story.told(), ["deal parted to Salesforce"]);
    assert_eq!(scene.roles(), [other]);
    scene.is_quiet().await;
}

#[tokio::test]
async fn people_added_on_both_sides_at_once_all_stand_in_the_end() {
    let mut scene = Scene::new().await;
    let bob = contact(&scene.story, "bob");
    scene.story.minutes(3).await;
    let (deal, ada) = (scene.deal.clone(), scene.person.clone());
    scene.story.associate(("deals", &deal), ("contacts", &bob));
    scene.story.salesforce(
        "OpportunityContactRole",
        json!({ "OpportunityId": scene.opportunity, "ContactId": ada }),
    );
    scene.story.minutes(12).await;
    assert_eq!(scene.people().len(), 2);
    assert_eq!(scene.roles().len(), 2);
    scene.is_quiet().await;
}

#[tokio::test]
async fn a_contact_that_is_not_linked_yet_is_waited_for_while_the_deal_goes_on() {
    let mut scene = Scene::new().await;
    // Without a last name no contact can be made in Salesforce.
    let bob = scene
        .story
        .hubspot("contacts", json!({ "email": "bob@acme.example" }));
    let deal = scene.deal.clone();
    scene.story.associate(("deals", &deal), ("contacts", &bob));
    scene
        .story
        .change_hubspot("deals", &deal, json!({ "amount": "100" }));
    scene.story.minutes(3).await;
    assert_eq!(
        scene
            .story
            .shows_salesforce("Opportunity", &scene.opportunity, &["Amount"]),
        ["100.0"],
        "the deal itself does not wait"
    );
    assert_eq!(states(&scene.story, "deal"), [State::Waiting]);
    assert_eq!(scene.roles(), Vec::<String>::new());
    scene
        .story
        .change_hubspot("contacts", &bob, json!({ "lastname": "Bob" }));
    scene.story.minutes(3).await;
    assert_eq!(states(&scene.story, "deal"), [State::InSync]);
    assert_eq!(scene.roles().len(), 1);
    scene.is_quiet().await;
}

#[tokio::test]
async fn a_lead_has_no_role_until_it_is_converted() {
    let mut story =
        Story::new("[objects.company]\n[objects.contact]\ncreate_as = \"Lead\"\n[objects.deal]\n")
            .await;
    let (deal, ada) = (deal(&story, "Engine"), contact(&story, "ada"));
    story.associate(("deals", &deal), ("contacts", &ada));
    story.minutes(4).await;
    let (opportunity, lead) = (
        story.only_in_salesforce("Opportunity"),
        story.only_in_salesforce("Lead"),
    );
    assert_eq!(states(&story, "deal"), [State::Waiting]);
    assert_eq!(roles(&story, &opportunity), Vec::<String>::new());
    story.in_salesforce(|org, now| {
        org.convert_lead_into(&lead, &Conversion::default(), now)
            .unwrap();
    });
    story.minutes(4).await;
    let person = story.only_in_salesforce("Contact");
    assert_eq!(roles(&story, &opportunity), [person]);
    let waiting = states(&story, "deal");
    assert!(!waiting.contains(&State::Waiting), "{waiting:?}");
}

#[tokio::test]
async fn a_deal_goes_on_without_a_lead_that_became_somebody_elses_contact() {
    let mut story =
        Story::new("[objects.company]\n[objects.contact]\ncreate_as = \"Lead\"\n[objects.deal]\n")
            .await;
    let taken = story.salesforce(
        "Contact",
        json!({ "LastName": "Byron", "Email": "byron@scene.example" }),
    );
    let (deal, ada) = (deal(&story, "Engine"), contact(&story, "ada"));
    story.associate(("deals", &deal), ("contacts", &ada));
    story.minutes(4).await;
    assert_eq!(states(&story, "deal"), [State::Waiting]);
    let lead = story.only_in_salesforce("Lead");
    let into = Conversion {
        contact: Some(taken),
        ..Conversion::default()
    };
    story.in_salesforce(|org, now| org.convert_lead_into(&lead, &into, now).unwrap());
    story.minutes(4).await;
    let waiting = states(&story, "deal");
    assert!(!waiting.contains(&State::Waiting), "{waiting:?}");
}

#[tokio::test]
async fn a_contact_that_is_archived_in_hubspot_keeps_its_role() {
    let mut scene = Scene::new().await;
    scene.story.salesforce(
        "OpportunityContactRole",
        json!({ "OpportunityId": scene.opportunity, "ContactId": scene.person,
            "Role": "Decision Maker" }),
    );
    scene.story.minutes(2).await;
    let (deal, contact) = (scene.deal.clone(), scene.contact.clone());
    scene
        .story
        .in_hubspot(|portal, now| portal.archive("contacts", &contact, now).unwrap());
    scene
        .story
        .change_hubspot("deals", &deal, json!({ "amount": "100" }));
    scene.story.minutes(90).await;
    assert_eq!(
        scene.roles(),
        [scene.person.clone()],
        "nothing is deleted across"
    );
    scene.is_quiet().await;
}

#[tokio::test]
async fn a_role_whose_answer_was_lost_is_not_made_twice() {
    let mut scene = Scene::new().await;
    let (deal, contact) = (scene.deal.clone(), scene.contact.clone());
    scene
        .story
        .associate(("deals", &deal), ("contacts", &contact));
    let simulator = std::sync::Arc::clone(&scene.story.world.simulator);
    let lose = move || {
        simulator.lock().unwrap().faults.order(OneShot {
            server: Server::Salesforce,
            method: None,
            skip: 0,
            times: 1,
            path: "/services/data/".to_owned(),
            fault: Fault::Lost,
        });
    };
    let lose: Box<dyn FnOnce() + Send> = Box::new(lose);
    *scene.story.world.interruption.lock().unwrap() = Some(("composite/sobjects", lose));
    scene.story.minutes(14).await;
    assert_eq!(scene.roles(), [scene.person.clone()]);
    scene.is_quiet().await;
}

#[tokio::test]
async fn a_mass_of_removals_is_held_by_the_guard() {
    let mut story = Story::new(ALL).await;
    let person = story.salesforce(
        "Contact",
        json!({ "LastName": "Lovelace", "Email": "ada@acme.example" }),
    );
    let mut made = Vec::new();
    for number in 0..12 {
        let opportunity = story.salesforce(
            "Opportunity",
            json!({ "Name": format!("Engine {number}"), "StageName": "Prospecting",
                "CloseDate": "2026-12-31" }),
        );
        made.push(story.salesforce(
            "OpportunityContactRole",
            json!({ "OpportunityId": opportunity, "ContactId": person }),
        ));
    }
    story.minutes(4).await;
    let contact = story.only_in_hubspot("contacts");
    assert_eq!(story.associated(("contacts", &contact), "deals").len(), 12);
    story.in_salesforce(|org, now| {
        for role in &made {
            org.delete("OpportunityContactRole", role, now).unwrap();
        }
    });
    story.told();
    story.minutes(3).await;
    assert_eq!(story.told(), Vec::<String>::new());
    assert_eq!(story.associated(("contacts", &contact), "deals").len(), 12);
    let held = story
        .world
        .store
        .read_blocking(syncline::projections::holds::open)
        .unwrap();
    assert_eq!(held.len(), 1, "{held:?}");
}
