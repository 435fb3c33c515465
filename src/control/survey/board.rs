//! The three properties in which HubSpot's records show their state, when that is asked for.

use super::trouble::MISTAKE;
use super::{Item, State, menu};
use crate::config::Config;
use crate::domain::board::{Board, Property};
use crate::domain::record::Side;
use crate::domain::schema::ObjectSchema;
use crate::sync::{SightedObject, Wanted};

/// Those that a type lacks; none when nobody asked for them.
fn missing(config: &Config, hubspot: &ObjectSchema) -> Vec<Property> {
    if config.hubspot.board == Board::Hidden {
        return Vec::new();
    }
    let lacks = |property: &Property| {
        let field = property.field().ok();
        field.is_some_and(|field| hubspot.field(&field).is_none())
    };
    Property::ALL.into_iter().filter(lacks).collect()
}

/// What is to be made of them.
pub(super) fn wanted(config: &Config, type_: &str, hubspot: &ObjectSchema) -> Vec<Wanted> {
    let fields = missing(config, hubspot).into_iter().map(Property::field);
    let wanted = |field| Wanted {
        side: Side::HubSpot,
        type_: type_.to_owned(),
        field,
        optional: false,
    };
    fields.flatten().map(wanted).collect()
}

/// How they stand.
pub(super) fn items(config: &Config, seen: &SightedObject) -> Vec<Item> {
    let (Board::Shown, Ok(hubspot)) = (config.hubspot.board, &seen.schema) else {
        return Vec::new();
    };
    let missing = missing(config, hubspot);
    let type_ = seen.forms.first();
    let type_ = type_.map_or("", |form| form.mapping.hubspot_type.as_str());
    let item = |property: Property| {
        let what = format!("{type_}.{}", property.name());
        if !missing.contains(&property) {
            let said = "shows in HubSpot how its records stand".to_owned();
            return Item::granted(Side::HubSpot, &what, said);
        }
        let click = format!("or {}", menu::property(type_, property));
        let said = "without it no state is shown there".to_owned();
        Item {
            remedy: Some(
                "make it with \"syncline check --create-fields\", or remove [hubspot] show_state"
                    .to_owned(),
            ),
            click: Some(click),
            exit: MISTAKE,
            ..Item::new(Some(Side::HubSpot), &what, State::Missing, said)
        }
    };
    Property::ALL.into_iter().map(item).collect()
}
