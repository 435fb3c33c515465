//! Records of junction objects as they are met: changes of the records that they tie, unless they
//! show nothing but what we wrote.

use crate::domain::event::ValuePrint;
use crate::domain::fingerprint::PrintKey;
use crate::domain::merge::{tie_name, tie_print};
use crate::domain::record::{FieldName, Record, RecordKey, Side};
use crate::projections::{pairs, prints};
use crate::store::View;
use crate::sync::forms::Form;
use crate::sync::roles::JunctionObject;

/// What one of them shows of a tie.
pub(in crate::sync) struct Tie {
    /// Salesforce's record at the other end.
    there: RecordKey,
    association: FieldName,
    /// What is kept of the tie once it is known to be as it shows.
    print: ValuePrint,
}

impl Tie {
    /// What `record` shows, where that may be our own doing.
    pub(super) fn of(
        record: &Record,
        junction: &JunctionObject,
        form: &Form,
        key: &PrintKey,
    ) -> Option<Self> {
        let (_, id) = junction.ends(record)?;
        let [association, ours] = &junction.association;
        let field = form.schemas.salesforce.field(ours)?;
        Some(Self {
            there: RecordKey {
                side: Side::Salesforce,
                object: junction.other.clone(),
                id,
            },
            association: association.clone(),
            print: tie_print(key, field, !record.deleted),
        })
    }

    /// Whether the pair of `here` is known to be tied, or not to be, as it shows: then it is an echo
    /// of what we wrote, and nobody has to look at that pair.
    pub(super) fn is_known(&self, view: &View<'_>, here: &RecordKey) -> anyhow::Result<bool> {
        let (Some(pair), Some(there)) = (
            pairs::by_key(view, here)?,
            pairs::by_key(view, &self.there)?,
        ) else {
            return Ok(false);
        };
        let across = pairs::get(view, there)?.and_then(|there| there.ids.hubspot);
        let name = across.and_then(|id| tie_name(&self.association, id.as_str()));
        let Some(name) = name else { return Ok(false) };
        let known = prints::of_field(view, pair, &name)?;
        Ok(known.is_some_and(|(_, salesforce)| salesforce == Some(self.print)))
    }
}
