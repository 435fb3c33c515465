//! A pair of records, the sides that hold them, and the base between, as a daemon would keep it.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a side keeps all other values as they are, also of kinds to come"
)]

use std::collections::BTreeMap;

use syncline::domain::event::{Moved, Span};
use syncline::domain::fingerprint::PrintKey;
use syncline::domain::mapping::{
    Creates, Deletions, Direction, FieldMapping, Mapping, OnFirstLink, Rule,
};
use syncline::domain::merge::{
    Base, History, Known, Merged, Owners, Parents, Prints, Provisional, Seen, Write, look, merge,
};
use syncline::domain::record::{
    FieldName, Fields, ObjectName, Record, RecordId, RecordKey, Side, Timestamp, Value,
};
use syncline::domain::schema::{Field, Kind, ObjectSchema, Offer};

use crate::convert::field;

pub(crate) const KEY: PrintKey = PrintKey([7; 16]);
pub(crate) const US: &str = "0055500001QdQWaAAN";
pub(crate) const CONTACT: &str = "0035500001QdQWaAAN";

pub(crate) fn name(text: &str) -> FieldName {
    FieldName::parse(text).expect("tests name valid fields")
}

pub(crate) fn id(text: &str) -> RecordId {
    RecordId::parse(text).expect("tests give valid ids")
}

/// A field mapped under the same name on both sides.
#[derive(Debug, Clone)]
pub(crate) struct Mapped {
    pub(crate) hubspot: Field,
    pub(crate) salesforce: Field,
    pub(crate) rule: Rule,
    pub(crate) owner: bool,
}

impl Mapped {
    pub(crate) fn text(name: &str, rule: Rule) -> Self {
        Self {
            hubspot: field(name, Kind::Text),
            salesforce: field(name, Kind::Text),
            rule,
            owner: false,
        }
    }
}

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) mapping: Mapping,
    pub(crate) schemas: [ObjectSchema; 2],
    pub(crate) owners: Owners,
    pub(crate) hubspot: Option<Record>,
    pub(crate) salesforce: Option<Record>,
    pub(crate) base: Base,
    /// Whether each side's automation puts written texts into capitals.
    pub(crate) capitals: bool,
    pub(crate) now: i64,
}

fn schema(side: Side, fields: Vec<Field>) -> ObjectSchema {
    ObjectSchema {
        key_prefix: None,
        side,
        api_name: "Contact".to_owned(),
        creatable: true,
        updatable: true,
        read_at: Timestamp(0),
        whole_at: Timestamp(0),
        offer: Offer::default(),
        full: Vec::new(),
        modified: None,
        fields: fields
            .into_iter()
            .map(|field| (field.name.clone(), field))
            .collect(),
    }
}

impl World {
    /// Two linked accounts with these fields mapped, and no records.
    pub(crate) fn new(fields: &[Mapped], on_first_link: OnFirstLink) -> Self {
        let of = |side| {
            let described = fields.iter().map(|mapped| match side {
                Side::HubSpot => mapped.hubspot.clone(),
                Side::Salesforce => mapped.salesforce.clone(),
            });
            let mark = match side {
                Side::HubSpot => "syncline_salesforce_id",
                Side::Salesforce => "Syncline_HubSpot_Id__c",
            };
            schema(side, described.chain([field(mark, Kind::Text)]).collect())
        };
        let fields = fields.iter().map(|mapped| FieldMapping {
            owner: mapped.owner,
            ..FieldMapping::plain(
                mapped.hubspot.name.clone(),
                mapped.salesforce.name.clone(),
                mapped.rule,
            )
        });
        Self {
            mapping: Mapping {
                object: ObjectName::parse("contact").expect("it is a valid name"),
                form: None,
                hubspot_type: "contacts".to_owned(),
                salesforce_type: "Contact".to_owned(),
                match_by: None,
                hubspot_id_field: name("syncline_salesforce_id"),
                salesforce_id_field: name("Syncline_HubSpot_Id__c"),
                former_id: None,
                creates: Creates::Both,
                direction: Direction::Both,
                deletions: Deletions::default(),
                list: None,
                condition: None,
                on_first_link,
                fields: fields.collect(),
            },
            schemas: Side::BOTH.map(of),
            owners: Owners::default(),
            hubspot: None,
            salesforce: None,
            base: Base::default(),
            capitals: false,
            now: 1_700_000_000_000,
        }
    }

    pub(crate) fn slot(&mut self, side: Side) -> &mut Option<Record> {
        match side {
            Side::HubSpot => &mut self.hubspot,
            Side::Salesforce => &mut self.salesforce,
        }
    }

    pub(crate) fn schema(&self, side: Side) -> &ObjectSchema {
        match side {
            Side::HubSpot => &self.schemas[0],
            Side::Salesforce => &self.schemas[1],
        }
    }

    /// Somebody writes these values to `side`, which keeps them in its own way.
    pub(crate) fn edit(&mut self, side: Side, values: &[(&str, Value)], at: i64) {
        let values: Fields = values
            .iter()
            .map(|(field, value)| (name(field), value.clone()))
            .collect();
        self.store(side, values, at, "0055500001SomebAAA");
    }

