//! The 32 types an error can have: what they mean, how to fix them, who does, and when to try again.
//!
//! Holds texts and rules as data, read from `config/catalogue.toml`. Refuses to know how a failure
//! is held against the rules: that is `classify`.

mod read;
mod rule;
mod site;
mod table;

use std::fmt;

use ring::digest::{Context, SHA256, digest};
use serde::{Deserialize, Serialize};

use super::call::keyed;
use super::retry::RetryClass;

pub use rule::{Case, Condition, Rule};

/// The slugs of the 32 types, in the order in which the catalogue shows them.
pub const SLUGS: [&str; 32] = [
    "assoc-limit",
    "waiting-account",
    "sf-automation",
    "missing-contact-id",
    "sf-validation-rule",
    "sf-flow",
    "email-in-use",
    "sf-duplicate-rule",
    "sf-access-or-missing",
    "sf-field-permission",
    "sf-access",
    "sf-option-missing",
    "state-country-mismatch",
    "options-mismatch",
    "sf-owner-inactive",
    "restricted-picklist",
    "stage-inactive",
    "sf-owners-unsynced",
    "option-limit",
    "sales-process-missing",
    "stage-missing",
    "type-mismatch",
    "sf-id-missing",
    "sf-id-invalid",
    "string-too-long",
    "invalid-email",
    "country-required",
    "invalid-value",
    "owner-assignment",
    "unique-value",
    "value-required",
    "other",
];

/// Placeholders that a cause's template may hold. A caller with nothing for `{field}` or `{label}`
/// says "the record", and leaves a trailing `: {rule}` or `: {values}` out when it knows none.
pub const PLACEHOLDERS: [&str; 6] = ["object", "field", "label", "side", "rule", "values"];

const SHIPPED: &str = include_str!("../../../config/catalogue.toml");

/// How alike two words must be to be offered for one another, 0 to 1.
const LIKENESS_MIN: f64 = 0.75;
/// How many near names are offered.
const NEAR_MAX: usize = 3;

/// The stable key of a type or state: `string-too-long`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Slug(String);

/// A text is no slug.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no type; use lower-case letters, digits and hyphens, as in string-too-long")]
pub struct NoSlug(String);

impl Slug {
    /// Accepts 1 to 40 lower-case letters, digits and hyphens, beginning with a letter.
    pub fn parse(text: &str) -> Result<Self, NoSlug> {
        let fits = text.len() <= 40
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(NoSlug(text.chars().take(80).collect()))
        }
    }

    /// The type of everything that fits no other.
    pub fn other() -> Self {
        Self("other".to_owned())
    }

    /// The slug as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Slug {
    type Error = NoSlug;
    fn try_from(text: String) -> Result<Self, NoSlug> {
        Self::parse(&text)
    }
}

impl From<Slug> for String {
    fn from(slug: Slug) -> Self {
        slug.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(&self.0)
    }
}

keyed! {
    /// The group a type's card stands in.
    Category {
        /// Links between records.
        Associations = "associations",
        /// Code, flows and rules in Salesforce.
        #[serde(rename = "custom-code")]
        CustomCode = "custom-code",
        /// The same thing twice.
        Duplicates = "duplicates",
        /// What the integration user may do.
        Permissions = "permissions",
        /// Lists of choices, owners and stages.
        Picklist = "picklist",
        /// Which property is which field.
        Mappings = "mappings",
        /// One value of one record.
        Values = "values",
        /// Everything else.
        Other = "other",
    }
}

impl Category {
    /// The group's heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Associations => "Associations",
            Self::CustomCode => "Custom code",
            Self::Duplicates => "Duplicates",
            Self::Permissions => "Permissions",
            Self::Picklist => "Picklist",
            Self::Mappings => "Property mappings",
            Self::Values => "Property values",
            Self::Other => "Other",
        }
    }
}

keyed! {
    /// The direction in which a type is usually met; a single error has its own.
    Direction {
        /// When HubSpot is written.
        #[serde(rename = "to-hubspot")]
        ToHubSpot = "to-hubspot",
        /// When Salesforce is written.
        #[serde(rename = "to-salesforce")]
        ToSalesforce = "to-salesforce",
        /// Either way.
        Both = "both",
    }
}

keyed! {
    /// Who can fix an error of a type.
    WhoFixes {
        /// Whoever looks after the data.
        #[serde(rename = "revops")]
        RevOps = "revops",
        /// The administrator of the Salesforce organisation.
        #[serde(rename = "salesforce-admin")]
        SalesforceAdmin = "salesforce-admin",
        /// The administrator of the HubSpot portal.
        #[serde(rename = "hubspot-admin")]
        HubSpotAdmin = "hubspot-admin",
        /// Whoever runs Syncline.
        Operator = "operator",
    }
}

impl WhoFixes {
    /// The role as a short heading: `SF admin`.
    pub fn title(self) -> &'static str {
        match self {
            Self::RevOps => "RevOps",
            Self::SalesforceAdmin => "SF admin",
            Self::HubSpotAdmin => "HS admin",
            Self::Operator => "operator",
        }
    }
}

/// One of the 32 types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Type {
    /// Its stable key.
    pub slug: Slug,
    /// What a card says.
    pub name: String,
    /// Other names that a search finds it by.
    pub known_as: Vec<String>,
    /// The group its card stands in.
    pub category: Category,
    /// The direction in which it is usually met.
    pub direction: Direction,
    /// What happened, in full sentences.
    pub meaning: String,
    /// What to do, in the order in which to try it; at least one full sentence.
    pub fix: Vec<String>,
    /// Who does it.
    pub who_fixes: WhoFixes,
    /// What makes it worth another try; any of them, at least one.
    pub retry: Vec<RetryClass>,
    /// One line for a cause of this type, with [`PLACEHOLDERS`] in braces.
    pub cause: String,
}

