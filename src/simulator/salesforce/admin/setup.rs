//! What administrators set up: objects of their own, record types, queues, stages and users.

use serde::{Deserialize, Serialize};

use crate::simulator::salesforce::Salesforce;
use crate::simulator::salesforce::cell::Cell;
use crate::simulator::salesforce::describe::RecordTypeInfo;
use crate::simulator::salesforce::problem::Problem;
use crate::simulator::salesforce::rows::Row;
use crate::simulator::salesforce::save::Doer;
use crate::simulator::salesforce::schema::{Choice, Field};
use crate::simulator::salesforce::{ids, moments, standard};

/// A custom object to add.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewObject {
    /// API name: `Project__c`.
    pub name: String,
    /// What people read.
    pub label: String,
    /// First three characters of its ids; without one, the next free of `a01`, `a02` and so on.
    #[serde(default)]
    pub prefix: Option<String>,
    /// One line a field, as in `Budget__c currency(16,2) cunFS` or
    /// `Account__c "Account" reference cunFS >Account:Account__r`. `Name` and `OwnerId` come by
    /// themselves unless a line says otherwise.
    pub fields: String,
}

/// A record type to add.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewRecordType {
    /// Whose.
    pub object: String,
    /// What people read.
    pub name: String,
    /// API name.
    pub developer_name: String,
    /// Whether it is what the integration user's records get when none is named.
    #[serde(default)]
    pub default: bool,
}

/// A queue to add.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewQueue {
    /// What people read.
    pub name: String,
    /// The objects whose records it may own.
    pub objects: Vec<String>,
}

/// A stage of opportunities, new or changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// API name, which is what `StageName` holds.
    pub name: String,
    /// Whether it may be chosen.
    pub active: bool,
    /// Whether it ends the opportunity.
    #[serde(default)]
    pub closed: bool,
    /// Whether it ends it well.
    #[serde(default)]
    pub won: bool,
    /// In per cent.
    #[serde(default)]
    pub probability: f64,
}

/// A user to add.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewUser {
    /// Address and user name.
    pub email: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// `Standard`, `PowerPartner`, `Guest`, `AutomatedProcess`.
    pub user_type: String,
    /// Whether the user may log in and own records.
    pub active: bool,
}

impl Salesforce {
    /// Adds an object of the org's own; answers the prefix of its ids.
    pub fn add_object(&mut self, new: &NewObject) -> Result<String, Problem> {
        let invalid = |why: String| Problem::new(400, "INVALID_INPUT", why);
        if !new.name.ends_with("__c") || self.tables.get(&new.name).is_some() {
            return Err(invalid(format!("{} is no free API name", new.name)));
        }
        let free = |prefix: &String| self.tables.of_id(prefix).is_none();
        let prefix = match &new.prefix {
            Some(prefix) => Some(prefix.clone()).filter(|prefix| prefix.len() == 3),
            None => (1..100).map(|n| format!("a{n:02}")).find(free),
        };
        let prefix = prefix
            .filter(free)
            .ok_or_else(|| invalid("no free prefix of three characters".to_owned()))?;
        let names = |name: &str| {
            let mut lines = new.fields.lines().map(str::trim);
            lines.any(|line| line.split(' ').next() == Some(name))
        };
        let mut lines = String::new();
        if !names("Name") {
            let label = &new.label;
            lines.push_str(&format!("Name \"{label} Name\" string(80) cuINFS\n"));
        }
        lines.push_str(&new.fields);
        if !names("OwnerId") {
            lines.push_str("\nOwnerId reference cudFS >Group|User:Owner");
        }
        let schema = standard::object(&new.name, &new.label, &prefix, &lines).map_err(invalid)?;
        self.tables.add(schema);
        Ok(prefix)
    }

    /// Adds a record type; the object's first one brings its field `RecordTypeId` along.
    pub fn add_record_type(&mut self, new: &NewRecordType) -> Result<String, Problem> {
        let object = self.named(&new.object)?;
        let clock = moments::whole_second(self.clock);
        if let Some(schema) = self.tables.schema_mut(&object) {
            if schema.column("RecordTypeId").is_none() {
                let line = "RecordTypeId \"Record Type ID\" reference cunFS >RecordType:RecordType";
                let field = Field::parse(line);
                schema.add(field.map_err(|why| Problem::new(400, "INVALID_INPUT", why))?);
            }
            schema.touch(clock);
        }
        let id = self.mint.next("012");
        let text = |value: &str| Cell::Text(value.to_owned());
        self.settle_row(
            "RecordType",
            &id,
            &[
                ("Name", text(&new.name)),
                ("DeveloperName", text(&new.developer_name)),
                ("SobjectType", text(&object)),
                ("IsActive", Cell::Bool(true)),
            ],
        );
        self.tables.commit();
        if new.default {
            self.default_types.insert(object, id.clone());
        }
        Ok(id)
    }

