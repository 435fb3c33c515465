//! What people were told, once everything is calm.

use std::collections::BTreeMap;

use syncline::annex;
use syncline::domain::event::{CauseState, DigestPlanned, Entry, Event, Told};
use syncline::domain::schedule::Frequency;
use syncline::projections::{causes, slots};

use super::driver::{HOUR, Trial};
use super::running::{AT_ONCE, DAILY};

impl Trial {
    /// Everybody was told every cause's every state once, in order, and in one and the same bytes.
    pub(super) fn check_mails(&self) {
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
        let backlog = self.backlog();
        for address in [DAILY, AT_ONCE] {
            let recipient = self
                .store()
                .write_blocking(move |tx| annex::recipient_key(tx, address));
            let recipient = recipient.unwrap();
            let planned = entries.iter().filter_map(|entry| match &entry.event {
                Event::DigestPlanned(event) if event.slot.recipient == recipient => {
                    Some((entry, event))
                }
                _ => None,
            });
            let planned: Vec<(&Entry, &DigestPlanned)> = planned.collect();
            let mut last: BTreeMap<i64, CauseState> = BTreeMap::new();
            for (_, event) in &planned {
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
            self.check_told(address, &last, backlog);
            check_covers(address, &planned);
            if !self.plan.jumps {
                check_pace(address, &planned);
            }
        }
    }

    fn backlog(&self) -> i64 {
        let backlog = self.store().read_blocking(|view| {
            let backlog = annex::meta(view, "backlog until")?;
            Ok(backlog
                .and_then(|text| text.parse().ok())
                .unwrap_or(i64::MAX))
        });
        backlog.unwrap()
    }

    /// What was told last is what is true.
    fn check_told(&self, address: &str, last: &BTreeMap<i64, CauseState>, backlog: i64) {
        let all = self.store().read_blocking(|view| causes::since(view, 0));
        let all = all.unwrap();
        for cause in all {
            let told = last.get(&cause.number).copied();
            let open = cause.records > 0;
            // Those of the first load are told at once only when that is over.
            let loading = backlog == i64::MAX;
            let unsaid = address == AT_ONCE && loading && cause.since().seq <= backlog;
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
}

/// Whether a state may be told after what was told before.
fn follows(before: Option<CauseState>, state: CauseState) -> bool {
    match (before, state) {
        (None, state) => state == CauseState::Opened,
        (Some(CauseState::Resolved), state) => state == CauseState::Back,
        (Some(_), state) => matches!(state, CauseState::Grew | CauseState::Resolved),
    }
}

/// The digests of one reader cover the journal without a hole and nothing twice.
fn check_covers(address: &str, planned: &[(&Entry, &DigestPlanned)]) {
    let mut end = 0;
    for (entry, event) in planned {
        if event.slot.frequency != Frequency::Now {
            let (from, to) = event.covers;
            assert!(
                from == end + 1 && to < entry.seq,
                "{address}: entry {} covers {from} to {to} after {end}",
                entry.seq
            );
            end = to;
        }
    }
}

/// Six mails an hour about causes, and one that says so; what concerns everybody does not wait.
fn check_pace(address: &str, planned: &[(&Entry, &DigestPlanned)]) {
    let now = planned
        .iter()
        .filter(|(_, event)| event.slot.frequency == Frequency::Now)
        .filter(|(_, event)| !event.slot.due.ends_with(" everybody"));
    let times: Vec<i64> = now.map(|(entry, _)| entry.at.0).collect();
    for eight in times.windows(8) {
        assert!(
            eight[7] - eight[0] >= HOUR,
            "{address}: eight mails within an hour, from {}",
            eight[0]
        );
    }
}
