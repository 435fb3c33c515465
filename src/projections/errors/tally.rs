//! Sums over open errors, kept by what one record gains and loses: no sum looks at all of them.

use std::collections::{BTreeMap, BTreeSet};

use super::WAITING;
use super::apply::Old;
use crate::domain::catalogue::Slug;
use crate::domain::event::Known;
use crate::domain::record::{ObjectName, Side};
use crate::projections::hours::hour_at;
use crate::store::Tx;

/// Moves the sums by what became of one record's errors, by the entry at `seq`.
pub(super) fn moved(tx: &Tx<'_>, seq: i64, before: &[Old], after: &[Old]) -> anyhow::Result<()> {
    groups(tx, before, after)?;
    hours(tx, before, after)?;
    types(tx, before, after)?;
    totals(tx, before, after)?;
    sayings(tx, seq, before, after)
}

/// How often each one comes in `after` more than in `before`, where that is not as often.
fn moves<K: Ord>(
    before: impl Iterator<Item = K>,
    after: impl Iterator<Item = K>,
) -> BTreeMap<K, i64> {
    let mut moves: BTreeMap<K, i64> = BTreeMap::new();
    for key in after {
        *moves.entry(key).or_default() += 1;
    }
    for key in before {
        *moves.entry(key).or_default() -= 1;
    }
    moves.retain(|_, by| *by != 0);
    moves
}

/// What errors of one group have in common.
type Group<'o> = (i64, &'o Slug, Known, &'o ObjectName, Side);

fn groups(tx: &Tx<'_>, before: &[Old], after: &[Old]) -> anyhow::Result<()> {
    fn of(old: &Old) -> Group<'_> {
        (old.cause, &old.slug, old.known, &old.object, old.key.side)
    }
    for ((cause, slug, known, object, side), by) in
        moves(before.iter().map(of), after.iter().map(of))
    {
        tx.sql()
            .prepare_cached(
                "insert into error_groups (cause, type, known, object, side, errors)
                 values (?1, ?2, ?3, ?4, ?5, ?6)
                 on conflict do update set errors = errors + excluded.errors",
            )?
            .execute((cause, slug, known, object, side, by))?;
        if by < 0 {
            tx.sql()
                .prepare_cached(
                    "delete from error_groups
                     where cause = ?1 and type = ?2 and known = ?3 and errors = 0",
                )?
                .execute((cause, slug, known))?;
        }
    }
    Ok(())
}

fn hours(tx: &Tx<'_>, before: &[Old], after: &[Old]) -> anyhow::Result<()> {
    fn of(old: &Old) -> (i64, &Slug, Known, i64) {
        (old.cause, &old.slug, old.known, hour_at(old.first_at))
    }
    for ((cause, slug, known, hour), by) in moves(before.iter().map(of), after.iter().map(of)) {
        tx.sql()
            .prepare_cached(
                "insert into error_hours (cause, type, known, hour, errors)
                 values (?1, ?2, ?3, ?4, ?5)
                 on conflict do update set errors = errors + excluded.errors",
            )?
            .execute((cause, slug, known, hour, by))?;
        if by < 0 {
            tx.sql()
                .prepare_cached(
                    "delete from error_hours
                     where cause = ?1 and type = ?2 and known = ?3 and hour = ?4 and errors = 0",
                )?
                .execute((cause, slug, known, hour))?;
        }
    }
    Ok(())
}

fn types(tx: &Tx<'_>, before: &[Old], after: &[Old]) -> anyhow::Result<()> {
    let of = |olds: &[Old]| -> BTreeSet<(Slug, ObjectName)> {
        let types = olds
            .iter()
            .map(|old| (old.slug.clone(), old.object.clone()));
        types.collect()
    };
    for ((slug, object), by) in moves(of(before).into_iter(), of(after).into_iter()) {
        tx.sql()
            .prepare_cached(
                "insert into error_types (type, object, records) values (?1, ?2, ?3)
                 on conflict do update set records = records + excluded.records",
            )?
            .execute((&slug, &object, by))?;
        if by < 0 {
            tx.sql()
                .prepare_cached(
                    "delete from error_types where type = ?1 and object = ?2 and records = 0",
                )?
                .execute((&slug, &object))?;
        }
    }
    Ok(())
}

fn totals(tx: &Tx<'_>, before: &[Old], after: &[Old]) -> anyhow::Result<()> {
    let failing = |olds: &[Old]| {
        olds.iter()
            .filter(|old| old.slug.as_str() != WAITING)
            .count()
    };
    let (before, after) = (failing(before), failing(after));
    let by = |least: usize| i64::from(after >= least) - i64::from(before >= least);
    if (by(1), by(2)) != (0, 0) {
        tx.sql()
            .prepare_cached(
                "update error_totals set records = records + ?1, several = several + ?2",
            )?
            .execute((by(1), by(2)))?;
    }
    Ok(())
}

fn sayings(tx: &Tx<'_>, seq: i64, before: &[Old], after: &[Old]) -> anyhow::Result<()> {
    fn of(old: &Old) -> impl Iterator<Item = (i64, &'static str, &str)> {
        let parts = [("text", &old.text), ("value", &old.value)];
        let said = parts
            .into_iter()
            .filter_map(|(part, key)| Some((part, key.as_ref()?)));
        said.map(|(part, key)| (old.cause, part, key.0.as_str()))
    }
    let said = moves(before.iter().flat_map(of), after.iter().flat_map(of));
    for ((cause, part, key), by) in said {
        if by > 0 {
            tx.sql()
                .prepare_cached(
                    "insert into sayings (cause, part, key, errors, seq) values (?1, ?2, ?3, ?4, ?5)
                     on conflict do update set errors = errors + excluded.errors,
                       seq = excluded.seq",
                )?
                .execute((cause, part, key, by, seq))?;
            continue;
        }
        let left: i64 = tx
            .sql()
            .prepare_cached(
                "update sayings set errors = errors + ?4
                 where cause = ?1 and part = ?2 and key = ?3 returning errors",
            )?
            .query_row((cause, part, key, by), |row| row.get(0))?;
        if left == 0 {
            tx.sql()
                .prepare_cached("delete from sayings where cause = ?1 and part = ?2 and key = ?3")?
                .execute((cause, part, key))?;
        }
    }
    Ok(())
}
