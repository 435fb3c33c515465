//! Proof that rare states were reached: a trial that never meets them shows nothing.

use syncline::domain::call::{Lane, Operation};
use syncline::domain::event::{Action, Event, Linked};
use syncline::domain::record::Side;

use super::driver::Trial;

/// What all seeds together must have met.
pub(crate) const SOMETIMES: [&str; 20] = [
    "a crash",
    "the disk was full",
    "an unknown outcome was settled by id",
    "both sides changed one field",
    "the guard held writes",
    "the budget was short",
    "a connection was suspended",
    "a late commit was found",
    "both sides agreed without a write",
    "a record failed",
    "a cause was resolved",
    "a record was left out",
    "a mail came twice",
    "a retry or probe was made",
    "an edit fell into a call",
    "changes were read by a Bulk query",
    "a load was matched by what was read ahead",
    "something had moved since it was read ahead",
    "a job wrote rows",
    "a job was given up before it was closed",
];

/// What the seeds with several objects must have met besides.
pub(crate) const SOMETIMES_OF_SEVERAL: [&str; 14] = [
    "a crash",
    "the guard held writes",
    "a record failed",
    "a record was left out",
    "a child waited and was released",
    "records were associated",
    "an association was set after a lost answer",
    "a pair went on with a contact",
    "an owner was a queue",
    "changes were read by a Bulk query",
    "a load was matched by what was read ahead",
    "something had moved since it was read ahead",
    "a job wrote rows",
    "a job was aborted by somebody",
];

impl Trial {
    /// Counts what the journal and the world show at the end.
    pub(super) fn tally_up(&mut self) {
        self.tally_kin();
        self.tally_loads();
        for entry in self.journal() {
            let what = match entry.event {
                Event::RecordSynced(event) if !event.lost.is_empty() => {
                    "both sides changed one field"
                }
                Event::RecordSynced(event) if event.action == Action::Agreed => {
                    "both sides agreed without a write"
                }
                Event::RecordSynced(event) if event.lane == Lane::Retry => {
                    "a retry or probe was made"
                }
                Event::RecordFailed(_) => "a record failed",
                Event::RecordLinked(event) if event.why == Linked::Id => {
                    "an unknown outcome was settled by id"
                }
                Event::RecordLinked(event) => match event.why {
                    Linked::Key => "two records were linked by key",
                    Linked::Created => "a record was created",
                    Linked::Id
                    | Linked::Former
                    | Linked::Converted
                    | Linked::Merged
                    | Linked::Operator => continue,
                },
                Event::RecordExcluded(_) => "a record was left out",
                Event::CallsSpent(event) if event.operation == Operation::Bulk => {
                    "changes were read by a Bulk query"
                }
                Event::CycleHeld(_) => "the guard held writes",
                Event::ConnectionSuspended(_) => "a connection was suspended",
                _ => continue,
            };
            self.count(what, 1);
        }
        let [asked, had] = self.network.moved();
        self.count("a load was matched by what was read ahead", asked);
        self.count("something had moved since it was read ahead", had);
        let used = self.network.simulator().salesforce_worst_window();
        self.count(
            "the budget was short",
            u64::from(used * 10 >= self.plan.allocation * 9),
        );
        let edits = self.people.edits.values();
        let meddled = edits.filter(|edit| edit.in_flight).count() as u64;
        self.count("an edit fell into a call", meddled);
        let pairs = self.pairs();
        let late = self.people.late.iter().filter(|id| {
            pairs.iter().any(|pair| {
                pair.is_linked()
                    && pair
                        .ids
                        .id(Side::Salesforce)
                        .is_some_and(|one| one.as_str() == id.as_str())
            })
        });
        let late = late.count() as u64;
        self.count("a late commit was found", late);
        let twice = self
            .mailroom
            .arrived
            .lock()
            .unwrap()
            .values()
            .filter(|copies| copies.len() > 1)
            .count();
        self.count("a mail came twice", twice as u64);
        let resolved = self.store().read_blocking(|view| {
            let all = syncline::projections::causes::since(view, 0)?;
            Ok(all.iter().filter(|cause| cause.resolved.is_some()).count() as u64)
        });
        self.count("a cause was resolved", resolved.unwrap());
    }
}
