//! One property and its field.

use super::super::convert::{Carriage, carriage};
use super::super::mapping::{FieldMapping, Mapping};
use super::super::record::{ObjectName, Side};
use super::super::schema::{Field, Kind};
use super::nearest::nearest;
use super::{Flaw, FlawKind, View, Weight, is_writable};

impl View<'_> {
    /// Everything wrong with one line of the mapping. What is not there has no type either.
    pub(super) fn field(&self, mapped: &FieldMapping) -> Vec<Flaw> {
        if mapped.junction().is_some() {
            // Neither side describes it: HubSpot's half is an association, Salesforce's the records
            // of an object of their own.
            return Vec::new();
        }
        let missing: Vec<Flaw> = Side::BOTH
            .into_iter()
            .filter_map(|side| self.missing(mapped, side))
            .collect();
        if !missing.is_empty() {
            return missing;
        }
        let mut flaws = self.unwritable(mapped);
        let Some(salesforce) = self.salesforce.field(&mapped.salesforce) else {
            return flaws;
        };
        if mapped.is_parent() {
            flaws.extend(self.association(mapped, salesforce));
        } else if mapped.owner {
            flaws.extend(self.owner(mapped, salesforce));
        } else if let Some(hubspot) = self.hubspot.field(&mapped.hubspot) {
            flaws.extend(self.value(mapped, hubspot, salesforce));
        }
        flaws
    }

    fn missing(&self, mapped: &FieldMapping, side: Side) -> Option<Flaw> {
        let name = mapped.on(side);
        let is_association = side == Side::HubSpot && mapped.is_parent();
        if is_association || self.schema(side).field(name).is_some() {
            return None;
        }
        let across = self.schema(side.other()).field(mapped.on(side.other()));
        let fits = |field: &Field| {
            across.is_none_or(|across| {
                carriage(across.kind, field.kind) != Carriage::Never
                    && carriage(field.kind, across.kind) != Carriage::Never
            })
        };
        let says = match side {
            Side::HubSpot => "there is no such property, or it is archived",
            Side::Salesforce => "there is no such field, or it is hidden from us",
        };
        let key = match side {
            Side::HubSpot => "hubspot",
            Side::Salesforce => match &self.mapping.form {
                Some(_) => "lead",
                None => "salesforce",
            },
        };
        let give = match side {
            Side::HubSpot => "make it",
            Side::Salesforce => "let the integration user see it",
        };
        let remedy = match nearest(self.schema(side), name, fits) {
            Some(meant) => format!(
                "did you mean {key} = \"{}\"? Or {give}, or write rule = \"off\"",
                meant.name
            ),
            None => format!("{give}, or write rule = \"off\""),
        };
        Some(Flaw {
            weight: Weight::LeftOut,
            says: format!("{}: {says}", self.place(side, name)),
            remedy,
            ..self.flaw(side, Some(name), FlawKind::Missing)
        })
    }

    fn unwritable(&self, mapped: &FieldMapping) -> Vec<Flaw> {
        let closed = |side: Side| {
            let field = self.schema(side).field(mapped.on(side))?;
            (!is_writable(field)).then_some(field)
        };
        let written = |side: &Side| self.writes(mapped, *side);
        Side::BOTH
            .into_iter()
            .filter(written)
            .filter_map(|side| {
                let field = closed(side)?;
                let (kind, why) = why_closed(side, field);
                // The other way round it works, unless that is closed as well.
                let remedy = match (closed(side.other()), side) {
                    (Some(_), _) => "write rule = \"off\"",
                    (None, Side::Salesforce) => "write rule = \"always-salesforce\"",
                    (None, Side::HubSpot) => "write rule = \"always-hubspot\"",
                };
                let permit = if kind == FlawKind::NotPermitted {
                    "give the integration user edit access, or "
                } else {
                    ""
                };
                Some(Flaw {
                    says: format!("{} {why}", self.place(side, &field.name)),
                    remedy: format!("{permit}{remedy}"),
                    ..self.flaw(side, Some(&field.name), kind)
                })
            })
            .collect()
    }

    fn association(&self, mapped: &FieldMapping, field: &Field) -> Option<Flaw> {
        let types: Vec<&str> = self
            .kept
            .iter()
            .filter(|one| mapped.parents.contains(&one.object))
            .map(|one| one.salesforce_type.as_str())
            .collect();
        let points = |name: &String| types.contains(&name.as_str());
        if field.kind == Kind::Reference && field.refers_to.iter().any(points) {
            return None;
        }
        let parents: Vec<&str> = mapped.parents.iter().map(ObjectName::as_str).collect();
        Some(Flaw {
            says: format!(
                "{} is {}, and the association with {} needs a lookup of {}",
                self.place(Side::Salesforce, &field.name),
                spoken(field),
                parents.join(" or "),
                types.join(" or ")
            ),
            remedy: "name the lookup that points there, or write rule = \"off\"".to_owned(),
            ..self.flaw(Side::Salesforce, Some(&field.name), FlawKind::Lookup)
        })
    }

    fn owner(&self, mapped: &FieldMapping, field: &Field) -> Option<Flaw> {
        let users = field.refers_to.iter().any(|name| name == "User");
        if field.kind == Kind::Reference && users {
            return None;
        }
        Some(Flaw {
            says: format!(
                "{} is {}, and {} is mapped as an owner",
                self.place(Side::Salesforce, &field.name),
                spoken(field),
                mapped.hubspot
            ),
            remedy: "map it to a lookup of users, or leave owner = true out".to_owned(),
            ..self.flaw(Side::Salesforce, Some(&field.name), FlawKind::Lookup)
        })
    }

    fn value(&self, mapped: &FieldMapping, hubspot: &Field, salesforce: &Field) -> Vec<Flaw> {
        if salesforce.kind == Kind::Reference && self.writes(mapped, Side::Salesforce) {
            return vec![self.plain_lookup(hubspot, salesforce)];
        }
        let mut flaws = Vec::new();
        for side in Side::BOTH {
            if !self.writes(mapped, side) {
                continue;
            }
            let (from, to) = match side {
                Side::HubSpot => (salesforce, hubspot),
                Side::Salesforce => (hubspot, salesforce),
            };
            let carried = carriage(from.kind, to.kind);
            if carried == Carriage::Always {
                continue;
            }
            let back = carriage(to.kind, from.kind);
            flaws.push(self.types(mapped, side, (from, to), carried, back));
        }
        flaws
    }

    fn types(
        &self,
        mapped: &FieldMapping,
        side: Side,
        (from, to): (&Field, &Field),
        carried: Carriage,
        back: Carriage,
    ) -> Flaw {
        let from_place = self.place(side.other(), mapped.on(side.other()));
        let to_place = self.place(side, mapped.on(side));
        let the_other_way = match side {
            Side::Salesforce => "rule = \"always-salesforce\"",
            Side::HubSpot => "rule = \"always-hubspot\"",
        };
        let meant = nearest(self.schema(side), mapped.on(side.other()), |field| {
            field.name != to.name && carriage(from.kind, field.kind) == Carriage::Always
        });
        let mut choices = Vec::new();
        choices.extend(meant.map(|field| format!("map {} instead", field.name)));
        if back != Carriage::Never && self.writes(mapped, side.other()) {
            choices.push(format!("write {the_other_way}"));
        }
        choices.push("write rule = \"off\"".to_owned());
        let (weight, does) = if carried == Carriage::Never {
            (Weight::Fails, "which never goes into")
        } else {
            (Weight::Doubtful, "of which only some values go into")
        };
        Flaw {
            weight,
            says: format!(
                "{from_place} is {}, {does} {to_place}, {}",
                spoken(from),
                spoken(to)
            ),
            remedy: choices.join(", or "),
            ..self.flaw(side, Some(&to.name), FlawKind::Types)
        }
    }

    /// A property that stands for a record across, and is carried like a text.
    fn plain_lookup(&self, hubspot: &Field, salesforce: &Field) -> Flaw {
        let kept = |one: &&Mapping| salesforce.refers_to.contains(&one.salesforce_type);
        let parent = self.kept.iter().find(kept);
        let users = salesforce.refers_to.iter().any(|name| name == "User");
        let choice = match (parent, users) {
            (Some(parent), _) => {
                format!("write hubspot = \"associations.{}\"", parent.object)
            }
            (None, true) => "map hubspot_owner_id to it with owner = true".to_owned(),
            (None, false) => "keep in step what it points to".to_owned(),
        };
        Flaw {
            says: format!(
                "{} is {}, and {} is {}, which names no record there",
                self.place(Side::Salesforce, &salesforce.name),
                spoken(salesforce),
                self.place(Side::HubSpot, &hubspot.name),
                spoken(hubspot)
            ),
            remedy: format!(
                "{choice}, or write rule = \"always-salesforce\" to have Salesforce's ids in HubSpot"
            ),
            ..self.flaw(Side::Salesforce, Some(&salesforce.name), FlawKind::Lookup)
        }
    }
}

