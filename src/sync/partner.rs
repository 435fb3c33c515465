//! Which record belongs to which: by link, else by id field, else by key, and never by two.

use std::collections::{BTreeMap, BTreeSet};

use super::forms::{Form, Forms};
use super::heirs::{Fate, Succession};
use crate::domain::convert::{host, long_id};
use crate::domain::mapping::Mapping;
use crate::domain::record::{FieldName, Record, RecordId, RecordKey, Side, Value};
use crate::projections::pairs::Pair;

/// What became of the search for a partner.
pub(super) enum Partner {
    /// Linked, or found by id or key.
    Found(Box<Record>, Found),
    /// Nobody has the key: a record may be created.
    Nobody,
    /// Linked, but the partner is gone.
    Gone,
    /// Several records, or one that belongs to somebody else, have the key.
    Ambiguous,
}

impl Partner {
    /// The record that was found, if one was.
    pub(super) fn found(&self) -> Option<&RecordKey> {
        match self {
            Self::Found(record, _) => Some(&record.key),
            Self::Nobody | Self::Gone | Self::Ambiguous => None,
        }
    }
}

/// How a partner was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    Linked,
    ById,
    /// By the id that HubSpot's own integration left.
    ByFormer,
    ByKey,
}

/// Records of one side, found by whatever they were asked for.
#[derive(Default)]
pub(super) struct Catch {
    pub(super) records: BTreeMap<RecordId, Record>,
    pub(super) marked: BTreeMap<String, RecordId>,
    pub(super) keyed: BTreeMap<String, BTreeSet<RecordId>>,
    /// HubSpot's records by the Salesforce id that HubSpot's own integration left in them.
    pub(super) former: BTreeMap<RecordId, BTreeSet<RecordId>>,
    /// Marks that converted leads still carry.
    converted: BTreeSet<String>,
}

impl Catch {
    /// Adds what was found.
    pub(super) fn add(&mut self, record: Record, forms: &Forms) {
        let side = record.key.side;
        let id = record.key.id.clone();
        let mark = text_of(&record, forms.first.mapping.id_field_on(side));
        if let Some(succession) = Succession::of(&record) {
            // Another record has taken its place, in whatever it is found by but its own id.
            if succession.fate == Fate::Converted {
                self.converted.extend(mark.map(|mark| mark.to_lowercase()));
            }
            self.records.insert(id, record);
            return;
        }
        if let Some(mark) = mark {
            self.marked.insert(mark.to_lowercase(), id.clone());
        }
        if let Some(key) = key_of(&record, forms) {
            self.keyed.entry(key).or_default().insert(id.clone());
        }
        self.note_former(&record, forms);
        self.records.insert(id, record);
    }
}

impl Catch {
    /// Notes whom a HubSpot record names by what HubSpot's own integration left in it.
    pub(super) fn note_former(&mut self, record: &Record, forms: &Forms) {
        if record.key.side == Side::HubSpot
            && let Some(former) = former_partner(record, forms)
        {
            let claims = self.former.entry(former).or_default();
            claims.insert(record.key.id.clone());
        }
    }
}

/// The Salesforce record that HubSpot's own integration linked a HubSpot record with. One that has
/// two forms, as a converted lead has, is of the first that it names.
pub(super) fn former_partner(record: &Record, forms: &Forms) -> Option<RecordId> {
    let mut all: Vec<&Form> = forms.all().collect();
    // A lead that was converted left its id beside the contact's.
    all.sort_by_key(|form| form.mapping.form.is_some());
    all.into_iter().find_map(|form| {
        let text = text_of(record, form.former_id()?)?;
        RecordId::parse(&long_id(&text)).ok()
    })
}

/// The value two records are matched by, as both sides compare it.
pub(super) fn key_of(record: &Record, forms: &Forms) -> Option<String> {
    key_by(forms.mapping_of(record), record)
}

