//! Writes on their way: what their answers would have journaled, kept until the answers are.

use crate::domain::attempt::Intent;
use crate::domain::record::{RecordKey, Side};
use crate::store::{Tx, View};

/// Keeps what the row's write is about to do, in place of an earlier write there.
pub fn intend(tx: &Tx<'_>, row: i64, intent: &Intent) -> anyhow::Result<()> {
    tx.sql()
        .prepare_cached(
            "insert into intents (number, side, intent) values (?1, ?2, ?3)
             on conflict do update set intent = excluded.intent",
        )?
        .execute((row, intent.to(), serde_json::to_string(intent)?))?;
    Ok(())
}

/// The row's write to `to` was answered, whatever the answer: nothing of it is open.
pub fn answered(tx: &Tx<'_>, row: i64, to: Side) -> anyhow::Result<()> {
    tx.sql()
        .prepare_cached("delete from intents where number = ?1 and side = ?2")?
        .execute((row, to))?;
    Ok(())
}

/// The writes of unknown outcome that serve the record's row.
pub fn intents(view: &View<'_>, key: &RecordKey) -> anyhow::Result<Vec<Intent>> {
    let mut statement = view.sql().prepare_cached(
        "select intent from intents where number =
           (select number from inbox where side = ?1 and object = ?2 and id = ?3)
         order by side",
    )?;
    let texts = statement.query_map((key.side, &key.object, &key.id), |row| {
        row.get::<_, String>(0)
    })?;
    let mut intents = Vec::new();
    for text in texts {
        intents.push(serde_json::from_str(&text?)?);
    }
    Ok(intents)
}

/// The writes that serve these records' rows are known now: nothing of them is open.
pub fn settled(tx: &Tx<'_>, keys: &[RecordKey]) -> anyhow::Result<()> {
    let mut statement = tx.sql().prepare_cached(
        "delete from intents where number =
           (select number from inbox where side = ?1 and object = ?2 and id = ?3)",
    )?;
    for key in keys {
        statement.execute((key.side, &key.object, &key.id))?;
    }
    Ok(())
}
