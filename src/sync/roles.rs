//! Salesforce's half of associations with many: the records of a junction object, read with the
//! records that they tie, and made and taken away in batches.
//!
//! A junction's record has no id of ours, so that a lost answer could double it: it is made only
//! where the reading it was planned from shows none, and read again before anything else is done.

use std::collections::BTreeMap;

use super::associate::Fate;
use super::context::Context;
use super::cycle::Cycle;
use super::forms::{Form, Forms};
use super::gate::{Errand, Trouble};
use super::job::Job;
use crate::crm::Source;
use crate::crm::http::CallError;
use crate::crm::hubspot::LinkOutcome;
use crate::crm::salesforce::{Batch, BatchOperation, Query, Row, RowOutcome};
use crate::domain::call::{Lane, Operation};
use crate::domain::failure::RawFailure;
use crate::domain::mapping::{FieldMapping, Mapping};
use crate::domain::record::{
    FieldName, Fields, ObjectName, Record, RecordId, Side, Timestamp, Value,
};
use crate::domain::schema::{Field, Kind, ObjectSchema, Offer};
use crate::inbox::snapshot::Tie;

/// Codes of a record that is gone already: then what was to be taken away is not there any more.
const GONE: [&str; 2] = ["ENTITY_IS_DELETED", "NOT_FOUND"];

/// A junction object as it is read and written.
#[derive(Debug, Clone)]
pub(super) struct JunctionObject {
    /// Our name for it, under which it is kept where reading stands: `deal_contact`.
    pub(super) name: ObjectName,
    /// The lookup to the record whose associations these are.
    pub(super) here: FieldName,
    /// The lookup to the other end.
    pub(super) there: FieldName,
    /// The object at the other end, and the association whose half this is, by both sides' names.
    pub(super) other: ObjectName,
    pub(super) association: [FieldName; 2],
    schema: ObjectSchema,
    fields: Vec<FieldName>,
}

impl JunctionObject {
    /// Salesforce's half of a mapped association with many; `None` for any other field.
    pub(super) fn of(mapping: &Mapping, mapped: &FieldMapping) -> Option<Self> {
        let junction = mapped.junction()?;
        let other = mapped.parents.first()?;
        let here = FieldName::parse(&format!("{}Id", mapping.salesforce_type)).ok()?;
        let there = FieldName::parse(junction.field).ok()?;
        let fields = vec![here.clone(), there.clone()];
        let described = fields.iter().map(|name| (name.clone(), lookup(name)));
        let schema = ObjectSchema {
            side: Side::Salesforce,
            api_name: junction.object.to_owned(),
            key_prefix: None,
            creatable: true,
            updatable: true,
            read_at: Timestamp(0),
            whole_at: Timestamp(0),
            offer: Offer::default(),
            full: Vec::new(),
            modified: None,
            fields: described.collect(),
        };
        Some(Self {
            name: ObjectName::parse(&format!("{}_{other}", mapping.object)).ok()?,
            here,
            there,
            other: other.clone(),
            association: [mapped.hubspot.clone(), mapped.salesforce.clone()],
            schema,
            fields,
        })
    }

    /// Salesforce's halves of all mapped associations with many.
    pub(super) fn all_of(mapping: &Mapping) -> Vec<Self> {
        let of = |mapped| Self::of(mapping, mapped);
        mapping.junctions().filter_map(of).collect()
    }

    /// What a reading call wants to know of it.
    pub(super) fn source(&self) -> Source<'_> {
        Source {
            object: &self.name,
            schema: &self.schema,
            fields: &self.fields,
        }
    }

    /// The object itself.
    pub(super) fn schema(&self) -> &ObjectSchema {
        &self.schema
    }

    /// How ones with such ends are made: each of a load has another record at this end.
    pub(super) fn made(&self) -> BatchOperation {
        BatchOperation::Insert {
            told_by: self.here.clone(),
        }
    }

    /// One that ties these two.
    pub(super) fn row(&self, here: &str, there: &str) -> Row {
        let end = |id: &str| Value::Text(id.to_owned());
        Row {
            id: None,
            fields: Fields::from([
                (self.here.clone(), end(here)),
                (self.there.clone(), end(there)),
            ]),
        }
    }

    /// The ends of one of its records: of this one, and of the other.
    pub(super) fn ends(&self, record: &Record) -> Option<(RecordId, RecordId)> {
        let end = |name| RecordId::parse(record.fields.get(name)?.as_text()?).ok();
        Some((end(&self.here)?, end(&self.there)?))
    }
}

fn lookup(name: &FieldName) -> Field {
    Field {
        name: name.clone(),
        label: name.to_string(),
        kind: Kind::Reference,
        length: None,
        precision: None,
        scale: None,
        required: true,
        unique: false,
        key: false,
        creatable: true,
        updatable: true,
        restricted: false,
        calculated: false,
        choices: Vec::new(),
        controller: None,
        refers_to: Vec::new(),
    }
}

