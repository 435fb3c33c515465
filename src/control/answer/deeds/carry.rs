//! Carrying a deed out: the fact, and what becomes of the records' rows.

use crate::control::deed::Deed;
use crate::domain::call::Lane;
use crate::domain::event::{By, Excluded, Linked, RecordExcluded, RecordIncluded, RecordUnlinked};
use crate::domain::record::{PairIds, Side, Timestamp};
use crate::inbox::{self, Release};
use crate::projections::{self, pairs};
use crate::store::Tx;

/// Does `deed` to `ids`.
pub(super) fn out(tx: &Tx<'_>, deed: Deed, ids: &PairIds, by: &By) -> anyhow::Result<()> {
    for key in ids.keys() {
        // Whatever waits for one of them is looked at as it stands from now on.
        inbox::release(tx, Release::Parent(&key))?;
    }
    match deed {
        Deed::Link => {
            discard(tx, ids)?;
            pairs::link(tx, ids.clone(), Linked::Operator, Vec::new())?;
            read_again(tx, ids)
        }
        Deed::Unlink => {
            let (both, why) = (ids.clone(), Excluded::Operator);
            projections::append(tx, None, RecordUnlinked { ids: both, why })?;
            // Half of nothing now: without a fact of its own it would be known nowhere.
            let mut half = ids.clone();
            *half.slot(Side::HubSpot) = None;
            projections::append(tx, None, RecordExcluded { ids: half, why })?;
            discard(tx, ids)
        }
        Deed::Exclude => {
            let (both, why) = (ids.clone(), Excluded::Operator);
            projections::append(tx, None, RecordExcluded { ids: both, why })?;
            discard(tx, ids)
        }
        Deed::Include => {
            let (ids, by) = (ids.clone(), by.clone());
            let entry = projections::append(tx, None, RecordIncluded { ids, by })?;
            entry.event.ids().map_or(Ok(()), |ids| read_again(tx, ids))
        }
    }
}

/// Gives up what waits for the records, what a hold stopped too. A row in flight is settled by the
/// cycle that has it, which asks what was decided meanwhile.
fn discard(tx: &Tx<'_>, ids: &PairIds) -> anyhow::Result<()> {
    for key in ids.keys() {
        let row = inbox::of_record(tx, &key)?;
        if let Some(row) = row.filter(|row| row.state != inbox::State::InFlight) {
            inbox::discard(tx, &row)?;
        }
    }
    Ok(())
}

/// Both are read by the next cycle, whatever they were when they were last seen.
fn read_again(tx: &Tx<'_>, ids: &PairIds) -> anyhow::Result<()> {
    for key in ids.keys() {
        inbox::see(tx, &key, Timestamp(0), Lane::Resync, Timestamp(0))?;
    }
    Ok(())
}
