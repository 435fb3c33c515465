//! What each rule leaves of what people wrote, once both sides are in step.

use std::collections::BTreeSet;

use syncline::domain::event::{Action, Event, Linked};
use syncline::domain::mapping::Rule;
use syncline::domain::record::Side;

use syncline::projections::pairs::Pair;

use super::checks::Link;
use super::driver::Trial;
use super::people::{Edit, Shown};
use super::plan::EDITED;

/// One field of a linked pair, with all that decides what it may hold.
pub(super) struct Line<'a> {
    pub(super) field: &'static str,
    pub(super) rule: Rule,
    /// What both sides show, HubSpot first.
    pub(super) shown: [&'a str; 2],
    /// What people wrote there last.
    pub(super) edits: [Option<&'a Edit>; 2],
    /// Whatever people wrote on either side, in small letters.
    pub(super) ever: BTreeSet<&'a str>,
    /// When they were linked, and how.
    pub(super) linked: i64,
    pub(super) how: Linked,
    /// The side on which we made the record.
    pub(super) made: Option<Side>,
    /// Whether Salesforce's record was saved again after HubSpot's edit, by anybody: its time of
    /// change, which conflicts are settled by, is the record's and not the field's.
    pub(super) saved_later: bool,
}

fn same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// Whether a rule ever carries a value to `to`.
fn may_go(rule: Rule, to: Side) -> bool {
    match rule {
        Rule::TwoWay | Rule::PreferSalesforce => true,
        Rule::AlwaysSalesforce => to == Side::HubSpot,
        Rule::AlwaysHubspot => to == Side::Salesforce,
        Rule::Off => false,
    }
}

impl Trial {
    /// The fields of a linked pair, each with words for it.
    pub(super) fn lines<'a>(
        &'a self,
        pair: &Pair,
        hubspot: &'a Shown,
        salesforce: &'a Shown,
        links: &[Link],
    ) -> Vec<(Line<'a>, String)> {
        let met = links.iter().rev().find(|(_, ids, _)| *ids == pair.ids);
        let met = met.map(|(seq, _, how)| (*seq, *how));
        let (linked, how) = met.unwrap_or_else(|| panic!("never linked: {}", self.told(pair)));
        let made = match (hubspot.ours, salesforce.ours) {
            (true, _) => Some(Side::HubSpot),
            (_, true) => Some(Side::Salesforce),
            (false, false) => None,
        };
        let places = [
            (Side::HubSpot, hubspot.id.clone()),
            (Side::Salesforce, salesforce.id.clone()),
        ];
        let second = |at: i64| at.div_euclid(1_000);
        let written = self.written_to_salesforce(pair);
        let all = EDITED.into_iter().map(|(field, theirs, rule)| {
            let shown = [hubspot, salesforce];
            let shown = shown.map(|one| one.fields.get(field).map_or("", String::as_str));
            let here = places.clone().map(|place| (place, field));
            let edits = [0, 1].map(|place| self.people.edits.get(&here[place]));
            let ever = here.iter().filter_map(|here| self.people.ever.get(here));
            let saved_later = edits[0].is_some_and(|edit| {
                let saved = self.people.saved.get(&places[1]);
                let saved = saved.is_some_and(|at| second(*at) >= second(edit.at));
                let mut after = written.iter().filter(|(seq, _)| *seq >= edit.seq);
                saved || after.any(|(_, fields)| !fields.iter().any(|one| one == theirs))
            });
            let linked = self.based(pair, field, linked, how);
            let line = Line {
                field,
                rule,
                shown,
                edits,
                ever: ever.flatten().map(String::as_str).collect(),
                linked,
                how,
                made,
                saved_later,
            };
            let told = format!(
                "{field} ({rule:?}): HubSpot {:?}, Salesforce {:?}, people said {:?} and {:?}, \
                 linked at {linked} by {how:?}, made on {made:?}, saved later {saved_later}: ",
                shown[0], shown[1], edits[0], edits[1],
            );
            (line, told)
        });
        all.collect()
    }

    /// Since when a field of a pair has a base: with the link, but where a blank was to be filled,
    /// which has one once it is. What is written there meanwhile counts as found at the first link.
    pub(super) fn based(&self, pair: &Pair, field: &str, linked: i64, how: Linked) -> i64 {
        let entries = self.entries();
        let based = entries.iter().find(|entry| {
            let moved = match &entry.event {
                Event::RecordSynced(event) => &event.moved,
                Event::RecordLinked(event) => &event.moved,
                _ => return false,
            };
            let here = entry.record == Some(pair.number) && entry.seq >= linked;
            here && moved.iter().any(|one| one.field.as_str() == field)
        });
        match how {
            Linked::Created => linked,
            Linked::Key
            | Linked::Id
            | Linked::Former
            | Linked::Converted
            | Linked::Merged
            | Linked::Operator => based.map_or(linked, |entry| entry.seq),
        }
    }

    /// Our writes to a pair's Salesforce record: when, and which fields.
    fn written_to_salesforce(&self, pair: &Pair) -> Vec<(i64, Vec<String>)> {
        let entries = self.journal().into_iter();
        let writes = entries.filter_map(|entry| match entry.event {
            Event::RecordSynced(event)
                if entry.record == Some(pair.number)
                    && event.to == Side::Salesforce
                    && event.action != Action::Agreed =>
            {
                let fields = event.fields.iter().map(ToString::to_string);
                Some((entry.seq, fields.collect()))
            }
            _ => None,
        });
        writes.collect()
    }
}