/// The junction's records by the record whose associations they are: the other end of each, and its
/// own id.
type Roles = BTreeMap<RecordId, Vec<(RecordId, RecordId)>>;

impl Context {
    /// Fills in with whom Salesforce records are associated, as far as that is mapped.
    pub(super) async fn add_roles<'r>(
        &self,
        forms: &Forms,
        records: impl Iterator<Item = &'r mut Record>,
        lane: Lane,
    ) -> Result<(), Trouble> {
        if !forms.has_junctions() {
            return Ok(());
        }
        let mut by_form: BTreeMap<usize, Vec<&mut Record>> = BTreeMap::new();
        for record in records {
            if record.key.side == Side::Salesforce && !record.deleted {
                let place = forms.place_of(Some(&record.key.id));
                by_form.entry(place).or_default().push(record);
            }
        }
        for (place, mut records) in by_form {
            let form = forms.at(place);
            let ids = records.iter().map(|record| record.key.id.clone());
            let ids: Vec<RecordId> = ids.collect();
            for mapped in form.mapping.junctions() {
                let roles = self.roles_of(forms, form, mapped, &ids, lane).await?;
                for record in &mut records {
                    let own = roles.get(&record.key.id).map_or(&[][..], Vec::as_slice);
                    show(record, mapped, own);
                }
            }
        }
        Ok(())
    }

    async fn roles_of(
        &self,
        forms: &Forms,
        form: &Form,
        mapped: &FieldMapping,
        ids: &[RecordId],
        lane: Lane,
    ) -> Result<Roles, Trouble> {
        let mut roles = Roles::new();
        let Some(junction) = JunctionObject::of(&form.mapping, mapped) else {
            return Ok(roles);
        };
        let (ahead, asked) = self.ties_ahead(forms, &junction, ids, lane).await?;
        for Tie { here, there, id } in ahead {
            roles.entry(here).or_default().push((there, id));
        }
        let values: Vec<String> = asked.iter().map(ToString::to_string).collect();
        let queries = Query::by_values(&junction.source(), &junction.here, &values);
        for role in self.query_all(forms, queries, asked.len(), lane).await? {
            if let Some((here, there)) = junction.ends(&role) {
                roles.entry(here).or_default().push((there, role.key.id));
            }
        }
        Ok(roles)
    }

    /// Makes and takes away what `jobs` say, up to a Composite's worth at a time.
    pub(super) async fn write_roles(
        &self,
        cycle: &Cycle<'_>,
        jobs: &[Job],
    ) -> anyhow::Result<Vec<Fate>> {
        let mut fates = vec![Fate::default(); jobs.len()];
        let mut groups: BTreeMap<(Lane, usize, usize), Vec<(usize, Step)>> = BTreeMap::new();
        for (place, job) in jobs.iter().enumerate() {
            let mapping = &cycle.forms.at(job.form).mapping;
            for (number, mapped) in mapping.junctions().enumerate() {
                for step in steps(job, mapped) {
                    let group = (job.attempt.lane, job.form, number);
                    groups.entry(group).or_default().push((place, step));
                }
            }
        }
        for ((lane, form, number), steps) in groups {
            let mapping = &cycle.forms.at(form).mapping;
            let junction = mapping.junctions().nth(number);
            let Some(junction) = junction.and_then(|mapped| JunctionObject::of(mapping, mapped))
            else {
                continue;
            };
            let (made, gone): (Vec<_>, Vec<_>) = steps
                .into_iter()
                .partition(|(_, step)| matches!(step, Step::Make(..)));
            let width = self.settings.bounds.collection.max(1);
            let parts = made.chunks(width).chain(gone.chunks(width));
            let mut open: Vec<Vec<(usize, Step)>> = parts.map(<[_]>::to_vec).collect();
            open.reverse();
            while !open.is_empty() {
                let most = self.settings.bounds.collections.max(1).min(open.len());
                let parts = open.split_off(open.len() - most);
                let again = self
                    .write_parts(cycle, lane, &junction, parts, &mut fates)
                    .await?;
                open.extend(again);
            }
        }
        Ok(fates)
    }

    /// One call; returns the parts that were refused whole, in halves.
    async fn write_parts(
        &self,
        cycle: &Cycle<'_>,
        lane: Lane,
        junction: &JunctionObject,
        parts: Vec<Vec<(usize, Step)>>,
        fates: &mut [Fate],
    ) -> anyhow::Result<Vec<Vec<(usize, Step)>>> {
        let carried = parts.iter().map(Vec::len).sum();
        let object = cycle.forms.object();
        let errand = Errand::new(Side::Salesforce, Operation::Write, lane, object, carried);
        let batches: Vec<Batch<'_>> = parts.iter().map(|part| batch(junction, part)).collect();
        let mut again = Vec::new();
        let mut refuse =
            |part: Vec<(usize, Step)>, failures: Vec<RawFailure>, fates: &mut [Fate]| {
                if let [(place, _)] = part.as_slice() {
                    fates[*place].note(LinkOutcome::Failed(failures));
                } else {
                    let (first, second) = part.split_at(part.len() / 2);
                    again.extend([first.to_vec(), second.to_vec()]);
                }
            };
        match self.call(&errand, || self.salesforce.write(&batches)).await {
            Ok(reply) => {
                for (part, answer) in parts.iter().zip(reply.value) {
                    match answer {
                        Ok(rows) => {
                            for ((place, step), row) in part.iter().zip(rows) {
                                fates[*place].note(step.outcome(row));
                            }
                        }
                        Err(failures) => refuse(part.clone(), failures, fates),
                    }
                }
            }
            Err(Trouble::Call(CallError::Rejected { failures, .. })) => {
                for part in &parts {
                    refuse(part.clone(), failures.clone(), fates);
                }
            }
            Err(Trouble::Store(error)) => return Err(error),
            Err(_) => {
                for (place, _) in parts.iter().flatten() {
                    fates[*place].note(LinkOutcome::Unmentioned);
                }
            }
        }
        Ok(again)
    }
}

