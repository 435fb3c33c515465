//! Commands for the org.

use super::{Order, done};
use crate::simulator::salesforce::{
    Conversion, NewObject, NewQueue, NewRecordType, NewUser, Problem, Salesforce, Stage,
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// The objects whose records are counted.
const COUNTED: [&str; 5] = ["Account", "Contact", "Lead", "Opportunity", "Task"];

/// Carries out `order` on the org.
pub(super) fn command(
    salesforce: &mut Salesforce,
    order: &Order<'_>,
    now: i64,
) -> Result<Value, String> {
    match order.text("do")? {
        "put" => put(salesforce, order, now),
        "get" => {
            let id = order.text("id")?;
            let record = salesforce.get(order.text("object")?, id);
            record.ok_or_else(|| format!("no record {id}"))
        }
        "list" => Ok(json!({ "records": salesforce.records(order.text("object")?) })),
        "count" => Ok(json!({ "count": alive(salesforce, order.text("object")?) })),
        "archive" | "delete" => {
            let (object, id) = (order.text("object")?, order.text("id")?);
            salesforce
                .delete(object, id, now)
                .map_err(|problem| told(&problem))?;
            Ok(done())
        }
        "undelete" => {
            let (object, id) = (order.text("object")?, order.text("id")?);
            salesforce
                .undelete(object, id, now)
                .map_err(|problem| told(&problem))?;
            Ok(done())
        }
        "merge" => {
            let losers = [order.text("other")?.to_owned()];
            let merged = salesforce.merge(order.text("primary")?, &losers, now);
            merged.map_err(|problem| told(&problem))?;
            Ok(done())
        }
        "convert_lead" => {
            let into: Conversion = read(Value::Object(order.members.clone()), "convert_lead")?;
            let converted = salesforce.convert_lead_into(order.text("id")?, &into, now);
            let converted = converted.map_err(|problem| told(&problem))?;
            Ok(json!(converted))
        }
        "late_commit" => late_commit(salesforce, order, now),
        "add_object" | "add_key_field" | "add_record_type" | "record_type" | "add_queue"
        | "stage" | "add_user" => set_up(salesforce, order),
        _ => change(salesforce, order, now),
    }
}

// What administrators set up; new things are named in the answer by their ids.
fn set_up(salesforce: &mut Salesforce, order: &Order<'_>) -> Result<Value, String> {
    let told = |problem: Problem| told(&problem);
    match order.text("do")? {
        "add_object" => {
            let new: NewObject = parsed(order, "object")?;
            let prefix = salesforce.add_object(&new).map_err(told)?;
            return Ok(json!({ "prefix": prefix }));
        }
        "add_record_type" => {
            let new: NewRecordType = parsed(order, "record_type")?;
            let id = salesforce.add_record_type(&new).map_err(told)?;
            return Ok(json!({ "id": id }));
        }
        "add_queue" => {
            let new: NewQueue = parsed(order, "queue")?;
            return Ok(json!({ "id": salesforce.add_queue(&new) }));
        }
        "add_user" => {
            let new: NewUser = parsed(order, "user")?;
            return Ok(json!({ "id": salesforce.add_user(&new) }));
        }
        "add_key_field" => salesforce
            .add_key_field(order.text("object")?)
            .map_err(told)?,
        "record_type" => salesforce
            .set_record_type_active(order.text("id")?, order.flag("active")?)
            .map_err(told)?,
        "stage" => {
            let stage: Stage = parsed(order, "stage")?;
            salesforce.put_stage(&stage);
        }
        _ => return Err(order.unknown()),
    }
    Ok(done())
}

/// Records by object, deleted ones left out.
pub(super) fn counts(salesforce: &Salesforce) -> Value {
    let counts = COUNTED.map(|name| (name.to_owned(), json!(alive(salesforce, name))));
    Value::Object(Map::from_iter(counts))
}

fn alive(salesforce: &Salesforce, object: &str) -> usize {
    let records = salesforce.records(object);
    records
        .iter()
        .filter(|record| record.get("IsDeleted") != Some(&Value::Bool(true)))
        .count()
}

fn put(salesforce: &mut Salesforce, order: &Order<'_>, now: i64) -> Result<Value, String> {
    let object = order.text("object")?;
    let fields = fields(order)?;
    let unchecked = order.get("unchecked").is_some() && order.flag("unchecked")?;
    let saved = if unchecked {
        salesforce.put_unchecked(object, fields, now)
    } else {
        salesforce.put(object, fields, now)
    };
    let id = saved.map_err(|problems| problems.iter().map(told).collect::<Vec<_>>().join("; "))?;
    Ok(json!({ "id": id }))
}

// The row is stamped now and seen `visible_in_ms` later, as that of a long transaction.
fn late_commit(salesforce: &mut Salesforce, order: &Order<'_>, now: i64) -> Result<Value, String> {
    let visible_at = now + order.number("visible_in_ms")?;
    let stamp = if order.get("stamp").is_some() {
        order.number("stamp")?
    } else {
        now
    };
    let saved = salesforce.late_commit(order.text("object")?, fields(order)?, stamp, visible_at);
    Ok(json!({ "id": saved.map_err(|problem| told(&problem))? }))
}

fn fields(order: &Order<'_>) -> Result<Map<String, Value>, String> {
    let mut fields = order.object("fields")?.clone();
    if let Some(id) = order.maybe("id") {
        fields.insert("Id".to_owned(), json!(id));
    }
    Ok(fields)
}

fn change(salesforce: &mut Salesforce, order: &Order<'_>, now: i64) -> Result<Value, String> {
    match order.text("do")? {
        "add_rule" => salesforce.inject(parsed(order, "rule")?),
        "remove_rule" => {
            let name = order.text("name")?;
            known(salesforce.remove_rule(name), name)?;
        }
        "set_rule" => {
            let name = order.text("name")?;
            known(
                salesforce.set_rule_active(name, order.flag("active")?),
                name,
            )?;
        }
        "automate" => {
            let (object, field) = (order.text("object")?, order.text("field")?);
            salesforce.automation(object, field, Some(parsed(order, "rewrite")?));
        }
        "stop_automation" => {
            salesforce.automation(order.text("object")?, order.text("field")?, None);
        }
        "change_field" => {
            let (object, field) = (order.text("object")?, order.text("field")?);
            let changed = salesforce.change_field(object, field, parsed(order, "change")?);
            changed.map_err(|problem| told(&problem))?;
        }
        "object_access" => {
            let verb = parsed(order, "verb")?;
            salesforce.set_object_access(order.text("object")?, verb, order.flag("allowed")?);
        }
        "record_access" => {
            salesforce.set_record_access(order.text("id")?, parsed(order, "access")?);
        }
        "user" => {
            let active = order.flag("active")?;
            let set = salesforce.set_user_active(order.text("id")?, active, now);
            set.map_err(|problem| told(&problem))?;
        }
        _ => return limit(salesforce, order),
    }
    Ok(done())
}

fn limit(salesforce: &mut Salesforce, order: &Order<'_>) -> Result<Value, String> {
    match order.text("do")? {
        "switch" => salesforce.set_switch(parsed(order, "switch")?, order.flag("on")?),
        "token" => salesforce.set_credentials_ok(order.flag("ok")?),
        "api" => salesforce.disable_api(!order.flag("open")?),
        "concurrent_limit" => salesforce.set_concurrent_limit(order.flag("reached")?),
        "expire_sessions" => salesforce.expire_sessions(),
        "expire_locators" => salesforce.expire_locators(),
        "lock_rows" => salesforce.lock_rows(calls(order, "rows")?),
        "org_limit" => salesforce.set_org_limit(calls(order, "calls")?),
        "bulk_pace" => salesforce.set_bulk_pace(order.number("ms")?),
        "bulk_limits" => {
            salesforce.set_bulk_limits(calls(order, "batches")?, calls(order, "queries")?);
        }
        "usage" => salesforce.set_preload_used(calls(order, "used")?),
        _ => return Err(order.unknown()),
    }
    Ok(done())
}

fn told(problem: &Problem) -> String {
    format!("{}: {}", problem.code, problem.message)
}

fn known(found: bool, name: &str) -> Result<(), String> {
    if found {
        Ok(())
    } else {
        Err(format!("no rule {name}"))
    }
}

fn calls(order: &Order<'_>, name: &str) -> Result<u64, String> {
    u64::try_from(order.number(name)?).map_err(|_| format!("\"{name}\" must not be negative"))
}

fn parsed<T: DeserializeOwned>(order: &Order<'_>, name: &str) -> Result<T, String> {
    read(order.get(name).cloned().unwrap_or(Value::Null), name)
}

fn read<T: DeserializeOwned>(value: Value, name: &str) -> Result<T, String> {
    serde_json::from_value(value).map_err(|error| format!("\"{name}\": {error}"))
}
