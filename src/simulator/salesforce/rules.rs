//! What an administrator's own rules and automation do to a save. Knows no HTTP and stores nothing.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::cell::Cell;
use super::problem::Problem;
use super::rows::{Row, Table};

/// A rule or automation that refuses saves, put into the org by name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Injected {
    /// Unique; injecting the same name again replaces the rule.
    pub name: String,
    /// API name of the object whose saves are looked at.
    pub object: String,
    /// What kind of thing refuses, which decides code and wording.
    pub kind: InjectedKind,
    /// All must hold on the record as it would be saved; with none, every save is refused.
    #[serde(default)]
    pub when: Vec<Predicate>,
    /// The administrator's text; flows and triggers wrap it. Empty: the usual wording.
    #[serde(default)]
    pub message: String,
    /// Fields the error names.
    #[serde(default)]
    pub fields: Vec<String>,
    /// An inactive rule refuses nothing.
    #[serde(default = "active")]
    pub active: bool,
}

fn active() -> bool {
    true
}

/// What refuses a save.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InjectedKind {
    /// `FIELD_CUSTOM_VALIDATION_EXCEPTION`.
    ValidationRule,
    /// `DUPLICATES_DETECTED` for creates and updates that match another record.
    DuplicateRule {
        /// The rule alerts only: `allowSave=true` saves all the same.
        allow_save: bool,
        /// Fields in which the other record must be equal; with none, no other record is needed.
        match_fields: Vec<String>,
    },
    /// `CANNOT_EXECUTE_FLOW_TRIGGER`.
    FlowFailure,
    /// `CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY`.
    TriggerFailure,
    /// `LIMIT_EXCEEDED`: something that a package or the platform counts is used up.
    Quota,
}

/// One condition on one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Predicate {
    /// API name of the field.
    pub field: String,
    /// What must hold of its value.
    pub op: Op,
    /// What it is compared with, where the operation compares.
    #[serde(default)]
    pub value: String,
}

/// How a field's value is looked at; texts compare without case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// The value is this one.
    Equals,
    /// The value contains this text.
    Contains,
    /// There is a value and it begins differently.
    NotStartsWith,
    /// There is no value.
    Blank,
    /// There is some value.
    Present,
    /// Always holds.
    Any,
}

/// What the org makes of a text on every save.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rewrite {
    /// Cuts blanks at both ends.
    Trim,
    /// Writes capitals.
    UpperCase,
    /// Writes small letters.
    LowerCase,
    /// Makes the value end with this.
    EndWith(String),
    /// Puts this in, whatever was there.
    Put(String),
    /// Puts this in where nothing was.
    FillIn(String),
}

impl Rewrite {
    pub(crate) fn applied(&self, text: &str) -> String {
        match self {
            Rewrite::Trim => text.trim().to_owned(),
            Rewrite::UpperCase => text.to_uppercase(),
            Rewrite::LowerCase => text.to_lowercase(),
            Rewrite::EndWith(end) if text.ends_with(end) => text.to_owned(),
            Rewrite::EndWith(end) => format!("{text}{end}"),
            Rewrite::Put(value) => value.clone(),
            Rewrite::FillIn(_) => text.to_owned(),
        }
    }
}

impl Predicate {
    fn holds(&self, table: &Table, row: &Row) -> bool {
        let cell = table
            .schema
            .column(&self.field)
            .map_or(&Cell::Null, |column| row.cell(column));
        let (own, wanted) = (cell.key(), self.value.to_lowercase());
        match self.op {
            Op::Equals => own == wanted,
            Op::Contains => own.contains(&wanted),
            Op::NotStartsWith => !cell.is_null() && !own.starts_with(&wanted),
            Op::Blank => cell.is_null(),
            Op::Present => !cell.is_null(),
            Op::Any => true,
        }
    }
}

