//! Records that others took the place of: a lead that was converted, a record that was merged away.
//!
//! Salesforce says so on the record that is gone (salesforce.md §5.5), HubSpot on the one that came
//! of the merge and has an id of its own (hubspot.md §3.8).

use std::collections::{BTreeMap, BTreeSet};

use super::conclude::{AGAIN_MS, exclude, link};
use super::context::Context;
use super::matching::{Known, pair_of};
use crate::domain::event::{Excluded, Linked, RecordUnlinked};
use crate::domain::record::{
    FieldName, PairIds, Record, RecordId, RecordKey, Side, Timestamp, Value,
};
use crate::inbox::{self, Rest, Row, State};
use crate::projections;
use crate::projections::pairs::Pair;
use crate::store::Tx;

const CONVERTED: &str = "IsConverted";
const CONTACT: &str = "ConvertedContactId";
const MASTER: &str = "MasterRecordId";
const ANCESTORS: &str = "hs_merged_object_ids";

/// How a record came to be gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is a lead, and was converted.
    Converted,
    /// It was merged into another.
    Merged,
}

impl Fate {
    /// Why its pair goes on with another record.
    pub(super) fn linked(self) -> Linked {
        match self {
            Self::Converted => Linked::Converted,
            Self::Merged => Linked::Merged,
        }
    }

    /// Why it is left out itself.
    pub(super) fn excluded(self) -> Excluded {
        match self {
            Self::Converted => Excluded::Converted,
            Self::Merged => Excluded::Merged,
        }
    }
}

/// What took a record's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Succession {
    pub(super) fate: Fate,
    /// The record that goes on, where it can be seen.
    pub(super) heir: Option<RecordId>,
}

impl Succession {
    /// The fields that tell, on `side`; objects that know no such thing have none of them.
    pub(super) fn fields(side: Side) -> impl Iterator<Item = FieldName> {
        let names: &[&str] = match side {
            Side::HubSpot => &[ANCESTORS],
            Side::Salesforce => &[CONVERTED, CONTACT, MASTER],
        };
        names.iter().filter_map(|name| FieldName::parse(name).ok())
    }

    /// The succession that a Salesforce record tells of.
    pub(super) fn of(record: &Record) -> Option<Self> {
        if shown(record, CONVERTED) == Some(&Value::Bool(true)) {
            return Some(Self {
                fate: Fate::Converted,
                heir: id(record, CONTACT),
            });
        }
        let heir = id(record, MASTER).filter(|_| record.deleted)?;
        Some(Self {
            fate: Fate::Merged,
            heir: Some(heir),
        })
    }
}

/// The ids that a merged HubSpot record had before.
pub(super) fn ancestors(record: &Record) -> Vec<RecordId> {
    if record.key.side != Side::HubSpot {
        return Vec::new();
    }
    let Some(Value::Text(text)) = shown(record, ANCESTORS) else {
        return Vec::new();
    };
    let ids = text.split(';').map(str::trim);
    let ids = ids.filter_map(|id| RecordId::parse(id).ok());
    ids.filter(|id| *id != record.key.id).collect()
}

fn shown<'r>(record: &'r Record, wanted: &str) -> Option<&'r Value> {
    let mut fields = record.fields.iter();
    fields.find_map(|(name, value)| (name.as_str() == wanted).then_some(value))
}

fn id(record: &Record, name: &str) -> Option<RecordId> {
    RecordId::parse(shown(record, name)?.as_text()?).ok()
}

/// Linked pairs by the merged record that takes them over, the one synced last first.
pub(super) type Estates = BTreeMap<RecordKey, Vec<Pair>>;

impl Context {
    /// The pairs that merged HubSpot records among `records` take over.
    pub(super) async fn estates<'r>(
        &self,
        records: impl Iterator<Item = &'r Record>,
    ) -> anyhow::Result<Estates> {
        let mut asked: Vec<(RecordKey, Vec<RecordId>)> = Vec::new();
        for record in records {
            let ids = ancestors(record);
            if !ids.is_empty() {
                asked.push((record.key.clone(), ids));
            }
        }
        if asked.is_empty() {
            return Ok(Estates::new());
        }
        self.store
            .read(move |view| {
                let mut estates = Estates::new();
                for (key, ids) in asked {
                    let mut pairs: Vec<Pair> = Vec::new();
                    for id in ids {
                        let former = RecordKey { id, ..key.clone() };
                        pairs.extend(pair_of(view, &former)?.filter(Pair::is_linked));
                    }
                    pairs.sort_by_key(|pair| std::cmp::Reverse((pair.synced_at, pair.last_seq)));
                    if !pairs.is_empty() {
                        estates.insert(key, pairs);
                    }
                }
                Ok(estates)
            })
            .await
    }
}

