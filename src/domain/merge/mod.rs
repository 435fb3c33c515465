//! Two records and what was last seen become what to write where.
//!
//! Knows no calls, no budget and no guard, and refuses to know why a target might say no: that is
//! `preflight`. The same records and the same base always give the same writes, and once these
//! are on the records and their fingerprints in the base, they give none.

mod draft;
mod junction;
mod line;
mod parents;
mod rules;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::convert::long_id;
use super::event::{Action, Moved, Span, ValuePrint};
use super::failure::RawFailure;
use super::fingerprint::PrintKey;
use super::mapping::{FieldMapping, Mapping, Rule};
use super::record::{FieldName, Fields, Record, RecordId, RecordKey, Side, Timestamp, Value};
use super::schema::ObjectSchema;
use draft::{Carried, Draft};
use junction::Ties;
pub use junction::{is_lead, tie_name, tie_print};
use line::{Cell, Line, State};
pub use parents::{Parent, Parents, association, named};
use rules::{Course, Newer};

/// What was last seen of a pair.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Base {
    /// Whether both halves were linked before now.
    pub linked_before: bool,
    /// The fingerprints of each field, by HubSpot's name.
    pub prints: BTreeMap<FieldName, Prints>,
    /// Our last writes whose results the sides have not yet shown; at most one for each side.
    pub provisional: Vec<Provisional>,
}

/// A write whose result was not yet read.
#[derive(Debug, Clone, PartialEq)]
pub struct Provisional {
    /// The side written to.
    pub to: Side,
    /// From the sending to the answer, on that side's clock.
    pub span: Span,
    /// The fields it carried, by that side's names. Only these are adopted; empty means not
    /// known, and then every field is.
    pub written: Vec<FieldName>,
}

/// One field's fingerprints: of each side's own canonical form, as last read or written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Prints {
    /// Of HubSpot's value.
    pub hubspot: Option<ValuePrint>,
    /// Of Salesforce's value.
    pub salesforce: Option<ValuePrint>,
}

impl Prints {
    /// The fingerprint on `side`, when one is kept.
    pub fn on(&self, side: Side) -> Option<ValuePrint> {
        match side {
            Side::HubSpot => self.hubspot,
            Side::Salesforce => self.salesforce,
        }
    }

    /// Takes over what `moved` says; a side it does not name keeps what it has.
    pub fn adopt(&mut self, moved: &Moved) {
        self.hubspot = moved.hubspot.or(self.hubspot);
        self.salesforce = moved.salesforce.or(self.salesforce);
    }
}

/// What merging needs to know besides the two records.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// The object's mapping.
    pub mapping: &'a Mapping,
    /// HubSpot's schema of it.
    pub hubspot_schema: &'a ObjectSchema,
    /// Salesforce's schema of it.
    pub salesforce_schema: &'a ObjectSchema,
    /// The store's hashing key.
    pub key: &'a PrintKey,
    /// The Salesforce user that we are.
    pub our_user: Option<&'a RecordId>,
    /// Which owner is which.
    pub owners: &'a Owners,
    /// What is known of the records that these belong to.
    pub parents: &'a Parents,
    /// HubSpot's portal id: the first part of Salesforce's id field.
    pub portal: i64,
    /// The sides that this pair's selection shuts: nothing is written there, and what is not
    /// carried now keeps its base, so that it is a change still when the side opens again.
    pub shut: &'a [Side],
}

impl<'a> Known<'a> {
    /// The schema of `side`'s object.
    pub fn schema(&self, side: Side) -> &'a ObjectSchema {
        match side {
            Side::HubSpot => self.hubspot_schema,
            Side::Salesforce => self.salesforce_schema,
        }
    }

    /// The fields that are synced at all.
    fn synced(&self) -> impl Iterator<Item = &'a FieldMapping> {
        let fields = self.mapping.fields.iter();
        fields.filter(|field| field.rule != Rule::Off)
    }

    /// What `target`'s id field must hold when its partner is `partner`.
    fn mark(&self, target: Side, partner: &RecordId) -> String {
        match target {
            Side::HubSpot => long_id(partner.as_str()),
            Side::Salesforce => format!("{}-{partner}", self.portal),
        }
    }

    /// Whether `record` carries the id of `partner`.
    fn is_marked(&self, record: &Record, partner: &RecordId) -> bool {
        let side = record.key.side;
        let carried = record.fields.get(self.mapping.id_field_on(side));
        matches!(carried, Some(Value::Text(text))
            if long_id(text.trim()) == self.mark(side, partner))
    }
}

