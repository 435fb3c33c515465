//! What must hold of records that belong together, once everything is calm.

use std::collections::{BTreeMap, BTreeSet};

use syncline::domain::event::{Action, Event, Excluded, Linked};
use syncline::domain::record::{ObjectName, RecordId, RecordKey, Side};
use syncline::inbox::{self, Row};
use syncline::projections::pairs::{self, Pair, State};
use syncline::projections::{errors, figures};
use syncline::simulator;

use super::super::driver::Trial;
use super::super::people::{Place, Shown};
use super::{One, all};

/// Errors that stay when all is mended, because only the record itself can end them: a deal without
/// a date, a lead without an employer, an owner whom HubSpot does not know.
const LASTING: [&str; 2] = ["REQUIRED_FIELD_MISSING", "no_partner_owner"];

/// Both sides as they stand, by place.
type Stand = BTreeMap<Place, One>;

fn key(one: &One) -> RecordKey {
    RecordKey {
        side: one.side,
        object: ObjectName::parse(one.object).unwrap(),
        id: RecordId::parse(&one.id).unwrap(),
    }
}

impl Trial {
    fn stand(&self) -> Stand {
        let simulator = self.network.simulator();
        let known = Side::BOTH
            .into_iter()
            .flat_map(|side| all(&simulator, side, false));
        known.map(|one| (one.place(), one)).collect()
    }

    /// What is looked at to see whether anything is still written.
    pub(in super::super) fn kin_shown(&self) -> Vec<Shown> {
        let shown = self.stand().into_values().map(|one| Shown {
            id: format!("{} {} of {:?}", one.kind, one.id, one.parent),
            fields: [("free", one.free), ("people", one.people.join(" "))].into(),
            mark: one.mark,
            stamp: one.stamp,
            ours: one.ours,
        });
        shown.collect()
    }

    pub(in super::super) fn check_kin(&self) {
        let stand = self.stand();
        self.check_kin_doubles();
        self.check_role_doubles();
        self.check_kin_standings(&stand);
        self.check_kin_rows(&stand);
        for pair in self.pairs() {
            self.check_kin_pair(&pair, &stand);
        }
    }

    /// Of what one person made, we made at most one across, deleted ones counted too.
    fn check_kin_doubles(&self) {
        let simulator = self.network.simulator();
        for side in Side::BOTH {
            let (mut marks, mut ours) = (BTreeSet::new(), BTreeSet::new());
            for one in all(&simulator, side, true) {
                if let (Some(mark), false) = (&one.mark, one.converted) {
                    let carried = (one.object, mark.clone());
                    assert!(marks.insert(carried), "{side}: two records carry {mark}");
                }
                if one.ours && !one.token.is_empty() {
                    let made = (one.object, one.token.clone());
                    assert!(ours.insert(made), "{side}: {} was made twice", one.token);
                }
            }
        }
    }

    /// Every record is in exactly one state.
    fn check_kin_standings(&self, stand: &Stand) {
        let keys: Vec<RecordKey> = stand.values().map(key).collect();
        let (total, pairs, unknown) = self
            .store()
            .read_blocking(|view| {
                let standings = figures::standings(view)?;
                let total: u64 = standings.values().map(figures::Standing::total).sum();
                let pairs: u64 = pairs::counts(view)?.iter().map(|one| one.pairs).sum();
                let mut unknown = Vec::new();
                for key in &keys {
                    if pairs::by_key(view, key)?.is_none() {
                        unknown.push((key.clone(), inbox::of_record(view, key)?));
                    }
                }
                Ok((total, pairs, unknown))
            })
            .unwrap();
        assert_eq!(total, pairs, "the states' total is not the number of pairs");
        assert!(unknown.is_empty(), "in no state at all: {unknown:?}");
    }

    pub(super) fn pair_of(&self, key: &RecordKey) -> Option<Pair> {
        let pair = self.store().read_blocking(|view| {
            Ok(match pairs::by_key(view, key)? {
                Some(number) => pairs::get(view, number)?,
                None => None,
            })
        });
        pair.unwrap()
    }

