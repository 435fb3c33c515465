//! One object's fields: what stands already, and what a table says differently.

use std::collections::BTreeMap;

use super::super::mistakes::Unfit;
use super::super::reader::{Section, Spot};
use crate::domain::mapping::{FieldMapping, Rule};
use crate::domain::record::{FieldName, ObjectName};

/// What an association's name in HubSpot begins with: `associations.company`.
const ASSOCIATIONS: &str = "associations.";

const RULES: &[(&str, Rule)] = &[
    ("prefer-salesforce", Rule::PreferSalesforce),
    ("always-salesforce", Rule::AlwaysSalesforce),
    ("two-way", Rule::TwoWay),
    ("always-hubspot", Rule::AlwaysHubspot),
    ("off", Rule::Off),
];

/// A form of an object in Salesforce.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// The object itself.
    Own,
    /// The lead that a contact may be.
    Lead,
}

/// One property with its field in each form.
#[derive(Debug, Clone)]
pub(super) struct Line {
    hubspot: FieldName,
    salesforce: Option<FieldName>,
    lead: Option<FieldName>,
    rule: Rule,
    owner: bool,
    parents: Vec<ObjectName>,
    domain: bool,
    values: BTreeMap<String, String>,
}

impl Line {
    /// The mapping of the field in `form`, when it is in it.
    pub(super) fn of(&self, form: Form) -> Option<FieldMapping> {
        Some(FieldMapping {
            hubspot: self.hubspot.clone(),
            salesforce: self.name(form)?.clone(),
            rule: self.rule,
            owner: self.owner,
            parents: self.parents.clone(),
            domain: self.domain,
            values: self.values.clone(),
        })
    }

    /// The objects that the line is an association with.
    pub(super) fn parents(&self) -> impl Iterator<Item = &ObjectName> {
        self.parents.iter()
    }

    /// Leaves only the parents among `names`; false when the line has lost all it had.
    pub(super) fn keep_parents(&mut self, names: &[ObjectName]) -> bool {
        let had = !self.parents.is_empty();
        self.parents.retain(|parent| names.contains(parent));
        !had || !self.parents.is_empty()
    }

    fn name(&self, form: Form) -> Option<&FieldName> {
        match form {
            Form::Own => self.salesforce.as_ref(),
            Form::Lead => self.lead.as_ref(),
        }
    }
}

/// What one table of fields says.
pub(super) struct Change {
    pub(super) hubspot: Spot<FieldName>,
    pub(super) salesforce: Option<FieldName>,
    lead: Option<FieldName>,
    rule: Option<Rule>,
    owner: Option<bool>,
    pub(super) parents: Option<Vec<ObjectName>>,
    domain: Option<bool>,
    values: Option<BTreeMap<String, String>>,
    pub(super) at: u32,
}

/// Reads one table; `None` when it names no property.
pub(super) fn change(section: Section<'_>) -> Option<Change> {
    let hubspot = section.parsed("hubspot", field_name);
    section.require("hubspot", "add hubspot = the property's internal name");
    let salesforce = section.parsed("salesforce", field_name);
    let lead = section.parsed("lead", field_name);
    let rule = section.choice("rule", RULES);
    let owner = section.flag("owner");
    let domain = section.flag("domain");
    let parents = section.has("parents").then(|| {
        section.list("parents", |text| {
            ObjectName::parse(text)
                .map_err(|error| Unfit::new(error.to_string(), "name objects of this file"))
        })
    });
    let values = values(&section);
    let at = section.line;
    section.finish();
    let hubspot = hubspot?;
    let parents = parents.or_else(|| association(&hubspot));
    Some(Change {
        hubspot,
        salesforce: salesforce.map(|spot| spot.value),
        lead: lead.map(|spot| spot.value),
        rule,
        owner,
        parents,
        domain,
        values,
        at,
    })
}

