//! `syncline mapping show`: the mapping in force, from the configuration alone.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::args::{Arguments, Shown};
use super::ask::object_named;
use super::out;
use super::render::mapping::{self as render, Field, Object, Origin};
use crate::config::{self, standard_forms};
use crate::control::request::Refusal;
use crate::domain::mapping::{FieldMapping, Mapping, Rule};
use crate::domain::record::ObjectName;

/// Everything shown, as JSON.
#[derive(Serialize)]
struct Listed<'a> {
    report: &'static str,
    objects: &'a [Object],
}

/// Prints the mapping of one object, or of all.
pub(super) fn show(arguments: &Arguments, shown: &Shown) -> Result<u8, Refusal> {
    let wanted = shown.object.as_deref().map(object_named).transpose()?;
    let mappings = mappings(arguments, wanted.as_ref())?;
    let objects = mappings
        .into_iter()
        .map(told)
        .collect::<Result<Vec<Object>, Refusal>>()?;
    if arguments.json {
        let listed = Listed {
            report: "mapping",
            objects: &objects,
        };
        let json = serde_json::to_string(&listed).map_err(|error| Refusal {
            exit: 70,
            message: error.to_string(),
        })?;
        out::text(&format!("{json}\n"))?;
    } else if shown.toml {
        out::text(&render::toml(&objects))?;
    } else {
        out::text(&render::tables(&objects))?;
    }
    Ok(0)
}

/// The mappings that the configuration makes; where there is none yet, the standard one of the
/// object asked for.
fn mappings(arguments: &Arguments, wanted: Option<&ObjectName>) -> Result<Vec<Mapping>, Refusal> {
    let path = arguments.config.clone();
    let usual = PathBuf::from(config::PATH);
    if let (None, Some(object), false) = (&path, wanted, Path::new(&usual).exists())
        && let standard = standard(object)?
        && !standard.is_empty()
    {
        return Ok(standard);
    }
    let config = config::load(&path.unwrap_or(usual)).map_err(|mistakes| Refusal {
        exit: 78,
        message: mistakes.to_string(),
    })?;
    let Some(object) = wanted else {
        return Ok(config.objects);
    };
    let all = config.objects.iter();
    let asked: Vec<Mapping> = all.filter(|one| one.object == *object).cloned().collect();
    if !asked.is_empty() {
        return Ok(asked);
    }
    let names = config.objects.iter().map(|one| one.object.as_str());
    let mut names: Vec<&str> = names.collect();
    names.dedup();
    Err(Refusal::usage(format!(
        "{object} is not configured; there are: {}",
        names.join(", ")
    )))
}

fn standard(object: &ObjectName) -> Result<Vec<Mapping>, Refusal> {
    standard_forms(object)
        .transpose()
        .map(Option::unwrap_or_default)
        .map_err(|mistakes| Refusal {
            exit: 70,
            message: mistakes.to_string(),
        })
}

/// A mapping with where each of its fields comes from: those that the configuration took out are
/// told as well.
fn told(mapping: Mapping) -> Result<Object, Refusal> {
    let standard = standard(&mapping.object)?.into_iter();
    let mut standard = standard.filter(|one| one.salesforce_type == mapping.salesforce_type);
    let of_standard = standard.next().map(|one| one.fields).unwrap_or_default();
    let same = |field: &FieldMapping| of_standard.contains(field);
    let mut fields: Vec<Field> = mapping
        .fields
        .iter()
        .map(|field| {
            let from = if same(field) {
                Origin::Standard
            } else {
                Origin::Configuration
            };
            Field::new(field, from)
        })
        .collect();
    let is_gone = |field: &&FieldMapping| {
        // Associations go with the objects that they are with.
        let mapped = mapping.fields.iter();
        !field.is_association() && !mapped.into_iter().any(|one| one.hubspot == field.hubspot)
    };
    for field in of_standard.iter().filter(is_gone) {
        let off = FieldMapping {
            rule: Rule::Off,
            ..field.clone()
        };
        fields.push(Field::new(&off, Origin::Configuration));
    }
    Ok(Object::new(mapping, fields))
}