/// A custom field that nothing computes is closed by a permission; the platform's own may be either.
fn why_closed(side: Side, field: &Field) -> (FlawKind, &'static str) {
    let custom = field.name.as_str().ends_with("__c");
    match (field.calculated, side) {
        (true, Side::HubSpot) => (FlawKind::ReadOnly, "is calculated by HubSpot"),
        (true, Side::Salesforce) => (
            FlawKind::ReadOnly,
            "is computed by Salesforce (formula or roll-up)",
        ),
        (false, Side::HubSpot) => (FlawKind::ReadOnly, "is kept by HubSpot itself"),
        (false, Side::Salesforce) if custom => (
            FlawKind::NotPermitted,
            "may be read and not be edited by the integration user",
        ),
        (false, Side::Salesforce) => (
            FlawKind::NotPermitted,
            "is kept by Salesforce itself, or may not be edited by the integration user",
        ),
    }
}

/// What a field holds, in words: `a text`, `a lookup of Account`.
fn spoken(field: &Field) -> String {
    let word = match field.kind {
        Kind::Text | Kind::LongText => "a text",
        Kind::Html => "a text with markup",
        Kind::Email => "an e-mail address",
        Kind::Phone => "a phone number",
        Kind::Url => "a web address",
        Kind::Number => "a number",
        Kind::Integer => "a whole number",
        Kind::Bool => "a yes or no",
        Kind::Date => "a date",
        Kind::DateTime => "a date and time",
        Kind::Time => "a time of day",
        Kind::Picklist => "a list to choose one of",
        Kind::MultiPicklist => "a list to choose several of",
        Kind::Id => "a record's own id",
        Kind::Unsupported => "of a type that is not carried across",
        Kind::Reference if field.refers_to.is_empty() => "a lookup",
        Kind::Reference => return format!("a lookup of {}", field.refers_to.join(" or ")),
    };
    word.to_owned()
}
