//! `syncline mapping show`: one table an object, or configuration that makes the same mapping.

use serde::Serialize;

use super::table::Table;
use crate::domain::mapping::{Creates, FieldMapping, Mapping, OnFirstLink, Rule};
use crate::domain::record::{FieldName, ObjectName};

/// Where a field's mapping comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// It is built in.
    Standard,
    /// The configuration says so.
    Configuration,
}

/// One field as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Field {
    /// HubSpot's property.
    pub hubspot: FieldName,
    /// Salesforce's field.
    pub salesforce: FieldName,
    /// Who wins.
    pub rule: Rule,
    /// Whether it is a user on either side.
    pub owner: bool,
    /// Where it comes from.
    pub from: Origin,
}

impl Field {
    /// The field as mapped.
    pub fn new(field: &FieldMapping, from: Origin) -> Self {
        Self {
            hubspot: field.hubspot.clone(),
            salesforce: field.salesforce.clone(),
            rule: field.rule,
            owner: field.owner,
            from,
        }
    }
}

/// One object as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Object {
    /// Our name for it.
    pub object: ObjectName,
    /// HubSpot's type.
    pub hubspot_type: String,
    /// Salesforce's type.
    pub salesforce_type: String,
    /// The property and the field by which unlinked records are matched.
    pub match_by: Option<(FieldName, FieldName)>,
    /// HubSpot's property with Salesforce's id.
    pub hubspot_id_field: FieldName,
    /// Salesforce's field with HubSpot's id.
    pub salesforce_id_field: FieldName,
    /// Which side may get new records.
    pub creates: Creates,
    /// What happens to differences at the first link.
    pub on_first_link: OnFirstLink,
    /// Its fields, in the order of the mapping.
    pub fields: Vec<Field>,
}

impl Object {
    /// The object as mapped, with the fields to be shown of it.
    pub fn new(mapping: Mapping, fields: Vec<Field>) -> Self {
        let match_by = mapping.match_by.map(|one| (one.hubspot, one.salesforce));
        Self {
            object: mapping.object,
            hubspot_type: mapping.hubspot_type,
            salesforce_type: mapping.salesforce_type,
            match_by,
            hubspot_id_field: mapping.hubspot_id_field,
            salesforce_id_field: mapping.salesforce_id_field,
            creates: mapping.creates,
            on_first_link: mapping.on_first_link,
            fields,
        }
    }
}

/// Every object, and what the arrows in their tables mean.
pub fn tables(objects: &[Object]) -> String {
    let mut text = String::new();
    for object in objects {
        text.push_str(&table(object));
        text.push('\n');
    }
    let used = |rule: &Rule| {
        let mut fields = objects.iter().flat_map(|object| &object.fields);
        fields.any(|field| field.rule == *rule)
    };
    for rule in RULES.iter().filter(|rule| used(rule)) {
        text.push_str(&format!("{:<7}{}\n", arrow(*rule), meaning(*rule)));
    }
    text.push_str("\nas configuration   syncline mapping show --toml\n");
    text
}

fn table(object: &Object) -> String {
    let matched = match &object.match_by {
        Some((hubspot, salesforce)) => format!("{hubspot} = {salesforce}"),
        None => "their id fields only".to_owned(),
    };
    let mut text = format!(
        "{}: HubSpot {} <-> Salesforce {}\n",
        object.object, object.hubspot_type, object.salesforce_type
    );
    let ids = format!(
        "HubSpot {}, Salesforce {}",
        object.hubspot_id_field, object.salesforce_id_field
    );
    for (what, said) in [
        ("matched by", matched.as_str()),
        ("ids kept in", ids.as_str()),
        ("new records", created(object.creates)),
        ("first link", first_link(object.on_first_link)),
    ] {
        text.push_str(&format!("  {what:<12} {said}\n"));
    }
    text.push('\n');
    let mut table = Table::new(&["HUBSPOT", "", "SALESFORCE", "RULE", "FROM"]);
    for field in &object.fields {
        let owner = if field.owner && field.rule != Rule::Off {
            ", users by e-mail"
        } else {
            ""
        };
        table.row(vec![
            field.hubspot.to_string(),
            arrow(field.rule).to_owned(),
            field.salesforce.to_string(),
            format!("{}{owner}", word(&field.rule)),
            word(&field.from),
        ]);
    }
    text.push_str(&table.text());
    text
}

/// Configuration that makes the same mapping.
pub fn toml(objects: &[Object]) -> String {
    let mut text = String::new();
    for object in objects {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&format!(
            "# HubSpot {} <-> Salesforce {}\n[objects.{}]\ncreates = \"{}\"\n",
            object.hubspot_type,
            object.salesforce_type,
            object.object,
            word(&object.creates)
        ));
        for field in &object.fields {
            text.push_str(&format!(
                "\n[[objects.{}.fields]]\nhubspot    = \"{}\"\nsalesforce = \"{}\"\nrule       = \"{}\"\n",
                object.object,
                field.hubspot,
                field.salesforce,
                word(&field.rule)
            ));
            if field.owner {
                text.push_str("owner      = true\n");
            }
        }
    }
    text
}

const RULES: [Rule; 5] = [
    Rule::PreferSalesforce,
    Rule::AlwaysSalesforce,
    Rule::TwoWay,
    Rule::AlwaysHubspot,
    Rule::Off,
];

/// Where values go under a rule, HubSpot standing to the left.
fn arrow(rule: Rule) -> &'static str {
    match rule {
        Rule::PreferSalesforce => "<-(>)",
        Rule::AlwaysSalesforce => "<--",
        Rule::TwoWay => "<->",
        Rule::AlwaysHubspot => "-->",
        Rule::Off => "-",
    }
}

fn meaning(rule: Rule) -> &'static str {
    match rule {
        Rule::PreferSalesforce => {
            "Salesforce's value, its deletion too; HubSpot's only while Salesforce is blank"
        }
        Rule::AlwaysSalesforce => "Salesforce's value, also when blank",
        Rule::TwoWay => "the newer change; of two at once Salesforce's",
        Rule::AlwaysHubspot => "HubSpot's value, also when blank",
        Rule::Off => "not synced",
    }
}

fn created(creates: Creates) -> &'static str {
    match creates {
        Creates::Both => "on both sides",
        Creates::Hubspot => "in HubSpot only",
        Creates::Salesforce => "in Salesforce only",
        Creates::Neither => "on neither side: only existing records are linked",
    }
}

fn first_link(on: OnFirstLink) -> &'static str {
    match on {
        OnFirstLink::FillBlanks => "fills what is blank and overwrites nothing",
        OnFirstLink::Salesforce => "Salesforce's values win where the rule lets them",
        OnFirstLink::Hubspot => "HubSpot's values win where the rule lets them",
    }
}

/// A variant as the configuration writes it.
fn word(variant: &impl Serialize) -> String {
    let value = serde_json::to_value(variant).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}
