//! Predicted failures that are sent all the same, and what their answers say of the predictions.

use std::collections::BTreeSet;

use super::context::Context;
use crate::domain::attempt::Attempt;
use crate::domain::cause::Fingerprint;
use crate::domain::event::Mode;
use crate::domain::record::PairIds;
use crate::projections::{self, causes, settings};
use crate::store::Tx;

impl Context {
    /// Of a hundred pairs with a predicted failure, how many are sent all the same; none in mode
    /// observe, which sends nothing and shows what would fail.
    pub(super) async fn shadow_percent(&self) -> anyhow::Result<u8> {
        let percent = self.settings.bounds.shadow_percent;
        if percent == 0 || self.store.read(settings::mode).await? != Some(Mode::Sync) {
            return Ok(0);
        }
        Ok(percent)
    }
}

/// Journals that a write was accepted in spite of its predictions; `ids` are those known after the
/// answer. Returns the causes whose other records are worth a try now: what was only likely to fail
/// was accepted.
pub(super) fn accepted(
    tx: &Tx<'_>,
    attempt: &Attempt,
    ids: &PairIds,
) -> anyhow::Result<BTreeSet<i64>> {
    let mut withdrawn = BTreeSet::new();
    let Some(event) = attempt.tried(ids.clone(), true) else {
        return Ok(withdrawn);
    };
    let (object, to) = (&ids.object, event.to);
    for one in &event.foretold {
        let code = &one.code;
        if !one.likely {
            tracing::warn!(
                side = %to, %object,
                "{to} accepted a {object} that was predicted to fail with {code}: the \
                 prediction was wrong, and others like it are not sent"
            );
            continue;
        }
        tracing::info!(
            side = %to, %object,
            "{to} accepted a {object} that was likely to fail with {code}: others like it are \
             sent from now on"
        );
        let fingerprint = Fingerprint {
            side: to,
            object: object.clone(),
            field: one.field.clone(),
            code: code.clone(),
            rule: one.rule.clone(),
        };
        withdrawn.extend(causes::by_fingerprint(tx, &fingerprint)?);
    }
    projections::append(tx, None, event)?;
    Ok(withdrawn)
}