/// The same for a record of this form.
pub(super) fn key_by(mapping: &Mapping, record: &Record) -> Option<String> {
    let field = mapping.match_by.as_ref()?;
    let text = text_of(record, field.on(record.key.side))?;
    Some(if field.domain {
        host(&text)
    } else {
        text.to_lowercase()
    })
}

pub(super) fn text_of(record: &Record, field: &FieldName) -> Option<String> {
    match record.fields.get(field)? {
        Value::Text(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        Value::Number(text) => Some(text.clone()),
        Value::Text(_)
        | Value::Blank
        | Value::Bool(_)
        | Value::Date(..)
        | Value::DateTime(_)
        | Value::Options(_) => None,
    }
}

/// What a Salesforce record is asked for by.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) id: Option<RecordId>,
    pub(super) mark: Option<String>,
    pub(super) key: Option<String>,
}

impl Wanted {
    /// What to ask of the form at `place`: an id is of one form only, and not every one has a field
    /// for marks, or a key.
    pub(super) fn in_form(&self, forms: &Forms, place: usize) -> Self {
        let (id, mark, key) = (self.id.clone(), self.mark.clone(), self.key.clone());
        let form = forms.at(place);
        Self {
            id: id.filter(|id| forms.place_of(Some(id)) == place),
            mark: mark.filter(|_| form.takes_marks(Side::Salesforce)),
            key: key.filter(|_| form.mapping.match_by.is_some()),
        }
    }

    /// Whether there is nothing to ask by.
    pub(super) fn is_empty(&self) -> bool {
        self.id.is_none() && self.mark.is_none() && self.key.is_none()
    }
}

/// How a HubSpot record's partner is asked for: a linked one by its id alone.
pub(super) fn wanted(portal: i64, forms: &Forms, pair: Option<&Pair>, record: &Record) -> Wanted {
    if let Some(id) = pair.and_then(|pair| pair.ids.salesforce.clone()) {
        return Wanted {
            id: Some(id),
            mark: None,
            key: None,
        };
    }
    Wanted {
        id: text_of(record, &forms.first.mapping.hubspot_id_field)
            .and_then(|id| RecordId::parse(&id).ok())
            .or_else(|| former_partner(record, forms)),
        mark: Some(mark(portal, &record.key.id)),
        key: key_of(record, forms),
    }
}

/// What Salesforce's id field says for a HubSpot record: portals overlap, so the portal is in it.
pub(super) fn mark(portal: i64, id: &RecordId) -> String {
    format!("{portal}-{id}")
}

/// The HubSpot record that a Salesforce record's id field names, when it is of our portal.
pub(super) fn marked_partner(portal: i64, forms: &Forms, record: &Record) -> Option<RecordId> {
    let mark = text_of(record, &forms.first.mapping.salesforce_id_field)?;
    let id = mark.strip_prefix(&format!("{portal}-"))?;
    RecordId::parse(id).ok()
}

/// Keys that two records of the same side share: neither may take the partner silently.
pub(super) fn doubled_keys(
    sources: &[(Option<&Pair>, &Record)],
    forms: &Forms,
) -> BTreeSet<(Side, String)> {
    let mut seen: BTreeMap<(Side, String), BTreeSet<&RecordId>> = BTreeMap::new();
    for (_, record) in sources {
        if let Some(key) = key_of(record, forms) {
            seen.entry((record.key.side, key))
                .or_default()
                .insert(&record.key.id);
        }
    }
    seen.into_iter()
        .filter(|(_, ids)| ids.len() > 1)
        .map(|(key, _)| key)
        .collect()
}