/// Owner ids of one side and their counterparts, matched by e-mail by the caller.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Owners {
    /// HubSpot owner id to Salesforce user id.
    pub to_salesforce: BTreeMap<String, String>,
    /// Salesforce user id (18 characters) to HubSpot owner id.
    pub to_hubspot: BTreeMap<String, String>,
}

impl Owners {
    /// Notes that these two are the same person.
    pub fn pair(&mut self, hubspot: &str, salesforce: &str) {
        let salesforce = long_id(salesforce);
        self.to_salesforce
            .insert(hubspot.to_owned(), salesforce.clone());
        self.to_hubspot.insert(salesforce, hubspot.to_owned());
    }

    /// The counterpart on `to` of `owner`, an id of the side across.
    pub fn on(&self, to: Side, owner: &str) -> Option<&str> {
        let owner = owner.trim();
        match to {
            Side::HubSpot => self.to_hubspot.get(&long_id(owner)),
            Side::Salesforce => self.to_salesforce.get(owner),
        }
        .map(String::as_str)
    }
}

/// What a record read anew shows against the base.
#[derive(Debug, Clone, PartialEq)]
pub enum Seen {
    /// No fingerprint moved: our own write coming back, or a change of fields not mapped.
    Echo,
    /// Fingerprints moved, but only as our own write's result: modified inside its span, by us
    /// where the side says by whom.
    Adopted(Vec<Moved>),
    /// These fields changed, or have no base; by HubSpot's names.
    Changed(Vec<FieldName>),
}

/// What `record` shows against what was last seen of it.
pub fn look(record: &Record, base: &Base, known: &Known<'_>) -> Seen {
    let side = record.key.side;
    let mut adopted = Vec::new();
    let mut changed = Vec::new();
    // Of an association with many, the whole has a print as well, beside that of each of its ties.
    for mapped in known.synced() {
        let Some(cell) = Cell::read(side, record, mapped, base, known) else {
            continue;
        };
        match cell.state {
            State::Still => (),
            State::Adopted => adopted.push(draft::moved(mapped, side, Some(cell.print), None)),
            State::NoBase | State::Changed => changed.push(mapped.hubspot.clone()),
        }
    }
    if !changed.is_empty() || !base.linked_before {
        Seen::Changed(changed)
    } else if adopted.is_empty() {
        Seen::Echo
    } else {
        Seen::Adopted(adopted)
    }
}

/// One write to one record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Write {
    /// The side to write to.
    pub to: Side,
    /// Created, updated, or blanked when it only empties values.
    pub action: Action,
    /// The record there; `None` when it is to be created.
    pub id: Option<RecordId>,
    /// The target's names and values, already converted.
    pub fields: Fields,
    /// What to journal when it succeeds: the source's fingerprint as read, and the target's of the
    /// value written, which is provisional.
    pub moved: Vec<Moved>,
    /// Fields in which a change of the target loses against one of the source; the target's names.
    pub lost: Vec<FieldName>,
    /// References left out, because what they name is not kept in step; the target's names.
    pub withheld: Vec<FieldName>,
    /// What associations take the place of, as read.
    pub replaced: Fields,
    /// Whether it carries the id field.
    pub marks: bool,
}

impl Write {
    /// Whether it carries nothing but the id field: a call, but nothing for the guard to count.
    pub fn only_marks(&self) -> bool {
        self.marks && self.fields.len() == 1 && self.action != Action::Created
    }

    /// The same for two writes that do the same to the same record.
    pub fn print(&self, key: &PrintKey) -> ValuePrint {
        key.print(&format!(
            "{:?} {:?} {:?}",
            self.action, self.id, self.fields
        ))
    }
}

