//! The people a deal is about: what is done to that, and what must hold of it in the end.

use std::collections::BTreeSet;

use serde_json::json;
use syncline::domain::record::{ObjectName, PairNumber, RecordId, RecordKey, Side};
use syncline::projections::pairs::{Pair, State};
use syncline::simulator::Simulator;
use syncline::simulator::hubspot::association::admin::Tie;
use syncline::simulator::luck::Luck;

use super::super::driver::Trial;
use super::shown::roles;
use super::{Kin, Moment, One, map, of_kind, some};

impl Kin {
    /// Somebody becomes one of a deal's people in HubSpot; the deal is saved, or is not.
    pub(super) fn introduce(&mut self, crm: &mut Simulator, luck: &mut Luck, when: Moment) {
        let deals = of_kind(crm, Side::HubSpot, "deals");
        let people = of_kind(crm, Side::HubSpot, "contacts");
        let (Some(deal), Some(person)) = (some(luck, &deals), some(luck, &people)) else {
            return;
        };
        let (from, to) = (deal.id.as_str(), person.id.as_str());
        let (hubspot, now) = (&mut crm.hubspot, when.now);
        let tied = hubspot.associate("deals", from, "contacts", to, Tie::Plain, now);
        tied.unwrap_or_else(|refusal| panic!("{refusal:?}"));
        if luck.below(2) == 0 {
            self.edit(crm, luck, deal, when);
        }
    }
}

/// Somebody gets a role in an opportunity, where there is none of theirs.
pub(super) fn assign_role(crm: &mut Simulator, luck: &mut Luck, when: Moment) {
    let deals = of_kind(crm, Side::Salesforce, "Opportunity");
    let people = of_kind(crm, Side::Salesforce, "Contact");
    let (Some(deal), Some(person)) = (some(luck, &deals), some(luck, &people)) else {
        return;
    };
    if deal.people.contains(&person.id) {
        return;
    }
    let role = json!({ "OpportunityId": deal.id, "ContactId": person.id,
        "Role": "Decision Maker" });
    let made = crm
        .salesforce
        .put("OpportunityContactRole", map(role), when.now);
    made.unwrap_or_else(|problem| panic!("{problem:?}"));
}

/// Somebody is none of a deal's people any more, on one side.
pub(super) fn send_away(crm: &mut Simulator, luck: &mut Luck, when: Moment) {
    if luck.below(2) == 0 {
        let roles = roles(crm);
        let place = usize::try_from(luck.below(roles.len().max(1) as u64)).unwrap();
        if let Some((_, _, role)) = roles.get(place) {
            let gone = crm
                .salesforce
                .delete("OpportunityContactRole", role, when.now);
            gone.unwrap_or_else(|problem| panic!("{problem:?}"));
        }
        return;
    }
    let mut deals = of_kind(crm, Side::HubSpot, "deals");
    deals.retain(|deal| !deal.people.is_empty());
    let Some(deal) = some(luck, &deals) else {
        return;
    };
    let (from, to) = (deal.id.as_str(), deal.people[0].as_str());
    let (hubspot, now) = (&mut crm.hubspot, when.now);
    let parted = hubspot.dissociate("deals", from, "contacts", to, Tie::Plain, now);
    parted.unwrap_or_else(|refusal| panic!("{refusal:?}"));
}

impl Trial {
    /// A deal's people are an opportunity's, as far as they are in step and can have a role; and
    /// nobody has two roles of ours.
    pub(super) fn check_people(&self, pair: &Pair, hubspot: &One, salesforce: &One) {
        let ours = self.known_people(Side::HubSpot, &hubspot.people);
        let theirs = self.known_people(Side::Salesforce, &salesforce.people);
        assert_eq!(
            ours,
            theirs,
            "{hubspot:?} and {salesforce:?} are about others: {}",
            self.told(pair)
        );
    }

    /// No person has two roles of ours in one opportunity.
    pub(super) fn check_role_doubles(&self) {
        let user = syncline::simulator::salesforce::Settings::default().user_id;
        let simulator = self.network.simulator();
        let mut ours = BTreeSet::new();
        for role in simulator.salesforce.records("OpportunityContactRole") {
            let is_ours = role["CreatedById"] == json!(user) && role["IsDeleted"] != json!(true);
            let ends = [&role["OpportunityId"], &role["ContactId"]];
            let ends = ends.map(|end| end.as_str().unwrap_or_default().to_owned());
            assert!(!is_ours || ours.insert(ends), "two roles of ours: {role}");
        }
    }

    /// The pairs of those of these contacts that can be tied on both sides.
    fn known_people(&self, side: Side, ids: &[String]) -> BTreeSet<PairNumber> {
        let key = |id: &String| RecordKey {
            side,
            object: ObjectName::parse("contact").unwrap(),
            id: RecordId::parse(id).unwrap(),
        };
        let pairs = ids.iter().filter_map(|id| self.pair_of(&key(id)));
        let can_be = pairs.filter(|pair| {
            let half = |side: Side| {
                let id = pair.ids.id(side).map(ToString::to_string);
                id.filter(|id| !self.people.kin.deleted.contains(&(side, id.clone())))
            };
            let is_lead = |id: &str| id.starts_with("00Q");
            half(Side::HubSpot).is_some()
                && half(Side::Salesforce).is_some_and(|id| !is_lead(&id))
                && pair.state != State::Excluded
        });
        can_be.map(|pair| pair.number).collect()
    }
}
