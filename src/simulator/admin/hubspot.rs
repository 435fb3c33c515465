//! Commands for the portal.

use super::{Order, done};
use crate::simulator::hubspot::HubSpot;
use crate::simulator::hubspot::admin::PropertyChange;
use crate::simulator::hubspot::association::admin::Tie;
use crate::simulator::hubspot::association::ceiling::{Ceiling, SetBy};
use crate::simulator::hubspot::list::{Processing, Readable};
use crate::simulator::hubspot::owner::{Owner, OwnerKind};
use crate::simulator::hubspot::pipeline::{Pipeline, Stage};
use crate::simulator::hubspot::property::{Access, Choice, Presence, Property};
use crate::simulator::hubspot::record::Record;
use crate::simulator::hubspot::rule::{Automation, Rewrite, Rule, When};
use crate::simulator::hubspot::schema::Definition;
use crate::simulator::stamp;
use serde_json::{Map, Value, json};

/// Carries out `order` on the portal.
pub(super) fn command(hubspot: &mut HubSpot, order: &Order<'_>, now: i64) -> Result<Value, String> {
    match order.text("do")? {
        "put" => {
            let (object, properties) = (order.text("object")?, order.object("properties")?);
            let id = hubspot.put(object, order.maybe("id"), properties, now)?;
            Ok(json!({ "id": id }))
        }
        "get" => {
            let id = order.text("id")?;
            let record = hubspot.get(order.text("object")?, id);
            record.map(shown).ok_or_else(|| format!("no record {id}"))
        }
        "list" => {
            let records = hubspot.records(order.text("object")?);
            Ok(json!({ "records": records.into_iter().map(shown).collect::<Vec<_>>() }))
        }
        "count" => Ok(json!({ "count": hubspot.records(order.text("object")?).len() })),
        "archive" | "delete" => {
            hubspot.archive(order.text("object")?, order.text("id")?, now)?;
            Ok(done())
        }
        "restore" => {
            hubspot.restore(order.text("object")?, order.text("id")?, now)?;
            Ok(done())
        }
        "define_object_type" => {
            hubspot.define_object_type(definition(order, now)?);
            Ok(done())
        }
        "merge" => {
            let (primary, other) = (order.text("primary")?, order.text("other")?);
            let id = hubspot.merge(order.text("object")?, primary, other, now)?;
            Ok(json!({ "id": id }))
        }
        "associate"
        | "dissociate"
        | "associations"
        | "add_association_label"
        | "set_association_limit" => associations(hubspot, order, now),
        "add_list" | "list_members" | "add_to_list" | "remove_from_list" | "set_list_readable"
        | "delete_list" => lists(hubspot, order, now),
        _ => change(hubspot, order, now),
    }
}

// `{"from": "contacts", "from_id": "1", "to": "companies", "to_id": "2", "primary": true}` or `"label": "…"`.
fn associations(hubspot: &mut HubSpot, order: &Order<'_>, now: i64) -> Result<Value, String> {
    let (from, to) = (order.text("from")?, order.text("to")?);
    let tie = match order.maybe("label") {
        Some(label) => Tie::Labelled(label),
        None if order.get("primary").is_some() && order.flag("primary")? => Tie::Primary,
        None => Tie::Plain,
    };
    match order.text("do")? {
        "associate" => {
            let (from_id, to_id) = (order.text("from_id")?, order.text("to_id")?);
            hubspot.associate(from, from_id, to, to_id, tie, now)?;
        }
        "dissociate" => {
            let (from_id, to_id) = (order.text("from_id")?, order.text("to_id")?);
            hubspot.dissociate(from, from_id, to, to_id, tie, now)?;
        }
        "add_association_label" => {
            let (label, inverse) = (order.text("label")?, order.maybe("inverse"));
            let (there, back) = hubspot.add_association_label(from, to, label, inverse)?;
            return Ok(json!({ "type_id": there, "inverse_type_id": back }));
        }
        "set_association_limit" => {
            let product = order.maybe("set_by") == Some("product");
            let set_by = if product {
                SetBy::Product
            } else {
                SetBy::Administrator
            };
            let max = order.get("max").map(|_| order.count("max", 0));
            let ceiling = max.transpose()?.map(|max| Ceiling { max, set_by });
            hubspot.set_association_limit(from, to, ceiling)?;
        }
        _ => {
            let found = hubspot.associations_of(from, order.text("from_id")?, to);
            let shown = found.into_iter().map(
                |one| json!({ "id": one.id, "primary": one.is_primary, "labels": one.labels }),
            );
            return Ok(json!({ "associations": shown.collect::<Vec<_>>() }));
        }
    }
    Ok(done())
}

