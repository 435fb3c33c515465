//! Associations with many: which of them to make on which side, and which to take away.
//!
//! Each tie is compared by itself, present or absent, so that what is added on one side and what is
//! added on the other both stand in the end. Its prints are kept under the association's name and
//! the HubSpot id at its other end: `associations.contact.90211`.

use std::collections::{BTreeMap, BTreeSet};

use super::line::State;
use super::parents::{self, Parent, association};
use super::rules::{self, Course, View};
use super::{Base, Known, Merged, Prints, Write, draft};
use crate::domain::convert::print;
use crate::domain::event::{Action, Moved, ValuePrint};
use crate::domain::fingerprint::PrintKey;
use crate::domain::mapping::FieldMapping;
use crate::domain::record::{
    FieldName, Fields, ObjectName, Record, RecordId, RecordKey, Side, Value,
};
use crate::domain::schema::Field;

/// What the ids of leads begin with (salesforce.md §2.4): none of them can be a junction's end, and
/// the contact that it becomes can.
const LEAD_PREFIX: &str = "00Q";

/// Whether a partner is a lead.
pub fn is_lead(id: &RecordId) -> bool {
    id.as_str().starts_with(LEAD_PREFIX)
}

/// Under what name the prints of one tie of `association` are kept, with the HubSpot record of this
/// id at its other end.
pub fn tie_name(association: &FieldName, hubspot: &str) -> Option<FieldName> {
    FieldName::parse(&format!("{association}.{hubspot}")).ok()
}

/// The print of a tie that is there, or is not, in a side's field for it.
pub fn tie_print(key: &PrintKey, field: &Field, present: bool) -> ValuePrint {
    let value = if present {
        Value::Options(vec!["present".to_owned()])
    } else {
        Value::Blank
    };
    print(key, &value, field)
}

/// Whether a record shows any of them.
pub(super) fn has_any(record: &Record, mapped: &FieldMapping) -> bool {
    !listed(record, mapped.on(record.key.side)).is_empty()
}

/// The options of a field; none when it holds none, or was not read.
fn listed<'r>(record: &'r Record, name: &FieldName) -> Vec<&'r str> {
    match record.fields.get(name) {
        Some(Value::Options(options)) => options.iter().map(String::as_str).collect(),
        Some(
            Value::Blank
            | Value::Text(_)
            | Value::Number(_)
            | Value::Bool(_)
            | Value::Date(..)
            | Value::DateTime(_),
        )
        | None => Vec::new(),
    }
}

/// One association, as far as both ends are known.
#[derive(Debug, Default)]
struct Tie {
    in_hubspot: bool,
    in_salesforce: bool,
    /// Salesforce's record at the other end.
    contact: Option<RecordId>,
}

/// The writes of a pair's associations with many, begun.
pub(super) struct Ties {
    ids: [RecordId; 2],
    made: [Batch; 2],
    parted: [Batch; 2],
    /// What both sides show once all is written.
    whole: Vec<Moved>,
    /// Whether something waits: then the whole is not yet what it is to be.
    waits: bool,
}

#[derive(Default)]
struct Batch {
    fields: Fields,
    replaced: Fields,
    moved: Vec<Moved>,
}

/// What the ties of one field are compared with.
struct Around<'a> {
    mapped: &'a FieldMapping,
    /// The object at the other end.
    other: &'a ObjectName,
    fields: [&'a Field; 2],
    /// The junction's records, by Salesforce's record at the other end.
    roles: BTreeMap<&'a str, Vec<String>>,
    known: &'a Known<'a>,
}

fn place(side: Side) -> usize {
    match side {
        Side::HubSpot => 0,
        Side::Salesforce => 1,
    }
}

impl Around<'_> {
    fn print(&self, side: Side, present: bool) -> ValuePrint {
        tie_print(self.known.key, self.fields[place(side)], present)
    }

    fn whole(&self, side: Side, ids: &BTreeSet<String>) -> ValuePrint {
        let value = Value::Options(ids.iter().cloned().collect());
        print(self.known.key, &value, self.fields[place(side)])
    }

    /// Present or absent now, against what was last seen.
    fn view(&self, side: Side, present: bool, before: Option<&Prints>) -> View {
        let before = before.and_then(|prints| prints.on(side));
        let state = match before.filter(|print| print.is_current()) {
            None => State::NoBase,
            Some(before) if before == self.print(side, present) => State::Still,
            Some(_) => State::Changed,
        };
        View {
            state,
            blank: !present,
        }
    }

    fn name(&self, hubspot: &str) -> Option<FieldName> {
        tie_name(&self.mapped.hubspot, hubspot)
    }

    fn key(&self, side: Side, id: &str) -> Option<RecordKey> {
        Some(RecordKey {
            side,
            object: self.other.clone(),
            id: RecordId::parse(id).ok()?,
        })
    }
}

