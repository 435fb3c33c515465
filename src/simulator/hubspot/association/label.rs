//! The kinds of association between two types: those HubSpot brings and those the portal's people make.

use serde_json::{Value, json};

/// Most labels people may make for a pair of types (the guides).
pub const USER_LABELS_MAX: usize = 10;

/// Who made a kind. A number means something only together with it: `USER_DEFINED` numbers start at 1 too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Category {
    /// `HUBSPOT_DEFINED`
    HubSpot,
    /// `USER_DEFINED`
    User,
}

impl Category {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Category::HubSpot => "HUBSPOT_DEFINED",
            Category::User => "USER_DEFINED",
        }
    }

    /// The category of that name on the wire.
    pub fn named(name: &str) -> Option<Category> {
        [Category::HubSpot, Category::User]
            .into_iter()
            .find(|category| category.name() == name)
    }
}

/// A directional kind of association, as `{"category", "typeId"}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kind {
    /// Who made it.
    pub category: Category,
    /// Its number among theirs.
    pub id: u32,
}

/// What a kind says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// That there is an association: the unlabelled kind.
    Plain,
    /// That this is the primary company.
    Primary,
    /// What its label says.
    Named,
}

/// One direction of a kind between two types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Place of the type it leads from.
    pub from: usize,
    /// Place of the type it leads to.
    pub to: usize,
    /// The kind in this direction.
    pub kind: Kind,
    /// The kind in the other.
    pub inverse: Kind,
    /// What people read; the unlabelled kind has none.
    pub name: Option<String>,
    /// What it says.
    pub role: Role,
    /// Whether a record may have it only once.
    pub single: bool,
}

/// What the portal's people call a label, in both directions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording {
    /// In the direction it is made for.
    pub name: String,
    /// In the other, where it differs.
    pub inverse: Option<String>,
}

/// All kinds of a portal.
#[derive(Debug, Default)]
pub struct Labels {
    all: Vec<Label>,
    last_user_id: u32,
}

impl Labels {
    /// The kinds HubSpot brings for these types, named by their plurals in the order of the portal (the guides, and live answers).
    pub fn standard(types: &[&str]) -> Labels {
        let mut labels = Labels::default();
        let place = |name: &str| types.iter().position(|one| *one == name);
        for (from, to, there, back) in PLAIN {
            if let (Some(from), Some(to)) = (place(from), place(to)) {
                labels.pair(
                    from,
                    to,
                    [Category::HubSpot; 2],
                    [*there, *back],
                    &Words::Plain,
                );
            }
        }
        for (from, there, back) in PRIMARY {
            if let (Some(from), Some(to)) = (place(from), place("companies")) {
                let ids = [*there, *back];
                labels.pair(from, to, [Category::HubSpot; 2], ids, &Words::Primary);
            }
        }
        if let Some(companies) = place("companies") {
            labels.pair(
                companies,
                companies,
                [Category::HubSpot; 2],
                [13, 14],
                &Words::Family,
            );
        }
        labels
    }

    /// The unlabelled kind between a custom type and each of the others. The reference is silent on its
    /// category; `USER_DEFINED` with a number of the portal's own is assumed.
    pub fn open_to(&mut self, custom: usize, others: impl Iterator<Item = usize>) {
        for other in others {
            let there = self.next_user_id();
            let back = if other == custom {
                there
            } else {
                self.next_user_id()
            };
            self.pair(
                custom,
                other,
                [Category::User; 2],
                [there, back],
                &Words::Plain,
            );
        }
    }

    /// Makes a label for two types and returns both its directions, the asked one first.
    pub fn make(&mut self, from: usize, to: usize, words: &Wording) -> Vec<Label> {
        let there = self.next_user_id();
        // Between records of one type a label without a counterpart reads the same both ways.
        let symmetric = from == to && words.inverse.is_none();
        let back = if symmetric {
            there
        } else {
            self.next_user_id()
        };
        let first = self.all.len();
        let inverse = words.inverse.as_deref().unwrap_or(&words.name);
        let words = Words::Made(&words.name, inverse);
        self.pair(from, to, [Category::User; 2], [there, back], &words);
        self.all[first..].to_vec()
    }

    /// Words a label anew; `false` when people have made no such label.
    pub fn reword(&mut self, from: usize, to: usize, id: u32, words: &Wording) -> bool {
        let kind = Kind {
            category: Category::User,
            id,
        };
        let Some(label) = self.made(from, to, kind).cloned() else {
            return false;
        };
        for one in &mut self.all {
            if (one.from, one.to, one.kind) == (from, to, kind) {
                one.name = Some(words.name.clone());
            } else if (one.from, one.to, one.kind) == (to, from, label.inverse) {
                let inverse = words.inverse.as_ref().unwrap_or(&words.name);
                one.name = Some(inverse.clone());
            }
        }
        true
    }

