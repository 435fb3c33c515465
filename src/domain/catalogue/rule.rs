//! One rule of the catalogue: conditions on an answer, and the type it becomes.
//!
//! Matches plain texts. Refuses to know where they come from or which order rules stand in.

use serde::{Deserialize, Serialize};

use super::Slug;
use crate::domain::call::keyed;
use crate::domain::failure::{Fact, System};
use crate::domain::record::{ObjectName, Side};

keyed! {
    /// A fact as a rule names it.
    Condition {
        /// The field stands in the target's describe.
        FieldDescribed = "field_described",
        /// It does not.
        FieldNotDescribed = "field_not_described",
        /// We may write the field.
        FieldWritable = "field_writable",
        /// We may not.
        FieldNotWritable = "field_not_writable",
        /// The field is a lookup.
        FieldIsReference = "field_is_reference",
        /// The list takes only its own choices.
        ListRestricted = "list_restricted",
        /// The list takes any value.
        ListNotRestricted = "list_not_restricted",
        /// The value stands among the choices.
        OptionKnown = "option_known",
        /// It does not.
        OptionUnknown = "option_unknown",
        /// The value may be chosen now.
        OptionActive = "option_active",
        /// It may not.
        OptionInactive = "option_inactive",
        /// The parent is linked.
        ParentLinked = "parent_linked",
        /// It is not.
        ParentNotLinked = "parent_not_linked",
        /// The owner has a partner on the other side.
        OwnerMatched = "owner_matched",
        /// It has none.
        OwnerNotMatched = "owner_not_matched",
        /// The owner it would get is a queue.
        TargetIsQueue = "target_is_queue",
        /// A required value is empty.
        ValueMissing = "value_missing",
        /// The record that already holds the value is known.
        Winner = "winner",
    }
}

impl From<&Fact> for Condition {
    fn from(fact: &Fact) -> Self {
        match fact {
            Fact::FieldDescribed(true) => Self::FieldDescribed,
            Fact::FieldDescribed(false) => Self::FieldNotDescribed,
            Fact::FieldWritable(true) => Self::FieldWritable,
            Fact::FieldWritable(false) => Self::FieldNotWritable,
            Fact::FieldIsReference => Self::FieldIsReference,
            Fact::ListRestricted(true) => Self::ListRestricted,
            Fact::ListRestricted(false) => Self::ListNotRestricted,
            Fact::OptionKnown(true) => Self::OptionKnown,
            Fact::OptionKnown(false) => Self::OptionUnknown,
            Fact::OptionActive(true) => Self::OptionActive,
            Fact::OptionActive(false) => Self::OptionInactive,
            Fact::ParentLinked(true) => Self::ParentLinked,
            Fact::ParentLinked(false) => Self::ParentNotLinked,
            Fact::OwnerMatched(true) => Self::OwnerMatched,
            Fact::OwnerMatched(false) => Self::OwnerNotMatched,
            Fact::TargetIsQueue => Self::TargetIsQueue,
            Fact::ValueMissing => Self::ValueMissing,
            Fact::Winner(_) => Self::Winner,
        }
    }
}

/// A text to be found in another, upper and lower case alike; `*` stands for anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Pattern {
    /// The whole text, from beginning to end.
    Whole(Vec<String>),
    /// Anywhere in the text.
    Within(Vec<String>),
    /// A Salesforce id of 15 or 18 characters with this prefix, as a word of its own.
    Id(String),
}

impl Pattern {
    /// For codes and names.
    pub(super) fn whole(text: &str) -> Result<Self, &'static str> {
        let text = text.to_lowercase();
        if text.trim_matches('*').trim().is_empty() {
            return Err("it would fit everything; leave the line out instead");
        }
        Ok(Self::Whole(text.split('*').map(str::to_owned).collect()))
    }

    /// For messages. `id:003` is a Salesforce id.
    pub(super) fn within(text: &str) -> Result<Self, &'static str> {
        let text = text.to_lowercase();
        if let Some(prefix) = text.strip_prefix("id:") {
            let fits = prefix.len() == 3 && prefix.chars().all(|c| c.is_ascii_alphanumeric());
            return if fits {
                Ok(Self::Id(prefix.to_owned()))
            } else {
                Err("after id: belong the three letters or digits that such ids begin with")
            };
        }
        if text.trim_matches('*').trim().is_empty() {
            return Err("it would fit everything; leave the line out instead");
        }
        if text.starts_with('*') || text.ends_with('*') {
            return Err("a message is searched anyway; drop the * at its end");
        }
        if text.contains(['\u{2018}', '\u{2019}', '\u{201c}', '\u{201d}', '\n']) {
            return Err(
                "messages are made plain before they are searched; use ' and \" and blanks",
            );
        }
        Ok(Self::Within(text.split('*').map(str::to_owned).collect()))
    }

    /// Whether it is found in `text`, which is lower-case already.
    fn fits(&self, text: &str) -> bool {
        match self {
            Self::Whole(parts) => fits_whole(parts, text),
            Self::Within(parts) => after(parts, text).is_some(),
            Self::Id(prefix) => text
                .split(|c: char| !c.is_ascii_alphanumeric())
                .any(|word| matches!(word.len(), 15 | 18) && word.starts_with(prefix.as_str())),
        }
    }
}