pub(super) fn choose(
    portal: i64,
    forms: &Forms,
    pair: Option<&Pair>,
    record: &Record,
    catch: &Catch,
    doubled: &BTreeSet<(Side, String)>,
) -> Partner {
    let side = record.key.side;
    let found = |id: &RecordId, how| {
        catch
            .records
            .get(id)
            .map(|record| Partner::Found(Box::new(record.clone()), how))
    };
    if let Some(id) = pair.and_then(|pair| pair.ids.id(side.other())) {
        return found(id, Found::Linked).unwrap_or(Partner::Gone);
    }
    // What the partner says of us, then what we say of the partner.
    let our_mark = match side {
        Side::HubSpot => mark(portal, &record.key.id),
        Side::Salesforce => record.key.id.to_string(),
    };
    if let Some(partner) = catch
        .marked
        .get(&our_mark.to_lowercase())
        .and_then(|id| found(id, Found::ById))
    {
        return partner;
    }
    let named = match side {
        Side::HubSpot => text_of(record, &forms.first.mapping.hubspot_id_field)
            .and_then(|id| RecordId::parse(&id).ok()),
        Side::Salesforce => marked_partner(portal, forms, record),
    };
    let lives = |id: &&RecordId| {
        let record = catch.records.get(*id);
        record.is_some_and(|record| Succession::of(record).is_none())
    };
    let partner = named.as_ref().filter(lives);
    if let Some(partner) = partner.and_then(|id| found(id, Found::ById)) {
        return partner;
    }
    let former = by_former(portal, forms, record, catch);
    if named.is_none()
        && let Some(partner) = former
    {
        return partner;
    }
    let partner = by_key(portal, forms, record, catch, doubled);
    let is_caught = |id| catch.records.contains_key(id);
    let was_converted = catch.converted.contains(&our_mark.to_lowercase());
    if (named.as_ref().is_some_and(is_caught) || was_converted)
        && matches!(partner, Partner::Nobody)
    {
        // What took its partner's place is somebody else's partner. A new lead could not carry the
        // mark either: the converted one has it for good.
        return Partner::Ambiguous;
    }
    let named = named.is_some() || side == Side::HubSpot && former_partner(record, forms).is_some();
    if named && matches!(partner, Partner::Nobody) {
        // It says that it had a partner: that one was deleted, or is hidden from us, and a new one
        // would bring back what somebody took away, or double what we may not see.
        return Partner::Gone;
    }
    partner
}

/// Whom HubSpot's own integration had linked the record with, when exactly one record says so and no
/// other has it.
fn by_former(portal: i64, forms: &Forms, record: &Record, catch: &Catch) -> Option<Partner> {
    let (wanted, hit) = match record.key.side {
        Side::HubSpot => {
            let wanted = former_partner(record, forms)?;
            (wanted.clone(), wanted)
        }
        Side::Salesforce => {
            let wanted = record.key.id.clone();
            let claims = catch.former.get(&wanted)?;
            (wanted, claims.first()?.clone())
        }
    };
    let several = catch.former.get(&wanted).is_some_and(|all| all.len() > 1);
    let hit = catch.records.get(&hit)?;
    Some(if several || claimed(portal, forms, hit, record) {
        Partner::Ambiguous
    } else {
        Partner::Found(Box::new(hit.clone()), Found::ByFormer)
    })
}

pub(super) fn by_key(
    portal: i64,
    forms: &Forms,
    record: &Record,
    catch: &Catch,
    doubled: &BTreeSet<(Side, String)>,
) -> Partner {
    let side = record.key.side;
    let Some(key) = key_of(record, forms) else {
        return Partner::Nobody;
    };
    let Some(hits) = catch.keyed.get(&key) else {
        return Partner::Nobody;
    };
    let hits: Vec<&Record> = hits.iter().filter_map(|id| catch.records.get(id)).collect();
    match hits.as_slice() {
        [] => Partner::Nobody,
        [only] if !doubled.contains(&(side, key)) && !claimed(portal, forms, only, record) => {
            Partner::Found(Box::new((*only).clone()), Found::ByKey)
        }
        [_, ..] => Partner::Ambiguous,
    }
}

/// Whether a record found by key says that it belongs to another one.
pub(super) fn claimed(portal: i64, forms: &Forms, hit: &Record, by: &Record) -> bool {
    match hit.key.side {
        Side::HubSpot => text_of(hit, &forms.first.mapping.hubspot_id_field)
            .is_some_and(|id| id != by.key.id.as_str()),
        Side::Salesforce => marked_partner(portal, forms, hit).is_some_and(|id| id != by.key.id),
    }
}