// `{"list": "1", "ids": ["…"]}`; a new one `{"name": …, "object": "contacts", "type": "MANUAL"}`.
fn lists(hubspot: &mut HubSpot, order: &Order<'_>, now: i64) -> Result<Value, String> {
    let verb = order.text("do")?;
    if verb == "add_list" {
        let kind = order.maybe("type").unwrap_or("MANUAL");
        let processing = Processing::named(kind)
            .ok_or_else(|| format!("no type {kind}: one of MANUAL, SNAPSHOT, DYNAMIC"))?;
        let (name, object) = (order.text("name")?, order.text("object")?);
        return Ok(json!({ "id": hubspot.add_list(name, object, processing, now)? }));
    }
    let list = order.text("list")?;
    let ids = order.get("ids").and_then(Value::as_array);
    let ids: Vec<&str> = ids
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    match verb {
        "list_members" => return Ok(json!({ "members": hubspot.list_members(list) })),
        "add_to_list" => hubspot.add_to_list(list, &ids, now)?,
        "remove_from_list" => hubspot.remove_from_list(list, &ids, now)?,
        "delete_list" => hubspot.delete_list(list)?,
        _ => {
            let readable = match order.text("readable")? {
                "yes" => Readable::Yes,
                "forbidden" => Readable::Forbidden,
                "missing" => Readable::Missing,
                other => {
                    return Err(format!(
                        "\"readable\" is yes, forbidden or missing, not {other}"
                    ));
                }
            };
            hubspot.set_list_readable(list, readable)?;
        }
    }
    Ok(done())
}

/// Records by type.
pub(super) fn counts(hubspot: &HubSpot) -> Value {
    let types = hubspot.object_types();
    let counts = types
        .into_iter()
        .map(|name| (name.to_owned(), json!(hubspot.records(name).len())));
    Value::Object(counts.collect())
}

fn change(hubspot: &mut HubSpot, order: &Order<'_>, now: i64) -> Result<Value, String> {
    match order.text("do")? {
        "add_rule" => hubspot.add_rule(order.text("object")?, rule(order)?)?,
        "remove_rule" => {
            hubspot.remove_rule(order.text("object")?, order.text("id")?)?;
        }
        "change_property" => {
            let (object, name) = (order.text("object")?, order.text("property")?);
            let change = property_change(order, now)?;
            hubspot.change_property(object, name, change, now)?;
        }
        "automate" => {
            let automation = automation(order)?;
            hubspot.add_automation(order.text("object")?, automation)?;
        }
        "stop_automation" => {
            let (object, property) = (order.text("object")?, order.text("property")?);
            hubspot.remove_automation(object, property)?;
        }
        "put_pipeline" => {
            let pipeline = Pipeline {
                id: order.text("id")?.to_owned(),
                label: order.text("label")?.to_owned(),
                stages: stages(order)?,
            };
            hubspot.put_pipeline(order.text("object")?, pipeline)?;
        }
        "remove_pipeline" => hubspot.remove_pipeline(order.text("object")?, order.text("id")?)?,
        "put_stage" => {
            let (object, pipeline) = (order.text("object")?, order.text("pipeline")?);
            let (id, label) = (order.text("id")?, order.text("label")?);
            let stage = Stage::new(id, label, order.text("probability")?);
            hubspot.put_stage(object, pipeline, stage)?;
        }
        "remove_stage" => {
            let (object, pipeline) = (order.text("object")?, order.text("pipeline")?);
            hubspot.remove_stage(object, pipeline, order.text("id")?)?;
        }
        "put_owner" => hubspot.put_owner(owner(order)?),
        "token" => hubspot.set_token_ok(order.flag("ok")?),
        "refresh_token" => hubspot.set_refresh_ok(order.flag("ok")?),
        "expire_sessions" => hubspot.expire_access_tokens(now),
        "portal" => hubspot.set_portal_open(order.flag("open")?),
        "scopes" => hubspot.grant_scopes(scopes(order)),
        "usage" => {
            let used = u64::try_from(order.number("used")?).map_err(|error| error.to_string())?;
            hubspot.preload_usage(used, now);
        }
        "index_lag" => {
            let spread = order.count("spread_ms", 0)?;
            hubspot.set_index_lag(order.number("ms")?, i64::from(spread));
        }
        _ => return Err(order.unknown()),
    }
    Ok(done())
}

// `[{"id": …, "label": …, "probability": "0.2"}]`
fn stages(order: &Order<'_>) -> Result<Vec<Stage>, String> {
    let list = order.get("stages").and_then(Value::as_array);
    let list = list.ok_or("\"stages\" must be a list")?;
    list.iter()
        .map(|stage| {
            let stage = Order::new(stage)?;
            let (id, label) = (stage.text("id")?, stage.text("label")?);
            Ok(Stage::new(id, label, stage.text("probability")?))
        })
        .collect()
}

