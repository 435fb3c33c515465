//! A write while it is put together, field by field.

#![expect(
    clippy::result_large_err,
    reason = "a failure is journaled whole, and is rare: boxing it would only hide it"
)]

use crate::domain::convert::{canonical, convert, host, print};
use crate::domain::event::{Action, Moved, ValuePrint};
use crate::domain::failure::{Fact, RawFailure};
use crate::domain::mapping::FieldMapping;
use crate::domain::record::{FieldName, Fields, Record, RecordId, RecordKey, Side, Value};
use crate::domain::schema::{Field, Kind};

use super::line::{Cell, Line};
use super::parents::{self, Parent};
use super::{Known, Write};

/// Code of an owner who has no counterpart on the target.
pub(super) const NO_PARTNER_OWNER: &str = "no_partner_owner";

/// First characters of a Salesforce group's or queue's id.
const QUEUE_PREFIX: &str = "00G";

/// `field`'s fingerprints, `here` on `side` and `across` on the other.
pub(super) fn moved(
    mapped: &FieldMapping,
    side: Side,
    here: Option<ValuePrint>,
    across: Option<ValuePrint>,
) -> Moved {
    let (hubspot, salesforce) = match side {
        Side::HubSpot => (here, across),
        Side::Salesforce => (across, here),
    };
    Moved {
        field: mapped.hubspot.clone(),
        hubspot,
        salesforce,
    }
}

/// What became of a value that is to be carried.
pub(super) enum Carried {
    /// It is in the write.
    Put,
    /// It names a parent that has no partner yet.
    Waits(RecordKey),
    /// It names a record that is not kept in step: it stays behind.
    Withheld,
}

/// A write to one side, begun.
pub(super) struct Draft {
    write: Write,
    empties: bool,
    /// Associations, which HubSpot takes apart from the properties.
    links: Fields,
    /// What the associations are to take the place of.
    replaced: Fields,
}

impl Draft {
    /// An empty write to `to`, creating when there is no record.
    pub(super) fn of(to: Side, record: Option<&Record>) -> Self {
        let action = match record {
            Some(_) => Action::Updated,
            None => Action::Created,
        };
        Self {
            write: Write {
                to,
                action,
                id: record.map(|record| record.key.id.clone()),
                fields: Fields::new(),
                moved: Vec::new(),
                lost: Vec::new(),
                withheld: Vec::new(),
                replaced: Fields::new(),
                marks: false,
            },
            empties: true,
            links: Fields::new(),
            replaced: Fields::new(),
        }
    }

    /// Adds the value that the side across shows.
    pub(super) fn carry(
        &mut self,
        line: &Line<'_>,
        lost: bool,
        known: &Known<'_>,
    ) -> Result<Carried, RawFailure> {
        let to = self.write.to;
        let Some(source) = line.cell(to.other()) else {
            return Ok(Carried::Put);
        };
        let target = target_field(line, to, source);
        let value = if line.mapped.owner {
            owner(source, to, &target, known)?
        } else if line.mapped.is_parent() {
            match reference(source, to, line.mapped, known) {
                Ok(value) => value,
                Err(Carried::Withheld) => {
                    self.write.withheld.push(target.name);
                    return Ok(Carried::Withheld);
                }
                Err(waits) => return Ok(waits),
            }
        } else {
            let value = translated(source, to, line.mapped);
            convert(
                value.as_ref().unwrap_or(source.value),
                source.field,
                &target,
            )?
        };
        let shown = print(known.key, &value, &target);
        self.write.moved.push(moved(
            line.mapped,
            to.other(),
            Some(source.print),
            Some(shown),
        ));
        if lost {
            self.write.lost.push(target.name.clone());
        }
        if to == Side::HubSpot && line.mapped.is_parent() {
            let before = line
                .cell(to)
                .map_or(Value::Blank, |cell| cell.value.clone());
            self.replaced.insert(target.name.clone(), before);
            self.links.insert(target.name, value);
        } else {
            self.empties &= canonical(&value, &target).is_empty();
            self.write.fields.insert(target.name, value);
        }
        Ok(Carried::Put)
    }

    /// Notes a field that a creation leaves out: the source as read, the target as it will be.
    pub(super) fn pass_over(&mut self, line: &Line<'_>, known: &Known<'_>) {
        let to = self.write.to;
        let Some(source) = line.cell(to.other()) else {
            return;
        };
        // A field that the side computes by itself shows what it likes: there is no base for it.
        let shown = line
            .described(to)
            .filter(|_| !line.is_dead(to))
            .map(|field| {
                let value = match to {
                    // Whoever creates a record there owns it: that is nobody's assignment.
                    Side::Salesforce if line.mapped.owner => known
                        .our_user
                        .map_or(Value::Blank, |user| Value::Text(user.as_str().to_owned())),
                    // Salesforce's checkboxes know no blank.
                    Side::Salesforce if field.kind == Kind::Bool => Value::Bool(false),
                    Side::Salesforce | Side::HubSpot => Value::Blank,
                };
                print(known.key, &value, field)
            });
        self.write
            .moved
            .push(moved(line.mapped, to.other(), Some(source.print), shown));
    }