/// The one object that an association's name says it is with.
fn association(hubspot: &Spot<FieldName>) -> Option<Vec<ObjectName>> {
    let object = hubspot.value.as_str().strip_prefix(ASSOCIATIONS)?;
    Some(vec![ObjectName::parse(object).ok()?])
}

/// The table of options, one partner each: two that share one could not both come back.
fn values(section: &Section<'_>) -> Option<BTreeMap<String, String>> {
    let mut values: BTreeMap<String, String> = BTreeMap::new();
    for (name, value, line) in section.texts("values")? {
        if let Some((other, _)) = values.iter().find(|(_, known)| known.as_str() == value) {
            section.note_at(
                line,
                &section.path_of("values"),
                format!("{other} and {name} both stand for {value:?}"),
                "give each option a partner of its own",
            );
        }
        values.insert(name.to_owned(), value.to_owned());
    }
    Some(values)
}

impl Change {
    /// The whole line, what is not said taken from `before`; `None` when no Salesforce field is
    /// named anywhere.
    pub(super) fn line(self, before: Option<&Line>) -> Option<Line> {
        let taken = |own: Option<FieldName>, form| {
            own.or_else(|| before.and_then(|line| line.name(form).cloned()))
        };
        let salesforce = taken(self.salesforce, Form::Own);
        let lead = taken(self.lead, Form::Lead);
        if salesforce.is_none() && lead.is_none() {
            return None;
        }
        let rule = self.rule.or(before.map(|line| line.rule));
        let owner = self.owner.or(before.map(|line| line.owner));
        let domain = self.domain.or(before.map(|line| line.domain));
        let parents = self.parents.or(before.map(|line| line.parents.clone()));
        let values = self.values.or(before.map(|line| line.values.clone()));
        Some(Line {
            hubspot: self.hubspot.value,
            salesforce,
            lead,
            rule: rule.unwrap_or(Rule::PreferSalesforce),
            owner: owner.unwrap_or(false),
            parents: parents.unwrap_or_default(),
            domain: domain.unwrap_or(false),
            values: values.unwrap_or_default(),
        })
    }

    /// Puts the line in its place among `lines`: a known property is replaced, rule `off` takes it
    /// out, and no two properties may write one Salesforce field.
    pub(super) fn apply(self, lines: &mut Vec<Line>, section: &Section<'_>) {
        let (at, key) = (self.at, self.hubspot.key.clone());
        let place = lines
            .iter()
            .position(|line| line.hubspot == self.hubspot.value);
        let is_off = self.rule == Some(Rule::Off);
        let Some(line) = self.line(place.map(|place| &lines[place])) else {
            if !is_off {
                section.note_at(
                    at,
                    &key,
                    "names no Salesforce field",
                    "add salesforce = the field's API name",
                );
            }
            return;
        };
        if let Some(place) = place {
            lines.remove(place);
        }
        if is_off {
            return;
        }
        match lines
            .iter()
            .find_map(|other| Some((other, clash(other, &line)?)))
        {
            Some((other, field)) => section.note_at(
                at,
                &key,
                format!(
                    "{} and {} would both write {field}",
                    other.hubspot, line.hubspot
                ),
                "give one of them the rule \"off\"",
            ),
            None => lines.insert(place.unwrap_or(lines.len()), line),
        }
    }
}

/// The field of some form that both lines would write.
fn clash(one: &Line, other: &Line) -> Option<FieldName> {
    [Form::Own, Form::Lead].into_iter().find_map(|form| {
        let field = other.name(form)?;
        same_name(one.name(form)?, field).then(|| field.clone())
    })
}

/// Neither side tells fields apart by case.
pub(super) fn same_name(one: &FieldName, other: &FieldName) -> bool {
    one.as_str().eq_ignore_ascii_case(other.as_str())
}

pub(super) fn field_name(text: &str) -> Result<FieldName, Unfit> {
    FieldName::parse(text)
        .map_err(|error| Unfit::new(error.to_string(), "write the API name, not the label"))
}
