//! How predicted failures fared that were sent all the same.

use std::collections::BTreeMap;

use crate::domain::event::{Entry, PredictionTried};
use crate::domain::failure::TextKey;
use crate::domain::forecast::Belief;
use crate::domain::record::{FieldName, ObjectName, Side};
use crate::store::columns::counted;
use crate::store::{Tx, View};

/// One prediction, over all records that it was tried on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forecast {
    /// The side that was written.
    pub to: Side,
    /// Which object.
    pub object: ObjectName,
    /// The raw code that was predicted.
    pub code: String,
    /// The field it was predicted of, by the target's name.
    pub field: Option<FieldName>,
    /// Records sent all the same.
    pub sent: u64,
    /// Of these, those that were accepted: the prediction was wrong.
    pub accepted: u64,
}

pub(super) fn tried(tx: &Tx<'_>, entry: &Entry, event: &PredictionTried) -> anyhow::Result<()> {
    for one in &event.foretold {
        tx.sql()
            .prepare_cached(
                "insert into forecasts (side, object, code, field, rule, sent, accepted, last_seq,
                   last_accepted, last_at)
                 values (?1, ?2, ?3, ?4, ?5, 1, ?6, ?7, ?6, ?8)
                 on conflict do update set sent = sent + 1,
                   accepted = accepted + excluded.accepted, last_seq = excluded.last_seq,
                   last_accepted = excluded.last_accepted, last_at = excluded.last_at",
            )?
            .execute((
                event.to,
                &event.ids.object,
                &one.code,
                one.field.as_ref().map_or("", FieldName::as_str),
                one.rule.as_ref().map_or("", |rule| rule.0.as_str()),
                i64::from(event.accepted),
                entry.seq,
                entry.at,
            ))?;
    }
    Ok(())
}

/// Which prediction of an object's writes: the side to be written, the raw code, the field, and the
/// key of the words that tell the fault from another one of both.
pub type Fault = (Side, String, Option<FieldName>, Option<TextKey>);

/// What the last try of each prediction of an object's writes said.
pub fn beliefs(view: &View<'_>, object: &ObjectName) -> anyhow::Result<BTreeMap<Fault, Belief>> {
    let mut statement = view.sql().prepare_cached(
        "select side, code, field, rule, last_accepted, last_seq, last_at from forecasts
         where object = ?1",
    )?;
    let rows = statement.query_map([object], |row| {
        let (field, rule): (String, String) = (row.get(2)?, row.get(3)?);
        let belief = Belief {
            accepted: row.get(4)?,
            seq: row.get(5)?,
            at: row.get(6)?,
        };
        let rule = (!rule.is_empty()).then_some(TextKey(rule));
        let fault = (
            row.get(0)?,
            row.get(1)?,
            FieldName::parse(&field).ok(),
            rule,
        );
        Ok((fault, belief))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Every prediction that was tried, those that were wrong most often first.
pub fn all(view: &View<'_>) -> anyhow::Result<Vec<Forecast>> {
    let mut statement = view.sql().prepare_cached(
        "select side, object, code, field, sent, accepted from forecasts
         order by accepted desc, sent desc, side, object, code, field, rule",
    )?;
    let rows = statement.query_map([], |row| {
        let field: String = row.get(3)?;
        Ok(Forecast {
            to: row.get(0)?,
            object: row.get(1)?,
            code: row.get(2)?,
            field: FieldName::parse(&field).ok(),
            sent: counted(row.get(4)?),
            accepted: counted(row.get(5)?),
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
