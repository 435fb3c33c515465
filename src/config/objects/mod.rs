//! The mapping of each object: what is standard, and what the configuration says differently.

mod fields;
mod selection;
mod standard;

use super::mistakes::{Mistakes, Unfit};
use super::reader::Section;
use crate::domain::mapping::{Creates, Deletions, Direction, FieldMapping, Mapping, OnFirstLink};
use crate::domain::record::{FieldName, ObjectName};
use fields::{Change, Form, Line, change, same_name};
use selection::condition;

const CREATES: &[(&str, Creates)] = &[
    ("both", Creates::Both),
    ("hubspot", Creates::Hubspot),
    ("salesforce", Creates::Salesforce),
    ("neither", Creates::Neither),
];

const DIRECTIONS: &[(&str, Direction)] = &[
    ("both", Direction::Both),
    ("to-salesforce", Direction::ToSalesforce),
    ("to-hubspot", Direction::ToHubspot),
];

const DELETIONS: &[(&str, Deletions)] = &[
    ("ignore", Deletions::Ignore),
    ("archive", Deletions::Archive),
];

/// An object as it is kept in step, before it is parted into its forms.
#[derive(Debug, Clone)]
struct Shape {
    object: ObjectName,
    hubspot_type: String,
    salesforce_type: String,
    /// Salesforce's other type for it: the lead that becomes a contact.
    lead_type: Option<String>,
    match_by: Option<Line>,
    hubspot_id_field: FieldName,
    salesforce_id_field: FieldName,
    former_id: Option<FieldName>,
    lead_former_id: Option<FieldName>,
    creates: Creates,
    direction: Direction,
    deletions: Deletions,
    list: Option<String>,
    condition: Option<String>,
    lead_condition: Option<String>,
    /// What a new HubSpot record becomes.
    first: Form,
    lines: Vec<Line>,
}

impl Shape {
    /// One mapping for each form, that of new records first.
    fn mappings(&self, on_first_link: OnFirstLink) -> Vec<Mapping> {
        let own = Some((Form::Own, &self.salesforce_type));
        let lead = self.lead_type.as_ref().map(|name| (Form::Lead, name));
        let forms = if self.first == Form::Lead {
            [lead, own]
        } else {
            [own, lead]
        };
        let forms = forms.into_iter().flatten();
        forms
            .map(|(form, salesforce_type)| Mapping {
                object: self.object.clone(),
                form: (form == Form::Lead)
                    .then(|| ObjectName::parse("lead").ok())
                    .flatten(),
                hubspot_type: self.hubspot_type.clone(),
                salesforce_type: salesforce_type.clone(),
                match_by: self.match_by.as_ref().and_then(|line| line.of(form)),
                hubspot_id_field: self.hubspot_id_field.clone(),
                salesforce_id_field: self.salesforce_id_field.clone(),
                former_id: match form {
                    Form::Own => self.former_id.clone(),
                    Form::Lead => self.lead_former_id.clone(),
                },
                creates: self.creates,
                direction: self.direction,
                deletions: self.deletions,
                list: self.list.clone(),
                condition: match form {
                    Form::Own => self.condition.clone(),
                    Form::Lead => self.lead_condition.clone(),
                },
                on_first_link,
                fields: self.lines.iter().filter_map(|line| line.of(form)).collect(),
            })
            .collect()
    }
}

/// The standard mapping of `object`, in its first form, as it is when nothing else is kept in step;
/// `None` for one that has none.
pub fn standard_mapping(object: &ObjectName) -> Option<Result<Mapping, Mistakes>> {
    let alone = std::slice::from_ref(object);
    let first = |mut shape: Shape| {
        forget_absent_parents(&mut shape, alone);
        shape.mappings(OnFirstLink::default()).swap_remove(0)
    };
    Some(standard::shape(object)?.map(first))
}

/// The standard mapping of `object` in each of its forms, with all its associations; `None` for one
/// that has none.
pub fn standard_forms(object: &ObjectName) -> Option<Result<Vec<Mapping>, Mistakes>> {
    let shape = standard::shape(object)?;
    Some(shape.map(|shape| shape.mappings(OnFirstLink::default())))
}