    /// Adds the id of the partner. Updating a side without the id field adds nothing: creating
    /// there is refused anyway, and all other writes can do without.
    pub(super) fn mark(&mut self, partner: &RecordId, known: &Known<'_>) {
        let to = self.write.to;
        let field = known.mapping.id_field_on(to);
        let exists = known.schema(to).field(field).is_some();
        if exists || self.write.action == Action::Created {
            let mark = Value::Text(known.mark(to, partner));
            self.write.fields.insert(field.clone(), mark);
            self.write.marks = true;
        }
    }

    /// The associations, as a write of their own, which comes after the other.
    pub(super) fn take_links(&mut self) -> Option<Write> {
        let fields = std::mem::take(&mut self.links);
        if fields.is_empty() {
            return None;
        }
        let is_link = |name: &FieldName| fields.contains_key(name);
        let (moved, rest) = std::mem::take(&mut self.write.moved)
            .into_iter()
            .partition(|one| is_link(&one.field));
        self.write.moved = rest;
        let (lost, rest) = std::mem::take(&mut self.write.lost)
            .into_iter()
            .partition(is_link);
        self.write.lost = rest;
        Some(Write {
            to: self.write.to,
            action: Action::Associated,
            id: self.write.id.clone(),
            fields,
            moved,
            lost,
            withheld: Vec::new(),
            replaced: std::mem::take(&mut self.replaced),
            marks: false,
        })
    }

    /// The write, when there is anything in it.
    pub(super) fn finish(mut self) -> Option<Write> {
        let values = self.write.fields.len() - usize::from(self.write.marks);
        if self.write.action == Action::Updated && values > 0 && self.empties {
            self.write.action = Action::Blanked;
        }
        Some(self.write).filter(|write| !write.fields.is_empty())
    }
}

/// The target's field. One that the target does not describe takes the source's shape, so that
/// `preflight` can refuse it by name.
fn target_field(line: &Line<'_>, to: Side, source: &Cell<'_>) -> Field {
    line.described(to).cloned().unwrap_or_else(|| Field {
        name: line.mapped.on(to).clone(),
        choices: Vec::new(),
        length: None,
        precision: None,
        scale: None,
        calculated: false,
        ..source.field.clone()
    })
}

/// The value under the names that `to` uses, where they differ.
fn translated(source: &Cell<'_>, to: Side, mapped: &FieldMapping) -> Option<Value> {
    let text = canonical(source.value, source.field);
    if mapped.domain && to == Side::HubSpot && !source.blank {
        return Some(Value::Text(host(&text)));
    }
    if mapped.values.is_empty() {
        return None;
    }
    let name = |option: &str| mapped.option_on(to, option).unwrap_or(option).to_owned();
    Some(match source.value {
        Value::Options(options) => {
            Value::Options(options.iter().map(|option| name(option)).collect())
        }
        Value::Text(_) => Value::Text(name(&text)),
        Value::Blank | Value::Number(_) | Value::Bool(_) | Value::Date(..) | Value::DateTime(_) => {
            return None;
        }
    })
}

/// The reference as `to` writes it, or why it cannot be written now.
fn reference(
    source: &Cell<'_>,
    to: Side,
    mapped: &FieldMapping,
    known: &Known<'_>,
) -> Result<Value, Carried> {
    if source.blank {
        return Ok(Value::Blank);
    }
    let text = canonical(source.value, source.field);
    match known.parents.find(mapped, to.other(), &text) {
        Some((key, Parent::Linked(id))) => Ok(Value::Text(parents::written(to, &key.object, id))),
        Some((key, Parent::Pending)) => Err(Carried::Waits(key.clone())),
        Some((_, Parent::Excluded)) | None => Err(Carried::Withheld),
    }
}

fn owner(
    source: &Cell<'_>,
    to: Side,
    target: &Field,
    known: &Known<'_>,
) -> Result<Value, RawFailure> {
    if source.blank {
        return Ok(Value::Blank);
    }
    let id = canonical(source.value, source.field);
    if let Some(partner) = known.owners.on(to, &id) {
        return Ok(Value::Text(partner.to_owned()));
    }
    let is_queue = to == Side::HubSpot && id.starts_with(QUEUE_PREFIX);
    let message = if is_queue {
        format!("{}: the owner is a queue, and {to} has none", target.label)
    } else {
        format!("{}: the owner has no counterpart in {to}", target.label)
    };
    let mut failure = RawFailure::ours(NO_PARTNER_OWNER, &target.name, message);
    failure.failure.facts.push(Fact::OwnerMatched(false));
    failure.value = Some(id);
    Err(failure)
}