    /// What waits, waits for a parent that is really not linked and that can say why.
    fn check_kin_rows(&self, stand: &Stand) {
        for one in stand.values() {
            let key = key(one);
            let row = self
                .store()
                .read_blocking(|view| inbox::of_record(view, &key));
            let Some(row) = row.unwrap() else { continue };
            let about = || format!("{row:?}: {}", self.about(&key));
            match row.state {
                inbox::State::Ready | inbox::State::Deferred => (),
                inbox::State::Waiting => self.check_waiting(&row, stand, &about()),
                inbox::State::Held | inbox::State::InFlight | inbox::State::WouldWrite => {
                    panic!("a row rests: {}", about())
                }
            }
        }
    }

    fn check_waiting(&self, row: &Row, stand: &Stand, about: &str) {
        let parent = row.parent.as_ref().expect("it waits for somebody");
        let place = (parent.side, parent.id.to_string());
        assert!(stand.contains_key(&place), "waits for nobody: {about}");
        let pair = self.pair_of(parent);
        let is_lead = |pair: &Pair| {
            let half = pair.ids.salesforce.as_ref();
            half.is_some_and(|id| id.as_str().starts_with("00Q"))
        };
        let excused = pair.as_ref().is_some_and(|pair| {
            !pair.is_linked() && matches!(pair.state, State::Failing | State::Waiting)
                || row.key.object.as_str() == "deal" && is_lead(pair)
        });
        assert!(
            excused,
            "waits for {parent:?}, which has no trouble: {about}\n{}",
            self.about(parent)
        );
    }

    fn about(&self, key: &RecordKey) -> String {
        let pair = self.pair_of(key);
        pair.map_or_else(|| "no pair".to_owned(), |pair| self.told(&pair))
    }

    fn check_kin_pair(&self, pair: &Pair, stand: &Stand) {
        let half = |side: Side| {
            let id = pair.ids.id(side)?;
            stand.get(&(side, id.to_string()))
        };
        let deleted = Side::BOTH.into_iter().any(|side| {
            let id = pair.ids.id(side).map(ToString::to_string);
            id.is_some_and(|id| self.people.kin.deleted.contains(&(side, id)))
        });
        let halves = (half(Side::HubSpot), half(Side::Salesforce));
        match (pair.state, pair.why) {
            (State::Excluded, Some(Excluded::Deleted)) => {
                let named = halves.0.and_then(|one| one.mark.clone());
                let gone = named
                    .is_some_and(|id| self.people.kin.deleted.contains(&(Side::Salesforce, id)));
                let named = halves.1.and_then(|one| one.mark.as_ref()?.split_once('-'));
                let gone = gone
                    || named.is_some_and(|(_, id)| {
                        self.people
                            .kin
                            .deleted
                            .contains(&(Side::HubSpot, id.to_owned()))
                    });
                assert!(deleted || gone, "nobody deleted it: {}", self.told(pair));
            }
            (State::Excluded, Some(Excluded::Converted)) => {
                let lead = pair.ids.id(Side::Salesforce).map(ToString::to_string);
                let was = lead.is_some_and(|id| self.people.kin.converted.contains_key(&id));
                assert!(was, "nobody converted it: {}", self.told(pair));
            }
            (State::Excluded, Some(Excluded::Ambiguous)) => {
                let one = halves.0.or(halves.1);
                assert!(
                    one.is_none_or(|one| self.is_doubled(one, stand)),
                    "it is not ambiguous: {}",
                    self.told(pair)
                );
            }
            (State::Failing, _) => {
                let open = self
                    .store()
                    .read_blocking(|view| errors::of_record(view, pair.number));
                assert!(
                    !open.unwrap().is_empty(),
                    "fails without an error: {}",
                    self.told(pair)
                );
            }
            (State::Waiting, _) => {
                let rows = self
                    .store()
                    .read_blocking(|view| inbox::of_pair(view, pair.number));
                let waits = |row: &Row| row.state == inbox::State::Waiting;
                let waits = rows.unwrap().iter().any(waits);
                assert!(waits || deleted, "waits for nothing: {}", self.told(pair));
            }
            (State::InSync, _) if deleted => {
                let missed = pair.ids.id(Side::Salesforce).is_some_and(|id| {
                    let place = (Side::Salesforce, id.to_string());
                    self.people.kin.deleted.contains(&place)
                });
                assert!(!missed, "its deletion was missed: {}", self.told(pair));
            }
            (State::InSync, _) => match halves {
                (Some(hubspot), Some(salesforce)) => self.check_step(pair, hubspot, salesforce),
                (_, _) => panic!("in sync with nobody: {}", self.told(pair)),
            },
            (State::Absorbed, _) => (),
            (State::Excluded, _) => panic!("left out for no reason: {}", self.told(pair)),
        }
    }

