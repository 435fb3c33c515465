//! Which records a person means: ids are told apart by their form, objects by what is known.

use crate::control::deed::{Deed, Named};
use crate::domain::record::{ObjectName, PairIds, PairNumber, RecordId, RecordKey, Side};
use crate::projections::{pairs, settings};
use crate::store::View;

/// What a Salesforce id begins with, by standard type.
const PREFIXES: &[(&str, &str)] = &[
    ("001", "Account"),
    ("003", "Contact"),
    ("006", "Opportunity"),
    ("00Q", "Lead"),
    ("00T", "Task"),
];

/// The objects kept in step, each with its type in Salesforce.
pub(super) struct Objects(Vec<(ObjectName, String)>);

impl Objects {
    /// Those in force.
    pub(super) fn of(view: &View<'_>) -> anyhow::Result<Self> {
        let mappings = settings::mappings(view)?.into_iter();
        let objects = mappings.map(|setting| {
            let mapping = setting.event.mapping;
            (mapping.object, mapping.salesforce_type)
        });
        Ok(Self(objects.collect()))
    }

    /// The halves that are meant, or why nobody can tell. To be linked are the two that are named;
    /// every other deed is about a record with whatever it is paired with.
    pub(super) fn ids(
        &self,
        view: &View<'_>,
        deed: Deed,
        named: &Named,
    ) -> anyhow::Result<Result<PairIds, String>> {
        if let Some(number) = named.number {
            let pair = pairs::resolve(view, PairNumber(number))?;
            return Ok(pair.map(|pair| pair.ids).ok_or_else(|| {
                format!("there is no record #{number}; see \"syncline records list\"")
            }));
        }
        let ids = Side::BOTH.into_iter().filter_map(|side| named.id(side));
        match (deed, ids.count()) {
            (_, 0) => return Ok(Err("no id is named".to_owned())),
            (Deed::Link, 1) => {
                let said = "to be linked are two: a HubSpot id and a Salesforce id";
                return Ok(Err(said.to_owned()));
            }
            (_, _) => (),
        }
        let object = match self.object(view, named)? {
            Ok(object) => object,
            Err(reason) => return Ok(Err(reason)),
        };
        let ids = PairIds {
            object,
            hubspot: named.hubspot.clone(),
            salesforce: named.salesforce.clone(),
        };
        let keys = ids.keys();
        if deed == Deed::Link {
            return Ok(Ok(ids));
        }
        let mut found = Vec::new();
        for key in &keys {
            found.push(pairs::by_key(view, key)?);
        }
        Ok(match (keys.as_slice(), found.as_slice()) {
            ([_], [None]) => Ok(ids),
            ([_], [Some(number)]) => {
                let pair = pairs::get(view, *number)?;
                Ok(pair.map_or(ids, |pair| pair.ids))
            }
            ([_, _], [Some(one), Some(other)]) if one == other => Ok(ids),
            ([one, other], _) => Err(format!(
                "{} {} and {} {} are no pair; name one of them",
                one.side, one.id, other.side, other.id
            )),
            (_, _) => Err("no id is named".to_owned()),
        })
    }

    /// The object that is meant: as said, else where an id is known, else by the form of a
    /// Salesforce id, else the only one there is.
    fn object(&self, view: &View<'_>, named: &Named) -> anyhow::Result<Result<ObjectName, String>> {
        if let Some(object) = &named.object {
            let is_known = self.0.iter().any(|(known, _)| known == object);
            return Ok(if is_known {
                Ok(object.clone())
            } else {
                Err(format!(
                    "{object} is not kept in step; there are: {}",
                    self.names()
                ))
            });
        }
        if let [one] = self
            .known(view, Side::Salesforce, named.id(Side::Salesforce))?
            .as_slice()
        {
            return Ok(Ok(one.clone()));
        }
        if let Some(by_form) = named.id(Side::Salesforce).and_then(|id| self.by_form(id)) {
            return Ok(by_form);
        }
        let known = self.known(view, Side::HubSpot, named.id(Side::HubSpot))?;
        let id = named.id(Side::HubSpot).or(named.id(Side::Salesforce));
        let id = id.map(ToString::to_string).unwrap_or_default();
        Ok(match (known.as_slice(), self.objects().as_slice()) {
            ([one], _) | ([], [one]) => Ok(one.clone()),
            ([], []) => Err(
                "no object is kept in step yet; configure one, then start the daemon".to_owned(),
            ),
            ([], _) => Err(format!(
                "{id} was never seen; say with --object, or in a column object, what it is: {}",
                self.names()
            )),
            (several, _) => Err(format!(
                "{id} is several things; say with --object, or in a column object, which: {}",
                joined(several)
            )),
        })
    }

    /// The objects in which an id is known.
    fn known(
        &self,
        view: &View<'_>,
        side: Side,
        id: Option<&RecordId>,
    ) -> anyhow::Result<Vec<ObjectName>> {
        let mut known = Vec::new();
        for object in self.objects() {
            let Some(id) = id.cloned() else { break };
            let key = RecordKey { side, object, id };
            if pairs::by_key(view, &key)?.is_some() {
                known.push(key.object);
            }
        }
        Ok(known)
    }

    /// The object of a Salesforce id that begins as those of a standard type do.
    fn by_form(&self, id: &RecordId) -> Option<Result<ObjectName, String>> {
        let (_, type_) = PREFIXES
            .iter()
            .find(|(prefix, _)| id.as_str().starts_with(prefix))?;
        let object = self.0.iter().find(|(_, known)| known == type_);
        Some(object.map(|(object, _)| object.clone()).ok_or_else(|| {
            format!("{id} is the id of a Salesforce {type_}, and none is kept in step")
        }))
    }

    /// Every object once, however many types it has in Salesforce.
    fn objects(&self) -> Vec<ObjectName> {
        let mut objects: Vec<ObjectName> =
            self.0.iter().map(|(object, _)| object.clone()).collect();
        objects.sort();
        objects.dedup();
        objects
    }

    fn names(&self) -> String {
        joined(&self.objects())
    }
}

fn joined(names: &[ObjectName]) -> String {
    let names: Vec<&str> = names.iter().map(ObjectName::as_str).collect();
    names.join(", ")
}