fn definition(order: &Order<'_>, now: i64) -> Result<Definition, String> {
    let (plural, singular) = (order.text("plural")?, order.text("singular")?);
    let mut definition = Definition::new(plural, singular, order.text("type_id")?);
    let list = |name: &str| order.get(name).and_then(Value::as_array);
    for property in list("properties").into_iter().flatten() {
        definition
            .properties
            .push(Property::from_json(property, now)?);
    }
    let required = list("required").into_iter().flatten();
    definition.required = required
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    Ok(definition)
}

fn shown(record: &Record) -> Value {
    let properties: Map<String, Value> = record
        .set_values()
        .map(|(name, value)| (name.to_owned(), json!(value)))
        .collect();
    json!({
        "id": record.id.to_string(), "properties": properties,
        "createdAt": stamp::iso(record.created_at), "updatedAt": stamp::iso(record.updated_at),
        "archived": record.archived_at.is_some(),
    })
}

fn rule(order: &Order<'_>) -> Result<Rule, String> {
    let usual = "PROPERTY_VALIDATION_RULE_FAILED";
    let given = order
        .get("given")
        .and_then(Value::as_object)
        .and_then(|given| given.iter().next());
    Ok(Rule {
        id: order.text("id")?.to_owned(),
        property: order.text("property")?.to_owned(),
        code: order.maybe("code").unwrap_or(usual).to_owned(),
        message: order.text("message")?.to_owned(),
        when: when(order)?,
        given: given.and_then(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))),
    })
}

fn when(order: &Order<'_>) -> Result<When, String> {
    if let Some(text) = order.maybe("equals") {
        return Ok(When::Equals(text.to_owned()));
    }
    if let Some(text) = order.maybe("contains") {
        return Ok(When::Contains(text.to_owned()));
    }
    if order.get("longer_than").is_some() {
        return Ok(When::LongerThan(order.count("longer_than", 0)? as usize));
    }
    let blank = order.get("blank").is_some() && order.flag("blank")?;
    Ok(if blank { When::Blank } else { When::Always })
}

fn property_change(order: &Order<'_>, now: i64) -> Result<PropertyChange, String> {
    match order.text("change")? {
        "add" => {
            let definition = order.get("definition").ok_or("\"definition\" is missing")?;
            Property::from_json(definition, now).map(PropertyChange::Add)
        }
        "remove" => Ok(PropertyChange::Remove),
        "add_option" => {
            let value = order.text("value")?.to_owned();
            let label = order.maybe("label").unwrap_or(&value).to_owned();
            Ok(PropertyChange::AddOption(Choice { label, value }))
        }
        "remove_option" => Ok(PropertyChange::RemoveOption(
            order.text("value")?.to_owned(),
        )),
        "read_only" => Ok(PropertyChange::Access(Access::ReadOnly)),
        "writable" => Ok(PropertyChange::Access(Access::Writable)),
        "required" => Ok(PropertyChange::Presence(Presence::Required)),
        "optional" => Ok(PropertyChange::Presence(Presence::Optional)),
        other => Err(format!(
            "no change {other}: one of add, remove, add_option, remove_option, read_only, \
             writable, required, optional"
        )),
    }
}

fn automation(order: &Order<'_>) -> Result<Automation, String> {
    let rewrite = match (order.maybe("set"), order.maybe("append")) {
        (Some(text), _) => Rewrite::Set(text.to_owned()),
        (None, Some(text)) => Rewrite::Append(text.to_owned()),
        (None, None) => Rewrite::Capitals,
    };
    Ok(Automation {
        property: order.text("property")?.to_owned(),
        rewrite,
        delay_ms: i64::from(order.count("delay_ms", 1_000)?),
    })
}

fn owner(order: &Order<'_>) -> Result<Owner, String> {
    let queue = order.maybe("type") == Some("QUEUE");
    Ok(Owner {
        id: order.text("id")?.to_owned(),
        email: order.text("email")?.to_owned(),
        first_name: order.maybe("first_name").unwrap_or_default().to_owned(),
        last_name: order.maybe("last_name").unwrap_or_default().to_owned(),
        kind: if queue {
            OwnerKind::Queue
        } else {
            OwnerKind::Person
        },
        archived: order.get("archived").is_some() && order.flag("archived")?,
    })
}

fn scopes(order: &Order<'_>) -> Option<Vec<String>> {
    let list = order.get("scopes")?.as_array()?;
    Some(
        list.iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
    )
}
