//! What must hold after every step, after a crash, and once everything is calm.

use std::collections::{BTreeMap, BTreeSet};

use syncline::annex;
use syncline::domain::event::{Action, CauseState, Entry, Event, Excluded, Linked, Told};
use syncline::domain::mapping::Rule;
use syncline::domain::record::{ObjectName, PairIds, PairNumber, RecordId, RecordKey, Side};
use syncline::journal;
use syncline::projections::pairs::{self, Filter, Pair, State};
use syncline::projections::{self, causes, errors, figures, slots};
use syncline::store::View;

use super::driver::Trial;
use super::people::{Shown, records};
use super::plan::EDITED;
use super::running::{AT_ONCE, DAILY};

/// When two halves were linked, and how.
type Link = (i64, PairIds, Linked);

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
        self.store().read_blocking(|view| entries(view, 0)).unwrap()
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
    pub(super) fn written(&self) -> (Vec<Vec<Shown>>, usize) {
        let simulator = self.network.simulator();
        let shown = Side::BOTH.map(|side| records(&simulator, side, false));
        drop(simulator);
        let synced = self.journal().into_iter().filter(|entry| {
            matches!(&entry.event, Event::RecordSynced(event) if event.action != Action::Agreed)
        });
        (shown.into(), synced.count())
    }

    pub(super) fn check_settled(&self) {
        self.check_replay();
        self.check_doubles();
        self.check_standings();
        self.check_pairs();
        self.check_mails();
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
            id.is_some_and(|id| self.people.deleted.contains(&(side, id)))
        });
        match (pair.state, pair.why) {
            (State::Excluded, Some(Excluded::Deleted)) => {
                assert!(deleted, "nobody deleted it: {}", self.told(pair));
            }
            (State::Excluded, Some(Excluded::Ambiguous)) => {
                let shown = halves.0.or(halves.1).expect("an excluded record lives");
                let email = shown.fields.get("email");
                let doubled = email.is_some_and(|email| self.people.doubled.contains(email));
                assert!(doubled, "it is not ambiguous: {}", self.told(pair));
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
            // A HubSpot record that is gone is found with its partner's next change.
            (State::InSync, _) if deleted => (),
            (State::InSync, _) => match halves {
                (Some(hubspot), Some(salesforce)) => {
                    self.check_fields(pair, hubspot, salesforce, links);
                }
                (_, _) => panic!("in sync with nobody: {}", self.told(pair)),
            },
            (State::Excluded | State::Waiting | State::Absorbed, _) => {
                panic!("left out for no reason: {}", self.told(pair));
            }
        }
    }

    fn check_fields(&self, pair: &Pair, hubspot: &Shown, salesforce: &Shown, links: &[Link]) {
        let link = links.iter().rev().find(|(_, ids, _)| *ids == pair.ids);
        let link = link.map(|(seq, _, how)| (*seq, *how));
        let (linked, how) = link.unwrap_or_else(|| panic!("never linked: {}", self.told(pair)));
        for (field, _, rule) in EDITED {
            let h = hubspot.fields.get(field).cloned().unwrap_or_default();
            let s = salesforce.fields.get(field).cloned().unwrap_or_default();
            let edit = |side, id: &str| self.people.edits.get(&((side, id.to_owned()), field));
            let eh = edit(Side::HubSpot, &hubspot.id);
            let es = edit(Side::Salesforce, &salesforce.id);
            let told = || {
                format!(
                    "{field} ({rule:?}): HubSpot {h:?}, Salesforce {s:?}, people said {eh:?} and {es:?}, \
                     linked at {linked} by {how:?}: {}",
                    self.told(pair)
                )
            };
            // A link alone compares nothing: the two have met in a field once both values were seen.
            let met = self.met(pair, field);
            let touched = eh.into_iter().chain(es).any(|edit| edit.seq > met);
            if !h.eq_ignore_ascii_case(&s) {
                // What differed when they met is left alone until somebody changes it. Where we made
                // one of the two, they met in step, also when the answer was lost.
                let ours = pair.created_on.is_some();
                let carried = ours && !matches!(rule, Rule::AlwaysSalesforce | Rule::AlwaysHubspot);
                let few = field == "customer_tier" && !ours;
                assert!(few || (!touched && !carried), "not in step: {}", told());
                continue;
            }
            let Some(wanted) = wanted(rule, eh, es, touched) else {
                continue;
            };
            let survives = wanted.iter().any(|value| value.eq_ignore_ascii_case(&h));
            assert!(survives, "an edit was lost: {}", told());
        }
    }

    /// The entry by which both sides' values of a field were first taken for what was last seen.
    fn met(&self, pair: &Pair, field: &str) -> i64 {
        let entries = self.journal().into_iter();
        let mut about = entries.filter(|entry| entry.record == Some(pair.number));
        let met = about.find(|entry| match &entry.event {
            Event::RecordSynced(event) => event.moved.iter().any(|moved| {
                moved.field.as_str() == field
                    && moved.hubspot.is_some()
                    && moved.salesforce.is_some()
            }),
            _ => false,
        });
        met.map_or(i64::MAX, |entry| entry.seq)
    }

    /// Everybody was told every cause's every state once, in order, and in one and the same bytes.
    fn check_mails(&self) {
        let arrived = self.mailroom.arrived.lock().unwrap().clone();
        for (id, copies) in &arrived {
            assert!(
                copies.iter().all(|bytes| *bytes == copies[0]),
                "{id} came in different bytes"
            );
        }
        let entries = self.journal();
        let mut sent: BTreeMap<&str, u32> = BTreeMap::new();
        for entry in &entries {
            if let Event::DigestSent(event) = &entry.event {
                *sent.entry(event.message_id.as_str()).or_default() += 1;
            }
        }
        for address in [DAILY, AT_ONCE] {
            let recipient = self
                .store()
                .write_blocking(move |tx| annex::recipient_key(tx, address));
            let recipient = recipient.unwrap();
            let mut last: BTreeMap<i64, CauseState> = BTreeMap::new();
            for entry in &entries {
                let Event::DigestPlanned(event) = &entry.event else {
                    continue;
                };
                if event.slot.recipient != recipient {
                    continue;
                }
                let id = event.message_id.as_str();
                assert_eq!(sent.get(id), Some(&1), "{id} was not sent once");
                assert!(arrived.contains_key(id), "{id} never arrived");
                for told in &event.told {
                    if let Told::Cause(number, state, _) = told {
                        let before = last.insert(*number, *state);
                        assert!(
                            follows(before, *state),
                            "{address}: C-{number} {before:?} then {state:?}"
                        );
                    }
                }
            }
            self.check_told(address, &last);
        }
    }

    /// What was told last is what is true.
    fn check_told(&self, address: &str, last: &BTreeMap<i64, CauseState>) {
        let all = self.store().read_blocking(|view| {
            let backlog = annex::meta(view, "backlog until")?;
            let backlog: i64 = backlog
                .and_then(|text| text.parse().ok())
                .unwrap_or(i64::MAX);
            Ok((causes::since(view, 0)?, backlog))
        });
        let (all, backlog) = all.unwrap();
        let loaded = backlog < i64::MAX;
        for cause in all {
            let told = last.get(&cause.number).copied();
            let open = cause.records > 0;
            // Those of the first load are told at once only when that is over.
            let unsaid = address == AT_ONCE && cause.opened.seq <= backlog && !loaded;
            let right = match told {
                None => !open || unsaid,
                Some(CauseState::Resolved) => !open,
                Some(CauseState::Opened | CauseState::Grew | CauseState::Back) => open,
            };
            assert!(
                right,
                "{address} was told {told:?} of {cause:?}, backlog {backlog}"
            );
        }
        let unsent = self.store().read_blocking(slots::unsent).unwrap();
        assert!(unsent.is_empty(), "mails were never sent: {unsent:?}");
    }

    fn story(&self, key: &RecordKey) -> String {
        let row = self
            .store()
            .read_blocking(|view| syncline::inbox::of_record(view, key))
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
                    .read_blocking(|view| syncline::inbox::of_record(view, &key));
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
    fn told(&self, pair: &Pair) -> String {
        let mut text = format!("{pair:?}");
        for entry in self.journal() {
            if entry.record == Some(pair.number) {
                text += &format!("\n  {} at {}: {:?}", entry.seq, entry.at.0, entry.event);
            }
        }
        text
    }
}

