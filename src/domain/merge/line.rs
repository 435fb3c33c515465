//! One mapped field on both sides, and what each side's value is against the base.

use crate::domain::convert::{canonical, host, print, same};
use crate::domain::event::{Moved, ValuePrint};
use crate::domain::mapping::FieldMapping;
use crate::domain::record::{Record, Side, Timestamp, Value};
use crate::domain::schema::{Field, Kind};

use super::{Base, Known, draft};

/// What one side's value is against the base.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// There is no fingerprint of it, or one of another scheme.
    NoBase,
    /// As last seen.
    Still,
    /// Moved, as the result of our own write.
    Adopted,
    /// Moved by somebody else.
    Changed,
}

/// One side of a line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell<'a> {
    pub(super) field: &'a Field,
    pub(super) value: &'a Value,
    pub(super) print: ValuePrint,
    pub(super) state: State,
    pub(super) blank: bool,
}

impl<'a> Cell<'a> {
    /// `None` when the side does not describe the field, or the record was read without it: what
    /// was not seen is neither blank nor changed.
    pub(super) fn read(
        side: Side,
        record: &'a Record,
        mapped: &FieldMapping,
        base: &Base,
        known: &Known<'a>,
    ) -> Option<Self> {
        let name = mapped.on(side);
        let field = known.schema(side).field(name)?;
        let value = record.fields.get(name)?;
        let print = print(known.key, value, field);
        let before = base.prints.get(&mapped.hubspot);
        let before = before.and_then(|prints| prints.on(side));
        let state = match before.filter(|print| base.linked_before && print.is_current()) {
            None => State::NoBase,
            Some(before) if before == print => State::Still,
            Some(_) if is_own_result(side, record, mapped, base, known) => State::Adopted,
            Some(_) => State::Changed,
        };
        Some(Self {
            field,
            value,
            print,
            state,
            blank: canonical(value, field).is_empty() || is_nobody(mapped, value, field, known),
        })
    }
}

/// Whether the owner is our own user, whom HubSpot does not know: it owns what it made and nobody
/// else was given, which is no assignment.
fn is_nobody(mapped: &FieldMapping, value: &Value, field: &Field, known: &Known<'_>) -> bool {
    let owner = mapped.owner.then(|| canonical(value, field));
    owner.is_some_and(|owner| {
        known.our_user.is_some_and(|user| user.as_str() == owner)
            && known.owners.on(Side::HubSpot, &owner).is_none()
    })
}

/// Whether what `record` shows is what its side made of our last write: modified inside that
/// write's span, by us where the side says by whom, in a field that the write carried. A flow that
/// changes another field in the same transaction makes a change like any other.
fn is_own_result(
    side: Side,
    record: &Record,
    mapped: &FieldMapping,
    base: &Base,
    known: &Known<'_>,
) -> bool {
    let by_us = match &record.modified_by {
        None => true,
        Some(user) => known.our_user == Some(user),
    };
    // Salesforce's stamps are whole seconds: one may seem to lie before the sending.
    let second = |at: Timestamp| at.0.div_euclid(1000);
    let mut writes = base.provisional.iter().filter(|write| write.to == side);
    by_us
        && writes.any(|write| {
            second(record.modified_at) >= second(write.span.from)
                && record.modified_at <= write.span.to
                && (write.written.is_empty() || write.written.contains(mapped.on(side)))
        })
}

/// One mapped field on both sides; at least one is seen.
#[derive(Debug, Clone)]
pub(super) struct Line<'a> {
    pub(super) mapped: &'a FieldMapping,
    pub(super) hubspot: Option<Cell<'a>>,
    pub(super) salesforce: Option<Cell<'a>>,
    /// The target fields as described, seen or not.
    described: [Option<&'a Field>; 2],
    pub(super) equal: bool,
}

impl<'a> Line<'a> {
    /// The line of two records; `None` when neither shows the field, or one was read without a
    /// field that its side has: then nothing can be decided.
    pub(super) fn read(
        hubspot: &'a Record,
        salesforce: &'a Record,
        mapped: &'a FieldMapping,
        base: &Base,
        known: &Known<'a>,
    ) -> Option<Self> {
        let described = Side::BOTH.map(|side| known.schema(side).field(mapped.on(side)));
        let h = Cell::read(Side::HubSpot, hubspot, mapped, base, known);
        let s = Cell::read(Side::Salesforce, salesforce, mapped, base, known);
        let unread = (h.is_none() && described[0].is_some())
            || (s.is_none() && described[1].is_some())
            || (h.is_none() && s.is_none());
        if unread {
            return None;
        }
        let equal = match (&h, &s) {
            (Some(h), Some(s)) => equal(mapped, h, s, known),
            (Some(_) | None, None) | (None, Some(_)) => false,
        };
        Some(Self {
            mapped,
            hubspot: h,
            salesforce: s,
            described,
            equal,
        })
    }

