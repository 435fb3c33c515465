//! Writes that the other side refused: the same one is not worth a call because its record was
//! touched elsewhere.

use rusqlite::OptionalExtension;

use crate::domain::event::ValuePrint;
use crate::domain::record::RecordKey;
use crate::store::{Tx, View};

/// Keeps the print of what was refused for `source`, in place of an earlier one.
pub fn refuse(tx: &Tx<'_>, source: &RecordKey, print: ValuePrint) -> anyhow::Result<()> {
    tx.sql()
        .prepare_cached(
            "insert into refusals (side, object, id, print) values (?1, ?2, ?3, ?4)
             on conflict do update set print = excluded.print",
        )?
        .execute((source.side, &source.object, &source.id, print.0))?;
    Ok(())
}

/// The print of what was last refused for `source`; none once something asked for another try.
pub fn refused(view: &View<'_>, source: &RecordKey) -> anyhow::Result<Option<ValuePrint>> {
    let print: Option<i64> = view
        .sql()
        .prepare_cached("select print from refusals where side = ?1 and object = ?2 and id = ?3")?
        .query_row((source.side, &source.object, &source.id), |row| row.get(0))
        .optional()?;
    Ok(print.map(ValuePrint))
}

/// Whatever was refused for `source` is worth another try.
pub(super) fn forget_refusal(tx: &Tx<'_>, source: &RecordKey) -> anyhow::Result<()> {
    tx.sql()
        .prepare_cached("delete from refusals where side = ?1 and object = ?2 and id = ?3")?
        .execute((source.side, &source.object, &source.id))?;
    Ok(())
}