    /// Whether somebody else has its key, or what it was converted from belongs to another.
    fn is_doubled(&self, one: &One, stand: &Stand) -> bool {
        let key = |one: &One| one.key.to_lowercase();
        let others = stand.values().filter(|other| other.place() != one.place());
        let mut others = others.filter(|other| other.object == one.object);
        let mut converted = self.people.kin.converted.iter();
        let became =
            converted.any(|(lead, contact)| *contact == one.id || one.mark.as_ref() == Some(lead));
        // A converted lead keeps its mark, also where its id never reached HubSpot.
        let was_lead = self.entries().iter().any(|entry| match &entry.event {
            Event::RecordLinked(event) => {
                let lead = event.ids.salesforce.as_ref().map(ToString::to_string);
                let is_its = event
                    .ids
                    .hubspot
                    .as_ref()
                    .is_some_and(|id| id.as_str() == one.id);
                is_its && lead.is_some_and(|id| self.people.kin.converted.contains_key(&id))
            }
            _ => false,
        });
        became || was_lead || others.any(|other| other.side == one.side && key(other) == key(one))
    }

    /// Two halves say whose they are, show the same, and belong to the same.
    fn check_step(&self, pair: &Pair, hubspot: &One, salesforce: &One) {
        let portal = simulator::hubspot::Settings::default().portal_id;
        let marks = [
            hubspot.mark.as_deref() == Some(salesforce.id.as_str()),
            salesforce.mark == Some(format!("{portal}-{}", hubspot.id)),
        ];
        assert!(
            marks == [true, true],
            "marks {marks:?}: {}",
            self.told(pair)
        );
        let entries = self.entries();
        let mut links = entries.iter().rev();
        let linked = links.find_map(|entry| match &entry.event {
            Event::RecordLinked(event) if event.ids == pair.ids => Some((entry.seq, event.why)),
            _ => None,
        });
        drop(entries);
        let (linked, how) = linked.unwrap_or_else(|| panic!("never linked: {}", self.told(pair)));
        let since = |when: &BTreeMap<Place, i64>| {
            let mut ours = [hubspot, salesforce].into_iter();
            ours.any(|one| when.get(&one.place()).is_some_and(|seq| *seq >= linked))
        };
        let kin = &self.people.kin;
        if how == Linked::Created || since(&kin.edited) {
            let same = hubspot.free.eq_ignore_ascii_case(&salesforce.free);
            assert!(same, "{hubspot:?} and {salesforce:?}: {}", self.told(pair));
        }
        if salesforce.kind == "Lead" || salesforce.object == "company" {
            return;
        }
        if salesforce.object == "deal" {
            self.check_people(pair, hubspot, salesforce);
        }
        // Since when there is a base: what one side said before, the other could not yet compare.
        let based = self.based(pair, "associations.company", linked, Linked::Key);
        let mut ours = [hubspot, salesforce].into_iter();
        let placed = |one: &One| {
            kin.placed
                .get(&one.place())
                .is_some_and(|seq| *seq >= based)
        };
        let at_once = how == Linked::Created && based <= linked + 1;
        let settled = at_once || ours.any(placed);
        self.check_parents(pair, hubspot, salesforce, settled);
    }

