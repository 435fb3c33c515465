//! A write while it is put together, field by field.

#![expect(
    clippy::result_large_err,
    reason = "a failure is journaled whole, and is rare: boxing it would only hide it"
)]

use crate::domain::convert::{canonical, convert, print};
use crate::domain::event::{Action, Moved, ValuePrint};
use crate::domain::failure::{Fact, RawFailure};
use crate::domain::mapping::FieldMapping;
use crate::domain::record::{Fields, Record, RecordId, Side, Value};
use crate::domain::schema::{Field, Kind};

use super::line::{Cell, Line};
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

/// A write to one side, begun.
pub(super) struct Draft {
    write: Write,
    empties: bool,
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
                marks: false,
            },
            empties: true,
        }
    }

    /// Adds the value that the side across shows.
    pub(super) fn carry(
        &mut self,
        line: &Line<'_>,
        lost: bool,
        known: &Known<'_>,
    ) -> Result<(), RawFailure> {
        let to = self.write.to;
        let Some(source) = line.cell(to.other()) else {
            return Ok(());
        };
        let target = target_field(line, to, source);
        let value = if line.mapped.owner {
            owner(source, to, &target, known)?
        } else {
            convert(source.value, source.field, &target)?
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
        self.empties &= canonical(&value, &target).is_empty();
        self.write.fields.insert(target.name, value);
        Ok(())
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
