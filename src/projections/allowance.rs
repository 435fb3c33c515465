//! The allocation in force: what somebody set, and never more than Salesforce's own limit leaves.

use crate::domain::event::AllocationSet;
use crate::domain::record::Side;
use crate::store::View;

use super::calls;
use super::settings::{self, Setting};

/// What may be spent in any rolling 24 h.
#[derive(Debug, Clone, PartialEq)]
pub struct Allowance {
    /// What was set, by whom and when.
    pub set: Setting<AllocationSet>,
    /// What Salesforce's own limit leaves when the org's reserve is taken off; none before it said
    /// its limit.
    pub ceiling: Option<u64>,
}

impl Allowance {
    /// Calls that may be spent: the lower of the two.
    pub fn in_force(&self) -> u64 {
        let set = self.set.event.allocation;
        self.ceiling.map_or(set, |ceiling| ceiling.min(set))
    }

    /// Whether Salesforce's limit leaves less than was set.
    pub fn is_capped(&self) -> bool {
        self.in_force() < self.set.event.allocation
    }
}

/// The allowance; none before an allocation was ever set.
pub fn get(view: &View<'_>) -> anyhow::Result<Option<Allowance>> {
    let Some(set) = settings::allocation(view)? else {
        return Ok(None);
    };
    let ceiling = ceiling(view, set.event.reserve_percent)?;
    Ok(Some(Allowance { set, ceiling }))
}

/// Calls that may be spent; 0 before an allocation was ever set.
pub fn in_force(view: &View<'_>) -> anyhow::Result<u64> {
    Ok(get(view)?.map_or(0, |allowance| allowance.in_force()))
}

/// What Salesforce's limit leaves to us. A limit of 0 is no limit that anybody could work with: it
/// is not believed, because a call is needed to hear of another one.
pub fn ceiling(view: &View<'_>, reserve_percent: u8) -> anyhow::Result<Option<u64>> {
    let usage = calls::usage(view, Side::Salesforce)?;
    let left = usage.map(|usage| {
        let ours = u128::from(usage.limit) * u128::from(100 - reserve_percent.min(100)) / 100;
        u64::try_from(ours).unwrap_or(u64::MAX)
    });
    Ok(left.filter(|left| *left > 0))
}