/// Reads `[objects]`: each name in it is an object kept in step. Parents come before children, the
/// forms of one object one after the other.
pub(super) fn objects(root: &Section<'_>, on_first_link: OnFirstLink) -> Vec<Mapping> {
    let section = root.section("objects");
    if section.names().is_empty() {
        root.require(
            "objects",
            "name what is kept in step: add [objects.contact]",
        );
    }
    let mut shapes = Vec::new();
    let names: Vec<ObjectName> = section
        .names()
        .iter()
        .filter_map(|(name, _)| ObjectName::parse(name).ok())
        .collect();
    for (name, _) in section.names() {
        let Ok(object) = ObjectName::parse(name) else {
            section.note(
                name,
                "is no object name",
                "use lower-case letters, digits and underscores",
            );
            continue;
        };
        let table = section.named(name);
        match standard::shape(&object) {
            Some(Ok(shape)) => shapes.push(differing(table, shape, &names)),
            Some(Err(mistakes)) => section.note(name, mistakes.to_string(), "report this as a bug"),
            None => shapes.extend(custom(table, &object, &names)),
        }
    }
    for shape in &mut shapes {
        forget_absent_parents(shape, &names);
    }
    let shapes = parents_first(shapes).into_iter();
    shapes
        .flat_map(|shape| shape.mappings(on_first_link))
        .collect()
}

/// An object that people describe themselves, as a whole.
fn custom(section: Section<'_>, object: &ObjectName, names: &[ObjectName]) -> Option<Shape> {
    if !section.has("hubspot_type") && !section.has("salesforce_type") {
        let known: Vec<&str> = standard::names().collect();
        section.note(
            "hubspot_type",
            format!("{object} has no standard mapping"),
            format!(
                "write hubspot_type and salesforce_type, or use one of {}",
                known.join(", ")
            ),
        );
        return None;
    }
    let shape = standard::head(object, &section)?;
    Some(differing(section, shape, names))
}

/// The shape with what the configuration says differently.
fn differing(section: Section<'_>, mut shape: Shape, names: &[ObjectName]) -> Shape {
    if shape.lead_type.is_some() {
        forms(&section, &mut shape);
        if section.has("lead_former_id") {
            shape.lead_former_id = section.parsed_or_off("lead_former_id", fields::field_name);
        }
    }
    if section.has("former_id") {
        shape.former_id = section.parsed_or_off("former_id", fields::field_name);
    }
    shape.creates = section.choice("creates", CREATES).unwrap_or(shape.creates);
    let direction = section.choice("direction", DIRECTIONS);
    shape.direction = direction.unwrap_or(shape.direction);
    let deletions = section.choice("deletions", DELETIONS);
    shape.deletions = deletions.unwrap_or(shape.deletions);
    shape.list = section.text("list").map(|spot| spot.value.to_owned());
    shape.condition = section
        .parsed("condition", condition)
        .map(|spot| spot.value);
    let changes: Vec<Change> = section
        .sections("fields")
        .into_iter()
        .filter_map(change)
        .collect();
    for (place, change) in changes.iter().enumerate() {
        note_reserved(&section, &shape, change);
        note_twice(&section, &changes[..place], change);
        note_parents(&section, change, names);
    }
    for change in changes {
        change.apply(&mut shape.lines, &section);
    }
    section.finish();
    shape
}

