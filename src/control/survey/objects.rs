//! One object on both sides: scopes and permissions, id fields, mapped fields, records.

use super::trouble::{self, MISTAKE};
use super::{Item, State, board, is_scope, menu, scope_missed};
use crate::config::{Config, OtherIntegration};
use crate::domain::digest::thousands;
use crate::domain::event::Mode;
use crate::domain::fitness::{self, Flaw, Weight};
use crate::domain::mapping::{FieldMapping, Mapping};
use crate::domain::record::Side;
use crate::domain::schema::ObjectSchema;
use crate::sync::{Missed, Sight, SightedForm, SightedObject};

/// Below this share of HubSpot's records, in percent, what we see in Salesforce is suspiciously
/// little: portals hold more people than orgs, and seldom more than ten times as many.
const FEWER_PERCENT: u64 = 10;

pub(super) fn object(config: &Config, sight: &Sight, seen: &SightedObject) -> Vec<Item> {
    let mut items = scopes(config, sight, seen);
    for form in &seen.forms {
        let type_ = form.mapping.salesforce_type.as_str();
        items.extend(access(config, type_, &form.schema));
        for (type_, schema) in &form.junctions {
            items.extend(access(config, type_, schema));
            items.extend(tying(form, type_, schema));
        }
    }
    items.extend(former(config, seen));
    items.extend(list(config, seen));
    items.extend(records(config, seen));
    for form in &seen.forms {
        if let (Ok(hubspot), Ok(salesforce)) = (&seen.schema, &form.schema) {
            items.extend(mapping(config, &form.mapping, hubspot, salesforce));
        }
    }
    items.extend(board::items(config, seen));
    for item in &mut items {
        item.object = Some(seen.object.clone());
    }
    items
}

/// What HubSpot calls the family of scopes: tasks go with contacts (hubspot.md section 1.3).
fn family(type_: &str) -> &str {
    match type_.strip_suffix('s').unwrap_or(type_) {
        "contact" | "0-1" | "task" | "0-27" => "contacts",
        "company" | "companie" | "0-2" => "companies",
        "deal" | "0-3" => "deals",
        _ => "custom",
    }
}

fn scopes(config: &Config, sight: &Sight, seen: &SightedObject) -> Vec<Item> {
    let side = Side::HubSpot;
    let ours = config.hubspot.portal;
    if !sight.account.as_ref().is_ok_and(|one| one.portal == ours) {
        return Vec::new();
    }
    let type_ = seen
        .forms
        .first()
        .map_or("", |form| form.mapping.hubspot_type.as_str());
    let family = family(type_);
    let read = format!("crm.objects.{family}.read");
    let write = format!("crm.objects.{family}.write");
    let schema = format!("crm.schemas.{family}.read");
    vec![
        match &seen.schema {
            Ok(described) => {
                let said = format!("{} properties", described.fields.len());
                Item::granted(side, &schema, said)
            }
            Err(error) => scope_missed(side, &schema, "properties", error, config),
        },
        match &seen.records {
            Ok(total) => {
                let said = format!("{} {type_}", thousands(*total));
                Item::granted(side, &read, said)
            }
            Err(error) => scope_missed(side, &read, type_, error, config),
        },
        match &seen.writable {
            Ok(true) => Item::granted(side, &write, format!("{type_} may be written")),
            Ok(false) => {
                let said = format!("{type_} cannot be written without it");
                Item::missing(side, &write, said, menu::scope(&write))
            }
            Err(error) => trouble::missed(side, &write, error, config),
        },
    ]
}

fn access(config: &Config, type_: &str, schema: &Result<ObjectSchema, Missed>) -> Option<Item> {
    let side = Side::Salesforce;
    match schema {
        Ok(schema) => {
            let may = match (schema.creatable, schema.updatable) {
                (true, true) => "read, make and change",
                (true, false) => "read and make",
                (false, true) => "read and change",
                (false, false) => "read",
            };
            let said = format!("we may {may} them");
            Some(Item::granted(side, &format!("{type_} records"), said))
        }
        // What stands in the way was said where the login was.
        Err(Missed::NotAsked) => None,
        Err(Missed::Call(crate::crm::http::CallError::Rejected { .. })) => Some(Item::missing(
            side,
            &format!("{type_} records"),
            format!("there is no {type_}, or it is hidden from us"),
            menu::object(type_),
        )),
        Err(error) => {
            let what = format!("{type_} records");
            Some(trouble::missed(side, &what, error, config))
        }
    }
}