/// The values that may survive; none when nobody may say.
fn wanted(
    rule: Rule,
    eh: Option<&super::people::Edit>,
    es: Option<&super::people::Edit>,
    touched: bool,
) -> Option<Vec<String>> {
    let value = |edit: Option<&super::people::Edit>| edit.map(|edit| edit.value.clone());
    match (rule, eh, es) {
        (Rule::TwoWay, Some(h), Some(s)) if touched && h.epoch != s.epoch => {
            let newer = if h.epoch > s.epoch { h } else { s };
            Some(vec![newer.value.clone()])
        }
        (Rule::TwoWay, _, _) => {
            let values: Vec<String> = [value(eh), value(es)].into_iter().flatten().collect();
            (!values.is_empty()).then_some(values)
        }
        (Rule::AlwaysSalesforce, _, Some(s)) if s.seq > 0 => Some(vec![s.value.clone()]),
        (Rule::AlwaysHubspot, Some(h), _) if h.seq > 0 => Some(vec![h.value.clone()]),
        (Rule::PreferSalesforce, _, Some(s)) if !s.value.is_empty() && eh.is_none() => {
            Some(vec![s.value.clone()])
        }
        (Rule::PreferSalesforce, _, Some(_)) => {
            let mut values: Vec<String> = [value(eh), value(es)].into_iter().flatten().collect();
            values.push(String::new());
            Some(values)
        }
        // Where only HubSpot was edited, "prefer Salesforce" keeps what the pair was created with:
        // the rule lets Salesforce's value win over the edit.
        (Rule::PreferSalesforce, _, None)
        | (Rule::AlwaysSalesforce | Rule::AlwaysHubspot | Rule::Off, _, _) => None,
    }
}

/// Whether a state may be told after what was told before.
fn follows(before: Option<CauseState>, state: CauseState) -> bool {
    match (before, state) {
        (None, state) => state == CauseState::Opened,
        (Some(CauseState::Resolved), state) => state == CauseState::Back,
        (Some(_), state) => matches!(state, CauseState::Grew | CauseState::Resolved),
    }
}
