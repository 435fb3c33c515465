//! What a person decides about pairs: everything that is named is looked at first, and nothing is
//! journaled unless all of it can be done.

mod carry;
mod naming;
mod verdict;
mod words;

use std::collections::BTreeMap;

use super::{done, refuse, unwrap};
use crate::control::deed::{Deed, Named};
use crate::control::report::Report;
use crate::control::request::Refusal;
use crate::control::vantage::Vantage;
use crate::domain::event::By;
use crate::domain::record::{PairIds, RecordKey};
use crate::store::{Store, View};
use naming::Objects;
use verdict::Verdict;

/// What became of the names: what is to be done, and how often there is nothing to do.
struct Outlook {
    todo: Vec<PairIds>,
    idle: Vec<String>,
}

/// Carries a deed out, or says what it would do.
pub(super) async fn decide(
    store: &Store,
    deed: Deed,
    records: Vec<Named>,
    sure: bool,
    by: By,
    vantage: &Vantage,
) -> Result<Report, Refusal> {
    // Only a daemon has rows in flight that somebody is at work on.
    let writes_now = vantage.runs();
    let outlook = if sure {
        let work = move |tx: &crate::store::Tx<'_>| {
            let outlook = survey(tx, deed, &records, writes_now)?;
            for ids in &outlook.todo {
                carry::out(tx, deed, ids, &by)?;
            }
            Ok(outlook)
        };
        store.write(work).await.map_err(unwrap)?
    } else {
        let look = move |view: &View<'_>| survey(view, deed, &records, writes_now);
        store.read(look).await.map_err(unwrap)?
    };
    Ok(done(if sure {
        words::did(deed, &outlook.todo, &outlook.idle)
    } else {
        words::would(deed, outlook.todo.len(), outlook.idle.len())
    }))
}

/// Looks at every name; refuses all when one cannot be done, each with its line and reason.
fn survey(
    view: &View<'_>,
    deed: Deed,
    records: &[Named],
    writes_now: bool,
) -> anyhow::Result<Outlook> {
    let objects = Objects::of(view)?;
    let mut outlook = Outlook {
        todo: Vec::new(),
        idle: Vec::new(),
    };
    let mut taken: BTreeMap<RecordKey, Option<u64>> = BTreeMap::new();
    let (mut wrong, mut busy) = (Vec::new(), true);
    for named in records {
        let verdict = match objects.ids(view, deed, named)? {
            Err(reason) => Verdict::Wrong(reason),
            Ok(ids) => match twice(&mut taken, &ids, named.line) {
                Some(reason) => Verdict::Wrong(reason),
                None => verdict::on(view, deed, ids, writes_now)?,
            },
        };
        match verdict {
            Verdict::Do(ids) => outlook.todo.push(ids),
            Verdict::Idle(said) => outlook.idle.push(said),
            Verdict::Wrong(reason) => {
                busy = false;
                wrong.push((named.line, reason));
            }
            Verdict::Busy(reason) => wrong.push((named.line, reason)),
        }
    }
    if wrong.is_empty() {
        return Ok(outlook);
    }
    Err(refuse(Refusal {
        exit: if busy { 75 } else { 64 },
        message: words::refusal(&wrong, records.len()),
    }))
}

/// What is wrong when a record is named twice: one of the two would win without a word.
fn twice(
    taken: &mut BTreeMap<RecordKey, Option<u64>>,
    ids: &PairIds,
    line: Option<u64>,
) -> Option<String> {
    let mut before = None;
    for key in ids.keys() {
        let said = format!("{} {}", key.side, key.id);
        if let Some(first) = taken.insert(key, line) {
            before = before.or(Some((said, first)));
        }
    }
    let (said, first) = before?;
    let first = first.map(|line| format!(" in line {line}"));
    Some(format!(
        "{said} is named already{}; leave one of them out",
        first.unwrap_or_default()
    ))
}