/// What ties an object's records to many others can be set from HubSpot only by making records of it.
fn tying(form: &SightedForm, type_: &str, schema: &Result<ObjectSchema, Missed>) -> Option<Item> {
    let (side, mapping) = (Side::Salesforce, &form.mapping);
    let is_written = |mapped: &FieldMapping| mapped.rule.writes(side);
    let goes = mapping.direction.allows(side) && mapping.junctions().any(is_written);
    let lacks = schema.as_ref().is_ok_and(|schema| !schema.creatable);
    (goes && lacks).then(|| {
        let said = format!(
            "what is associated with a {} in HubSpot does not reach Salesforce: every such change fails",
            mapping.object
        );
        Item::missing(side, &format!("{type_}: make"), said, menu::object(type_))
    })
}

/// Whether HubSpot's own integration writes this object too. From outside it can only be guessed: by
/// the ids that it left, which stay when it is switched off.
fn former(config: &Config, seen: &SightedObject) -> Vec<Item> {
    let (side, what) = (Side::HubSpot, "HubSpot's own integration");
    let mut items = Vec::new();
    for (name, left) in &seen.former {
        let left = match left {
            Ok(0) => continue,
            Ok(left) => thousands(*left),
            Err(error) => {
                items.push(trouble::missed(side, name.as_str(), error, config));
                continue;
            }
        };
        if config.hubspot.other_integration == OtherIntegration::Stopped {
            let said = format!("stopped; {left} records have its {name}: taken over as pairs");
            items.push(Item::granted(side, what, said));
            continue;
        }
        let said = format!(
            "{left} records have its {name}: it ran here, and may write this object still, which cannot \
             be seen from outside; two that write one field undo each other's work"
        );
        let refused = config.sync.mode == Mode::Sync;
        items.push(Item {
            remedy: Some(
                "when it is switched off, write [hubspot] other_integration = \"stopped\"; the pairs \
                 that it left are taken over"
                    .to_owned(),
            ),
            click: Some(menu::other_integration()),
            exit: if refused { MISTAKE } else { 0 },
            ..Item::new(
                Some(side),
                what,
                if refused { State::Missing } else { State::Doubtful },
                said,
            )
        });
    }
    items
}

fn list(config: &Config, seen: &SightedObject) -> Option<Item> {
    let (side, what) = (Side::HubSpot, "crm.lists.read");
    let name = seen.forms.first()?.mapping.list.as_ref()?;
    Some(match seen.list.as_ref()? {
        Ok(list) => {
            let members = list
                .size
                .map(|size| format!(", {} members", thousands(size)));
            let said = format!("list {name}{}", members.unwrap_or_default());
            Item::granted(side, what, said)
        }
        Err(error) if is_scope(error) => {
            let said = format!("list {name} cannot be read without it");
            Item::missing(side, what, said, menu::scope(what))
        }
        Err(Missed::Call(crate::crm::http::CallError::Rejected { status: 404, .. })) => Item {
            remedy: Some("correct list = \"…\"".to_owned()),
            exit: MISTAKE,
            ..Item::new(
                Some(side),
                what,
                State::Missing,
                format!("there is no list {name}"),
            )
        },
        Err(error) => trouble::missed(side, what, error, config),
    })
}

