//! The standard mappings, built into the program from `config/objects/`.

use toml::Spanned;
use toml::de::DeTable;

use super::fields::{self, Form, Line};
use super::{CREATES, Shape};
use crate::config::mend::mend;
use crate::config::mistakes::Mistakes;
use crate::config::reader::{Notes, Section, Spot};
use crate::domain::mapping::{Creates, Deletions, Direction};
use crate::domain::record::ObjectName;

/// By object, parents before children.
const STANDARD: &[(&str, &str)] = &[
    (
        "company",
        include_str!("../../../config/objects/company.toml"),
    ),
    (
        "contact",
        include_str!("../../../config/objects/contact.toml"),
    ),
    ("deal", include_str!("../../../config/objects/deal.toml")),
    ("task", include_str!("../../../config/objects/task.toml")),
];

/// The names of the objects that have a standard mapping.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    STANDARD.iter().map(|(name, _)| *name)
}

/// The standard shape of `object`; `None` for one that people describe themselves.
pub(super) fn shape(object: &ObjectName) -> Option<Result<Shape, Mistakes>> {
    let (_, text) = STANDARD.iter().find(|(name, _)| *name == object.as_str())?;
    let file = format!("{object}.toml (built in)");
    let (mended, errors) = mend(text);
    let notes = Notes::new(&file, text, &errors);
    let document = DeTable::parse(&mended).ok();
    let root = Section::root(&notes, document.as_ref().map(Spanned::get_ref));
    let shape = read(object, root);
    Some(notes.conclude(shape))
}

fn read(object: &ObjectName, root: Section<'_>) -> Option<Shape> {
    let shape = head(object, &root);
    let creates = root.choice("creates", CREATES);
    let lead_type = root.text("lead_type");
    let former_id = root.parsed("former_id", fields::field_name);
    let lead_former_id = root.parsed("lead_former_id", fields::field_name);
    let mut lines: Vec<Line> = Vec::new();
    for section in root.sections("fields") {
        if let Some(change) = fields::change(section) {
            change.apply(&mut lines, &root);
        }
    }
    root.finish();
    let shape = shape?;
    Some(Shape {
        former_id: former_id.map(|spot| spot.value),
        lead_former_id: lead_former_id.map(|spot| spot.value),
        lead_type: lead_type.map(|spot| spot.value.to_owned()),
        creates: creates.unwrap_or(shape.creates),
        lines,
        ..shape
    })
}

/// Reads the keys that say what an object is on both sides: a custom one has them in the
/// configuration.
pub(super) fn head(object: &ObjectName, root: &Section<'_>) -> Option<Shape> {
    let hubspot_type = root.text("hubspot_type");
    let salesforce_type = root.text("salesforce_type");
    for key in ["hubspot_type", "salesforce_type"] {
        root.require(key, "every object has one");
    }
    let hubspot_id_field = root.parsed("hubspot_id_field", fields::field_name);
    let salesforce_id_field = root.parsed("salesforce_id_field", fields::field_name);
    let match_by = root.section("match_by");
    let match_by = match_by
        .is_given()
        .then(|| fields::change(match_by))
        .flatten();
    let id_field = |spot: Option<Spot<_>>, standard| {
        spot.map(|spot| spot.value)
            .or_else(|| fields::field_name(standard).ok())
    };
    Some(Shape {
        object: object.clone(),
        hubspot_type: hubspot_type?.value.to_owned(),
        salesforce_type: salesforce_type?.value.to_owned(),
        lead_type: None,
        match_by: match_by.and_then(|change| change.line(None)),
        hubspot_id_field: id_field(hubspot_id_field, "syncline_salesforce_id")?,
        salesforce_id_field: id_field(salesforce_id_field, "Syncline_HubSpot_Id__c")?,
        former_id: None,
        lead_former_id: None,
        creates: Creates::default(),
        direction: Direction::default(),
        deletions: Deletions::default(),
        list: None,
        condition: None,
        lead_condition: None,
        first: Form::Own,
        lines: Vec::new(),
    })
}