    fn store(&mut self, side: Side, values: Fields, at: i64, by: &str) {
        let schema = self.schema(side).clone();
        let mut record = self.slot(side).take().unwrap_or_else(|| Record {
            key: RecordKey {
                side,
                object: ObjectName::parse("contact").expect("it is a valid name"),
                id: match side {
                    Side::HubSpot => id("90211"),
                    Side::Salesforce => id(CONTACT),
                },
            },
            modified_at: Timestamp(at),
            modified_by: None,
            deleted: false,
            fields: schema
                .fields
                .values()
                .map(|field| (field.name.clone(), keep(side, field, Value::Blank)))
                .collect(),
        });
        for (field, value) in values {
            let described = schema.field(&field).expect("only described fields");
            record.fields.insert(field, keep(side, described, value));
        }
        record.modified_at = Timestamp(match side {
            Side::HubSpot => at,
            Side::Salesforce => at - at % 1000,
        });
        record.modified_by = (side == Side::Salesforce).then(|| id(by));
        *self.slot(side) = Some(record);
    }

    pub(crate) fn with_known<T>(&self, run: impl FnOnce(&Known<'_>) -> T) -> T {
        let us = id(US);
        run(&Known {
            mapping: &self.mapping,
            hubspot_schema: &self.schemas[0],
            salesforce_schema: &self.schemas[1],
            key: &KEY,
            our_user: Some(&us),
            owners: &self.owners,
            parents: &Parents::default(),
            portal: 4_711_002,
            shut: &[],
        })
    }

    pub(crate) fn look(&self, side: Side) -> Seen {
        let record = match side {
            Side::HubSpot => self.hubspot.as_ref(),
            Side::Salesforce => self.salesforce.as_ref(),
        };
        let record = record.expect("only sides with a record are looked at");
        self.with_known(|known| look(record, &self.base, known))
    }

    pub(crate) fn merge(&self, history: Option<&History>) -> Merged {
        self.with_known(|known| {
            let halves = (self.hubspot.as_ref(), self.salesforce.as_ref());
            merge(halves.0, halves.1, &self.base, known, history)
        })
    }

    /// Takes the two records as they are for known.
    pub(crate) fn settle(&mut self) {
        let mut prints = BTreeMap::new();
        for mapped in &self.mapping.fields {
            let on = |side: Side, record: Option<&Record>| {
                let field = self.schema(side).field(mapped.on(side))?;
                let value = record?.fields.get(mapped.on(side))?;
                Some(syncline::domain::convert::print(&KEY, value, field))
            };
            let both = Prints {
                hubspot: on(Side::HubSpot, self.hubspot.as_ref()),
                salesforce: on(Side::Salesforce, self.salesforce.as_ref()),
            };
            prints.insert(mapped.hubspot.clone(), both);
        }
        self.base = Base {
            linked_before: true,
            prints,
            provisional: Vec::new(),
        };
    }

    pub(crate) fn adopt(&mut self, moved: &[Moved]) {
        for one in moved {
            let prints = self.base.prints.entry(one.field.clone()).or_default();
            prints.adopt(one);
        }
    }

    /// The write arrives, the side keeps it in its own way, and the answer is concluded.
    pub(crate) fn apply(&mut self, write: &Write) {
        let from = Timestamp(self.now);
        self.now += 5_000;
        let mut values = write.fields.clone();
        let mark = self.mapping.id_field_on(write.to).clone();
        for (field, value) in &mut values {
            if let (true, Value::Text(text)) = (self.capitals && *field != mark, &value) {
                *value = Value::Text(text.to_uppercase());
            }
        }
        self.store(write.to, values, self.now - 2_500, US);
        self.adopt(&write.moved);
        self.base.linked_before = true;
        self.base.provisional.retain(|last| last.to != write.to);
        self.base.provisional.push(Provisional {
            to: write.to,
            span: Span {
                from,
                to: Timestamp(self.now),
            },
            written: write.fields.keys().cloned().collect(),
        });
    }

    /// Links the two, adopts what is said of that, and writes nothing yet.
    pub(crate) fn link(&mut self, merged: &Merged) {
        self.base.linked_before = true;
        self.adopt(&merged.agreed);
        self.adopt(&merged.opened);
    }

    /// Writes all that `merged` calls for, and adopts what it says.
    pub(crate) fn conclude(&mut self, merged: &Merged) {
        self.adopt(&merged.agreed);
        if self.hubspot.is_some() && self.salesforce.is_some() {
            self.base.linked_before = true;
        }
        for side in Side::BOTH {
            if let Some(write) = merged.write_to(side) {
                self.apply(write);
            }
        }
    }
}

/// What a side makes of a value that it is given.
fn keep(side: Side, field: &Field, value: Value) -> Value {
    let value = match value {
        Value::Text(text) if side == Side::Salesforce => Value::Text(text.trim().to_owned()),
        Value::Text(text) if field.kind == Kind::Email => Value::Text(text.trim().to_lowercase()),
        Value::Number(number) if side == Side::Salesforce => Value::Number(cut(&number, field)),
        Value::DateTime(at) if side == Side::Salesforce => {
            Value::DateTime(Timestamp(at.0 - at.0.rem_euclid(1000)))
        }
        Value::Options(mut options) => {
            options.sort();
            if side == Side::Salesforce {
                options.reverse();
            }
            Value::Options(options)
        }
        other => other,
    };
    match value {
        Value::Text(text) if text.is_empty() => keep(side, field, Value::Blank),
        Value::Blank if side == Side::Salesforce && field.kind == Kind::Bool => Value::Bool(false),
        other => other,
    }
}

/// Salesforce cuts digits past the scale, where we round.
fn cut(number: &str, field: &Field) -> String {
    let scale = if field.kind == Kind::Integer {
        Some(0)
    } else {
        field.scale.map(usize::from)
    };
    match (number.split_once('.'), scale) {
        (Some((whole, fraction)), Some(scale)) if fraction.len() > scale => {
            format!("{whole}.{}", &fraction[..scale])
                .trim_end_matches('.')
                .to_owned()
        }
        _ => number.to_owned(),
    }
}
