//! One object with all that is described of it: in HubSpot one type, in Salesforce one or two.

use super::context::{Context, Schemas};
use super::heirs::Succession;
use crate::crm::Source;
use crate::domain::fitness;
use crate::domain::mapping::{Creates, FieldMapping, Mapping};
use crate::domain::record::{FieldName, ObjectName, PairIds, Record, RecordId, Side};
use crate::domain::schema::ObjectSchema;

/// Characters of a Salesforce id that say whose it is (salesforce.md §2.4).
const PREFIX_CHARS: usize = 3;

/// One form of an object, with its two schemas.
#[derive(Debug, Clone)]
pub(super) struct Form {
    pub(super) mapping: Mapping,
    pub(super) schemas: Schemas,
}

impl Form {
    /// What a reading call on `side` wants to know.
    pub(super) fn source<'a>(&'a self, side: Side, fields: &'a [FieldName]) -> Source<'a> {
        self.schemas.source(&self.mapping, side, fields)
    }

    /// Every field to read on `side`, and those that say what took a record's place.
    pub(super) fn fields(&self, side: Side) -> Vec<FieldName> {
        let mut fields = self.mapping.fields_on(side);
        fields.extend(Succession::fields(side));
        fields.extend(self.former_id().filter(|_| side == Side::HubSpot).cloned());
        fields
    }

    /// The property in which HubSpot's own integration left the ids of this form, where the portal
    /// has it.
    pub(super) fn former_id(&self) -> Option<&FieldName> {
        let name = self.mapping.former_id.as_ref()?;
        self.schemas.hubspot.field(name).map(|_| name)
    }

    /// Whether records of `side` can carry the other side's id.
    pub(super) fn takes_marks(&self, side: Side) -> bool {
        let field = self.mapping.id_field_on(side);
        self.schemas.on(side).field(field).is_some()
    }

    fn is_of(&self, id: &RecordId) -> bool {
        let prefix = &self.schemas.salesforce.key_prefix;
        prefix
            .as_deref()
            .is_some_and(|prefix| id.as_str().get(..PREFIX_CHARS) == Some(prefix))
    }
}

/// An object's forms; there is at least one.
#[derive(Debug, Clone)]
pub(super) struct Forms {
    /// What a new HubSpot record becomes.
    pub(super) first: Form,
    others: Vec<Form>,
}

impl Forms {
    /// Our name for the object.
    pub(super) fn object(&self) -> &ObjectName {
        &self.first.mapping.object
    }

    /// Every form, that of new records first.
    pub(super) fn all(&self) -> impl Iterator<Item = &Form> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// The place of the form that a Salesforce record has, by its id.
    pub(super) fn place_of(&self, id: Option<&RecordId>) -> usize {
        let of = |id: &RecordId| self.all().position(|form| form.is_of(id));
        id.and_then(of).unwrap_or(0)
    }

    /// Whether a Salesforce record can be of this object, by its id.
    pub(super) fn knows(&self, id: &RecordId) -> bool {
        let unknown = |form: &Form| form.schemas.salesforce.key_prefix.is_none();
        self.all().any(|form| unknown(form) || form.is_of(id))
    }

    /// The form at a place.
    pub(super) fn at(&self, place: usize) -> &Form {
        self.all().nth(place).unwrap_or(&self.first)
    }

    /// The mapping that a record has: a HubSpot record alone has that of the form it would become.
    pub(super) fn mapping_of(&self, record: &Record) -> &Mapping {
        let id = Some(&record.key.id).filter(|_| record.key.side == Side::Salesforce);
        &self.at(self.place_of(id)).mapping
    }

    /// The form that a pair has, by its Salesforce half.
    pub(super) fn of(&self, ids: &PairIds) -> &Form {
        self.at(self.place_of(ids.salesforce.as_ref()))
    }

    /// HubSpot's properties of all forms: associations are read apart.
    pub(super) fn properties(&self) -> Vec<FieldName> {
        let mut names: Vec<FieldName> = self
            .all()
            .flat_map(|form| form.fields(Side::HubSpot))
            .collect();
        names.retain(|name| !self.associations().any(|mapped| mapped.hubspot == *name));
        names.sort();
        names.dedup();
        names
    }

    /// The associations of all forms; the same one may come twice.
    pub(super) fn associations(&self) -> impl Iterator<Item = &FieldMapping> {
        let fields = self.all().flat_map(|form| &form.mapping.fields);
        fields.filter(|mapped| mapped.is_association())
    }

    /// Whether records at the other end of any association are records of a junction object.
    pub(super) fn has_junctions(&self) -> bool {
        self.all()
            .any(|form| form.mapping.junctions().next().is_some())
    }

    /// Whether new records may be created on `side`.
    pub(super) fn creates(&self, side: Side) -> bool {
        self.first.mapping.may_create(side)
    }
}

impl Context {
    /// The object of these forms; `None` until every one of them is described.
    pub(super) fn forms(&self, mappings: &[Mapping]) -> Option<Forms> {
        let form = |mapping: &Mapping| {
            let schemas = self.schemas(mapping.name())?;
            let mapping = without_blind_creations(mapping.clone(), &schemas.salesforce);
            Some(Form { mapping, schemas })
        };
        let mut all = mappings.iter().map(form);
        let first = all.next()??;
        let others = all.collect::<Option<Vec<Form>>>()?;
        Some(Forms { first, others })
    }
}

/// Without a unique id field in Salesforce nothing may be created there: a lost answer could double
/// it. Objects that cannot do without one are stopped as a whole before.
fn without_blind_creations(mut mapping: Mapping, salesforce: &ObjectSchema) -> Mapping {
    let field = salesforce.field(&mapping.salesforce_id_field);
    if !field.is_some_and(fitness::finds_one) {
        mapping.creates = match mapping.creates {
            Creates::Both | Creates::Hubspot => Creates::Hubspot,
            Creates::Salesforce | Creates::Neither => Creates::Neither,
        };
    }
    mapping
}