/// A condition that is no error card, but is told somewhere: a suspension, a ping-pong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Its stable key.
    pub slug: Slug,
    /// What a heading says.
    pub name: String,
    /// What happened, in full sentences.
    pub meaning: String,
    /// What to do, in order; at least one full sentence.
    pub fix: Vec<String>,
    /// Who does it.
    pub who_fixes: WhoFixes,
}

/// What a word given by a person means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found<'c> {
    /// It is this type's slug or one of its names.
    Exactly(&'c Type),
    /// It is none; these come nearest, best first, and may be none at all.
    Nearest(Vec<&'c Type>),
}

/// The types, the states, and the rules that tell which answer is which type.
#[derive(Debug, Clone)]
pub struct Catalogue {
    types: Vec<Type>,
    states: Vec<State>,
    rules: Vec<Rule>,
    digest: String,
}

impl Catalogue {
    /// The catalogue that comes with the program.
    pub fn shipped() -> Self {
        Self::parse(SHIPPED).expect("the shipped catalogue is parsed by a test")
    }

    /// Reads a catalogue.
    ///
    /// # Errors
    /// Every mistake, each a sentence without a full stop that names line and remedy.
    pub fn parse(text: &str) -> Result<Self, Vec<String>> {
        let (types, states, rules) = read::read(text)?;
        Ok(Self {
            types,
            states,
            rules,
            digest: hex(digest(&SHA256, text.as_bytes()).as_ref()),
        })
    }

    /// This catalogue with what a site lays over it: each file's name and text, the first file's
    /// rules asked first and all of them before those that are here already. Without files it is
    /// the same catalogue.
    ///
    /// # Errors
    /// Every mistake, each a sentence without a full stop that names file, line and rule.
    pub fn with_site(&self, files: &[(String, String)]) -> Result<Self, Vec<String>> {
        let mut whole = self.clone();
        let (mut rules, mut mistakes) = (Vec::new(), Vec::new());
        let mut sum = Context::new(&SHA256);
        sum.update(self.digest.as_bytes());
        for (name, text) in files {
            match site::lay(text, &mut whole.types) {
                Ok(own) => rules.extend(own),
                Err(told) => mistakes.extend(told.iter().map(|one| format!("{name} {one}"))),
            }
            sum.update(&text.len().to_be_bytes());
            sum.update(text.as_bytes());
        }
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        if !files.is_empty() {
            whole.digest = hex(sum.finish().as_ref());
        }
        rules.append(&mut whole.rules);
        whole.rules = rules;
        Ok(whole)
    }

    /// The type of that slug.
    pub fn get(&self, slug: &Slug) -> Option<&Type> {
        self.types.iter().find(|one| one.slug == *slug)
    }

    /// All types, in catalogue order.
    pub fn types(&self) -> &[Type] {
        &self.types
    }

    /// The state of that slug.
    pub fn state(&self, slug: &Slug) -> Option<&State> {
        self.states.iter().find(|one| one.slug == *slug)
    }

    /// All states, by slug.
    pub fn states(&self) -> &[State] {
        &self.states
    }

    /// All rules, in the order in which they are asked.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// SHA-256 of the texts it was read from, 64 hexadecimal digits.
    pub fn digest(&self) -> String {
        self.digest.clone()
    }

    /// The type a person means by `word`: its slug or one of its names, in whatever case, spacing
    /// and punctuation, with or without accents.
    pub fn find(&self, word: &str) -> Found<'_> {
        let word = folded(word);
        let is_named = |one: &&Type| one.called().any(|name| folded(name) == word);
        if let Some(exact) = self.types.iter().find(is_named) {
            return Found::Exactly(exact);
        }
        let mut near: Vec<(f64, &Type)> = self
            .types
            .iter()
            .map(|one| (likeness(one, &word), one))
            .filter(|(likeness, _)| *likeness >= LIKENESS_MIN)
            .collect();
        // The sort is stable: equally near names keep the catalogue's order.
        near.sort_by(|a, b| b.0.total_cmp(&a.0));
        Found::Nearest(
            near.into_iter()
                .take(NEAR_MAX)
                .map(|(_, one)| one)
                .collect(),
        )
    }
}

impl Type {
    /// Its slug and all its names.
    fn called(&self) -> impl Iterator<Item = &str> {
        let names = [self.slug.as_str(), self.name.as_str()];
        names
            .into_iter()
            .chain(self.known_as.iter().map(String::as_str))
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

/// A name by its letters and digits alone, so that `String too long`, `string-too-long` and
/// `StringTooLong` are one.
fn folded(name: &str) -> String {
    let letters = name.chars().filter(|c| c.is_alphanumeric());
    letters
        .flat_map(char::to_lowercase)
        .map(|c| match c {
            '\u{e0}' | '\u{e1}' => 'a',
            '\u{e8}' | '\u{e9}' => 'e',
            '\u{ec}' | '\u{ed}' => 'i',
            '\u{f2}' | '\u{f3}' => 'o',
            '\u{f9}' | '\u{fa}' => 'u',
            other => other,
        })
        .collect()
}

/// How near a folded word comes to a type's names; a part of one counts as near.
fn likeness(one: &Type, word: &str) -> f64 {
    let near = |name: &str| {
        let name = folded(name);
        if word.chars().count() >= 3 && name.contains(word) {
            return 1.0;
        }
        strsim::jaro_winkler(&name, word)
    };
    one.called().map(near).fold(0.0, f64::max)
}