/// What two records call for.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Merged {
    /// What to write to HubSpot.
    pub to_hubspot: Option<Write>,
    /// What to write to Salesforce.
    pub to_salesforce: Option<Write>,
    /// What to associate and to part, on either side, once the other writes are done.
    pub links: Vec<Write>,
    /// Parents without a partner, by the side whose write waits for them.
    pub waits: Vec<(Side, RecordKey)>,
    /// Records at the other end of an association with many that cannot be its other end across
    /// yet, by the side that waits for them. Nothing else waits for these.
    pub later: Vec<(Side, RecordKey)>,
    /// More is to be associated once what is here is written.
    pub again: bool,
    /// The records at the other end of the associations that are to be taken away: where an
    /// association ended, and across. It ends as well when that record is deleted or merged.
    pub parting: Vec<[RecordKey; 2]>,
    /// Fingerprints to adopt although nothing is written for them.
    pub agreed: Vec<Moved>,
    /// Fingerprints to adopt with a first link where something is to be written: against them what
    /// is carried is a change, and so is what a person does on either side before it arrives.
    pub opened: Vec<Moved>,
    /// Not empty: changed on both sides, and only HubSpot's property history can tell which is
    /// newer. Ask again with it; nothing else here is final. HubSpot's names.
    pub needs_history: Vec<FieldName>,
    /// Fields that differ and are left alone: first link, or a rule that does not carry them to
    /// the record created. HubSpot's names.
    pub differences: Vec<FieldName>,
    /// Values that cannot be carried to that side; the write there is left out as a whole.
    pub failures: Vec<(Side, RawFailure)>,
    /// Sides whose record, as read, already carries the other's id.
    pub marked: Vec<Side>,
    /// Sides to which something would go, were they not shut.
    pub withheld: Vec<Side>,
}

impl Merged {
    /// The write to `side`, when there is one.
    pub fn write_to(&self, side: Side) -> Option<&Write> {
        match side {
            Side::HubSpot => self.to_hubspot.as_ref(),
            Side::Salesforce => self.to_salesforce.as_ref(),
        }
    }

    fn put(&mut self, write: Option<Write>) {
        match write {
            Some(write) if write.to == Side::HubSpot => self.to_hubspot = Some(write),
            Some(write) => self.to_salesforce = Some(write),
            None => (),
        }
    }

    /// Takes note of what became of a value; a failure leaves the write out.
    fn note(&mut self, to: Side, carried: Result<Carried, RawFailure>) {
        match carried {
            Ok(Carried::Put | Carried::Withheld) => (),
            Ok(Carried::Waits(parent)) => self.waits.push((to, parent)),
            Err(failure) => self.fail(to, failure),
        }
    }

    fn fail(&mut self, side: Side, failure: RawFailure) {
        self.failures.push((side, failure));
    }
}

/// When HubSpot's properties changed last, by HubSpot's names; read only on conflict.
pub type History = BTreeMap<FieldName, Timestamp>;

/// What to write where, so that the two are in step by the mapping's rules.
///
/// With one half absent the other is created, where the mapping allows it and the pair was never
/// linked. Deleted records call for nothing here: the caller settles them.
pub fn merge(
    hubspot: Option<&Record>,
    salesforce: Option<&Record>,
    base: &Base,
    known: &Known<'_>,
    history: Option<&History>,
) -> Merged {
    if hubspot
        .into_iter()
        .chain(salesforce)
        .any(|half| half.deleted)
    {
        return Merged::default();
    }
    match (hubspot, salesforce) {
        (Some(hubspot), Some(salesforce)) => both(hubspot, salesforce, base, known, history),
        // A half that was linked and is gone was deleted: nothing may bring it back by itself.
        (Some(source), None) | (None, Some(source)) if !base.linked_before => {
            create(source, base, known)
        }
        (Some(_) | None, None) | (None, Some(_)) => Merged::default(),
    }
}

