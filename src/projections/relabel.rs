//! What a changed catalogue makes of errors and causes that are there already: other labels, a page
//! of them in each transaction, so that nothing else waits for it.
//!
//! Causes keep their numbers, and what people said of them. What was shown as failing on a past day
//! stays as it was shown.

use super::{append, causes, errors, rebuild};
use crate::annex;
use crate::domain::event::CatalogueChanged;
use crate::domain::record::PairNumber;
use crate::store::Tx;

/// How far the labels are made anew: first those of errors, then those of causes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Labelled {
    /// The errors of all records up to this one.
    Records(PairNumber),
    /// All errors, and all causes up to this one.
    Causes(i64),
    /// All.
    Whole,
}

impl Labelled {
    /// None yet.
    pub fn nothing() -> Self {
        Self::Records(PairNumber(i64::MIN))
    }
}

/// Makes a page of labels anew. The change is journaled with the last of them: a stop in between
/// begins anew, and makes the same labels.
///
/// Where an error begins or ceases to be one that only waits for a parent, its record's state and
/// what was counted of it change as well: then everything is derived anew at once.
pub fn relabel(tx: &Tx<'_>, so_far: Labelled) -> anyhow::Result<Labelled> {
    let next = match so_far {
        Labelled::Records(after) => match errors::relabel(tx, after)? {
            errors::Relabelled::UpTo(last) => Labelled::Records(last),
            errors::Relabelled::All => Labelled::Causes(0),
            errors::Relabelled::StateMoved => {
                rebuild(tx)?;
                Labelled::Whole
            }
        },
        Labelled::Causes(after) => match causes::relabel(tx, after)? {
            Some(last) => Labelled::Causes(last),
            None => Labelled::Whole,
        },
        Labelled::Whole => return Ok(so_far),
    };
    if next == Labelled::Whole {
        let digest = tx.catalogue().digest();
        annex::set_meta(tx, rebuild::CATALOGUE, Some(&digest))?;
        append(tx, None, CatalogueChanged { digest })?;
    }
    Ok(next)
}