    /// Takes a label out of use and returns it; `None` when people have made no such label.
    pub fn remove(&mut self, from: usize, to: usize, id: u32) -> Option<Label> {
        let kind = Kind {
            category: Category::User,
            id,
        };
        let label = self.made(from, to, kind).cloned()?;
        self.all.retain(|one| {
            (one.from, one.to, one.kind) != (from, to, kind)
                && (one.from, one.to, one.kind) != (to, from, label.inverse)
        });
        Some(label)
    }

    /// Every kind in one direction.
    pub fn of(&self, from: usize, to: usize) -> impl Iterator<Item = &Label> {
        self.all
            .iter()
            .filter(move |label| label.from == from && label.to == to)
    }

    /// Every kind that leads from a type.
    pub fn leading_from(&self, from: usize) -> impl Iterator<Item = &Label> {
        self.all.iter().filter(move |label| label.from == from)
    }

    /// The kind of that number in one direction.
    pub fn find(&self, from: usize, to: usize, kind: Kind) -> Option<&Label> {
        self.of(from, to).find(|label| label.kind == kind)
    }

    /// The kind of that label in one direction.
    pub fn worded(&self, from: usize, to: usize, name: &str) -> Option<&Label> {
        self.of(from, to)
            .find(|label| label.name.as_deref() == Some(name))
    }

    /// The unlabelled kind; `None` between types that cannot be associated.
    pub fn plain(&self, from: usize, to: usize) -> Option<&Label> {
        self.of(from, to).find(|label| label.role == Role::Plain)
    }

    /// The kind that marks a primary company, in either direction.
    pub fn primary(&self, from: usize, to: usize) -> Option<&Label> {
        self.of(from, to).find(|label| label.role == Role::Primary)
    }

    fn made(&self, from: usize, to: usize, kind: Kind) -> Option<&Label> {
        self.find(from, to, kind)
            .filter(|label| label.kind.category == Category::User && label.role == Role::Named)
    }

    fn next_user_id(&mut self) -> u32 {
        self.last_user_id += 1;
        self.last_user_id
    }

    fn pair(
        &mut self,
        from: usize,
        to: usize,
        categories: [Category; 2],
        ids: [u32; 2],
        words: &Words<'_>,
    ) {
        let [there, back] = [0, 1].map(|side| Kind {
            category: categories[side],
            id: ids[side],
        });
        let (role, names, single) = words.meaning();
        let [name, inverse_name] = names.map(|name| name.map(str::to_owned));
        let label = Label {
            from,
            to,
            kind: there,
            inverse: back,
            name,
            role,
            single: single[0],
        };
        if from != to || there != back {
            self.all.push(Label {
                from: to,
                to: from,
                kind: back,
                inverse: there,
                name: inverse_name,
                role,
                single: single[1],
            });
            let last = self.all.len() - 1;
            self.all.insert(last, label);
        } else {
            self.all.push(label);
        }
    }
}

impl Label {
    /// `{"category", "typeId", "label"}`, as both the labels and the associations show it.
    pub fn to_json(&self) -> Value {
        json!({ "category": self.kind.category.name(), "typeId": self.kind.id, "label": self.name })
    }
}

enum Words<'a> {
    Plain,
    Primary,
    Family,
    Made(&'a str, &'a str),
}

impl<'a> Words<'a> {
    fn meaning(&self) -> (Role, [Option<&'a str>; 2], [bool; 2]) {
        match self {
            Words::Plain => (Role::Plain, [None; 2], [false; 2]),
            Words::Primary => (Role::Primary, [Some("Primary"); 2], [true, false]),
            // A company has one parent.
            Words::Family => (
                Role::Named,
                [Some("Child Company"), Some("Parent Company")],
                [false, true],
            ),
            Words::Made(name, inverse) => (Role::Named, [Some(name), Some(inverse)], [false; 2]),
        }
    }
}

/// From, to, number there, number back.
const PLAIN: &[(&str, &str, u32, u32)] = &[
    ("contacts", "companies", 279, 280),
    ("deals", "contacts", 3, 4),
    ("deals", "companies", 341, 342),
    ("contacts", "contacts", 449, 449),
    ("companies", "companies", 450, 450),
    ("deals", "deals", 451, 451),
    ("tasks", "contacts", 204, 203),
    ("tasks", "companies", 192, 191),
    ("tasks", "deals", 216, 215),
];

/// Whose primary company, number there, number back.
const PRIMARY: &[(&str, u32, u32)] = &[("contacts", 1, 2), ("deals", 5, 6)];
