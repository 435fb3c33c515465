//! The mapping of each object: what is standard, and what the configuration says differently.

use super::mend::mend;
use super::mistakes::{Mistakes, Unfit};
use super::reader::{Notes, Section, Spot};
use toml::Spanned;
use toml::de::DeTable;

use crate::domain::mapping::{Creates, FieldMapping, Mapping, OnFirstLink, Rule};
use crate::domain::record::{FieldName, ObjectName};

/// The standard mappings, by object.
const STANDARD: &[(&str, &str)] = &[("contact", include_str!("../../config/objects/contact.toml"))];

const RULES: &[(&str, Rule)] = &[
    ("prefer-salesforce", Rule::PreferSalesforce),
    ("always-salesforce", Rule::AlwaysSalesforce),
    ("two-way", Rule::TwoWay),
    ("always-hubspot", Rule::AlwaysHubspot),
    ("off", Rule::Off),
];

const CREATES: &[(&str, Creates)] = &[
    ("both", Creates::Both),
    ("hubspot", Creates::Hubspot),
    ("salesforce", Creates::Salesforce),
    ("neither", Creates::Neither),
];

/// The standard mapping of `object`; `None` for an object that this version does not sync.
pub fn standard_mapping(object: &ObjectName) -> Option<Result<Mapping, Mistakes>> {
    let (_, text) = STANDARD.iter().find(|(name, _)| *name == object.as_str())?;
    let file = format!("{object}.toml (built in)");
    let (mended, errors) = mend(text);
    let notes = Notes::new(&file, text, &errors);
    let document = DeTable::parse(&mended).ok();
    let root = Section::root(&notes, document.as_ref().map(Spanned::get_ref));
    let mapping = read_standard(object, root);
    Some(notes.conclude(mapping))
}

fn read_standard(object: &ObjectName, root: Section<'_>) -> Option<Mapping> {
    let hubspot_type = root.text("hubspot_type");
    let salesforce_type = root.text("salesforce_type");
    let hubspot_id_field = root.parsed("hubspot_id_field", field_name);
    let salesforce_id_field = root.parsed("salesforce_id_field", field_name);
    for key in [
        "hubspot_type",
        "salesforce_type",
        "hubspot_id_field",
        "salesforce_id_field",
    ] {
        root.require(key, "every object has one");
    }
    let creates = root.choice("creates", CREATES).unwrap_or_default();
    let match_by = root.section("match_by");
    let match_by = match_by.is_given().then(|| change(match_by)).flatten();
    let mut fields = Vec::new();
    for section in root.sections("fields") {
        if let Some(change) = change(section) {
            change.apply(&mut fields, &root);
        }
    }
    root.finish();
    Some(Mapping {
        object: object.clone(),
        hubspot_type: hubspot_type?.value.to_owned(),
        salesforce_type: salesforce_type?.value.to_owned(),
        match_by: match_by.and_then(|change| change.field(None)),
        hubspot_id_field: hubspot_id_field?.value,
        salesforce_id_field: salesforce_id_field?.value,
        creates,
        on_first_link: OnFirstLink::default(),
        fields,
    })
}

/// Reads `[objects]`: each name in it is an object kept in step.
pub(super) fn objects(root: &Section<'_>, on_first_link: OnFirstLink) -> Vec<Mapping> {
    let section = root.section("objects");
    if section.names().is_empty() {
        root.require(
            "objects",
            "name what is kept in step: add [objects.contact]",
        );
    }
    let mut mappings = Vec::new();
    for (name, _) in section.names() {
        let standard = ObjectName::parse(name)
            .ok()
            .and_then(|object| standard_mapping(&object));
        match standard {
            Some(Ok(standard)) => {
                mappings.push(differing(section.named(name), standard, on_first_link));
            }
            Some(Err(mistakes)) => section.note(name, mistakes.to_string(), "report this as a bug"),
            None => section.note(
                name,
                "only contact is synced by this version",
                "remove the table; companies, deals, tasks and custom objects are not synced yet",
            ),
        }
    }
    mappings
}

/// The standard mapping with what the configuration says differently.
fn differing(section: Section<'_>, standard: Mapping, on_first_link: OnFirstLink) -> Mapping {
    section.parsed("create_as", |text| {
        if text == standard.salesforce_type {
            Ok(())
        } else {
            Err(Unfit::new(
                format!(
                    "leads are not synced by this version: a new HubSpot contact becomes a {}",
                    standard.salesforce_type
                ),
                format!(
                    "write create_as = \"{}\" or leave it out",
                    standard.salesforce_type
                ),
            ))
        }
    });
    let creates = section
        .choice("creates", CREATES)
        .unwrap_or(standard.creates);
    let mut mapping = Mapping {
        creates,
        on_first_link,
        ..standard
    };
    let changes: Vec<Change> = section
        .sections("fields")
        .into_iter()
        .filter_map(change)
        .collect();
    for (place, change) in changes.iter().enumerate() {
        note_reserved(&section, &mapping, change);
        note_twice(&section, &changes[..place], change);
    }
    for change in changes {
        change.apply(&mut mapping.fields, &section);
    }
    section.finish();
    mapping
}