/// The records that take the place of one half of a known pair.
pub(super) fn heirs_of(
    known: &[Known],
    sources: &BTreeMap<RecordKey, (Record, bool)>,
) -> BTreeSet<RecordKey> {
    let linked = known
        .iter()
        .filter(|one| one.pair.as_ref().is_some_and(Pair::is_linked));
    let heirs = linked.filter_map(|one| {
        let (source, _) = sources.get(&one.row.key)?;
        let id = Succession::of(source)?.heir?;
        Some(RecordKey {
            id,
            ..source.key.clone()
        })
    });
    heirs.collect()
}

/// A pair goes on with the record that took the place of one half, whose first write carries the
/// id field. Where that one belongs to another pair already, the half across has no partner of its
/// own any more.
pub(super) fn inherited(
    tx: &Tx<'_>,
    row: &Row,
    mut ids: PairIds,
    (gone, heir): (&RecordKey, &RecordId),
    fate: Fate,
) -> anyhow::Result<()> {
    let goes_on = RecordKey {
        id: heir.clone(),
        ..gone.clone()
    };
    if is_being_written(tx, &goes_on)? {
        return inbox::put_back(tx, row, &Rest::Deferred(tx.now().plus(AGAIN_MS)));
    }
    if is_taken(tx, &goes_on, &ids)? {
        let mut left = ids.clone();
        *left.slot(gone.side) = None;
        let why = fate.excluded();
        projections::append(tx, None, RecordUnlinked { ids, why })?;
        exclude(tx, left, Excluded::Ambiguous)?;
    } else {
        *ids.slot(gone.side) = Some(heir.clone());
        link(tx, ids, fate.linked(), Vec::new())?;
    }
    exclude(tx, PairIds::half(gone), fate.excluded())?;
    // The heir changed with the one that is gone, in the same second: this sighting counts as the
    // later one, or a row of the heir in flight now would not be looked at again.
    inbox::see(tx, &goes_on, row.stamp.plus(1), row.lane, Timestamp(0))?;
    inbox::conclude(tx, row).map(drop)
}

/// The pair that was synced last goes on with the merged record; the Salesforce records of the
/// others have no partner of their own any more.
pub(super) fn merged(
    tx: &Tx<'_>,
    row: &Row,
    merged: &RecordKey,
    estate: &[PairIds],
) -> anyhow::Result<()> {
    for (place, former) in estate.iter().enumerate() {
        let mut ids = former.clone();
        if place == 0 {
            ids.hubspot = Some(merged.id.clone());
            link(tx, ids, Linked::Merged, Vec::new())?;
            continue;
        }
        let why = Excluded::Merged;
        projections::append(tx, None, RecordUnlinked { ids, why })?;
        let left = PairIds {
            hubspot: None,
            ..former.clone()
        };
        exclude(tx, left, Excluded::Ambiguous)?;
    }
    inbox::put_back(tx, row, &Rest::Ready)
}

/// Whether the record's own row is planned, or its write may have taken effect: what comes of that
/// is not known yet.
fn is_being_written(tx: &Tx<'_>, key: &RecordKey) -> anyhow::Result<bool> {
    let row = inbox::of_record(tx, key)?;
    let in_flight = row.is_some_and(|row| row.state == State::InFlight);
    Ok(in_flight || !inbox::intents(tx, key)?.is_empty())
}

/// Whether a record belongs to another pair than `ids`: two cannot share it, and the one that has it
/// keeps it.
fn is_taken(tx: &Tx<'_>, key: &RecordKey, ids: &PairIds) -> anyhow::Result<bool> {
    let across = key.side.other();
    let partner = pair_of(tx, key)?.and_then(|pair| pair.ids.id(across).cloned());
    Ok(partner.is_some_and(|partner| Some(&partner) != ids.id(across)))
}
