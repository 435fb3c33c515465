//! The people and queues that may own records.

use super::settings::Settings;
use crate::simulator::stamp;
use serde_json::{Value, json};

/// What an owner is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnerKind {
    /// A user.
    Person,
    /// A queue, which owns but does not log in.
    Queue,
}

/// One owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The value of `hubspot_owner_id`.
    pub id: String,
    /// Address, the key to the other side's user.
    pub email: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// Person or queue.
    pub kind: OwnerKind,
    /// Whether the user was deactivated.
    pub archived: bool,
}

/// All owners, by id.
#[derive(Debug, Clone, Default)]
pub struct Owners(Vec<Owner>);

impl Owners {
    /// All of them.
    pub fn all(&self) -> &[Owner] {
        &self.0
    }

    /// The people a portal starts with: two active, one gone, one queue.
    pub fn standard() -> Owners {
        let person = |id: &str, first: &str, last: &str, archived| Owner {
            id: id.to_owned(),
            email: format!(
                "{}.{}@example.com",
                first.to_lowercase(),
                last.to_lowercase()
            ),
            first_name: first.to_owned(),
            last_name: last.to_owned(),
            kind: OwnerKind::Person,
            archived,
        };
        let mut owners = Owners::default();
        owners.put(person("41629779", "Ada", "Olsen", false));
        owners.put(person("41629780", "Ben", "Moreau", false));
        owners.put(person("41629781", "Cleo", "Ferri", true));
        owners.put(Owner {
            kind: OwnerKind::Queue,
            ..person("41629782", "Inbound", "Queue", false)
        });
        owners
    }

    /// Adds an owner, or replaces the one of the same id.
    pub fn put(&mut self, owner: Owner) {
        self.0.retain(|one| one.id != owner.id);
        self.0.push(owner);
        self.0.sort_by(|one, other| one.id.cmp(&other.id));
    }

    /// Whether a record may be given to this owner.
    pub fn may_own(&self, id: &str, settings: &Settings) -> bool {
        let owner = self.0.iter().find(|owner| owner.id == id);
        owner.is_some_and(|owner| {
            (settings.archived_owner_accepted || !owner.archived)
                && (settings.queue_owner_accepted || owner.kind != OwnerKind::Queue)
        })
    }

    /// The owner of that user id, archived as asked; whoever is archived has it still, to be found by.
    pub fn of_user(&self, user: &str, archived: bool) -> Option<&Owner> {
        let mut all = self.0.iter();
        all.find(|owner| owner.user_id().to_string() == user && owner.archived == archived)
    }

    /// The owner of that id, archived as asked.
    pub fn get(&self, id: &str, archived: bool) -> Option<&Owner> {
        self.0
            .iter()
            .find(|owner| owner.id == id && owner.archived == archived)
    }

    /// Owners from the id `after` upwards, archived as asked, by address if one is given.
    pub fn page(&self, after: &str, email: Option<&str>, archived: bool) -> Vec<&Owner> {
        let wanted = |owner: &&Owner| {
            owner.archived == archived
                && owner.id.as_str() >= after
                && email.is_none_or(|email| owner.email.eq_ignore_ascii_case(email))
        };
        self.0.iter().filter(wanted).collect()
    }
}

impl Owner {
    /// The owner as the owners API shows it; who is archived has no user id any more.
    pub fn to_json(&self) -> Value {
        let user = self.user_id();
        let made = stamp::iso(1_704_067_200_000);
        json!({
            "id": self.id, "email": self.email, "firstName": self.first_name,
            "lastName": self.last_name,
            "type": match self.kind { OwnerKind::Person => "PERSON", OwnerKind::Queue => "QUEUE" },
            "userId": if self.archived { Value::Null } else { json!(user) },
            "userIdIncludingInactive": user, "createdAt": made, "updatedAt": made,
            "archived": self.archived,
        })
    }

    // Another number than the owner's id, since clients mix the two up.
    fn user_id(&self) -> u64 {
        let number: u64 = self.id.parse().unwrap_or(0);
        number % 10_000_000 + 9_000_000
    }
}