impl Line<'_> {
    /// What is wrong with it.
    pub(super) fn fault(&self) -> Option<&'static str> {
        let [h, s] = self.shown;
        let invented =
            |value: &str| !value.is_empty() && !self.ever.contains(value.to_lowercase().as_str());
        if invented(h) || invented(s) {
            return Some("nobody ever wrote this");
        }
        if self.is_overwritten() {
            return Some("a value that the rule protects was overwritten");
        }
        if !same(h, s) {
            return self.differs();
        }
        let survives = self.may_survive().iter().any(|value| same(value, h));
        (!survives).then_some("an edit was lost")
    }

    fn touched(&self) -> bool {
        self.edits
            .into_iter()
            .flatten()
            .any(|edit| edit.seq >= self.linked)
    }

    /// A side that no write may go to shows what people wrote there; so does Salesforce's value
    /// under "prefer Salesforce", unless it is blank.
    fn is_overwritten(&self) -> bool {
        Side::BOTH.into_iter().enumerate().any(|(place, side)| {
            let edit = self.edits[place];
            let theirs = edit.map_or("", |edit| edit.value.as_str());
            let kept = match self.rule {
                Rule::PreferSalesforce => {
                    side == Side::Salesforce
                        && !theirs.is_empty()
                        && edit.is_some_and(|edit| !edit.in_flight)
                }
                rule => !may_go(rule, side),
            };
            kept && !same(theirs, self.shown[place])
        }) || self.first_link_overwrote()
    }

    /// Two records that met with values of their own keep them until somebody changes one.
    fn first_link_overwrote(&self) -> bool {
        let [Some(eh), Some(es)] = self.edits else {
            return false;
        };
        let met = self.made.is_none() && self.how != Linked::Created && !self.touched();
        let both = [eh, es]
            .into_iter()
            .all(|edit| !edit.value.is_empty() && !edit.in_flight);
        let kept = same(&eh.value, self.shown[0]) && same(&es.value, self.shown[1]);
        self.rule == Rule::TwoWay && met && both && !kept
    }

    /// What differed when they met is left alone until somebody changes it; a blank is filled then,
    /// and what the rule carries went with the creation.
    fn differs(&self) -> Option<&'static str> {
        // One of few values may be written again before anybody saw that it was another.
        let unseen = self.field == "customer_tier" && self.how != Linked::Created;
        if self.touched() && !unseen {
            return Some("not in step");
        }
        let carried = match (self.how, self.made) {
            (Linked::Created, Some(made)) => may_go(self.rule, made),
            (Linked::Created, None) => true,
            (_, _) => false,
        };
        if carried && !self.touched() {
            return Some("not carried with the creation");
        }
        let fillable = Side::BOTH
            .into_iter()
            .zip(self.shown)
            .any(|(side, value)| value.is_empty() && may_go(self.rule, side));
        (fillable && self.how != Linked::Created && !self.touched())
            .then_some("a blank was not filled")
    }

    /// The values that may be found on both sides.
    fn may_survive(&self) -> Vec<&str> {
        let [eh, es] = self.edits;
        let written: Vec<&str> = [eh, es]
            .into_iter()
            .flatten()
            .map(|edit| edit.value.as_str())
            .collect();
        match self.rule {
            Rule::TwoWay if written.is_empty() => vec![""],
            Rule::TwoWay => self.latest().map_or(written, |edit| vec![&edit.value]),
            // What was refused or blank long ago may have filled the gap; what is not blank was
            // looked at before.
            Rule::PreferSalesforce => match (eh, es) {
                (None, Some(es)) => vec![&es.value],
                (_, _) => self.ever.iter().copied().chain([""]).collect(),
            },
            Rule::AlwaysSalesforce | Rule::AlwaysHubspot | Rule::Off => self.shown.to_vec(),
        }
    }

    /// The edit that must have won a two-way field; none when either may have.
    fn latest(&self) -> Option<&Edit> {
        let [Some(h), Some(s)] = self.edits else {
            return None;
        };
        if !self.touched() {
            return None;
        }
        if h.epoch != s.epoch {
            return Some(if h.epoch > s.epoch { h } else { s });
        }
        // Blanks and the few values of a list can be written twice without anybody seeing it.
        let plain = |edit: &Edit| !edit.value.is_empty() && !edit.in_flight;
        if self.field == "customer_tier" || !plain(h) || !plain(s) {
            return None;
        }
        let second = |edit: &Edit| edit.at.div_euclid(1_000);
        if s.at >= h.at {
            Some(s)
        } else if second(h) > second(s) && !self.saved_later {
            Some(h)
        } else {
            None
        }
    }

    /// Under a refusal of writes to `to`: whether a value that goes the other way is still missing.
    /// Only where the creation gave every field a base: a blank that could not be filled at the
    /// first link has none, and what is written there meanwhile counts as a difference found then.
    pub(super) fn is_stuck(&self, to: Side) -> bool {
        let [h, s] = self.shown;
        let (there, here) = match to {
            Side::HubSpot => (self.edits[0], self.edits[1]),
            Side::Salesforce => (self.edits[1], self.edits[0]),
        };
        let Some(edit) = there.filter(|edit| edit.seq >= self.linked) else {
            return false;
        };
        let plain = !edit.in_flight && !edit.value.is_empty() && self.field != "customer_tier";
        let newest = here.is_none_or(|other| match to {
            Side::HubSpot => other.epoch < edit.epoch,
            Side::Salesforce => other.at <= edit.at,
        });
        let goes = may_go(self.rule, to.other());
        let prefers = self.rule == Rule::PreferSalesforce && to == Side::HubSpot;
        let based = self.how == Linked::Created;
        based && plain && newest && goes && !prefers && !same(h, s)
    }
}
