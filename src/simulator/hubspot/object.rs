//! One type of records: its names, its properties, its rules, its records.

use super::index::Index;
use super::pipeline::Pipeline;
use super::property::{Property, Sharing};
use super::record::Record;
use super::rule::{Automation, Rule};
use super::schema::Definition;
use super::settings::Settings;
use super::standard;
use super::table::{EMAIL, Table};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

/// What a type cannot be created without.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Needs {
    /// Each of these.
    All(Vec<String>),
    /// One of these.
    Any(Vec<String>),
}

impl Needs {
    fn all(names: &[&str]) -> Needs {
        Needs::All(names.iter().map(|name| (*name).to_owned()).collect())
    }

    fn any(names: &[&str]) -> Needs {
        Needs::Any(names.iter().map(|name| (*name).to_owned()).collect())
    }
}

/// One type of records.
#[derive(Debug)]
pub struct ObjectType {
    /// `contacts`
    pub plural: String,
    /// `contact`
    pub singular: String,
    /// `0-1`
    pub type_id: String,
    /// `CONTACT`, as messages name it.
    pub caps: String,
    /// Name of the property that says when a record was created.
    pub created: &'static str,
    /// Name of the property that says when a record was last written.
    pub modified: &'static str,
    /// What a read shows when it asks for nothing.
    pub defaults: Vec<&'static str>,
    /// What it cannot be created without.
    pub needs: Needs,
    /// Definitions by name, removed ones too.
    pub properties: BTreeMap<String, Property>,
    /// The records.
    pub table: Table,
    /// What search sees of them.
    pub index: Index,
    /// What administrators demand of values.
    pub rules: Vec<Rule>,
    /// What workflows rewrite.
    pub automations: Vec<Automation>,
    /// Ids that were merged away, and into what.
    pub aliases: HashMap<u64, u64>,
    /// The ways its records go; only deals have any.
    pub pipelines: Vec<Pipeline>,
    /// The property that pages show a record by.
    pub display: &'static str,
}

impl ObjectType {
    /// The types every portal has.
    pub fn standard(settings: &Settings) -> Vec<ObjectType> {
        let contact = [
            "createdate",
            "email",
            "firstname",
            "lastname",
            "lastmodifieddate",
        ];
        let deal = [
            "amount",
            "closedate",
            "createdate",
            "dealname",
            "dealstage",
            "pipeline",
        ];
        vec![
            ObjectType::new(
                ["contacts", "contact", "0-1"],
                ["createdate", "lastmodifieddate"],
            )
            .with(&contact, Needs::any(&["email", "firstname", "lastname"]))
            .having(standard::contacts(settings)),
            ObjectType::new(
                ["companies", "company", "0-2"],
                ["createdate", "hs_lastmodifieddate"],
            )
            .with(
                &["createdate", "domain", "name"],
                Needs::any(&["name", "domain"]),
            )
            .having(standard::companies::companies(settings)),
            ObjectType::new(
                ["deals", "deal", "0-3"],
                ["createdate", "hs_lastmodifieddate"],
            )
            .with(&deal, Needs::all(&["dealname", "dealstage"]))
            .having(standard::deals::deals(settings))
            .going_through(Pipeline::standard()),
            ObjectType::new(
                ["tasks", "task", "0-27"],
                ["hs_createdate", "hs_lastmodifieddate"],
            )
            .with(&[], Needs::all(&["hs_timestamp"]))
            .having(standard::tasks::tasks(settings)),
        ]
    }

    /// A type that people defined.
    pub fn custom(definition: Definition, settings: &Settings) -> ObjectType {
        let Definition {
            plural,
            singular,
            type_id,
            properties,
            required,
        } = definition;
        let stamps = ["hs_createdate", "hs_lastmodifieddate"];
        ObjectType::new([&plural, &singular, &type_id], stamps)
            .with(&[], Needs::All(required))
            .having(standard::custom_type(settings))
            .having(properties)
    }

    /// Whether people defined it.
    pub fn is_custom(&self) -> bool {
        self.type_id.starts_with("2-")
    }

    fn new(names: [&str; 3], stamps: [&'static str; 2]) -> ObjectType {
        let [plural, singular, type_id] = names.map(str::to_owned);
        let [created, modified] = stamps;
        let object = ObjectType {
            caps: singular.to_uppercase(),
            plural,
            singular,
            type_id,
            created,
            modified,
            defaults: Vec::new(),
            needs: Needs::All(Vec::new()),
            properties: BTreeMap::new(),
            table: Table::default(),
            index: Index::default(),
            rules: Vec::new(),
            automations: Vec::new(),
            aliases: HashMap::new(),
            pipelines: Vec::new(),
            display: "name",
        };
        object.having(standard::automatic(created, modified))
    }

    fn with(mut self, defaults: &[&'static str], needs: Needs) -> ObjectType {
        self.defaults = defaults.to_vec();
        self.needs = needs;
        self
    }

    fn going_through(mut self, pipeline: Pipeline) -> ObjectType {
        self.pipelines.push(pipeline);
        self
    }

    fn having(mut self, properties: Vec<Property>) -> ObjectType {
        for property in properties {
            self.add_property(property);
        }
        self
    }

    /// Defines a property, in place of one of the same name.
    pub fn add_property(&mut self, property: Property) {
        let is_email = property.name == EMAIL && self.plural == "contacts";
        if is_email || property.sharing == Sharing::Unique {
            self.table.index(&property.name);
        }
        self.properties.insert(property.name.clone(), property);
    }

    /// Whether the path's word means this type: plural, singular, id or fully qualified name.
    pub fn is_named(&self, name: &str) -> bool {
        name == self.plural
            || name == self.singular
            || name == self.type_id
            || name
                .strip_prefix('p')
                .and_then(|rest| rest.split_once('_'))
                .is_some_and(|(portal, rest)| {
                    portal.parse::<u64>().is_ok() && rest == self.singular
                })
    }

    /// A property that is there and not removed.
    pub fn property(&self, name: &str) -> Option<&Property> {
        self.properties
            .get(name)
            .filter(|property| !property.is_archived())
    }

    /// A record's value as it is read, stamps and id included.
    pub fn value<'a>(&self, record: &'a Record, name: &str) -> Option<Cow<'a, str>> {
        if name == "hs_object_id" {
            return Some(Cow::Owned(record.id.to_string()));
        }
        if name == self.created {
            return Some(Cow::Owned(crate::simulator::stamp::iso(record.created_at)));
        }
        if name == self.modified {
            return Some(Cow::Owned(crate::simulator::stamp::iso(record.updated_at)));
        }
        record.value(name).map(Cow::Borrowed)
    }

    /// Follows merges to the id that is alive today.
    pub fn survivor(&self, mut id: u64) -> u64 {
        while let Some(next) = self.aliases.get(&id) {
            id = *next;
        }
        id
    }
}
