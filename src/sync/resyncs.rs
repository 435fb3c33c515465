//! Says when what people asked to be tried again has been tried.

use std::collections::{BTreeMap, BTreeSet};

use super::context::Context;
use super::words::spoken_length;
use crate::domain::digest::count;
use crate::domain::event::{Entry, Event, ResyncAsked, Scope};
use crate::domain::record::Timestamp;
use crate::inbox;
use crate::journal;
use crate::store::View;

/// The resyncs under way, by the seq that each was asked with.
#[derive(Debug, Default)]
pub(super) struct Resyncs {
    known: BTreeSet<i64>,
}

/// A resync that is over.
struct Over {
    asked: ResyncAsked,
    at: Timestamp,
    failed: usize,
}

impl Resyncs {
    /// Notes what is asked for, before and after rows are taken; says what is over.
    pub(super) async fn look(&mut self, context: &Context) -> anyhow::Result<()> {
        let before = self.known.clone();
        let (under_way, over) = context
            .store
            .read(move |view| {
                let under_way: BTreeMap<i64, u64> = inbox::asked(view)?;
                let ended = before.iter().filter(|seq| !under_way.contains_key(seq));
                let over = ended
                    .map(|seq| over(view, *seq))
                    .collect::<anyhow::Result<Vec<_>>>()?;
                Ok((under_way, over))
            })
            .await?;
        self.known = under_way.into_keys().collect();
        let now = context.clock.now();
        for over in over.into_iter().flatten() {
            let Over { asked, at, failed } = over;
            let synced = asked.records.saturating_sub(failed as u64);
            tracing::info!(
                notice = true,
                "resync done: {}, {} tried, {} still failing, {}",
                spoken(&asked.scope),
                count(synced + failed as u64, "record"),
                failed,
                spoken_length(now.since(at))
            );
        }
        Ok(())
    }
}

/// What became of the resync that was asked with `seq`; none when a fold took that entry.
fn over(view: &View<'_>, seq: i64) -> anyhow::Result<Option<Over>> {
    let entry = journal::read(view, seq - 1, 1)?.into_iter().next();
    let Some(Entry {
        at,
        event: Event::ResyncAsked(asked),
        ..
    }) = entry
    else {
        return Ok(None);
    };
    let (mut failed, mut after) = (BTreeSet::new(), seq);
    loop {
        let page = journal::read(view, after, u32::MAX)?;
        let Some(last) = page.last() else {
            let failed = failed.len();
            return Ok(Some(Over { asked, at, failed }));
        };
        after = last.seq;
        let serves = |entry: &&Entry| matches!(&entry.event, Event::RecordFailed(event) if event.ask == Some(seq));
        failed.extend(page.iter().filter(serves).map(|entry| entry.record));
    }
}

/// What was asked for, in words.
fn spoken(scope: &Scope) -> String {
    let mut parts = Vec::new();
    parts.extend(scope.cause.map(|cause| format!("cause C-{cause}")));
    parts.extend(scope.kind.iter().map(|kind| format!("type {kind}")));
    parts.extend(scope.object.iter().map(|object| format!("object {object}")));
    parts.extend(scope.to.map(|to| format!("to {to}")));
    parts.extend(scope.older_h.map(|hours| format!("older than {hours} h")));
    parts.extend(scope.named.map(|named| count(named, "record named")));
    match (parts.is_empty(), scope.everything) {
        (_, true) => parts.insert(0, "every pair".to_owned()),
        (true, false) => parts.push("all that fails".to_owned()),
        (false, false) => (),
    }
    parts.join(", ")
}
