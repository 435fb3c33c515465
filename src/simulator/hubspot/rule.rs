//! What a portal's own people put in the way of a write: validation rules, and workflows that rewrite.

/// A demand on one property's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its name, to take it away again.
    pub id: String,
    /// The property it looks at.
    pub property: String,
    /// The code it fails with: `PROPERTY_VALIDATION_RULE_FAILED`, `MISSING_CONDITIONAL_REQUIRED_PROPERTY`, …
    pub code: String,
    /// The administrator's own words.
    pub message: String,
    /// Which values it refuses.
    pub when: When,
    /// It looks only while another property has this value: (property, value).
    pub given: Option<(String, String)>,
}

/// Which values a rule refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// Every value.
    Always,
    /// No value.
    Blank,
    /// Exactly this one.
    Equals(String),
    /// Those holding this text.
    Contains(String),
    /// Those of more characters.
    LongerThan(usize),
}

impl When {
    /// Whether a rule of this kind refuses the value.
    pub fn refuses(&self, value: &str) -> bool {
        match self {
            When::Always => true,
            When::Blank => value.is_empty(),
            When::Equals(bad) => value == bad,
            When::Contains(bad) => value.contains(bad.as_str()),
            When::LongerThan(limit) => value.chars().count() > *limit,
        }
    }
}

/// A workflow: whenever the property changes, HubSpot itself writes it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Automation {
    /// The property.
    pub property: String,
    /// What becomes of its value.
    pub rewrite: Rewrite,
    /// How long after the change.
    pub delay_ms: i64,
}

/// What a workflow makes of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rewrite {
    /// Capitals.
    Capitals,
    /// Always this.
    Set(String),
    /// The value with this behind it.
    Append(String),
}

impl Rewrite {
    /// The new value.
    pub fn apply(&self, value: &str) -> String {
        match self {
            Rewrite::Capitals => value.to_uppercase(),
            Rewrite::Set(text) => text.clone(),
            Rewrite::Append(text) => format!("{value}{text}"),
        }
    }
}
