//! Whether a mapping can work at all, judged by what both sides say about their objects.
//!
//! Knows schemas and mappings, no record and no value: what one value does to one field is
//! `preflight`. `check` and the daemon judge by this one function, so that what `check` lets pass is
//! what the daemon runs on.

mod fields;
mod nearest;
mod required;

use serde::Serialize;

use super::mapping::{FieldMapping, Mapping};
use super::record::{FieldName, ObjectName, Side};
use super::schema::{Field, ObjectSchema};

/// What a flaw does to the sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// Nothing of any object is written: a record could be doubled.
    Stops,
    /// The field is not kept in step, everything else of the object is.
    LeftOut,
    /// Every record that has a value there fails.
    Fails,
    /// Nothing new is made on that side; what is linked is kept in step.
    NoCreation,
    /// It can work, and with many values it does not.
    Doubtful,
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FlawKind {
    /// The field that carries the other side's id is not there, or cannot serve.
    IdField,
    /// The field that records are matched by is not there.
    MatchField,
    /// A mapped field is not there, or hidden from us.
    Missing,
    /// Computed by the side itself, or kept by it.
    ReadOnly,
    /// We are not let write it.
    NotPermitted,
    /// One type does not go into the other.
    Types,
    /// A lookup that is mapped like a plain value, or one that points elsewhere.
    Lookup,
    /// Two properties would write one field.
    Twice,
    /// A new record needs a value that nothing gives it.
    Required,
    /// We may not make or change records of the object.
    Object,
}

/// One thing that is wrong with a mapping, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Flaw {
    /// The form concerned: `contact`, `lead`.
    pub form: ObjectName,
    /// The side where it is wrong.
    pub side: Side,
    /// The field there, unless the object as a whole is meant.
    pub field: Option<FieldName>,
    /// What is wrong.
    pub kind: FlawKind,
    /// What that does to the sync.
    pub weight: Weight,
    /// The reason, a sentence without its full stop.
    pub says: String,
    /// The nearest choice that works, a sentence without its full stop.
    pub remedy: String,
}

/// A mapping beside what its two sides describe, and all that is kept in step with it.
pub(super) struct View<'a> {
    mapping: &'a Mapping,
    hubspot: &'a ObjectSchema,
    salesforce: &'a ObjectSchema,
    kept: &'a [Mapping],
}

/// Everything about `mapping` that cannot work between these two schemas, the worst first; `kept`
/// are all mappings, in whose order the first form of an object is what new records become.
pub fn flaws(
    mapping: &Mapping,
    hubspot: &ObjectSchema,
    salesforce: &ObjectSchema,
    kept: &[Mapping],
) -> Vec<Flaw> {
    let view = View {
        mapping,
        hubspot,
        salesforce,
        kept,
    };
    let mut flaws = view.id_fields();
    flaws.extend(view.match_fields());
    flaws.extend(view.objects());
    for mapped in &mapping.fields {
        flaws.extend(view.field(mapped));
    }
    flaws.extend(view.written_twice());
    flaws.extend(view.required());
    flaws.sort_by_key(|flaw| flaw.weight);
    flaws
}

