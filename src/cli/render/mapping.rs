//! `syncline mapping show`: one table an object, or configuration that makes the same mapping.

use std::collections::BTreeMap;

use serde::Serialize;

use super::table::Table;
use crate::config::standard_forms;
use crate::domain::mapping::{
    Creates, Deletions, Direction, FieldMapping, Mapping, OnFirstLink, Rule,
};
use crate::domain::record::{FieldName, ObjectName, Side};

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
    /// The objects that it is an association with.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parents: Vec<ObjectName>,
    /// Whether HubSpot holds the host of Salesforce's web address.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub domain: bool,
    /// HubSpot's options with what Salesforce calls them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, String>,
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
            parents: field.parents.clone(),
            domain: field.domain,
            values: field.values.clone(),
            from,
        }
    }
}

/// One object as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Object {
    /// Our name for it.
    pub object: ObjectName,
    /// The name of this form of it, where Salesforce has several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub form: Option<ObjectName>,
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
    /// HubSpot's property in which HubSpot's own integration left Salesforce's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub former_id: Option<FieldName>,
    /// Which side may get new records.
    pub creates: Creates,
    /// Which sides are written.
    pub direction: Direction,
    /// What a deletion on one side means to the other.
    pub deletions: Deletions,
    /// The HubSpot list whose members alone go to Salesforce.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list: Option<String>,
    /// The condition on the Salesforce records that alone go to HubSpot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
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
            form: mapping.form,
            hubspot_type: mapping.hubspot_type,
            salesforce_type: mapping.salesforce_type,
            match_by,
            hubspot_id_field: mapping.hubspot_id_field,
            salesforce_id_field: mapping.salesforce_id_field,
            former_id: mapping.former_id,
            creates: mapping.creates,
            direction: mapping.direction,
            deletions: mapping.deletions,
            list: mapping.list,
            condition: mapping.condition,
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
        object.form.as_ref().unwrap_or(&object.object),
        object.hubspot_type,
        object.salesforce_type
    );
    let ids = format!(
        "HubSpot {}, Salesforce {}",
        object.hubspot_id_field, object.salesforce_id_field
    );
    for (what, said) in [
        ("matched by", matched.as_str()),
        ("ids kept in", ids.as_str()),
        ("new records", created(object)),
        ("first link", first_link(object.on_first_link)),
    ] {
        text.push_str(&format!("  {what:<12} {said}\n"));
    }
    text.push_str(&selection(object));
    text.push('\n');
    let mut table = Table::new(&["HUBSPOT", "", "SALESFORCE", "RULE", "FROM"]);
    for field in &object.fields {
        table.row(vec![
            field.hubspot.to_string(),
            arrow(field.rule).to_owned(),
            field.salesforce.to_string(),
            format!("{}{}", word(&field.rule), carried(field)),
            word(&field.from),
        ]);
    }
    text.push_str(&table.text());
    text
}

/// What is left out, and which side alone is written: a line for each that the configuration says.
fn selection(object: &Object) -> String {
    let direction = match object.direction {
        Direction::Both => None,
        Direction::ToSalesforce => Some("only Salesforce is written".to_owned()),
        Direction::ToHubspot => Some("only HubSpot is written".to_owned()),
    };
    let deletions = match object.deletions {
        Deletions::Ignore => None,
        Deletions::Archive => {
            Some("carried: to HubSpot's archive, to Salesforce's recycle bin".to_owned())
        }
    };
    let list = object.list.as_deref();
    let list = list.map(|list| format!("{list}: its members alone go to Salesforce"));
    let former = object.former_id.as_ref();
    let former = former.map(|name| format!("{name}, left by HubSpot's own integration"));
    let condition = object.condition.as_deref();
    let condition = condition.map(|text| format!("{text}: what meets it alone goes to HubSpot"));
    [
        ("former ids", former),
        ("direction", direction),
        ("deletions", deletions),
        ("list", list),
        ("condition", condition),
    ]
    .into_iter()
    .filter_map(|(what, said)| Some(format!("  {what:<12} {}\n", said?)))
    .collect()
}

/// What is special about a field, behind its rule.
fn carried(field: &Field) -> String {
    if field.rule == Rule::Off {
        return String::new();
    }
    if field.owner {
        return ", users by e-mail".to_owned();
    }
    if !field.parents.is_empty() {
        let parents: Vec<&str> = field.parents.iter().map(ObjectName::as_str).collect();
        return format!(", the {} it belongs to", parents.join(" or "));
    }
    if field.domain {
        return ", host of the address".to_owned();
    }
    match field.values.len() {
        0 => String::new(),
        options => format!(", {options} options by name"),
    }
}

