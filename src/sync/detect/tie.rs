//! Records of junction objects as they are met: changes of the records that they tie, unless they
//! show nothing but what we wrote.

use crate::domain::event::ValuePrint;
use crate::domain::fingerprint::PrintKey;
use crate::domain::merge::{tie_name, tie_print};
use crate::domain::record::{FieldName, Record, RecordKey, Side, Value};
use crate::inbox;
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
    is_there: bool,
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
            is_there: !record.deleted,
        })
    }

    /// Whether the pair of `here` is known to be tied, or not to be, as it shows, or a job is about to
    /// tie it so: then it is an echo of what we wrote, and nobody has to look at that pair.
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
        if known.is_some_and(|(_, salesforce)| salesforce == Some(self.print)) {
            return Ok(true);
        }
        let keys = pairs::get(view, pair)?.map_or_else(Vec::new, |pair| pair.ids.keys());
        let half = keys.into_iter().find(|key| key.side == Side::HubSpot);
        let Some(half) = half.filter(|_| self.is_there) else {
            return Ok(false);
        };
        let packed = inbox::packed_from(view, &half)?;
        let sets = |packed: inbox::Packed| {
            let set = packed
                .attempt
                .write
                .fields
                .get(&name)
                .and_then(Value::as_text);
            set == Some(self.there.id.as_str())
        };
        Ok(packed.is_some_and(sets))
    }
}