fn both(
    hubspot: &Record,
    salesforce: &Record,
    base: &Base,
    known: &Known<'_>,
    history: Option<&History>,
) -> Merged {
    let mut merged = Merged::default();
    let mut to_hubspot = Draft::of(Side::HubSpot, Some(hubspot));
    let mut to_salesforce = Draft::of(Side::Salesforce, Some(salesforce));
    let mut ties = Ties::of(hubspot, salesforce);
    for mapped in known.synced() {
        if mapped.junction().is_some() {
            ties.weigh(hubspot, salesforce, mapped, base, known, &mut merged);
            continue;
        }
        let Some(line) = Line::read(hubspot, salesforce, mapped, base, known) else {
            continue;
        };
        let newer = || newer(hubspot, salesforce, mapped, history);
        let (first, direction) = (known.mapping.on_first_link, known.mapping.direction);
        match rules::course(&line, first, direction, newer) {
            Course::Leave => (),
            Course::Agree => merged.agreed.push(line.agreed()),
            Course::Differ => {
                merged.differences.push(mapped.hubspot.clone());
                merged.agreed.push(line.agreed());
            }
            Course::AskHistory => merged.needs_history.push(mapped.hubspot.clone()),
            Course::Write { to, .. } if known.shut.contains(&to) => {
                merged.opened.extend(line.opened(to, base, known));
                merged.withheld.push(to);
            }
            Course::Write { to, lost } => {
                merged.opened.extend(line.opened(to, base, known));
                let draft = match to {
                    Side::HubSpot => &mut to_hubspot,
                    Side::Salesforce => &mut to_salesforce,
                };
                merged.note(to, draft.carry(&line, lost, known));
            }
        }
    }
    if !merged.needs_history.is_empty() {
        return Merged {
            needs_history: merged.needs_history,
            ..Merged::default()
        };
    }
    for (mut draft, record, partner) in [
        (to_hubspot, hubspot, salesforce),
        (to_salesforce, salesforce, hubspot),
    ] {
        let side = record.key.side;
        if known.is_marked(record, &partner.key.id) {
            merged.marked.push(side);
        } else if known.shut.contains(&side) {
            merged.withheld.push(side);
        } else {
            draft.mark(&partner.key.id, known);
        }
        if !merged.failures.iter().any(|(failed, _)| *failed == side) {
            merged.links.extend(draft.take_links());
            merged.put(draft.finish());
        }
    }
    ties.finish(&mut merged);
    merged
}

/// Which of two changes is the newer. Salesforce tells whole seconds, so seconds are compared;
/// within one second Salesforce wins.
fn newer(
    hubspot: &Record,
    salesforce: &Record,
    mapped: &FieldMapping,
    history: Option<&History>,
) -> Newer {
    let second = |at: Timestamp| at.0.div_euclid(1000);
    let salesforce_at = second(salesforce.modified_at);
    // No property changed after its record did: an older record needs no history to lose.
    // An association has no history at all.
    if mapped.is_parent() || second(hubspot.modified_at) <= salesforce_at {
        return Newer::Salesforce;
    }
    match history {
        None => Newer::Unknown,
        Some(history) => {
            let at = history.get(&mapped.hubspot);
            let at = at.copied().unwrap_or(hubspot.modified_at);
            if second(at) > salesforce_at {
                Newer::HubSpot
            } else {
                Newer::Salesforce
            }
        }
    }
}

fn create(source: &Record, base: &Base, known: &Known<'_>) -> Merged {
    let to = source.key.side.other();
    let mut merged = Merged::default();
    if !known.mapping.may_create(to) || known.shut.contains(&to) {
        return merged;
    }
    let mut draft = Draft::of(to, None);
    for mapped in known.synced() {
        if mapped.junction().is_some() {
            // Compared as soon as there is a record whose associations can be read.
            merged.again |= junction::has_any(source, mapped) && rules::may_go(mapped.rule, to);
            continue;
        }
        let Some(line) = Line::alone(source, mapped, base, known) else {
            continue;
        };
        let Some(cell) = line.cell(to.other()) else {
            continue;
        };
        let goes = rules::may_go(mapped.rule, to) && !line.is_dead(to) && !cell.blank;
        if goes {
            merged.note(to, draft.carry(&line, false, known));
        } else {
            if !cell.blank {
                merged.differences.push(mapped.hubspot.clone());
            }
            draft.pass_over(&line, known);
        }
    }
    draft.mark(&source.key.id, known);
    if merged.failures.is_empty() {
        merged.links.extend(draft.take_links());
        merged.put(draft.finish());
    }
    merged
}
