//! Which records belong together, under which labels, and how that changes.
//!
//! Every change is written down in [`Changes`], so that a write that fails can be taken back whole.

pub mod address;
pub mod admin;
pub mod batch;
pub mod ceiling;
pub mod definitions;
pub mod find;
pub mod inline;
pub mod label;
pub mod link;
pub mod old;
pub mod settle;
pub mod shown;
pub mod single;
pub mod switches;
pub mod targets;

use ceiling::Ceilings;
use label::{Kind, Label, Labels, Role};
use link::{Changes, End, Links};
use std::collections::BTreeSet;

/// Why two records cannot be tied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// Their types have no association of this kind; `None` is the unlabelled one.
    NoKind(Option<Kind>),
    /// A record cannot be associated with itself.
    Itself,
    /// `end` has as many of the other's type as it may have.
    Full {
        /// The record that is full.
        end: End,
        /// How many it may have.
        ceiling: ceiling::Ceiling,
    },
}

/// All associations of a portal, with the labels and the limits that hold for them.
#[derive(Debug, Default)]
pub struct Associations {
    /// The kinds there are.
    pub labels: Labels,
    /// Who is tied to whom.
    pub links: Links,
    /// How many a record may have.
    pub ceilings: Ceilings,
}

impl Associations {
    /// Ties two records by these kinds, besides those that tie them already.
    pub fn tie(
        &mut self,
        from: End,
        to: End,
        kinds: &[Kind],
        changes: &mut Changes,
    ) -> Result<(), Obstacle> {
        let mut wanted = self.links.kinds(from, to);
        wanted.extend(kinds);
        self.settle_on(from, to, wanted, changes)
    }

    /// Ties two records by these kinds and no others.
    pub fn tie_only(
        &mut self,
        from: End,
        to: End,
        kinds: &[Kind],
        changes: &mut Changes,
    ) -> Result<(), Obstacle> {
        self.settle_on(from, to, kinds.iter().copied().collect(), changes)
    }

    /// Takes these kinds from two records; without the unlabelled one nothing is left between them.
    pub fn untie(&mut self, from: End, to: End, kinds: &[Kind], changes: &mut Changes) {
        let mut left = self.links.kinds(from, to);
        let plain = self.labels.plain(from.object, to.object);
        left.retain(|kind| !kinds.contains(kind));
        if plain.is_none_or(|plain| !left.contains(&plain.kind)) {
            left.clear();
        }
        self.write(from, to, left, changes);
    }

    /// Leaves nothing between two records.
    pub fn part(&mut self, from: End, to: End, changes: &mut Changes) {
        self.write(from, to, BTreeSet::new(), changes);
    }

    /// Leaves a record alone in the world.
    pub fn isolate(&mut self, end: End, changes: &mut Changes) {
        for (other, _) in self.links.all(end) {
            self.part(end, other, changes);
        }
    }

    /// Hands everything of `old` to `heir`; a flag the heir has given to another stays where it is.
    /// No limit stands in the way: a merge is not refused for the associations it brings together.
    pub fn inherit(&mut self, heir: End, old: End, changes: &mut Changes) {
        for (other, kinds) in self.links.all(old) {
            self.part(old, other, changes);
            if other == heir {
                continue;
            }
            let mut all = self.links.kinds(heir, other);
            all.extend(kinds.into_iter().filter(|kind| {
                let label = self.labels.find(heir.object, other.object, *kind);
                label.is_none_or(|label| {
                    !label.single || self.links.holding(heir, other.object, *kind).is_none()
                })
            }));
            self.write(heir, other, all, changes);
        }
    }

    /// The company that a contact or a deal calls its primary one.
    pub fn primary(&self, end: End, object: usize) -> Option<u64> {
        let label = self.labels.primary(end.object, object)?;
        self.links.holding(end, object, label.kind)
    }

    /// Whether neither the contact (or deal) of the two has a company yet: the first one may become primary.
    pub fn would_be_first(&self, from: End, to: End) -> bool {
        let Some(label) = self.labels.primary(from.object, to.object) else {
            return false;
        };
        let (holder, other) = if label.single { (from, to) } else { (to, from) };
        self.links.count(holder, other.object) == 0
    }

    fn settle_on(
        &mut self,
        from: End,
        to: End,
        mut wanted: BTreeSet<Kind>,
        changes: &mut Changes,
    ) -> Result<(), Obstacle> {
        if from == to {
            return Err(Obstacle::Itself);
        }
        let plain = self.labels.plain(from.object, to.object);
        // The unlabelled kind accompanies every label [D].
        wanted.insert(plain.ok_or(Obstacle::NoKind(None))?.kind);
        let labels: Vec<Label> = wanted
            .iter()
            .map(|kind| {
                let label = self.labels.find(from.object, to.object, *kind);
                label.cloned().ok_or(Obstacle::NoKind(Some(*kind)))
            })
            .collect::<Result<_, _>>()?;
        if self.links.kinds(from, to).is_empty() {
            self.leave_room(from, to)?;
            self.leave_room(to, from)?;
        }
        for label in &labels {
            self.move_flag(from, to, label, changes);
        }
        self.write(from, to, wanted, changes);
        Ok(())
    }

    fn leave_room(&self, end: End, other: End) -> Result<(), Obstacle> {
        match self.ceilings.of(end.object, other.object) {
            Some(ceiling) if self.links.count(end, other.object) >= ceiling.max as usize => {
                Err(Obstacle::Full { end, ceiling })
            }
            _ => Ok(()),
        }
    }

    // What a record may have once, say its primary company, is taken from whoever had it before.
    fn move_flag(&mut self, from: End, to: End, label: &Label, changes: &mut Changes) {
        let inverse = self.labels.find(to.object, from.object, label.inverse);
        let inverse_single = inverse.is_some_and(|label| label.single);
        let sides = [
            (label.single, from, to, label.kind),
            (inverse_single, to, from, label.inverse),
        ];
        for (single, holder, new, kind) in sides {
            let held = self.links.holding(holder, new.object, kind);
            let before = held.filter(|id| single && *id != new.id);
            if let Some(id) = before {
                let object = new.object;
                self.untie(holder, End { object, id }, &[kind], changes);
            }
        }
    }

    // The one door: both directions change together.
    fn write(&mut self, from: End, to: End, kinds: BTreeSet<Kind>, changes: &mut Changes) {
        let inverse = kinds.iter().filter_map(|kind| {
            let label = self.labels.find(from.object, to.object, *kind)?;
            Some(label.inverse)
        });
        let inverse: BTreeSet<Kind> = inverse.collect();
        self.links.replace(from, to, kinds, changes);
        self.links.replace(to, from, inverse, changes);
    }

    /// The kinds a default association has: the unlabelled one, and Primary for a first company if so set.
    pub fn usual(&self, from: End, to: End, first_is_primary: bool) -> Vec<Kind> {
        let plain = self.labels.plain(from.object, to.object);
        let primary = self
            .labels
            .of(from.object, to.object)
            .find(|label| label.role == Role::Primary);
        let primary = primary.filter(|_| first_is_primary && self.would_be_first(from, to));
        plain
            .into_iter()
            .chain(primary)
            .map(|label| label.kind)
            .collect()
    }
}