/// What follows once all `parts` were found in `text`, one after the other.
fn after<'t>(parts: &[String], text: &'t str) -> Option<&'t str> {
    parts.iter().try_fold(text, |rest, part| {
        rest.find(part.as_str()).map(|at| &rest[at + part.len()..])
    })
}

fn fits_whole(parts: &[String], text: &str) -> bool {
    match parts {
        [] => false,
        [only] => text == only,
        [first, middle @ .., last] => text
            .strip_prefix(first.as_str())
            .and_then(|rest| after(middle, rest))
            .is_some_and(|rest| rest.ends_with(last.as_str())),
    }
}

/// An answer as rules see it: every text lower-case, the message made plain and with a blank at
/// both ends.
#[derive(Debug)]
pub struct Case<'a> {
    /// The side that was to be written.
    pub to: Side,
    /// Who said so.
    pub system: System,
    /// The object concerned.
    pub object: &'a ObjectName,
    /// HTTP status, 0 for none.
    pub status: u16,
    /// The raw code.
    pub code: String,
    /// The code or category beside it; empty for none.
    pub inner: String,
    /// The fields named.
    pub fields: Vec<String>,
    /// The message.
    pub message: String,
    /// What was known at that moment.
    pub facts: Vec<Condition>,
}

/// One line of the catalogue's rules. An empty list asks for nothing.
#[derive(Debug, Clone)]
pub struct Rule {
    pub(super) slug: Slug,
    pub(super) line: usize,
    pub(super) to: Option<Side>,
    pub(super) system: Option<System>,
    pub(super) codes: Vec<Pattern>,
    pub(super) inner: Vec<Pattern>,
    pub(super) messages: Vec<Pattern>,
    pub(super) also: Vec<Pattern>,
    pub(super) fields: Vec<Pattern>,
    pub(super) objects: Vec<ObjectName>,
    pub(super) statuses: Vec<u16>,
    pub(super) facts: Vec<Condition>,
}

impl Rule {
    /// The type an answer becomes.
    pub fn slug(&self) -> &Slug {
        &self.slug
    }

    /// The line of the catalogue it begins on, from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// Whether it asks for nothing and so fits everything.
    pub fn is_catch_all(&self) -> bool {
        let patterns = [
            &self.codes,
            &self.inner,
            &self.messages,
            &self.also,
            &self.fields,
        ];
        self.to.is_none()
            && self.system.is_none()
            && patterns.iter().all(|list| list.is_empty())
            && self.objects.is_empty()
            && self.statuses.is_empty()
            && self.facts.is_empty()
    }

    /// Whether all conditions hold. An object nobody knows is none of the objects asked for.
    pub fn fits(&self, case: &Case<'_>) -> bool {
        self.to.is_none_or(|to| to == case.to)
            && self.system.is_none_or(|system| system == case.system)
            && any(&self.codes, &case.code)
            && any(&self.inner, &case.inner)
            && any(&self.messages, &case.message)
            && any(&self.also, &case.message)
            && (self.fields.is_empty() || case.fields.iter().any(|field| any(&self.fields, field)))
            && (self.objects.is_empty() || self.objects.contains(case.object))
            && (self.statuses.is_empty() || self.statuses.contains(&case.status))
            && self.facts.iter().all(|fact| case.facts.contains(fact))
    }
}

fn any(patterns: &[Pattern], text: &str) -> bool {
    patterns.is_empty() || patterns.iter().any(|pattern| pattern.fits(text))
}
