//! What a person left out or linked counts, also while a cycle is under way.

use std::collections::BTreeSet;

use super::conclude::AGAIN_MS;
use super::context::Context;
use super::decision::Decision;
use super::matching::pair_of;
use super::partner::Catch;
use crate::domain::event::Linked;
use crate::domain::record::{PairIds, RecordId, RecordKey};
use crate::inbox::{self, Rest};
use crate::projections::pairs::Pair;
use crate::store::{Tx, View};

impl Context {
    /// Of several records with one key, those that a person left out do not count. One that is left
    /// over alone still does: else another would be made beside it.
    pub(super) async fn set_aside(&self, catch: &mut Catch) -> anyhow::Result<()> {
        let several = catch.keyed.values().filter(|ids| ids.len() > 1);
        let asked: Vec<RecordKey> = several
            .flatten()
            .filter_map(|id| Some(catch.records.get(id)?.key.clone()))
            .collect();
        if asked.is_empty() {
            return Ok(());
        }
        let left_out: BTreeSet<RecordId> = self
            .store
            .read(move |view| {
                let mut left_out = BTreeSet::new();
                for key in asked {
                    if is_left_out(view, &key)? {
                        left_out.insert(key.id);
                    }
                }
                Ok(left_out)
            })
            .await?;
        for ids in catch.keyed.values_mut() {
            if ids.iter().any(|id| !left_out.contains(id)) {
                ids.retain(|id| !left_out.contains(id));
            }
        }
        Ok(())
    }
}

fn is_left_out(view: &View<'_>, key: &RecordKey) -> anyhow::Result<bool> {
    Ok(pair_of(view, key)?.is_some_and(|pair| pair.is_left_out()))
}

/// Whether a person decided otherwise after this was decided: then nothing of it is journaled. A
/// record that was left out is done with, any other is looked at again.
pub(super) fn overruled(tx: &Tx<'_>, decision: &Decision) -> anyhow::Result<bool> {
    if is_left_out(tx, &decision.row.key)? {
        inbox::conclude(tx, &decision.row)?;
        return Ok(true);
    }
    let found = decision.link.as_ref();
    let found = found.is_some_and(|met| matches!(met.why, Linked::Id | Linked::Key));
    for key in decision.ids.keys() {
        let Some(pair) = pair_of(tx, &key)? else {
            continue;
        };
        if pair.is_left_out() || found && is_elsewhere(&pair, &key, &decision.ids) {
            let again = Rest::Deferred(tx.now().plus(AGAIN_MS));
            inbox::put_back(tx, &decision.row, &again)?;
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether `key` has become half of another pair than `ids`.
fn is_elsewhere(pair: &Pair, key: &RecordKey, ids: &PairIds) -> bool {
    let across = key.side.other();
    let partner = pair.ids.id(across);
    partner.is_some() && partner != ids.id(across)
}
