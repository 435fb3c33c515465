//! Predicted failures that are sent all the same, and what their answers say of the predictions.

use super::context::Context;
use crate::domain::attempt::Attempt;
use crate::domain::event::Mode;
use crate::domain::record::PairIds;
use crate::projections::{self, settings};
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

/// Journals what an answer says of the predictions that its write was sent in spite of; `ids` are
/// those known after the answer.
pub(super) fn tried(
    tx: &Tx<'_>,
    attempt: &Attempt,
    ids: &PairIds,
    accepted: bool,
) -> anyhow::Result<()> {
    let Some(event) = attempt.tried(ids.clone(), accepted) else {
        return Ok(());
    };
    if accepted {
        let (object, to) = (&ids.object, event.to);
        let codes: Vec<&str> = event.foretold.iter().map(|one| one.code.as_str()).collect();
        tracing::warn!(
            side = %to, %object,
            "{to} accepted a {object} that was predicted to fail with {}: the prediction was wrong, \
             and others like it are not sent",
            codes.join(" and ")
        );
    }
    projections::append(tx, None, event).map(drop)
}