/// Configuration that makes the same mapping.
pub fn toml(objects: &[Object]) -> String {
    let same = |one: &Object, other: &Object| one.object == other.object;
    let whole = objects.chunk_by(same).map(toml_of);
    whole.collect::<Vec<String>>().join("\n")
}

/// One object in all its forms.
fn toml_of(forms: &[Object]) -> String {
    let Some(first) = forms.first() else {
        return String::new();
    };
    let types: Vec<&str> = forms
        .iter()
        .map(|one| one.salesforce_type.as_str())
        .collect();
    let name = &first.object;
    let mut text = format!(
        "# HubSpot {} <-> Salesforce {}\n[objects.{name}]\n",
        first.hubspot_type,
        types.join(" and ")
    );
    if standard_forms(name).is_none() {
        text.push_str(&format!(
            "hubspot_type        = \"{}\"\nsalesforce_type     = \"{}\"\n\
             hubspot_id_field    = \"{}\"\nsalesforce_id_field = \"{}\"\n",
            first.hubspot_type,
            first.salesforce_type,
            first.hubspot_id_field,
            first.salesforce_id_field
        ));
        if let Some((hubspot, salesforce)) = &first.match_by {
            text.push_str(&format!(
                "match_by = {{ hubspot = \"{hubspot}\", salesforce = \"{salesforce}\" }}\n"
            ));
        }
    }
    if name.as_str() == "contact" {
        text.push_str(&format!("create_as = \"{}\"\n", first.salesforce_type));
        if forms.len() == 1 {
            text.push_str("leads = false\n");
        }
    }
    text.push_str(&format!("creates = \"{}\"\n", word(&first.creates)));
    text.push_str(&toml_selection(first, forms));
    let mut told: Vec<&FieldName> = Vec::new();
    for field in forms.iter().flat_map(|form| &form.fields) {
        if !told.contains(&&field.hubspot) {
            told.push(&field.hubspot);
            text.push_str(&toml_field(name, field, forms));
        }
    }
    text
}

fn toml_selection(first: &Object, forms: &[Object]) -> String {
    // The configuration takes no text with control characters, so only these two need escaping.
    let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    let mut text = String::new();
    if first.direction != Direction::Both {
        text.push_str(&format!("direction = \"{}\"\n", word(&first.direction)));
    }
    if first.deletions != Deletions::Ignore {
        text.push_str(&format!("deletions = \"{}\"\n", word(&first.deletions)));
    }
    if let Some(list) = &first.list {
        text.push_str(&format!("list = {}\n", quoted(list)));
    }
    for form in forms {
        let key = if form.form.is_some() {
            "lead_former_id"
        } else {
            "former_id"
        };
        let former = form.former_id.as_ref().map_or("", FieldName::as_str);
        text.push_str(&format!("{key} = \"{former}\"\n"));
    }
    for form in forms {
        let key = if form.form.is_some() {
            "lead_condition"
        } else {
            "condition"
        };
        if let Some(condition) = &form.condition {
            text.push_str(&format!("{key} = {}\n", quoted(condition)));
        }
    }
    text
}

fn toml_field(object: &ObjectName, field: &Field, forms: &[Object]) -> String {
    let mut text = format!(
        "\n[[objects.{object}.fields]]\nhubspot    = \"{}\"\n",
        field.hubspot
    );
    for form in forms {
        let mut fields = form.fields.iter();
        let key = if form.form.is_some() {
            "lead      "
        } else {
            "salesforce"
        };
        if let Some(same) = fields.find(|one| one.hubspot == field.hubspot) {
            text.push_str(&format!("{key} = \"{}\"\n", same.salesforce));
        }
    }
    text.push_str(&format!("rule       = \"{}\"\n", word(&field.rule)));
    if field.owner {
        text.push_str("owner      = true\n");
    }
    if field.domain {
        text.push_str("domain     = true\n");
    }
    if !field.parents.is_empty() {
        let parents = field.parents.iter().map(|one| format!("\"{one}\""));
        let parents: Vec<String> = parents.collect();
        text.push_str(&format!("parents    = [{}]\n", parents.join(", ")));
    }
    if !field.values.is_empty() {
        text.push_str(&format!("\n[objects.{object}.fields.values]\n"));
        for (hubspot, salesforce) in &field.values {
            text.push_str(&format!("\"{hubspot}\" = \"{salesforce}\"\n"));
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

fn created(object: &Object) -> &'static str {
    let on = |side| object.creates.allows(side) && object.direction.allows(side);
    match (on(Side::HubSpot), on(Side::Salesforce)) {
        (true, true) => "on both sides",
        (true, false) => "in HubSpot only",
        (false, true) => "in Salesforce only",
        (false, false) => "on neither side: only existing records are linked",
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