impl View<'_> {
    fn schema(&self, side: Side) -> &ObjectSchema {
        match side {
            Side::HubSpot => self.hubspot,
            Side::Salesforce => self.salesforce,
        }
    }

    fn flaw(&self, side: Side, field: Option<&FieldName>, kind: FlawKind) -> Flaw {
        Flaw {
            form: self.mapping.name().clone(),
            side,
            field: field.cloned(),
            kind,
            weight: Weight::Fails,
            says: String::new(),
            remedy: String::new(),
        }
    }

    /// `Contact.Title`, `contacts.jobtitle`.
    fn place(&self, side: Side, field: &FieldName) -> String {
        format!("{}.{field}", self.mapping.type_on(side))
    }

    /// Whether values of the field go to `side`.
    fn writes(&self, mapped: &FieldMapping, side: Side) -> bool {
        mapped.rule.writes(side) && self.mapping.direction.allows(side)
    }

    /// Whether it is the form that new records become.
    fn is_first(&self) -> bool {
        let mut forms = self.kept.iter();
        let first = forms.find(|one| one.object == self.mapping.object);
        first.is_none_or(|first| first.name() == self.mapping.name())
    }

    fn id_fields(&self) -> Vec<Flaw> {
        Side::BOTH
            .into_iter()
            .filter_map(|side| self.id_field(side))
            .collect()
    }

    fn id_field(&self, side: Side) -> Option<Flaw> {
        let name = self.mapping.id_field_on(side);
        let place = self.place(side, name);
        let (says, remedy) = match self.schema(side).field(name) {
            None => (
                format!("{place} is not there, or hidden from us"),
                "make it with \"syncline check --create-fields\"",
            ),
            Some(field) if !finds_one(field) => (
                format!("{place} takes one value twice, so that it finds no record for certain"),
                match side {
                    Side::HubSpot => {
                        "HubSpot makes no property unique later: name a new one in \
                                      hubspot_id_field and make it with \"syncline check \
                                      --create-fields\""
                    }
                    Side::Salesforce => "tick External ID and Unique in its definition",
                },
            ),
            Some(field) if !field.creatable || !field.updatable => (
                format!("{place} may be read and not be written"),
                "let the integration user edit it: \"syncline check --create-fields\" does",
            ),
            Some(_) => return None,
        };
        let mut flaw = self.flaw(side, Some(name), FlawKind::IdField);
        (flaw.says, flaw.remedy) = (says, remedy.to_owned());
        flaw.weight = Weight::Stops;
        if may_lack_id_field(self.mapping, side) {
            flaw.weight = Weight::NoCreation;
            "tasks are kept in step once they are linked; where the org takes a unique field on \
             Activity, make it with \"syncline check --create-fields\""
                .clone_into(&mut flaw.remedy);
        }
        Some(flaw)
    }

    fn match_fields(&self) -> Vec<Flaw> {
        let Some(by) = &self.mapping.match_by else {
            return Vec::new();
        };
        let missing = |side: &Side| self.schema(*side).field(by.on(*side)).is_none();
        let sides = Side::BOTH.into_iter().filter(missing);
        sides
            .map(|side| {
                let name = by.on(side);
                let place = self.place(side, name);
                Flaw {
                    weight: Weight::Stops,
                    says: format!(
                        "{place}, by which records are matched, is not there, or hidden from us"
                    ),
                    remedy: "let us read it, or name another field in match_by".to_owned(),
                    ..self.flaw(side, Some(name), FlawKind::MatchField)
                }
            })
            .collect()
    }

    /// HubSpot says nothing of this in its schemas; Salesforce's describe does.
    fn objects(&self) -> Option<Flaw> {
        let (side, schema) = (Side::Salesforce, self.salesforce);
        let name = self.mapping.type_on(side);
        let writes = self.mapping.fields.iter().any(|one| self.writes(one, side));
        let makes = self.mapping.may_create(side) && self.is_first();
        let verb = match (makes && !schema.creatable, writes && !schema.updatable) {
            (true, true) => "make nor change",
            (true, false) => "make",
            (false, true) => "change",
            (false, false) => return None,
        };
        Some(Flaw {
            says: format!("we may not {verb} records of {name}"),
            remedy: format!(
                "give the integration user Create and Edit on {name}, or write direction = \
                 \"to-hubspot\""
            ),
            ..self.flaw(side, None, FlawKind::Object)
        })
    }

    /// The configuration refuses this as well, and sees only what stands in it.
    fn written_twice(&self) -> Vec<Flaw> {
        let side = Side::Salesforce;
        let written: Vec<&FieldMapping> = self
            .mapping
            .fields
            .iter()
            .filter(|one| self.writes(one, side))
            .collect();
        let same =
            |one: &FieldName, other: &FieldName| one.as_str().eq_ignore_ascii_case(other.as_str());
        let mut flaws = Vec::new();
        for (place, one) in written.iter().enumerate() {
            let mut before = written[..place].iter();
            if let Some(other) = before.find(|other| same(&other.salesforce, &one.salesforce)) {
                flaws.push(Flaw {
                    says: format!(
                        "{} and {} would both write {}",
                        other.hubspot,
                        one.hubspot,
                        self.place(side, &one.salesforce)
                    ),
                    remedy: "give one of them the rule \"always-salesforce\" or \"off\"".to_owned(),
                    ..self.flaw(side, Some(&one.salesforce), FlawKind::Twice)
                });
            }
        }
        flaws
    }
}

/// Whether a record is found for certain by the field, and never two of them.
pub fn finds_one(field: &Field) -> bool {
    field.key && field.unique
}

/// Not every org can have a unique field on tasks: without it nothing is created there.
fn may_lack_id_field(mapping: &Mapping, side: Side) -> bool {
    side == Side::Salesforce && mapping.salesforce_type == "Task"
}

/// Whether we may write the field at some time.
fn is_writable(field: &Field) -> bool {
    !field.calculated && (field.creatable || field.updatable)
}