impl Ties {
    /// Nothing yet, for these two.
    pub(super) fn of(hubspot: &Record, salesforce: &Record) -> Self {
        Self {
            ids: [hubspot.key.id.clone(), salesforce.key.id.clone()],
            made: Default::default(),
            parted: Default::default(),
            whole: Vec::new(),
            waits: false,
        }
    }

    /// Compares the associations of one field. One that was not read on both sides is left alone.
    pub(super) fn weigh(
        &mut self,
        hubspot: &Record,
        salesforce: &Record,
        mapped: &FieldMapping,
        base: &Base,
        known: &Known<'_>,
        merged: &mut Merged,
    ) {
        let described = Side::BOTH.map(|side| known.schema(side).field(mapped.on(side)));
        let [Some(here), Some(there)] = described else {
            return;
        };
        let is_read = |record: &Record| record.fields.contains_key(mapped.on(record.key.side));
        let (true, true, Some(other)) = (
            is_read(hubspot),
            is_read(salesforce),
            mapped.parents.first(),
        ) else {
            return;
        };
        let around = Around {
            mapped,
            other,
            fields: [here, there],
            roles: roles(salesforce, mapped),
            known,
        };
        let shown = [
            listed(hubspot, &mapped.hubspot),
            listed(salesforce, &mapped.salesforce),
        ];
        let later = merged.later.len();
        let ties = gathered(&around, &shown, base, merged);
        self.waits |= merged.later.len() > later;
        let mut after =
            shown.map(|ids| ids.into_iter().map(str::to_owned).collect::<BTreeSet<_>>());
        for (hubspot, tie) in &ties {
            let Some(name) = around.name(hubspot) else {
                continue;
            };
            let before = Some(&base.prints).filter(|_| base.linked_before);
            let before = before.and_then(|prints| prints.get(&name));
            let views = (
                around.view(Side::HubSpot, tie.in_hubspot, before),
                around.view(Side::Salesforce, tie.in_salesforce, before),
            );
            let (first, direction) = (known.mapping.on_first_link, known.mapping.direction);
            let agreed = || Moved {
                field: name.clone(),
                hubspot: Some(around.print(Side::HubSpot, tie.in_hubspot)),
                salesforce: Some(around.print(Side::Salesforce, tie.in_salesforce)),
            };
            let opened = (!base.linked_before).then(|| Moved {
                field: name.clone(),
                hubspot: Some(around.print(Side::HubSpot, false)),
                salesforce: Some(around.print(Side::Salesforce, false)),
            });
            match rules::course_of_tie(mapped.rule, first, direction, views.0, views.1) {
                Course::Leave | Course::AskHistory => (),
                Course::Agree => merged.agreed.push(agreed()),
                Course::Differ => {
                    merged.differences.push(name.clone());
                    merged.agreed.push(agreed());
                }
                Course::Write { to, .. } if known.shut.contains(&to) => {
                    merged.opened.extend(opened);
                    merged.withheld.push(to);
                    self.waits = true;
                }
                Course::Write { to, .. } => {
                    merged.opened.extend(opened);
                    let end = (hubspot.as_str(), tie);
                    self.write(to, name, end, &around, &mut after, merged);
                }
            }
        }
        let moved = Moved {
            field: mapped.hubspot.clone(),
            hubspot: Some(around.whole(Side::HubSpot, &after[0])),
            salesforce: Some(around.whole(Side::Salesforce, &after[1])),
        };
        let seen = base.prints.get(&mapped.hubspot);
        let is_news = Side::BOTH.into_iter().any(|side| {
            let now = [moved.hubspot, moved.salesforce][place(side)];
            seen.is_none_or(|seen| seen.on(side) != now)
        });
        if is_news {
            self.whole.push(moved);
        }
    }