/// What one table of fields says.
struct Change {
    hubspot: Spot<FieldName>,
    salesforce: Option<FieldName>,
    rule: Option<Rule>,
    owner: Option<bool>,
    line: u32,
}

fn change(section: Section<'_>) -> Option<Change> {
    let hubspot = section.parsed("hubspot", field_name);
    section.require("hubspot", "add hubspot = the property's internal name");
    let salesforce = section.parsed("salesforce", field_name);
    let rule = section.choice("rule", RULES);
    let owner = section.flag("owner");
    let line = section.line;
    section.finish();
    Some(Change {
        hubspot: hubspot?,
        salesforce: salesforce.map(|spot| spot.value),
        rule,
        owner,
        line,
    })
}

impl Change {
    /// The whole mapping of the field, what is not said taken from `before`; `None` when no
    /// Salesforce field is named anywhere.
    fn field(self, before: Option<&FieldMapping>) -> Option<FieldMapping> {
        let salesforce = self
            .salesforce
            .or_else(|| before.map(|field| field.salesforce.clone()))?;
        let rule = self.rule.or(before.map(|field| field.rule));
        let owner = self.owner.or(before.map(|field| field.owner));
        Some(FieldMapping {
            hubspot: self.hubspot.value,
            salesforce,
            rule: rule.unwrap_or(Rule::PreferSalesforce),
            owner: owner.unwrap_or(false),
        })
    }

    /// Puts the field in its place among `fields`: a known property is replaced, rule `off` takes
    /// it out, and no two properties may write one Salesforce field.
    fn apply(self, fields: &mut Vec<FieldMapping>, section: &Section<'_>) {
        let (line, key) = (self.line, self.hubspot.key.clone());
        let place = fields
            .iter()
            .position(|field| field.hubspot == self.hubspot.value);
        let is_off = self.rule == Some(Rule::Off);
        let Some(field) = self.field(place.map(|place| &fields[place])) else {
            if !is_off {
                section.note_at(
                    line,
                    &key,
                    "names no Salesforce field",
                    "add salesforce = the field's API name",
                );
            }
            return;
        };
        if let Some(place) = place {
            fields.remove(place);
        }
        if is_off {
            return;
        }
        match fields
            .iter()
            .find(|other| same_name(&other.salesforce, &field.salesforce))
        {
            Some(other) => section.note_at(
                line,
                &key,
                format!(
                    "{} and {} would both write {}",
                    other.hubspot, field.hubspot, field.salesforce
                ),
                "give one of them the rule \"off\"",
            ),
            None => fields.insert(place.unwrap_or(fields.len()), field),
        }
    }
}

/// Of two tables about one property the last would win without a word.
fn note_twice(section: &Section<'_>, before: &[Change], change: &Change) {
    let name = &change.hubspot.value;
    let same = |other: &&Change| other.hubspot.value == *name;
    if let Some(other) = before.iter().find(same) {
        section.note_at(
            change.line,
            &change.hubspot.key,
            format!("{name} has a table already, at line {}", other.line),
            "join the two tables",
        );
    }
}

/// Fields that Syncline itself lives by cannot be mapped to something else.
fn note_reserved(section: &Section<'_>, mapping: &Mapping, change: &Change) {
    let is_id = same_name(&change.hubspot.value, &mapping.hubspot_id_field)
        || change
            .salesforce
            .as_ref()
            .is_some_and(|name| same_name(name, &mapping.salesforce_id_field));
    if is_id {
        section.note_at(
            change.line,
            &change.hubspot.key,
            "carries the other side's id and is written by Syncline alone",
            "remove this table",
        );
    }
    let Some(match_by) = &mapping.match_by else {
        return;
    };
    let moved = change
        .salesforce
        .as_ref()
        .is_some_and(|name| !same_name(name, &match_by.salesforce));
    if change.hubspot.value == match_by.hubspot && moved {
        section.note_at(
            change.line,
            &change.hubspot.key,
            format!(
                "records are matched by {} and {}",
                match_by.hubspot, match_by.salesforce
            ),
            format!(
                "write salesforce = \"{}\" or leave it out",
                match_by.salesforce
            ),
        );
    }
}

/// Neither side tells fields apart by case.
fn same_name(one: &FieldName, other: &FieldName) -> bool {
    one.as_str().eq_ignore_ascii_case(other.as_str())
}

fn field_name(text: &str) -> Result<FieldName, Unfit> {
    FieldName::parse(text)
        .map_err(|error| Unfit::new(error.to_string(), "write the API name, not the label"))
}