/// What the integration user sees against what HubSpot has. Where it sees much less, it is more
/// often a missing permission than a small org.
fn records(config: &Config, seen: &SightedObject) -> Option<Item> {
    let mut parts = Vec::new();
    let mut visible = 0;
    for form in &seen.forms {
        match &form.records {
            Ok(total) => {
                visible += total;
                parts.push(format!(
                    "{} {}",
                    thousands(*total),
                    form.mapping.salesforce_type
                ));
            }
            Err(Missed::NotAsked) => (),
            Err(error) => {
                let what = format!("count of {}", form.mapping.salesforce_type);
                return Some(trouble::missed(Side::Salesforce, &what, error, config));
            }
        }
    }
    if parts.is_empty() {
        return None;
    }
    let seen_there = parts.join(" and ");
    let mut item = Item::granted(
        Side::Salesforce,
        "seen by us",
        format!("{seen_there} in Salesforce"),
    );
    if let Ok(total) = &seen.records {
        item.said = format!(
            "{} records in HubSpot, {seen_there} seen in Salesforce",
            thousands(*total)
        );
        let type_ = seen.forms.first()?.mapping.salesforce_type.as_str();
        if visible == 0 && *total > 0 || visible < total.saturating_mul(FEWER_PERCENT) / 100 {
            item.state = State::Doubtful;
            item.remedy = Some(
                "if Salesforce has more, sharing hides them from the integration user: they would be \
                 made a second time"
                    .to_owned(),
            );
            item.click = Some(menu::object(type_));
        }
    }
    Some(item)
}

/// The id fields, and every line of the mapping, each as it stands.
pub(super) fn mapping(
    config: &Config,
    mapping: &Mapping,
    hubspot: &ObjectSchema,
    salesforce: &ObjectSchema,
) -> Vec<Item> {
    let flaws = fitness::flaws(mapping, hubspot, salesforce, &config.objects);
    let mut items = Vec::new();
    for side in Side::BOTH {
        let name = mapping.id_field_on(side);
        // Every form says the same of HubSpot's half.
        let told = side == Side::HubSpot && mapping.form.is_some();
        if !told
            && !flaws
                .iter()
                .any(|flaw| flaw.side == side && flaw.field.as_ref() == Some(name))
        {
            let what = format!("{}.{name}", mapping.type_on(side));
            let said = "unique, and we may write it".to_owned();
            items.push(Item::granted(side, &what, said));
        }
    }
    for mapped in &mapping.fields {
        if !flaws.iter().any(|flaw| names(flaw, mapped)) {
            items.push(field(mapping, mapped));
        }
    }
    let told = |flaw: &&Flaw| {
        // HubSpot's id property belongs to all forms of the object: it is missing once.
        !(flaw.side == Side::HubSpot && flaw.weight == Weight::Stops && mapping.form.is_some())
    };
    items.extend(flaws.iter().filter(told).map(|one| flaw(one, mapping)));
    items
}

fn names(flaw: &Flaw, mapped: &FieldMapping) -> bool {
    flaw.field.as_ref() == Some(mapped.on(flaw.side))
}

fn field(mapping: &Mapping, mapped: &FieldMapping) -> Item {
    let goes = |side: Side| mapped.rule.writes(side) && mapping.direction.allows(side);
    let said = match (goes(Side::HubSpot), goes(Side::Salesforce)) {
        (true, true) => "read and written on both sides",
        (true, false) => "read in Salesforce, written in HubSpot",
        (false, true) => "read in HubSpot, written in Salesforce",
        (false, false) => "read on both sides",
    };
    let what = format!(
        "{} <-> {}.{}",
        mapped.hubspot, mapping.salesforce_type, mapped.salesforce
    );
    Item {
        is_field: true,
        ..Item::new(None, &what, State::Granted, said.to_owned())
    }
}

fn flaw(flaw: &Flaw, mapping: &Mapping) -> Item {
    let place = match &flaw.field {
        Some(field) => format!("{}.{field}", mapping.type_on(flaw.side)),
        None => format!("{} records", mapping.type_on(flaw.side)),
    };
    // The place stands in front of the line already.
    let said = flaw.says.strip_prefix(&place).unwrap_or(&flaw.says);
    let said = said.trim_start_matches([':', ' ']);
    let (state, exit) = match flaw.weight {
        Weight::Stops | Weight::LeftOut | Weight::Fails => (State::Missing, MISTAKE),
        Weight::NoCreation => (State::Missing, 0),
        Weight::Doubtful => (State::Doubtful, 0),
    };
    Item {
        remedy: Some(flaw.remedy.clone()),
        click: menu::of_flaw(flaw, mapping),
        exit,
        ..Item::new(Some(flaw.side), &place, state, said.to_owned())
    }
}
