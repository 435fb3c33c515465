//! What people do to associations in the portal's pages, and what a trial looks at.

use super::super::HubSpot;
use super::super::record::Source;
use super::super::refusal::Refusal;
use super::ceiling::Ceiling;
use super::label::{Category, Role, Wording};
use super::link::{Changes, End};
use super::targets::How;

/// Which tie between two records is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tie<'a> {
    /// The association itself.
    Plain,
    /// That this is the primary company.
    Primary,
    /// A label that people made, by its words.
    Labelled(&'a str),
}

/// One record that another is associated with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Associated {
    /// Its id.
    pub id: String,
    /// Whether the one is the primary company of the other.
    pub is_primary: bool,
    /// The other labels, as people read them.
    pub labels: Vec<String>,
    /// Every kind between them, as (category, number).
    pub kinds: Vec<(Category, u32)>,
}

impl HubSpot {
    /// Associates two records as a person; a label or Primary brings the plain association with it.
    pub fn associate(
        &mut self,
        from_type: &str,
        from_id: &str,
        to_type: &str,
        to_id: &str,
        tie: Tie<'_>,
        now: i64,
    ) -> Result<(), Refusal> {
        self.advance(now);
        let (from, to) = self.ends(from_type, from_id, to_type, to_id)?;
        let mut changes = Changes::new();
        match tie {
            Tie::Plain => self.join(from, to, How::Usual, &mut changes)?,
            Tie::Primary | Tie::Labelled(_) => {
                let kind = self.kind_of(from, to, tie)?;
                self.join(from, to, How::Besides(&[kind]), &mut changes)?;
            }
        }
        self.settle(&changes, Source::Person, now);
        Ok(())
    }

    /// Takes one tie away as a person; taking the plain one leaves nothing between the two.
    pub fn dissociate(
        &mut self,
        from_type: &str,
        from_id: &str,
        to_type: &str,
        to_id: &str,
        tie: Tie<'_>,
        now: i64,
    ) -> Result<(), Refusal> {
        self.advance(now);
        let (from, to) = self.ends(from_type, from_id, to_type, to_id)?;
        let mut changes = Changes::new();
        match tie {
            Tie::Plain => self.associations.part(from, to, &mut changes),
            Tie::Primary | Tie::Labelled(_) => {
                let kind = self.kind_of(from, to, tie)?;
                self.associations.untie(from, to, &[kind], &mut changes);
            }
        }
        self.settle(&changes, Source::Person, now);
        Ok(())
    }

    /// The records of a type that a record is associated with, by id; nothing for what does not exist.
    pub fn associations_of(&self, from_type: &str, id: &str, to_type: &str) -> Vec<Associated> {
        let objects = (self.object_named(from_type), self.object_named(to_type));
        let (Ok(from), Ok(to)) = objects else {
            return Vec::new();
        };
        let Some(end) = self.end(from, id) else {
            return Vec::new();
        };
        let labels = &self.associations.labels;
        let ties = self.associations.links.of(end, to, 0);
        ties.map(|(id, kinds)| {
            let known = kinds.iter().filter_map(|kind| labels.find(from, to, *kind));
            let named = known.clone().filter(|label| label.role == Role::Named);
            Associated {
                id: id.to_string(),
                is_primary: known.clone().any(|label| label.role == Role::Primary),
                labels: named.filter_map(|label| label.name.clone()).collect(),
                kinds: kinds.iter().map(|kind| (kind.category, kind.id)).collect(),
            }
        })
        .collect()
    }

    /// Makes a label for a pair of types and returns its numbers there and back.
    pub fn add_association_label(
        &mut self,
        from_type: &str,
        to_type: &str,
        label: &str,
        inverse: Option<&str>,
    ) -> Result<(u32, u32), Refusal> {
        let (from, to) = (self.object_named(from_type)?, self.object_named(to_type)?);
        let words = Wording {
            name: label.to_owned(),
            inverse: inverse.map(str::to_owned),
        };
        let made = self.make_label(from, to, &words)?;
        let first = made.first().ok_or_else(Refusal::not_found)?;
        Ok((first.kind.id, first.inverse.id))
    }

    /// Sets how many records of `to_type` one of `from_type` may have; `None` lifts the limit.
    pub fn set_association_limit(
        &mut self,
        from_type: &str,
        to_type: &str,
        ceiling: Option<Ceiling>,
    ) -> Result<(), Refusal> {
        let (from, to) = (self.object_named(from_type)?, self.object_named(to_type)?);
        self.associations.ceilings.set(from, to, ceiling);
        Ok(())
    }

    fn ends(
        &self,
        from_type: &str,
        from_id: &str,
        to_type: &str,
        to_id: &str,
    ) -> Result<(End, End), Refusal> {
        let (from, to) = (self.object_named(from_type)?, self.object_named(to_type)?);
        Ok((self.valid_end(from, from_id)?, self.valid_end(to, to_id)?))
    }

    fn kind_of(&self, from: End, to: End, tie: Tie<'_>) -> Result<super::label::Kind, Refusal> {
        let labels = &self.associations.labels;
        let label = match tie {
            Tie::Plain => labels.plain(from.object, to.object),
            Tie::Primary => labels.primary(from.object, to.object),
            Tie::Labelled(name) => labels.worded(from.object, to.object, name),
        };
        let label = label.ok_or_else(|| {
            let (from, to) = (&self.objects[from.object], &self.objects[to.object]);
            let (from, to) = (&from.singular, &to.singular);
            Refusal::invalid(&format!(
                "no such association between {from} and {to}: {tie:?}"
            ))
        })?;
        Ok(label.kind)
    }
}