    /// What both belong to is one pair, unless that is no pair, or they met with different ones.
    fn check_parents(&self, pair: &Pair, hubspot: &One, salesforce: &One, settled: bool) {
        let company = |side: Side, id: &Option<String>| {
            let key = RecordKey {
                side,
                object: ObjectName::parse("company").unwrap(),
                id: RecordId::parse(id.as_deref()?).unwrap(),
            };
            Some((key.clone(), self.pair_of(&key)))
        };
        let ours = company(Side::HubSpot, &hubspot.parent);
        let theirs = company(Side::Salesforce, &salesforce.parent);
        let number = |known: &Option<(RecordKey, Option<Pair>)>| {
            known
                .as_ref()
                .and_then(|(_, pair)| Some(pair.as_ref()?.number))
        };
        // A company that is gone in HubSpot is noticed with its account's next change.
        let is_gone = |pair: &Pair| {
            let id = pair.ids.hubspot.as_ref().map(ToString::to_string);
            id.is_some_and(|id| self.people.kin.deleted.contains(&(Side::HubSpot, id)))
        };
        let excused = [&ours, &theirs].into_iter().flatten().any(|(_, pair)| {
            pair.as_ref().is_none_or(|pair| {
                pair.state == State::Excluded || !pair.is_linked() || is_gone(pair)
            })
        });
        let met_so = !settled && ours.is_some() && theirs.is_some();
        assert!(
            excused || met_so || number(&ours) == number(&theirs),
            "belongs to {ours:?} and {theirs:?}, said at {:?}: {}",
            [hubspot, salesforce].map(|one| self.people.kin.placed.get(&one.place())),
            self.told(pair)
        );
    }

    /// What admins put right makes nothing fail or wait any more.
    pub(in super::super) fn check_kin_mended(&self) {
        for pair in self.pairs() {
            let open = self
                .store()
                .read_blocking(|view| errors::of_record(view, pair.number));
            let still: Vec<_> = open.unwrap();
            let lasting = |code: &str| LASTING.contains(&code);
            let mended = still
                .iter()
                .find(|one| !lasting(&one.code) && one.code != "parent_not_linked");
            assert!(
                mended.is_none(),
                "{mended:?} is mended: {}",
                self.told(&pair)
            );
        }
    }

    /// Counts what happened to records that belong together.
    pub(in super::super) fn tally_kin(&mut self) {
        let mut waited = BTreeSet::new();
        let (mut released, mut counts) = (BTreeSet::new(), BTreeMap::<&str, u64>::new());
        for entry in self.journal() {
            let what = match &entry.event {
                Event::RecordFailed(event) => {
                    let says = |code: &str| event.failures.iter().any(|one| one.code == code);
                    if says("parent_not_linked") {
                        waited.insert(entry.record);
                    }
                    if !says("no_partner_owner") {
                        continue;
                    }
                    "an owner was a queue"
                }
                Event::RecordSynced(event) if event.action == Action::Associated => {
                    "records were associated"
                }
                Event::RecordSynced(event) if event.action != Action::Agreed => {
                    if waited.contains(&entry.record) {
                        released.insert(entry.record);
                    }
                    continue;
                }
                Event::RecordLinked(event) if event.why == Linked::Converted => {
                    "a pair went on with a contact"
                }
                _ => continue,
            };
            *counts.entry(what).or_default() += 1;
        }
        counts.extend(self.people.kin.met.clone());
        counts.insert("a child waited and was released", released.len() as u64);
        counts.insert(
            "an association was set after a lost answer",
            self.network.lost_links(),
        );
        for (what, times) in counts {
            self.count(what, times);
        }
    }
}
