//! What only the running loops know and people ask for: who answers, and why changes wait.

use std::collections::BTreeMap;

use super::allowance;
use super::context::{Context, SILENT_TIMES};
use super::words;
use crate::domain::budget::{Answer, Scarcity};
use crate::domain::call::Lane;
use crate::domain::record::{Side, Timestamp};

/// The loops at one moment.
#[derive(Debug, Clone)]
pub struct Live {
    /// How each side's server behaves.
    pub sides: BTreeMap<Side, LiveSide>,
    /// The lanes that wait for calls, in their order.
    pub waits: Vec<Scarce>,
    /// The file of the credentials folder that Salesforce's login is made from.
    pub salesforce_file: &'static str,
}

/// One side's server, as this run met it.
#[derive(Debug, Clone, Copy, Default)]
pub struct LiveSide {
    /// When changes were last read; none when not yet in this run.
    pub read_at: Option<Timestamp>,
    /// Since when it answers nothing, once that is more than a hiccup.
    pub silent_since: Option<Timestamp>,
}

/// What keeps changes from being written.
#[derive(Debug, Clone, Copy)]
pub struct Scarce {
    /// Which lane.
    pub lane: Lane,
    why: Scarcity,
    /// When the first of them is granted calls, by our clock.
    pub until: Timestamp,
}

impl Live {
    /// Why changes wait for calls, when they do: of several lanes the one that goes on first.
    pub fn scarce(&self) -> Option<Scarce> {
        self.waits.iter().copied().min_by_key(|scarce| scarce.until)
    }
}

impl Scarce {
    /// The reason in words.
    pub fn why(&self) -> &'static str {
        words::scarcity(self.why)
    }

    /// Whether it is no more than the day's pace, as every first load meets it.
    pub fn is_pace(&self) -> bool {
        self.why == Scarcity::Bucket
    }
}

impl Context {
    /// The loops as they stand.
    pub async fn live(&self) -> anyhow::Result<Live> {
        let policy = self.store.read(allowance::policy).await?;
        let (now, server_now) = (self.clock.now(), self.salesforce_now());
        let shared = self.shared();
        let sides = shared.lines.iter().map(|(side, line)| {
            let silent = line
                .silent_since
                .filter(|(_, times)| *times >= SILENT_TIMES);
            let live = LiveSide {
                read_at: line.read_at,
                silent_since: silent.map(|(since, _)| since),
            };
            (*side, live)
        });
        let usage = shared.usage.as_ref();
        // A lane whose work has gone meanwhile asks no more, and waits for nothing.
        let waiting = server_now.into_iter().flat_map(|at| {
            let lanes = shared.queue.waiting(at);
            lanes.map(move |(lane, calls)| (at, lane, calls))
        });
        let scarce = waiting.filter_map(|(at_now, lane, calls)| {
            let calls = calls.min(policy.allocation.max(1));
            let queue = &shared.queue;
            match shared
                .ledger
                .ask(lane, calls, at_now, &policy, usage, queue)
            {
                Answer::Granted { .. } => None,
                // `at` is on Salesforce's clock.
                Answer::NotBefore { at, why } => Some(Scarce {
                    lane,
                    why,
                    until: now.plus(at.since(at_now).max(0)),
                }),
            }
        });
        Ok(Live {
            sides: sides.collect(),
            waits: scarce.collect(),
            salesforce_file: self.salesforce.credential_file(),
        })
    }
}
