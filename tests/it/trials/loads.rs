//! Loads in a trial: records that count as first loads, jobs that administrators stop, and answers
//! about jobs that are lost.

use syncline::domain::call::Lane;
use syncline::domain::event::Event;
use syncline::domain::load::LoadState;
use syncline::domain::record::{ObjectName, RecordId, RecordKey, Side, Timestamp};
use syncline::inbox;
use syncline::simulator::{Fault, OneShot, Server};

use super::driver::Trial;
use super::kin;
use super::people::records;
use super::plan::pick;

/// Where jobs are.
const JOBS: &str = "/services/data/v66.0/jobs/ingest";

const FAULTS: [Fault; 6] = [
    Fault::Lost,
    Fault::Reset,
    Fault::HungAfter,
    Fault::AnswerAfter(503),
    Fault::Answer(500),
    Fault::Truncated,
];

impl Trial {
    /// Perhaps something happens that concerns loads. It has a luck of its own, so that trials
    /// without loads stay what they are.
    pub(super) fn loads_act(&mut self) {
        if self.plan.break_even.is_none() {
            return;
        }
        match self.loader.below(40) {
            0..=4 => self.look_at_some_again(),
            5 => {
                let now = self.clock.true_ms();
                self.network.simulator().salesforce.abort_jobs(now);
            }
            6 if self.loader.below(4) == 0 => {
                let now = self.clock.true_ms();
                self.network.simulator().salesforce.delete_jobs(now);
            }
            7..=9 if self.plan.faults > 0 => {
                let fault = FAULTS[pick(&mut self.loader, FAULTS.len())];
                let skip = u32::try_from(self.loader.below(3)).unwrap();
                self.network.simulator().faults.order(OneShot {
                    server: Server::Salesforce,
                    method: None,
                    path: JOBS.to_owned(),
                    skip,
                    times: 1,
                    fault,
                });
            }
            _ => (),
        }
    }

    /// Some records are to be looked at in the lane of first loads, as after a change of what is
    /// selected.
    fn look_at_some_again(&mut self) {
        if self.running.is_none() {
            return;
        }
        let mut keys = Vec::new();
        for side in Side::BOTH {
            for (object, id) in self.everybody(side) {
                if self.loader.below(2) == 0 {
                    let object = ObjectName::parse(object).unwrap();
                    let id = RecordId::parse(&id).unwrap();
                    keys.push(RecordKey { side, object, id });
                }
            }
        }
        // A disk that is full takes nothing.
        drop(self.store().write_blocking(move |tx| {
            keys.iter().try_for_each(|key| {
                let (stamp, now) = (Timestamp(0), Timestamp(0));
                inbox::see(tx, key, stamp, Lane::Backfill, now).map(drop)
            })
        }));
    }

    fn everybody(&self, side: Side) -> Vec<(&'static str, String)> {
        let simulator = self.network.simulator();
        if !self.plan.several {
            let known = records(&simulator, side, false).into_iter();
            return known.map(|one| ("contact", one.id)).collect();
        }
        let known = kin::all(&simulator, side, false).into_iter();
        let object = |kind: &str| match kind {
            "companies" | "Account" => "company",
            "deals" | "Opportunity" => "deal",
            _ => "contact",
        };
        known.map(|one| (object(one.kind), one.id)).collect()
    }

    /// Counts what the journal says of jobs.
    pub(super) fn tally_loads(&mut self) {
        for entry in self.journal() {
            let Event::JobMoved(event) = entry.event else {
                continue;
            };
            let what = match event.state {
                LoadState::Complete => "a job wrote rows",
                LoadState::Dropped => "a job was given up before it was closed",
                LoadState::Aborted => "a job was aborted by somebody",
                LoadState::Lost => "a job was not there any more",
                LoadState::Intended
                | LoadState::Open
                | LoadState::Uploaded
                | LoadState::Closed
                | LoadState::Working
                | LoadState::Failed
                | LoadState::Refused
                | LoadState::Concluded => continue,
            };
            self.count(what, 1);
        }
    }
}
