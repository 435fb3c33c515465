//! What events make of a pair.

use rusqlite::params;

use crate::domain::call::Lane;
use crate::domain::event::{
    Action, Entry, Known, Linked, LoopFound, RecordExcluded, RecordFailed, RecordIncluded,
    RecordLinked, RecordSynced, RecordUnlinked,
};
use crate::domain::record::{PairIds, PairNumber, RecordKey, Side};
use crate::projections::{errors, figures, prints};
use crate::store::Tx;

use super::{Pair, PerSide, Provisional, State, by_key, get};

pub(in crate::projections) fn synced(
    tx: &Tx<'_>,
    entry: &Entry,
    record: PairNumber,
    event: &RecordSynced,
) -> anyhow::Result<()> {
    change(tx, entry, record, &event.ids, |pair| {
        for side in &event.marked {
            *pair.marked.slot(*side) = true;
        }
        *pair.attempts.slot(event.to) = 0;
        if event.lane == Lane::Resync {
            // Whoever asked for the record wants to see it written.
            pair.loop_field = None;
        }
        if event.action == Action::Agreed {
            if event.moved.iter().any(|moved| moved.hubspot.is_some()) {
                pair.provisional.hubspot = None;
            }
            if event.moved.iter().any(|moved| moved.salesforce.is_some()) {
                pair.provisional.salesforce = None;
            }
        } else if event.action.is_link() && event.to == Side::Salesforce {
            // No field of the record itself was written: what was before is still to be shown.
            pair.synced_at = Some(entry.at);
        } else {
            pair.synced_at = Some(entry.at);
            *pair.provisional.slot(event.to) = event.provisional.clone().map(|span| Provisional {
                seq: entry.seq,
                span,
                written: event.fields.clone(),
            });
        }
        if event.action == Action::Created {
            pair.created_on = Some(event.to);
        }
        resume(tx, pair)
    })
}

pub(in crate::projections) fn failed(
    tx: &Tx<'_>,
    entry: &Entry,
    record: PairNumber,
    event: &RecordFailed,
) -> anyhow::Result<()> {
    change(tx, entry, record, &event.ids, |pair| {
        if event.known == Known::Answered {
            *pair.attempts.slot(event.to) = event.attempt;
        }
        resume(tx, pair)
    })
}

pub(in crate::projections) fn linked(
    tx: &Tx<'_>,
    entry: &Entry,
    record: PairNumber,
    event: &RecordLinked,
) -> anyhow::Result<()> {
    change(tx, entry, record, &event.ids, |pair| {
        // Whether the selection takes the two together is found out anew.
        if !pair.is_left_out() || event.why == Linked::Operator {
            pair.why = None;
        }
        if event.why == Linked::Operator {
            pair.created_on = None;
            pair.marked = PerSide::default();
            pair.provisional = PerSide::default();
            pair.loop_field = None;
        }
        resume(tx, pair)
    })
}

pub(in crate::projections) fn included(
    tx: &Tx<'_>,
    entry: &Entry,
    record: PairNumber,
    event: &RecordIncluded,
) -> anyhow::Result<()> {
    change(tx, entry, record, &event.ids, |pair| {
        pair.why = None;
        resume(tx, pair)
    })
}

pub(in crate::projections) fn excluded(
    tx: &Tx<'_>,
    entry: &Entry,
    record: PairNumber,
    event: &RecordExcluded,
) -> anyhow::Result<()> {
    change(tx, entry, record, &event.ids, |pair| {
        if !pair.is_left_out() {
            pair.why = Some(event.why);
        }
        pair.state = State::Excluded;
        pair.attempts = PerSide::default();
        pair.loop_field = None;
        Ok(())
    })
}

/// The number stays with HubSpot's half; Salesforce's takes a new one at its next event.
pub(in crate::projections) fn unlinked(
    tx: &Tx<'_>,
    entry: &Entry,
    record: PairNumber,
    event: &RecordUnlinked,
) -> anyhow::Result<()> {
    change(tx, entry, record, &event.ids, |pair| {
        if pair.ids.hubspot.is_some() {
            pair.ids.salesforce = None;
        }
        pair.state = State::Excluded;
        pair.why = Some(event.why);
        pair.created_on = None;
        pair.marked = PerSide::default();
        pair.attempts = PerSide::default();
        pair.provisional = PerSide::default();
        pair.loop_field = None;
        Ok(())
    })
}

pub(in crate::projections) fn looped(
    tx: &Tx<'_>,
    entry: &Entry,
    record: PairNumber,
    event: &LoopFound,
) -> anyhow::Result<()> {
    change(tx, entry, record, &event.ids, |pair| {
        pair.loop_field = Some(event.field.clone());
        Ok(())
    })
}

/// The number's halves go on under `into`.
pub(in crate::projections) fn absorbed(
    tx: &Tx<'_>,
    entry: &Entry,
    record: PairNumber,
    into: PairNumber,
) -> anyhow::Result<()> {
    let Some(mut pair) = get(tx, record)? else {
        return Ok(());
    };
    let before = pair.clone();
    pair.ids.hubspot = None;
    pair.ids.salesforce = None;
    pair.state = State::Absorbed;
    pair.why = None;
    pair.absorbed_into = Some(into);
    pair.provisional = PerSide::default();
    save(tx, entry, Some(&before), &pair)
}