impl Injected {
    /// What this rule says to `row` being saved, if it refuses it.
    pub(crate) fn refusal(&self, table: &Table, row: &Row, allow_save: bool) -> Option<Problem> {
        let looks = self.active
            && self.object.eq_ignore_ascii_case(&table.schema.name)
            && self
                .when
                .iter()
                .all(|predicate| predicate.holds(table, row));
        if !looks {
            return None;
        }
        let fields: Vec<&str> = self.fields.iter().map(String::as_str).collect();
        match &self.kind {
            InjectedKind::ValidationRule => Some(Problem::data(
                "FIELD_CUSTOM_VALIDATION_EXCEPTION",
                self.said(&format!("{} is not fulfilled", self.name)),
                &fields,
            )),
            InjectedKind::Quota => Some(Problem::data(
                "LIMIT_EXCEEDED",
                self.said(&format!("{} is used up", self.name)),
                &fields,
            )),
            InjectedKind::DuplicateRule {
                allow_save: alert, ..
            } if *alert && allow_save => None,
            InjectedKind::DuplicateRule {
                allow_save: alert,
                match_fields,
            } => {
                let others = others(table, row, match_fields);
                let refuses = match_fields.is_empty() || !others.is_empty();
                refuses.then(|| self.duplicate(table, *alert, &others, &fields))
            }
            InjectedKind::FlowFailure => {
                let detail = self.said("An error occurred when executing a flow interview.");
                let message = format!(
                    "We can\u{2019}t save this record because the \u{201c}{}\u{201d} process \
                     failed. Give your Salesforce admin these details. {detail}",
                    self.name
                );
                Some(Problem::data(
                    "CANNOT_EXECUTE_FLOW_TRIGGER",
                    message,
                    &fields,
                ))
            }
            InjectedKind::TriggerFailure => {
                let cause =
                    self.said("System.NullPointerException: Attempt to de-reference a null object");
                let when = if table.row(&row.id).is_some() {
                    "Update"
                } else {
                    "Insert"
                };
                let name = &self.name;
                let message = format!(
                    "{name}: execution of Before{when}\n\ncaused by: {cause}\n\n\
                     Trigger.{name}: line 3, column 1"
                );
                Some(Problem::data(
                    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
                    message,
                    &fields,
                ))
            }
        }
    }

    fn said(&self, otherwise: &str) -> String {
        if self.message.is_empty() {
            otherwise.to_owned()
        } else {
            self.message.clone()
        }
    }

    fn duplicate(&self, table: &Table, alert: bool, ids: &[String], fields: &[&str]) -> Problem {
        let object = &table.schema.name;
        let message = self.said("Use one of these records?");
        let records: Vec<Value> = ids
            .iter()
            .map(|id| {
                json!({"additionalInformation": [], "fieldDiffs": [], "matchConfidence": 100.0,
                       "record": {"attributes": {"type": object,
                                  "url": format!("/services/data/v66.0/sobjects/{object}/{id}")},
                                  "Id": id}})
            })
            .collect();
        let found = json!({
            "allowSave": alert, "duplicateRule": self.name, "duplicateRuleEntityType": object,
            "errorMessage": message,
            "matchResults": [{"entityType": object, "errors": [], "matchEngine": "FuzzyMatchEngine",
                              "matchRecords": records, "rule": self.name, "size": records.len(),
                              "success": true}],
        });
        let problem = Problem::data("DUPLICATES_DETECTED", message, fields);
        Problem {
            duplicates: Some(found),
            ..problem
        }
    }
}

/// Other records that are equal in all these fields; an empty value is equal to nothing.
fn others(table: &Table, row: &Row, fields: &[String]) -> Vec<String> {
    let columns: Vec<usize> = fields
        .iter()
        .filter_map(|field| table.schema.column(field))
        .collect();
    let Some(first) = columns.first() else {
        return Vec::new();
    };
    if columns.iter().any(|column| row.cell(*column).is_null()) {
        return Vec::new();
    }
    let equal = |other: &&Row| {
        other.id != row.id
            && !other.is_deleted()
            && columns
                .iter()
                .all(|at| other.cell(*at).key() == row.cell(*at).key())
    };
    let ids = |row: &Row| row.id.clone();
    if table.is_indexed(*first) {
        let key = row.cell(*first).key();
        let rows = table.ids_with(*first, &key).filter_map(|id| table.row(id));
        return rows.filter(equal).map(ids).collect();
    }
    table.rows().filter(equal).map(ids).collect()
}
