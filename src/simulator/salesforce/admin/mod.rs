//! What people and trials do to the org behind the API's back: none of it counts as a call.

mod conversion;
mod fields;
mod setup;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Salesforce;
use super::cell::Cell;
use super::ids;
use super::intake::live_ids;
use super::problem::Problem;
use super::rows::Row;
use super::rules::{Injected, InjectedKind, Rewrite};
use super::save::{Care, Doer, Verb, Write};
use super::schema::{self, Flag};
use super::settings::Switch;
use super::soql::plan::Route;
use super::standard;

pub use conversion::{Conversion, Converted, Opening};
pub use fields::FieldChange;
pub use setup::{NewObject, NewQueue, NewRecordType, NewUser, Stage};

/// How much of one record the integration user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// Read and write.
    Full,
    /// Read.
    ReadOnly,
    /// The record is not seen at all.
    None,
}

/// A row whose transaction is still open.
#[derive(Debug)]
pub(crate) struct Late {
    object: String,
    id: String,
    cells: Vec<(usize, Cell)>,
    pub(crate) stamp: i64,
    visible_at: i64,
}

impl Salesforce {
    /// Creates a record, or updates it when `fields` has an `Id`, as a person in the org.
    ///
    /// Automation, rules and validation hold as for anybody. Errors are those of the first failing stage.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "callers build the fields for this call"
    )]
    pub fn put(
        &mut self,
        object: &str,
        fields: Map<String, Value>,
        now: i64,
    ) -> Result<String, Vec<Problem>> {
        self.put_with(object, &fields, now, Care::Full)
    }

    /// As [`Salesforce::put`], with nothing checked but that the values can be read.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "callers build the fields for this call"
    )]
    pub fn put_unchecked(
        &mut self,
        object: &str,
        fields: Map<String, Value>,
        now: i64,
    ) -> Result<String, Vec<Problem>> {
        self.put_with(object, &fields, now, Care::Unchecked)
    }

    fn put_with(
        &mut self,
        object: &str,
        fields: &Map<String, Value>,
        now: i64,
        care: Care,
    ) -> Result<String, Vec<Problem>> {
        self.advance(now);
        let object = self.named(object).map_err(|problem| vec![problem])?;
        let by = Doer::Human;
        let cells = self
            .read_fields(&object, fields, by)
            .map_err(|problem| vec![problem])?;
        let id = fields
            .get("Id")
            .and_then(Value::as_str)
            .and_then(ids::parse);
        let saved = self.save(&Write {
            object,
            id,
            cells,
            by,
            care,
        });
        self.tables.commit();
        self.settle_grants();
        saved
    }

    /// Deletes a record into the recycle bin.
    pub fn delete(&mut self, object: &str, id: &str, now: i64) -> Result<(), Problem> {
        self.advance(now);
        self.named(object)?;
        let done = self.remove(&ids::parse(id).unwrap_or_default(), Doer::Human);
        self.tables.commit();
        self.settle_grants();
        done
    }

    /// Takes a record out of the recycle bin.
    pub fn undelete(&mut self, object: &str, id: &str, now: i64) -> Result<(), Problem> {
        self.advance(now);
        self.named(object)?;
        let done = self.restore(&ids::parse(id).unwrap_or_default());
        self.tables.commit();
        done
    }

    /// Merges records of one object: the losers are deleted and name the winner.
    pub fn merge(&mut self, winner: &str, losers: &[String], now: i64) -> Result<(), Problem> {
        self.advance(now);
        let done = self.merge_rows(winner, losers);
        self.tables.commit();
        done
    }

    /// A row stamped in the past that appears only at `visible_at`; with an `Id`, a change to that row.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "callers build the fields for this call"
    )]
    pub fn late_commit(
        &mut self,
        object: &str,
        fields: Map<String, Value>,
        stamp: i64,
        visible_at: i64,
    ) -> Result<String, Problem> {
        let object = self.named(object)?;
        let cells = self.read_fields(&object, &fields, Doer::Human)?;
        let given = fields
            .get("Id")
            .and_then(Value::as_str)
            .and_then(ids::parse);
        let prefix = self.table(&object).schema.prefix.clone();
        let id = given.unwrap_or_else(|| self.mint.next(&prefix));
        let stamp = super::moments::whole_second(stamp);
        self.late.push(Late {
            object,
            id: id.clone(),
            cells,
            stamp,
            visible_at,
        });
        Ok(id)
    }

    /// Commits the late rows that are due.
    pub(crate) fn commit_late(&mut self) {
        let (due, open) = std::mem::take(&mut self.late)
            .into_iter()
            .partition(|late: &Late| late.visible_at <= self.clock);
        self.late = open;
        let due: Vec<Late> = due;
        for late in due {
            let mut row = self.tables.row(&late.id).cloned().unwrap_or_else(|| {
                let mut row = Row::new(late.id.clone());
                row.set(schema::CREATED_DATE, Cell::Moment(late.stamp));
                row.set(schema::CREATED_BY, Cell::Text(self.doer_id(Doer::Human)));
                row
            });
            late.cells
                .into_iter()
                .for_each(|(column, cell)| row.set(column, cell));
            let now = std::mem::replace(&mut self.clock, late.stamp);
            self.store(&late.object, row, Doer::Human);
            self.clock = now;
        }
        self.tables.commit();
    }

    /// All records of an object as JSON, deleted ones too, with every field whoever may see it.
    pub fn records(&self, object: &str) -> Vec<Value> {
        let Some(table) = self.tables.get(object) else {
            return Vec::new();
        };
        table
            .rows()
            .map(|row| self.whole(&table.schema.name, &row.id))
            .collect()
    }

    /// One record as [`Salesforce::records`] shows it.
    pub fn get(&self, object: &str, id: &str) -> Option<Value> {
        let table = self.tables.get(object)?;
        let id = ids::parse(id)?;
        table.row(&id).map(|_| self.whole(&table.schema.name, &id))
    }

    /// Ids of the living records whose key field (an e-mail, an external id, a unique field) has
    /// this value; none for a field that is no key.
    pub fn ids_where(&self, object: &str, field: &str, value: &str) -> Vec<String> {
        let Some(table) = self.tables.get(object) else {
            return Vec::new();
        };
        let column = table.schema.column(field);
        column.map_or_else(Vec::new, |column| live_ids(table, column, value))
    }

    fn whole(&self, object: &str, id: &str) -> Value {
        let fields = self.table(object).schema.fields.iter().enumerate();
        let routes: Vec<Route> = fields
            .filter(|(_, field)| !field.has(Flag::Removed))
            .map(|(column, _)| Route {
                hops: Vec::new(),
                column,
            })
            .collect();
        self.record(object, id, &routes, "66.0")
    }

    /// Puts a rule or failing automation into the org; one of the same name is replaced.
    pub fn inject(&mut self, rule: Injected) {
        self.remove_rule(&rule.name);
        // Every save asks for equal records: without an index a crowd would make saves slow.
        if let InjectedKind::DuplicateRule { match_fields, .. } = &rule.kind
            && let Some(first) = match_fields.first()
        {
            self.tables.watch(&rule.object, first);
        }
        self.rules.push(rule);
    }

    /// Takes a rule out; false when there is none of this name.
    pub fn remove_rule(&mut self, name: &str) -> bool {
        let before = self.rules.len();
        self.rules.retain(|rule| rule.name != name);
        self.rules.len() < before
    }

    /// Turns a rule on or off; false when there is none of this name.
    pub fn set_rule_active(&mut self, name: &str, active: bool) -> bool {
        let rule = self.rules.iter_mut().find(|rule| rule.name == name);
        rule.map(|rule| rule.active = active).is_some()
    }

    /// The rules of the org in the order they are asked.
    pub fn rules(&self) -> &[Injected] {
        &self.rules
    }

    /// Makes the org rewrite a text field on every save, or stop doing so.
    pub fn automation(&mut self, object: &str, field: &str, rewrite: Option<Rewrite>) {
        self.automations
            .retain(|(of, name, _)| of != object || name != field);
        if let Some(rewrite) = rewrite {
            self.automations
                .push((object.to_owned(), field.to_owned(), rewrite));
        }
    }

    /// Allows the integration user a verb on an object, or forbids it.
    pub fn set_object_access(&mut self, object: &str, verb: Verb, allowed: bool) {
        let key = (object.to_owned(), verb);
        if allowed {
            self.denied.remove(&key)
        } else {
            self.denied.insert(key)
        };
    }

    /// Sets what sharing lets the integration user do with one record.
    pub fn set_record_access(&mut self, id: &str, access: Access) {
        let Some(id) = ids::parse(id) else { return };
        self.unseen.remove(&id);
        self.read_only.remove(&id);
        match access {
            Access::Full => {}
            Access::ReadOnly => {
                self.read_only.insert(id);
            }
            Access::None => {
                self.unseen.insert(id);
            }
        }
    }

    /// Turns a switch on or off.
    pub fn set_switch(&mut self, switch: Switch, on: bool) {
        if on {
            self.settings.switches.insert(switch);
        } else {
            self.settings.switches.remove(&switch);
        }
        if on && switch == Switch::StateCountryPicklists {
            for (object, address) in standard::ADDRESSES {
                if let Some(schema) = self.tables.schema_mut(object) {
                    standard::add_code_fields(schema, address);
                }
            }
        }
    }

    /// Ends every session: the next call gets 401.
    pub fn expire_sessions(&mut self) {
        self.sessions.clear();
    }

    /// Closes every open query result: its locator is invalid from now on.
    pub fn expire_locators(&mut self) {
        self.cursors.clear();
    }

    /// Activates or deactivates a user; the integration user loses its sessions with it.
    pub fn set_user_active(
        &mut self,
        user_id: &str,
        active: bool,
        now: i64,
    ) -> Result<(), Problem> {
        self.advance(now);
        let id = ids::parse(user_id).unwrap_or_default();
        let column = self.table("User").schema.column("IsActive");
        let (Some(column), Some(mut row)) = (column, self.table("User").row(&id).cloned()) else {
            return Err(Problem::not_found());
        };
        row.set(column, Cell::Bool(active));
        self.store("User", row, Doer::Human);
        self.tables.commit();
        if id == self.settings.user_id && !active {
            self.sessions.clear();
        }
        Ok(())
    }

    /// Whether the token endpoint accepts the client.
    pub fn set_credentials_ok(&mut self, ok: bool) {
        self.set_switch(Switch::CredentialsRefused, !ok);
    }

    /// Disables or enables the API for the org.
    pub fn disable_api(&mut self, disabled: bool) {
        self.set_switch(Switch::ApiDisabled, disabled);
    }

    /// Fills or frees the limit of concurrent requests.
    pub fn set_concurrent_limit(&mut self, reached: bool) {
        self.set_switch(Switch::ConcurrentLimit, reached);
    }

    /// The next `rows` rows written over the API fail with `UNABLE_TO_LOCK_ROW`.
    pub fn lock_rows(&mut self, rows: u64) {
        self.locked_rows = rows;
    }

    /// Sets how many calls the org may make in any rolling 24 hours.
    pub fn set_org_limit(&mut self, calls: u64) {
        self.settings.org_limit = calls;
    }

    /// Sets how many calls of the limit others use all the time.
    pub fn set_preload_used(&mut self, calls: u64) {
        self.settings.preload_used = calls;
    }

    /// Sets how long a Bulk job takes for 10,000 rows, in milliseconds; jobs under way keep their pace.
    pub fn set_bulk_pace(&mut self, ms_per_10k: i64) {
        self.settings.bulk_ms_per_10k = ms_per_10k;
    }

    /// Sets how many batches and query jobs the org may have in 24 hours.
    pub fn set_bulk_limits(&mut self, batches: u64, query_jobs: u64) {
        self.settings.bulk_batches = batches;
        self.settings.bulk_query_jobs = query_jobs;
    }

    pub(crate) fn named(&self, object: &str) -> Result<String, Problem> {
        let table = self.tables.get(object);
        table
            .map(|table| table.schema.name.clone())
            .ok_or_else(|| super::row_endpoints::no_such_object(object))
    }
}