/// Lets `how` change the pair, once it carries the halves that the event names.
fn change(
    tx: &Tx<'_>,
    entry: &Entry,
    record: PairNumber,
    ids: &PairIds,
    how: impl FnOnce(&mut Pair) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let before = get(tx, record)?;
    let mut pair = before
        .clone()
        .unwrap_or_else(|| blank(record, ids, entry.seq));
    for side in Side::BOTH {
        if let Some(id) = ids.id(side)
            && before.as_ref().and_then(|pair| pair.ids.id(side)) != Some(id)
        {
            let key = RecordKey {
                side,
                object: ids.object.clone(),
                id: id.clone(),
            };
            take_over(tx, entry, &key, record)?;
            if pair.ids.slot(side).replace(id.clone()).is_some() {
                // Another record stands there now, and nothing was written to it yet; its partner
                // still names the former one.
                pair.marked = PerSide::default();
                *pair.provisional.slot(side) = None;
            }
        }
    }
    pair.absorbed_into = None;
    how(&mut pair)?;
    save(tx, entry, before.as_ref(), &pair)
}

fn blank(record: PairNumber, ids: &PairIds, seq: i64) -> Pair {
    Pair {
        number: record,
        ids: ids.clone(),
        state: State::InSync,
        why: None,
        absorbed_into: None,
        created_on: None,
        marked: PerSide::default(),
        attempts: PerSide::default(),
        provisional: PerSide::default(),
        loop_field: None,
        first_seq: seq,
        last_seq: seq,
        synced_at: None,
    }
}

/// A half belongs to one pair: the latest fact wins. A pair left without any half goes on under
/// the number that took it.
fn take_over(
    tx: &Tx<'_>,
    entry: &Entry,
    key: &RecordKey,
    record: PairNumber,
) -> anyhow::Result<()> {
    let Some(other) = by_key(tx, key)?.filter(|other| *other != record) else {
        return Ok(());
    };
    let Some(before) = get(tx, other)? else {
        return Ok(());
    };
    if before.ids.id(key.side.other()).is_none() {
        errors::cleared(tx, entry, other)?;
        prints::forget(tx, other)?;
        return absorbed(tx, entry, other, record);
    }
    let mut pair = before.clone();
    *pair.ids.slot(key.side) = None;
    save(tx, entry, Some(&before), &pair)
}

/// The state an attempt or a link leaves: what its open errors say. What a person left out stays
/// so, whatever was on its way then; what the selection left out does while nothing fails, because
/// the other way goes on without it.
fn resume(tx: &Tx<'_>, pair: &mut Pair) -> anyhow::Result<()> {
    if pair.is_left_out() {
        return Ok(());
    }
    pair.why = pair.left_by();
    pair.state = match errors::standing(tx, pair.number)? {
        errors::Standing::None if pair.why.is_some() => State::Excluded,
        errors::Standing::None => State::InSync,
        errors::Standing::OnlyWaiting => State::Waiting,
        errors::Standing::Failing => State::Failing,
    };
    Ok(())
}

fn save(tx: &Tx<'_>, entry: &Entry, before: Option<&Pair>, pair: &Pair) -> anyhow::Result<()> {
    let was = before.map(|pair| pair.state);
    let failing = pair.state == State::Failing;
    if failing != (was == Some(State::Failing)) {
        figures::turned(tx, entry, pair, failing)?;
    }
    match before {
        Some(before) if before.ids == pair.ids && before.state == pair.state => {}
        Some(_) => place(tx, pair)?,
        None => insert(tx, pair)?,
    }
    tx.sql()
        .prepare_cached(
            "update pairs set why = ?2, created_on = ?3, hubspot_marked = ?4,
               salesforce_marked = ?5, attempts_to_hubspot = ?6, attempts_to_salesforce = ?7,
               hubspot_provisional = ?8, salesforce_provisional = ?9, loop_field = ?10,
               last_seq = ?11, synced_at = ?12
             where record = ?1",
        )?
        .execute(params![
            pair.number,
            pair.why,
            pair.created_on,
            pair.marked.hubspot,
            pair.marked.salesforce,
            pair.attempts.hubspot,
            pair.attempts.salesforce,
            json(pair.provisional.hubspot.as_ref())?,
            json(pair.provisional.salesforce.as_ref())?,
            pair.loop_field,
            entry.seq,
            pair.synced_at,
        ])?;
    Ok(())
}

fn json(provisional: Option<&Provisional>) -> serde_json::Result<Option<String>> {
    provisional.map(serde_json::to_string).transpose()
}

fn insert(tx: &Tx<'_>, pair: &Pair) -> anyhow::Result<()> {
    tx.sql()
        .prepare_cached(
            "insert into pairs (record, object, hubspot, salesforce, state, first_seq, last_seq)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?6)",
        )?
        .execute((
            pair.number,
            &pair.ids.object,
            &pair.ids.hubspot,
            &pair.ids.salesforce,
            pair.state,
            pair.first_seq,
        ))?;
    Ok(())
}

/// Writes the indexed columns: apart, because most events change none of them.
fn place(tx: &Tx<'_>, pair: &Pair) -> anyhow::Result<()> {
    tx.sql()
        .prepare_cached(
            "update pairs set hubspot = ?2, salesforce = ?3, state = ?4, absorbed_into = ?5
             where record = ?1",
        )?
        .execute((
            pair.number,
            &pair.ids.hubspot,
            &pair.ids.salesforce,
            pair.state,
            pair.absorbed_into,
        ))?;
    Ok(())
}