    /// The line of a record whose partner is yet to be created.
    pub(super) fn alone(
        source: &'a Record,
        mapped: &'a FieldMapping,
        base: &Base,
        known: &Known<'a>,
    ) -> Option<Self> {
        let side = source.key.side;
        let cell = Cell::read(side, source, mapped, base, known)?;
        let (hubspot, salesforce) = match side {
            Side::HubSpot => (Some(cell), None),
            Side::Salesforce => (None, Some(cell)),
        };
        Some(Self {
            mapped,
            hubspot,
            salesforce,
            described: Side::BOTH.map(|side| known.schema(side).field(mapped.on(side))),
            equal: false,
        })
    }

    pub(super) fn cell(&self, side: Side) -> Option<&Cell<'a>> {
        match side {
            Side::HubSpot => self.hubspot.as_ref(),
            Side::Salesforce => self.salesforce.as_ref(),
        }
    }

    /// The field as `side` describes it.
    pub(super) fn described(&self, side: Side) -> Option<&'a Field> {
        match side {
            Side::HubSpot => self.described[0],
            Side::Salesforce => self.described[1],
        }
    }

    /// Whether nobody could ever write the field on `side`: the side computes it itself, or it
    /// holds what cannot be carried. Other unwritable fields are for `preflight` to report.
    pub(super) fn is_dead(&self, side: Side) -> bool {
        self.described(side).is_some_and(|field| {
            field.calculated || matches!(field.kind, Kind::Id | Kind::Unsupported)
        })
    }

    /// Whether a write to `to` would leave the record without an owner, which Salesforce refuses.
    pub(super) fn takes_owner_away(&self, to: Side) -> bool {
        self.mapped.owner
            && to == Side::Salesforce
            && self.cell(to.other()).is_some_and(|cell| cell.blank)
    }

    /// What a first link adopts where a value is to go to `to`: that the source was blank before,
    /// and the target as it is, so that the value is the source's change. Where a blank is what
    /// goes, the target's value is the change that the rule undoes. `None` after the first link,
    /// and where the source knows no blank to have changed from.
    pub(super) fn opened(&self, to: Side, base: &Base, known: &Known<'_>) -> Option<Moved> {
        let (source, target) = (self.cell(to.other())?, self.cell(to)?);
        let blank = |cell: &Cell<'_>| print(known.key, &Value::Blank, cell.field);
        let from = blank(source);
        let at = if source.blank {
            blank(target)
        } else {
            target.print
        };
        let is_change = source.print != from || target.print != at;
        let moved = draft::moved(self.mapped, to.other(), Some(from), Some(at));
        (!base.linked_before && is_change).then_some(moved)
    }

    /// The fingerprints as both sides show them now.
    pub(super) fn agreed(&self) -> Moved {
        let hubspot = self.hubspot.map(|cell| cell.print);
        let salesforce = self.salesforce.map(|cell| cell.print);
        draft::moved(self.mapped, Side::HubSpot, hubspot, salesforce)
    }
}

fn equal(mapped: &FieldMapping, h: &Cell<'_>, s: &Cell<'_>, known: &Known<'_>) -> bool {
    if h.blank && s.blank {
        return true;
    }
    if h.blank || s.blank {
        return same(h.value, h.field, s.value, s.field);
    }
    let ours = canonical(h.value, h.field);
    let theirs = canonical(s.value, s.field);
    if mapped.owner {
        known.owners.on(Side::Salesforce, &ours) == Some(theirs.as_str())
            || known.owners.on(Side::HubSpot, &theirs) == Some(ours.as_str())
    } else if mapped.is_parent() {
        known.parents.on(Side::Salesforce, mapped, &ours) == Some(theirs)
    } else if mapped.domain {
        host(&ours) == host(&theirs)
    } else {
        mapped.option_on(Side::Salesforce, &ours) == Some(theirs.as_str())
            || same(h.value, h.field, s.value, s.field)
    }
}
