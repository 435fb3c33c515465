//! How many records of a type one record may be associated with.

use std::collections::BTreeMap;

/// Who set a limit; each refuses in other words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetBy {
    /// The portal's administrators, below what the product allows (E16).
    Administrator,
    /// The product and its subscription (E17).
    Product,
}

impl SetBy {
    /// What the refusal's `subCategory` says. Client code looks for the administrator's text (live answers);
    /// the product's is assumed.
    pub fn sub_category(self) -> &'static str {
        match self {
            SetBy::Administrator => "crm.associations.ASSOCIATION_USER_CONFIG_LIMIT_EXCEEDED",
            SetBy::Product => "crm.associations.ASSOCIATION_LIMIT_EXCEEDED",
        }
    }
}

/// One limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ceiling {
    /// Most records.
    pub max: u32,
    /// Who set it.
    pub set_by: SetBy,
}

/// The limits, by the types they lead from and to; where none is set there is none.
#[derive(Debug, Default)]
pub struct Ceilings(BTreeMap<(usize, usize), Ceiling>);

impl Ceilings {
    /// Sets or lifts the limit of one direction.
    pub fn set(&mut self, from: usize, to: usize, ceiling: Option<Ceiling>) {
        match ceiling {
            Some(ceiling) => self.0.insert((from, to), ceiling),
            None => self.0.remove(&(from, to)),
        };
    }

    /// The limit of one direction.
    pub fn of(&self, from: usize, to: usize) -> Option<Ceiling> {
        self.0.get(&(from, to)).copied()
    }

    /// Every limit: (from, to), how many.
    pub fn all(&self) -> impl Iterator<Item = ((usize, usize), Ceiling)> {
        self.0.iter().map(|(types, ceiling)| (*types, *ceiling))
    }
}