/// What is done to one of the junction's records.
#[derive(Debug, Clone)]
enum Step {
    /// One between these two is made.
    Make(RecordId, String),
    /// This one is taken away.
    TakeAway(RecordId),
}

impl Step {
    fn outcome(&self, row: RowOutcome) -> LinkOutcome {
        let is_gone = |one: &RawFailure| GONE.contains(&one.failure.code.as_str());
        match (self, row) {
            (_, RowOutcome::Written { .. }) => LinkOutcome::Set,
            (Self::TakeAway(_), RowOutcome::Failed(failures)) if failures.iter().all(is_gone) => {
                LinkOutcome::Set
            }
            (_, RowOutcome::Failed(failures)) => LinkOutcome::Failed(failures),
        }
    }
}

/// The junction object in which a job makes one record, and does nothing else in Salesforce, and
/// the other end of that.
pub(super) fn only_made(job: &Job, mapping: &Mapping) -> Option<(JunctionObject, String)> {
    let mut made = None;
    for mapped in mapping.junctions() {
        for step in steps(job, mapped) {
            let (None, Step::Make(_, there)) = (&made, step) else {
                return None;
            };
            made = Some((JunctionObject::of(mapping, mapped)?, there));
        }
    }
    made
}

/// What a job's associations call for in one junction object.
fn steps(job: &Job, mapped: &FieldMapping) -> Vec<Step> {
    let write = &job.attempt.write;
    let Some(here) = &write.id else {
        return Vec::new();
    };
    let prefix = format!("{}.", mapped.hubspot);
    let mut steps = Vec::new();
    for (name, value) in &write.fields {
        if !name.as_str().starts_with(&prefix) {
            continue;
        }
        match (value, write.replaced.get(name)) {
            (Value::Text(there), _) => {
                steps.push(Step::Make(here.clone(), there.clone()));
            }
            (_, Some(Value::Options(roles))) => {
                let roles = roles.iter().filter_map(|id| RecordId::parse(id).ok());
                steps.extend(roles.map(Step::TakeAway));
            }
            (_, _) => (),
        }
    }
    steps
}

/// One part of a call: all of it makes, or all of it takes away.
fn batch<'j>(junction: &'j JunctionObject, part: &[(usize, Step)]) -> Batch<'j> {
    let row = |step: &Step| match step {
        Step::Make(here, there) => junction.row(here.as_str(), there),
        Step::TakeAway(id) => Row {
            id: Some(id.clone()),
            fields: Fields::new(),
        },
    };
    let makes = part.iter().any(|(_, step)| matches!(step, Step::Make(..)));
    Batch {
        schema: &junction.schema,
        operation: if makes {
            junction.made()
        } else {
            BatchOperation::Delete
        },
        rows: part.iter().map(|(_, step)| row(step)).collect(),
    }
}

/// Writes into a record with whom it is associated, and by which of the junction's records.
fn show(record: &mut Record, mapped: &FieldMapping, roles: &[(RecordId, RecordId)]) {
    let mut others: Vec<String> = roles.iter().map(|(there, _)| there.to_string()).collect();
    others.sort_unstable();
    others.dedup();
    let named = roles.iter().map(|(there, role)| format!("{there}/{role}"));
    if let Some(name) = mapped.roles_field() {
        record.fields.insert(name, Value::Options(named.collect()));
    }
    let name = mapped.salesforce.clone();
    record.fields.insert(name, Value::Options(others));
}