/// Reads what new records become, and whether leads are kept in step at all.
fn forms(section: &Section<'_>, shape: &mut Shape) {
    let leads = section.flag("leads").unwrap_or(true);
    let lead_type = shape.lead_type.clone().filter(|_| leads);
    let first = section.parsed("create_as", |text| {
        if text == shape.salesforce_type {
            Ok(Form::Own)
        } else if lead_type.as_deref() == Some(text) {
            Ok(Form::Lead)
        } else if shape.lead_type.as_deref() == Some(text) {
            Err(Unfit::new(
                format!("no {text} can be created with leads = false"),
                format!("write create_as = \"{}\"", shape.salesforce_type),
            ))
        } else {
            let lead = shape.lead_type.as_deref().unwrap_or_default();
            Err(Unfit::new(
                format!("is {} or {lead}, not {text:?}", shape.salesforce_type),
                format!(
                    "write create_as = \"{}\" or leave it out",
                    shape.salesforce_type
                ),
            ))
        }
    });
    let leads_condition = section.parsed("lead_condition", condition);
    if leads_condition.is_some() && !leads {
        section.note(
            "lead_condition",
            "says which leads are kept in step, and with leads = false none are",
            "remove it, or leads = false",
        );
    }
    shape.lead_condition = leads_condition.map(|spot| spot.value);
    shape.first = first.map_or(Form::Own, |spot| spot.value);
    shape.lead_type = lead_type;
}

/// An association with an object that is not kept in step cannot be carried.
fn forget_absent_parents(shape: &mut Shape, names: &[ObjectName]) {
    shape.lines.retain_mut(|line| line.keep_parents(names));
}

fn parents_first(mut shapes: Vec<Shape>) -> Vec<Shape> {
    let place = |shape: &Shape| {
        let known = standard::names().position(|name| name == shape.object.as_str());
        known.unwrap_or(usize::MAX)
    };
    shapes.sort_by_key(place);
    let mut sorted: Vec<Shape> = Vec::with_capacity(shapes.len());
    while !shapes.is_empty() {
        let is_free = |shape: &Shape| {
            let mut parents = shape.lines.iter().flat_map(Line::parents);
            parents.all(|parent| {
                *parent == shape.object || sorted.iter().any(|one| one.object == *parent)
            })
        };
        // Objects that are each other's parents have no order: the first of them begins.
        let next = shapes.iter().position(is_free).unwrap_or(0);
        sorted.push(shapes.remove(next));
    }
    sorted
}

fn note_parents(section: &Section<'_>, change: &Change, names: &[ObjectName]) {
    let absent = |parent: &&ObjectName| !names.contains(parent);
    if let Some(parent) = change.parents.iter().flatten().find(absent) {
        section.note_at(
            change.at,
            &change.hubspot.key,
            format!("{parent} is not kept in step, so nothing can be associated with it"),
            format!("add [objects.{parent}], or remove this table"),
        );
    }
}

/// Of two tables about one property the last would win without a word.
fn note_twice(section: &Section<'_>, before: &[Change], change: &Change) {
    let name = &change.hubspot.value;
    let same = |other: &&Change| other.hubspot.value == *name;
    if let Some(other) = before.iter().find(same) {
        section.note_at(
            change.at,
            &change.hubspot.key,
            format!("{name} has a table already, at line {}", other.at),
            "join the two tables",
        );
    }
}

/// Fields that Syncline itself lives by cannot be mapped to something else.
fn note_reserved(section: &Section<'_>, shape: &Shape, change: &Change) {
    let is_id = same_name(&change.hubspot.value, &shape.hubspot_id_field)
        || change
            .salesforce
            .as_ref()
            .is_some_and(|name| same_name(name, &shape.salesforce_id_field));
    if is_id {
        section.note_at(
            change.at,
            &change.hubspot.key,
            "carries the other side's id and is written by Syncline alone",
            "remove this table",
        );
    }
    let match_by = shape.match_by.as_ref().and_then(|line| line.of(Form::Own));
    let Some(FieldMapping {
        hubspot,
        salesforce,
        ..
    }) = match_by
    else {
        return;
    };
    let moved = change
        .salesforce
        .as_ref()
        .is_some_and(|name| !same_name(name, &salesforce));
    if change.hubspot.value == hubspot && moved {
        section.note_at(
            change.at,
            &change.hubspot.key,
            format!("records are matched by {hubspot} and {salesforce}"),
            format!("write salesforce = \"{salesforce}\" or leave it out"),
        );
    }
}
