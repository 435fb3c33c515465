//! Who is tied to whom: both directions of every association, and how to take a change back.

use super::label::Kind;
use std::collections::{BTreeMap, BTreeSet};

/// One record, as one end of an association.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct End {
    /// Place of its type in the portal.
    pub object: usize,
    /// Its id.
    pub id: u64,
}

/// One direction between two records as it was before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// From this record
    pub from: End,
    /// to that one
    pub to: End,
    /// by these kinds.
    pub before: BTreeSet<Kind>,
}

/// Everything that changed, oldest first.
pub type Changes = Vec<Change>;

/// All ties of a portal. Knows nothing of what a kind means.
#[derive(Debug, Default)]
pub struct Links {
    ties: BTreeMap<End, BTreeMap<End, BTreeSet<Kind>>>,
}

impl Links {
    /// By what `from` is tied to `to`; nothing when they are not.
    pub fn kinds(&self, from: End, to: End) -> BTreeSet<Kind> {
        let found = self.ties.get(&from).and_then(|ties| ties.get(&to));
        found.cloned().unwrap_or_default()
    }

    /// The records of one type that `from` is tied to, by id from `first` on.
    pub fn of(
        &self,
        from: End,
        object: usize,
        first: u64,
    ) -> impl Iterator<Item = (u64, &BTreeSet<Kind>)> {
        let (first, last) = (
            End { object, id: first },
            End {
                object,
                id: u64::MAX,
            },
        );
        let ties = self.ties.get(&from);
        ties.into_iter()
            .flat_map(move |ties| ties.range(first..=last))
            .map(|(to, kinds)| (to.id, kinds))
    }

    /// Everything that `from` is tied to.
    pub fn all(&self, from: End) -> Vec<(End, BTreeSet<Kind>)> {
        let ties = self.ties.get(&from);
        ties.into_iter()
            .flatten()
            .map(|(to, kinds)| (*to, kinds.clone()))
            .collect()
    }

    /// How many records of one type `from` is tied to.
    pub fn count(&self, from: End, object: usize) -> usize {
        self.of(from, object, 0).count()
    }

    /// Every record of one type that is tied to anything, by its id, and how many of the other type
    /// it has.
    pub fn counts(&self, object: usize, other: usize) -> impl Iterator<Item = (u64, usize)> {
        let (first, last) = (
            End { object, id: 0 },
            End {
                object,
                id: u64::MAX,
            },
        );
        self.ties
            .range(first..=last)
            .map(move |(from, _)| (from.id, self.count(*from, other)))
    }

    /// The first record of a type to which `from` is tied by that kind.
    pub fn holding(&self, from: End, object: usize, kind: Kind) -> Option<u64> {
        self.of(from, object, 0)
            .find(|(_, kinds)| kinds.contains(&kind))
            .map(|(id, _)| id)
    }

    /// Every pair of records of two types that this kind ties.
    pub fn tied_by(&self, object: usize, other: usize, kind: Kind) -> Vec<(End, End)> {
        let from = self.ties.iter().filter(|(from, _)| from.object == object);
        from.flat_map(|(from, ties)| ties.iter().map(|(to, kinds)| (*from, *to, kinds)))
            .filter(|(_, to, kinds)| to.object == other && kinds.contains(&kind))
            .map(|(from, to, _)| (from, to))
            .collect()
    }

    /// Puts one direction in place and writes down what was there.
    pub fn replace(&mut self, from: End, to: End, kinds: BTreeSet<Kind>, changes: &mut Changes) {
        let before = self.kinds(from, to);
        if before == kinds {
            return;
        }
        self.put(from, to, kinds);
        changes.push(Change { from, to, before });
    }

    /// Takes changes back, newest first.
    pub fn undo(&mut self, changes: Changes) {
        for Change { from, to, before } in changes.into_iter().rev() {
            self.put(from, to, before);
        }
    }

    fn put(&mut self, from: End, to: End, kinds: BTreeSet<Kind>) {
        let ties = self.ties.entry(from).or_default();
        if kinds.is_empty() {
            ties.remove(&to);
        } else {
            ties.insert(to, kinds);
        }
        if ties.is_empty() {
            self.ties.remove(&from);
        }
    }
}
