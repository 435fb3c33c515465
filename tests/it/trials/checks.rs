//! What must hold after every step, after a crash, and once everything is calm.

use std::cell::Ref;
use std::collections::{BTreeMap, BTreeSet};

use syncline::domain::call::Lane;
use syncline::domain::event::{Action, Entry, Event, Excluded, Linked, Told};
use syncline::domain::record::{ObjectName, PairIds, PairNumber, RecordId, RecordKey, Side};
use syncline::inbox;
use syncline::journal;
use syncline::projections::pairs::{self, Filter, Pair, State};
use syncline::projections::{self, errors, figures};
use syncline::simulator;
use syncline::store::View;

use super::driver::Trial;
use super::people::{Shown, records};

/// When two halves were linked, and how.
pub(super) type Link = (i64, PairIds, Linked);

/// A pair's living halves.
type Halves<'a> = (Option<&'a Shown>, Option<&'a Shown>);

/// The journal behind an entry.
fn entries(view: &View<'_>, begin: i64) -> anyhow::Result<Vec<Entry>> {
    let mut all: Vec<Entry> = Vec::new();
    loop {
        let after = all.last().map_or(begin, |entry| entry.seq);
        let page = journal::read(view, after, u32::MAX)?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

fn object() -> ObjectName {
    ObjectName::parse("contact").unwrap()
}

impl Trial {
    pub(super) fn journal(&self) -> Vec<Entry> {
        self.entries().clone()
    }

    /// The journal: what was read once is not read again, because no entry ever changes.
    pub(super) fn entries(&self) -> Ref<'_, Vec<Entry>> {
        let after = self.known.borrow().last().map_or(0, |entry| entry.seq);
        let news = self.store().read_blocking(|view| entries(view, after));
        self.known.borrow_mut().extend(news.unwrap());
        self.known.borrow()
    }

    /// After every step: the allocation holds by the simulator's own count, and no call left
    /// without having been journaled.
    pub(super) fn check_calls(&mut self) {
        let simulator = self.network.simulator();
        let (worst, counted) = (
            simulator.salesforce_worst_window(),
            simulator.salesforce_calls_counted(),
        );
        drop(simulator);
        let allocation = self.plan.allocation;
        assert!(
            worst <= allocation,
            "{worst} calls within 24 h, {allocation} are allowed"
        );
        let read_to = self.read_to;
        let news = self.store().read_blocking(|view| entries(view, read_to));
        for entry in news.unwrap() {
            self.read_to = entry.seq;
            match entry.event {
                Event::CallsSpent(event) if event.side == Side::Salesforce => {
                    self.spent.insert(entry.seq, event.calls);
                }
                Event::CallsReturned(event) => {
                    self.spent.remove(&event.spent);
                }
                _ => (),
            }
        }
        let spent: u64 = self.spent.values().sum();
        assert!(
            spent >= counted,
            "{counted} calls were made, {spent} are journaled"
        );
    }

    /// Projections are what the journal says.
    pub(super) fn check_replay(&self) {
        let (before, after) = self
            .store()
            .write_blocking(|tx| {
                let before = projections::dump(tx)?;
                projections::rebuild(tx)?;
                Ok((before, projections::dump(tx)?))
            })
            .unwrap();
        if before != after {
            let differ = before
                .lines()
                .zip(after.lines())
                .find(|(one, other)| one != other);
            panic!("projections differ from replay, first in {differ:?}");
        }
    }

    /// Everything that is written nowhere any more once nobody changes anything.
    pub(super) fn written(&self) -> (Vec<Vec<Shown>>, BTreeMap<&'static str, usize>) {
        let simulator = self.network.simulator();
        let mut shown = Side::BOTH
            .map(|side| records(&simulator, side, false))
            .to_vec();
        drop(simulator);
        shown.push(self.kin_shown());
        let mut counts = BTreeMap::new();
        for entry in self.journal() {
            let what = match entry.event {
                // Probes of what still fails go on, and say each time that the other side agrees.
                Event::RecordSynced(event)
                    if event.action == Action::Agreed
                        && event.moved.is_empty()
                        && event.lane == Lane::Retry =>
                {
                    continue;
                }
                Event::RecordSynced(_) => "attempts that succeeded",
                Event::RecordFailed(event) if event.lane != Lane::Retry => "attempts that failed",
                Event::RecordLinked(_) => "links",
                Event::RecordExcluded(_) => "exclusions",
                Event::CauseNumbered(_) => "causes",
                Event::CursorMoved(_) => "cursors",
                Event::DigestPlanned(event) if event.told.iter().any(is_cause) => "news of causes",
                _ => continue,
            };
            *counts.entry(what).or_default() += 1;
        }
        (shown, counts)
    }

    pub(super) fn check_settled(&self) {
        self.check_replay();
        if self.plan.several {
            self.check_kin();
            self.check_mails();
            return;
        }
        self.check_inbox();
        self.check_doubles();
        self.check_standings();
        self.check_pairs();
        self.check_mails();
    }

    /// Nothing rests in the inbox but what will be tried again.
    fn check_inbox(&self) {
        let counts = self.store().read_blocking(inbox::counts).unwrap();
        let rests = |state| matches!(state, inbox::State::Ready | inbox::State::Deferred);
        assert!(
            counts.iter().all(|one| rests(one.state)),
            "rows rest: {counts:?}"
        );
    }

    /// A rule that is gone and a value that is there now make nothing fail any more.
    pub(super) fn check_mended(&self) {
        if self.plan.several {
            self.check_kin_mended();
            return;
        }
        let mended = [
            "FIELD_CUSTOM_VALIDATION_EXCEPTION",
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        ];
        for pair in self.pairs() {
            let open = self
                .store()
                .read_blocking(|view| errors::of_record(view, pair.number));
            let open = open.unwrap();
            let still = open.iter().find(|one| mended.contains(&one.code.as_str()));
            assert!(still.is_none(), "{still:?} is mended: {}", self.told(&pair));
        }
    }

    /// Of what one person made, we made at most one across, deleted ones counted too.
    fn check_doubles(&self) {
        let simulator = self.network.simulator();
        for side in Side::BOTH {
            let shown = records(&simulator, side, true);
            let mut marks = BTreeSet::new();
            let mut ours: BTreeMap<&str, u64> = BTreeMap::new();
            for one in &shown {
                if let Some(mark) = &one.mark {
                    assert!(
                        marks.insert(mark.clone()),
                        "{side}: two records carry {mark}"
                    );
                }
                if let (true, Some(token)) = (one.ours, one.fields.get("jobtitle")) {
                    *ours.entry(token).or_default() += 1;
                }
            }
            for (token, times) in ours {
                assert!(times <= 1, "{side}: {token} was created {times} times");
            }
        }
    }

    /// Every record is in exactly one state: those the sides hold, and no others.
    fn check_standings(&self) {
        let simulator = self.network.simulator();
        let known = Side::BOTH.map(|side| {
            let ids = records(&simulator, side, false)
                .into_iter()
                .map(|one| one.id);
            ids.collect::<Vec<_>>()
        });
        drop(simulator);
        let (total, pairs, covered) = self
            .store()
            .read_blocking(|view| {
                let total: u64 = figures::standings(view)?
                    .values()
                    .map(figures::Standing::total)
                    .sum();
                let pairs: u64 = pairs::counts(view)?.iter().map(|one| one.pairs).sum();
                let mut covered = Vec::new();
                for (side, ids) in Side::BOTH.into_iter().zip(&known) {
                    for id in ids {
                        let key = RecordKey {
                            side,
                            object: object(),
                            id: RecordId::parse(id)?,
                        };
                        covered.push((key.clone(), pairs::by_key(view, &key)?));
                    }
                }
                Ok((total, pairs, covered))
            })
            .unwrap();
        assert_eq!(total, pairs, "the states' total is not the number of pairs");
        for (key, pair) in covered {
            assert!(
                pair.is_some(),
                "{key:?} is in no state at all{}",
                self.story(&key)
            );
        }
    }

    pub(super) fn pairs(&self) -> Vec<Pair> {
        let all = self.store().read_blocking(|view| {
            let mut all: Vec<Pair> = Vec::new();
            loop {
                let after = all.last().map_or(PairNumber(i64::MIN), |pair| pair.number);
                let page = pairs::list(view, &Filter::default(), after)?;
                if page.is_empty() {
                    return Ok(all);
                }
                all.extend(page);
            }
        });
        all.unwrap()
    }

    fn links(&self) -> Vec<Link> {
        let links = self
            .journal()
            .into_iter()
            .filter_map(|entry| match entry.event {
                Event::RecordLinked(event) => Some((entry.seq, event.ids, event.why)),
                _ => None,
            });
        links.collect()
    }

    /// Every pair is in step by its rules, or says why not.
    fn check_pairs(&self) {
        let simulator = self.network.simulator();
        let [hubspot, salesforce] = Side::BOTH.map(|side| {
            let shown = records(&simulator, side, false).into_iter();
            shown
                .map(|one| (one.id.clone(), one))
                .collect::<BTreeMap<_, _>>()
        });
        drop(simulator);
        let links = self.links();
        for pair in self.pairs() {
            let half = |side: Side, shown: &BTreeMap<String, Shown>| {
                pair.ids
                    .id(side)
                    .and_then(|id| shown.get(id.as_str()).cloned())
            };
            let (h, s) = (
                half(Side::HubSpot, &hubspot),
                half(Side::Salesforce, &salesforce),
            );
            self.check_pair(&pair, (h.as_ref(), s.as_ref()), &links);
        }
    }

    fn check_pair(&self, pair: &Pair, halves: Halves<'_>, links: &[Link]) {
        let deleted = Side::BOTH.into_iter().any(|side| {
            let id = pair.ids.id(side).map(ToString::to_string);
            id.is_some_and(|id| self.people.deleted.contains_key(&(side, id)))
        });
        match (pair.state, pair.why) {
            (State::Excluded, Some(Excluded::Deleted)) => {
                // The partner may have gone before the two were linked: then only its id is left.
                let named = halves.0.and_then(|shown| shown.mark.clone());
                let named = named.map(|id| (Side::Salesforce, id));
                let gone = named.is_some_and(|place| self.people.deleted.contains_key(&place));
                assert!(deleted || gone, "nobody deleted it: {}", self.told(pair));
            }
            (State::Excluded, Some(Excluded::Ambiguous)) => {
                let shown = halves.0.or(halves.1).expect("an excluded record lives");
                let email = shown.fields.get("email");
                let doubled = email.is_some_and(|email| self.people.doubled.contains(email));
                assert!(doubled, "it is not ambiguous: {}", self.told(pair));
            }
            (State::Failing, _) => self.check_failing(pair, halves, links),
            // A HubSpot record that is gone is found with its partner's next change.
            (State::InSync, _) if deleted => {
                let missed = self.missed_deletion(pair);
                assert!(!missed, "its deletion was missed: {}", self.told(pair));
            }
            (State::InSync, _) => match halves {
                (Some(hubspot), Some(salesforce)) => {
                    self.check_identity(pair, hubspot, salesforce);
                    self.check_fields(pair, hubspot, salesforce, links);
                }
                (_, _) => panic!("in sync with nobody: {}", self.told(pair)),
            },
            (State::Excluded | State::Waiting | State::Absorbed, _) => {
                panic!("left out for no reason: {}", self.told(pair));
            }
        }
    }

    /// Whether a half's deletion should be known: Salesforce lists its own, and HubSpot's shows when
    /// its partner is saved with another value.
    fn missed_deletion(&self, pair: &Pair) -> bool {
        let place = |side| Some((side, pair.ids.id(side)?.to_string()));
        let gone = |side| self.people.deleted.get(&place(side)?).copied();
        let partner = place(Side::Salesforce);
        let mut edits = self.people.edits.iter();
        gone(Side::Salesforce).is_some()
            || gone(Side::HubSpot).is_some_and(|gone| {
                edits.any(|((here, field), edit)| {
                    let plain = *field != "customer_tier" && !edit.value.is_empty();
                    Some(here) == partner.as_ref() && edit.at > gone && plain
                })
            })
    }

    /// Two halves are one person's, and each says so.
    fn check_identity(&self, pair: &Pair, hubspot: &Shown, salesforce: &Shown) {
        let portal = simulator::hubspot::Settings::default().portal_id;
        let marks = [
            hubspot.mark.as_deref() == Some(salesforce.id.as_str()),
            salesforce.mark == Some(format!("{portal}-{}", hubspot.id)),
        ];
        let emails = [hubspot, salesforce].map(|one| one.fields.get("email"));
        assert!(
            marks == [true, true] && emails[0] == emails[1],
            "marks {marks:?}, {emails:?}: {}",
            self.told(pair)
        );
    }

    /// A failing pair says why, and goes on in the other direction.
    fn check_failing(&self, pair: &Pair, halves: Halves<'_>, links: &[Link]) {
        let open = self
            .store()
            .read_blocking(|view| errors::of_record(view, pair.number))
            .unwrap();
        let sides: BTreeSet<Side> = open.iter().map(|error| error.to).collect();
        assert!(
            !sides.is_empty(),
            "fails without an error: {}",
            self.told(pair)
        );
        if let (Some(to), 1, (Some(hubspot), Some(salesforce))) =
            (sides.first(), sides.len(), halves)
        {
            for (line, told) in self.lines(pair, hubspot, salesforce, links) {
                assert!(!line.is_stuck(*to), "stuck: {told}{}", self.told(pair));
            }
        }
    }

    fn check_fields(&self, pair: &Pair, hubspot: &Shown, salesforce: &Shown, links: &[Link]) {
        for (line, told) in self.lines(pair, hubspot, salesforce, links) {
            if let Some(fault) = line.fault() {
                panic!("{fault}: {told}{}", self.told(pair));
            }
        }
    }

    fn story(&self, key: &RecordKey) -> String {
        let row = self
            .store()
            .read_blocking(|view| inbox::of_record(view, key))
            .unwrap();
        format!("\n  its row: {row:?}")
    }

    /// The rows of all records, and the calls of the last day by what they were for.
    pub(super) fn rows(&self) -> String {
        let simulator = self.network.simulator();
        let known = Side::BOTH.map(|side| records(&simulator, side, true));
        drop(simulator);
        let mut text = String::new();
        for (side, known) in Side::BOTH.into_iter().zip(known) {
            for one in known {
                let key = RecordKey {
                    side,
                    object: object(),
                    id: RecordId::parse(&one.id).unwrap(),
                };
                let row = self
                    .store()
                    .read_blocking(|view| inbox::of_record(view, &key));
                if let Some(row) = row.unwrap() {
                    text += &format!("\n  {row:?}");
                }
            }
        }
        let mut calls: BTreeMap<String, u64> = BTreeMap::new();
        let entries = self.journal();
        let end = entries.last().map_or(0, |entry| entry.at.0);
        for entry in entries {
            if let (Event::CallsSpent(event), true) = (&entry.event, entry.at.0 > end - 86_400_000)
            {
                let what = format!("{} {} {}", event.side, event.lane, event.operation);
                *calls.entry(what).or_default() += event.calls;
            }
        }
        text + &format!("\n  {calls:?}")
    }

    /// A pair and what the journal holds about it.
    pub(super) fn told(&self, pair: &Pair) -> String {
        let mut text = format!("{pair:?}");
        for entry in self.journal() {
            if entry.record == Some(pair.number) {
                text += &format!("\n  {} at {}: {:?}", entry.seq, entry.at.0, entry.event);
            }
        }
        text
    }
}

fn is_cause(told: &Told) -> bool {
    matches!(told, Told::Cause(..))
}