    /// Activates or deactivates a record type.
    pub fn set_record_type_active(&mut self, id: &str, active: bool) -> Result<(), Problem> {
        let id = ids::parse(id).unwrap_or_default();
        let table = self.table("RecordType");
        let columns = (
            table.schema.column("IsActive"),
            table.schema.column("SobjectType"),
        );
        let ((Some(column), Some(of)), Some(mut row)) = (columns, table.row(&id).cloned()) else {
            return Err(Problem::not_found());
        };
        row.set(column, Cell::Bool(active));
        let object = row.cell(of).text().unwrap_or_default().to_owned();
        self.store("RecordType", row, Doer::Human);
        self.tables.commit();
        let clock = moments::whole_second(self.clock);
        if let Some(schema) = self.tables.schema_mut(&object) {
            schema.touch(clock);
        }
        Ok(())
    }

    /// Lets a record type offer only these values of a list; none lets it offer all. The describe of
    /// its object says nothing of it.
    pub fn set_offered(&mut self, record_type: &str, field: &str, values: Option<&[&str]>) {
        let key = (
            ids::parse(record_type).unwrap_or_default(),
            field.to_owned(),
        );
        match values {
            Some(values) => {
                let values = values.iter().map(|value| (*value).to_owned());
                self.offered.insert(key, values.collect());
            }
            None => {
                self.offered.remove(&key);
            }
        }
    }

    /// Whether a record type offers a value of a field's list.
    pub(crate) fn is_offered(&self, record_type: &str, field: &str, value: &str) -> bool {
        let key = (record_type.to_owned(), field.to_owned());
        let offered = self.offered.get(&key);
        offered.is_none_or(|values| values.iter().any(|one| one == value))
    }

    /// The record types of an object beside its master.
    pub(crate) fn record_types(&self, object: &str) -> Vec<RecordTypeInfo> {
        let table = self.table("RecordType");
        let cell = |row: &Row, name: &str| {
            let column = table.schema.column(name);
            column.map_or(Cell::Null, |column| row.cell(column).clone())
        };
        let text = |row: &Row, name: &str| cell(row, name).text().unwrap_or_default().to_owned();
        table
            .rows()
            .filter(|row| text(row, "SobjectType") == object)
            .map(|row| RecordTypeInfo {
                id: row.id.clone(),
                name: text(row, "Name"),
                developer_name: text(row, "DeveloperName"),
                active: cell(row, "IsActive").is_true(),
                default: self.default_types.get(object) == Some(&row.id),
            })
            .collect()
    }

    /// What a new record of this object has in `RecordTypeId` when nobody names one.
    pub(crate) fn default_record_type(&self, object: &str) -> Cell {
        let types = self.record_types(object);
        let found = types.into_iter().find(|one| one.default && one.active);
        found.map_or(Cell::Null, |one| Cell::Text(one.id))
    }

    /// Adds a queue that may own records of these objects.
    pub fn add_queue(&mut self, new: &NewQueue) -> String {
        let id = self.mint.next("00G");
        self.settle_queue(&id, new);
        self.tables.commit();
        id
    }

    pub(crate) fn settle_queue(&mut self, id: &str, new: &NewQueue) {
        let text = |value: &str| Cell::Text(value.to_owned());
        let name = text(&new.name);
        let cells = [
            ("Name", name.clone()),
            ("DeveloperName", name),
            ("Type", text("Queue")),
        ];
        self.settle_row("Group", id, &cells);
        for object in &new.objects {
            let link = self.mint.next("03g");
            let cells = [("QueueId", text(id)), ("SobjectType", text(object))];
            self.settle_row("QueueSobject", &link, &cells);
        }
    }

    /// Whether a queue may own records of an object.
    pub(crate) fn queue_takes(&self, queue: &str, object: &str) -> bool {
        let table = self.table("QueueSobject");
        let columns = (
            table.schema.column("QueueId"),
            table.schema.column("SobjectType"),
        );
        let (Some(of), Some(kind)) = columns else {
            return false;
        };
        table
            .rows()
            .any(|row| row.cell(of).text() == Some(queue) && row.cell(kind).text() == Some(object))
    }

    /// Adds a stage, or changes the one of that name; `StageName` offers it when it is active.
    pub fn put_stage(&mut self, stage: &Stage) {
        let clock = moments::whole_second(self.clock);
        if let Some(schema) = self.tables.schema_mut("Opportunity") {
            schema.touch(clock);
            if let Some(column) = schema.column("StageName") {
                let choices = &mut schema.fields[column].choices;
                match choices.iter_mut().find(|one| one.value == stage.name) {
                    Some(choice) => choice.active = stage.active,
                    None => choices.push(Choice {
                        active: stage.active,
                        ..Choice::new(&stage.name)
                    }),
                }
            }
        }
        self.put_stage_row(
            &stage.name,
            &[
                ("IsActive", Cell::Bool(stage.active)),
                ("IsClosed", Cell::Bool(stage.closed)),
                ("IsWon", Cell::Bool(stage.won)),
                ("DefaultProbability", Cell::Number(stage.probability)),
            ],
        );
        self.tables.commit();
    }

    /// Adds a user and answers its id.
    pub fn add_user(&mut self, new: &NewUser) -> String {
        let id = self.mint.next("005");
        self.settle_user(
            &id,
            &new.first_name,
            &new.last_name,
            &new.email,
            &new.user_type,
            new.active,
        );
        self.tables.commit();
        id
    }
}