    /// Notes that a tie is made or taken away on `to`.
    fn write(
        &mut self,
        to: Side,
        name: FieldName,
        (hubspot, tie): (&str, &Tie),
        around: &Around<'_>,
        after: &mut [BTreeSet<String>; 2],
        merged: &mut Merged,
    ) {
        let present = match to {
            Side::HubSpot => tie.in_salesforce,
            Side::Salesforce => tie.in_hubspot,
        };
        let Some(contact) = &tie.contact else { return };
        let (Some(theirs), Some(ours)) = (
            around.key(Side::HubSpot, hubspot),
            around.key(Side::Salesforce, contact.as_str()),
        ) else {
            return;
        };
        let (end, listed) = match to {
            Side::HubSpot => (
                Value::Text(association(around.other, &theirs.id)),
                hubspot.to_owned(),
            ),
            Side::Salesforce => (Value::Text(contact.to_string()), contact.to_string()),
        };
        let batch = if present {
            after[place(to)].insert(listed);
            let batch = &mut self.made[place(to)];
            batch.fields.insert(name.clone(), end);
            batch
        } else {
            after[place(to)].remove(&listed);
            merged.parting.push(match to {
                Side::HubSpot => [ours, theirs],
                Side::Salesforce => [theirs, ours],
            });
            let taken = match to {
                Side::HubSpot => end,
                Side::Salesforce => {
                    let roles = around.roles.get(contact.as_str()).cloned();
                    Value::Options(roles.unwrap_or_default())
                }
            };
            let batch = &mut self.parted[place(to)];
            batch.fields.insert(name.clone(), Value::Blank);
            batch.replaced.insert(name.clone(), taken);
            batch
        };
        let (here, across) = (around.print(to.other(), present), around.print(to, present));
        batch.moved.push(Moved {
            field: name,
            ..draft::moved(around.mapped, to.other(), Some(here), Some(across))
        });
    }

    /// The writes: what is made comes before what is taken away, and the last one carries what both
    /// sides show as a whole once all is done.
    pub(super) fn finish(self, merged: &mut Merged) {
        let Self {
            ids,
            made,
            parted,
            whole,
            waits,
        } = self;
        let mut writes = Vec::new();
        for (action, batches) in [(Action::Associated, made), (Action::Parted, parted)] {
            for (to, batch) in Side::BOTH.into_iter().zip(batches) {
                if !batch.fields.is_empty() {
                    writes.push(Write {
                        to,
                        action,
                        id: Some(ids[place(to)].clone()),
                        fields: batch.fields,
                        moved: batch.moved,
                        lost: Vec::new(),
                        withheld: Vec::new(),
                        replaced: batch.replaced,
                        marks: false,
                    });
                }
            }
        }
        match writes.last_mut() {
            _ if waits => (),
            Some(last) => last.moved.extend(whole),
            None => merged.agreed.extend(whole),
        }
        merged.links.extend(writes);
    }
}

/// The junction's records between `salesforce` and each record at the other end.
fn roles<'r>(salesforce: &'r Record, mapped: &FieldMapping) -> BTreeMap<&'r str, Vec<String>> {
    let mut roles: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let name = mapped.roles_field();
    for one in name.iter().flat_map(|name| listed(salesforce, name)) {
        if let Some((contact, role)) = one.split_once('/') {
            roles.entry(contact).or_default().push(role.to_owned());
        }
    }
    roles
}

/// The ties that either side shows, or showed, by the HubSpot id at their other end. One whose other
/// end is left out is none; one whose other end has no partner that could be its end across is to
/// be waited for.
fn gathered(
    around: &Around<'_>,
    shown: &[Vec<&str>; 2],
    base: &Base,
    merged: &mut Merged,
) -> BTreeMap<String, Tie> {
    let (mapped, known) = (around.mapped, around.known);
    let mut ties: BTreeMap<String, Tie> = BTreeMap::new();
    let mut skipped = BTreeSet::new();
    for (side, ids) in Side::BOTH.into_iter().zip(shown) {
        for id in ids {
            let Some(key) = around.key(side, id) else {
                continue;
            };
            let text = parents::written(side, &key.object, &key.id);
            match known.parents.find(mapped, side, &text) {
                Some((_, Parent::Linked(contact))) if side == Side::HubSpot => {
                    if is_lead(contact) {
                        skipped.insert((*id).to_owned());
                        merged.later.push((Side::Salesforce, key));
                        continue;
                    }
                    let tie = ties.entry((*id).to_owned()).or_default();
                    tie.in_hubspot = true;
                    tie.contact = Some(contact.clone());
                }
                Some((_, Parent::Linked(partner))) => {
                    let tie = ties.entry(partner.to_string()).or_default();
                    tie.in_salesforce = true;
                    tie.contact = Some(key.id);
                }
                Some((_, Parent::Pending)) => {
                    skipped.insert((*id).to_owned());
                    merged.later.push((side.other(), key));
                }
                Some((_, Parent::Excluded)) | None => {
                    skipped.insert((*id).to_owned());
                }
            }
        }
    }
    let prefix = format!("{}.", mapped.hubspot);
    let seen = base.prints.keys();
    for id in seen.filter_map(|name| name.as_str().strip_prefix(&prefix)) {
        if !skipped.contains(id) {
            ties.entry(id.to_owned()).or_default();
        }
    }
    ties
}
