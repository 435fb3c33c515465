//! States and countries of an org with State and Country/Territory picklists.
//!
//! Beside the texts `MailingState` and `MailingCountry` such an org has two lists of codes, and
//! takes a text only when it is the label of a code, and a state only together with a country that
//! has it. Refuses to guess what a record holds already: an update is judged by what it writes.

use std::collections::BTreeSet;

use crate::domain::classify;
use crate::domain::event::Action;
use crate::domain::failure::{Fact, Failure, RawFailure, System};
use crate::domain::merge::Write;
use crate::domain::record::{FieldName, Value};
use crate::domain::schema::{Choice, Field, ObjectSchema};

/// What Salesforce says of all of these. Source: salesforce.md §6.2.
const CODE: &str = "FIELD_INTEGRITY_EXCEPTION";

/// What the names of an address's four fields end with, the longer ones first.
const SUFFIXES: [&str; 4] = ["StateCode", "CountryCode", "State", "Country"];

/// The two lists of one address, and the names of the texts beside them.
struct Address<'s> {
    states: &'s Field,
    countries: &'s Field,
    state: FieldName,
    country: FieldName,
}

/// What a write tells of a state or a country.
#[derive(Clone, Copy)]
enum Told<'w> {
    /// Nothing: the record keeps what it has.
    Nothing,
    /// That there is none.
    Blank,
    /// Its name, in the text field.
    Name(&'w str),
    /// Its code.
    Code(&'w str),
    /// Something that is no text.
    Unreadable,
}

impl<'s> Address<'s> {
    /// The address whose fields begin with `prefix`, where the org has such lists for it.
    fn named(prefix: &str, schema: &'s ObjectSchema) -> Option<Self> {
        let name = |suffix: &str| FieldName::parse(&format!("{prefix}{suffix}")).ok();
        let states = schema.field(&name("StateCode")?)?;
        let countries = schema.field(states.controller.as_ref()?)?;
        let is_pair = countries.name == name("CountryCode")?
            && !states.choices.is_empty()
            && !countries.choices.is_empty();
        is_pair.then_some(Self {
            states,
            countries,
            state: name("State")?,
            country: name("Country")?,
        })
    }

    fn fields(&self) -> [&FieldName; 4] {
        let (states, countries) = (&self.states.name, &self.countries.name);
        [states, countries, &self.state, &self.country]
    }

    /// The first thing wrong with the place that `write` tells.
    fn check(&self, write: &Write) -> Option<RawFailure> {
        let country = told(write, &self.country, &self.countries.name);
        let state = told(write, &self.state, &self.states.name);
        let meant: Vec<&Choice> = country.among(self.countries);
        match (country.text(), meant.is_empty()) {
            // Of a code Salesforce complains at the text field as well.
            (Some(wanted), true) => {
                let says = "the country is none of Salesforce's list";
                Some(refused(self.countries, &self.country, says, Some(wanted)))
            }
            (Some(_), false) if !country.is_label_in(&meant) => None,
            (Some(_) | None, _) => self.check_state(state, country, &meant),
        }
    }

    fn check_state(
        &self,
        state: Told<'_>,
        country: Told<'_>,
        countries: &[&Choice],
    ) -> Option<RawFailure> {
        let wanted = state.text()?;
        let field = match state {
            Told::Code(_) => &self.states.name,
            Told::Name(_) | Told::Nothing | Told::Blank | Told::Unreadable => &self.state,
        };
        if matches!(country, Told::Blank) {
            let says = "a country must be specified before specifying a state";
            let mut raw = refused(self.states, &self.state, says, None);
            raw.failure.facts.push(Fact::ValueMissing);
            return Some(raw);
        }
        let meant = state.among(self.states);
        if meant.is_empty() {
            let says = "the state is none of Salesforce's list";
            return Some(refused(self.states, field, says, Some(wanted)));
        }
        // Of a choice that names no country nothing is known.
        let belongs = |choice: &&Choice| {
            choice.of.is_empty() || countries.iter().any(|one| choice.of.contains(&one.value))
        };
        if countries.is_empty() || meant.iter().any(belongs) {
            return None;
        }
        let says = "the state does not belong to the country";
        Some(refused(self.states, field, says, Some(wanted)))
    }
}

impl<'w> Told<'w> {
    fn text(self) -> Option<&'w str> {
        match self {
            Self::Name(text) | Self::Code(text) => Some(text),
            Self::Nothing | Self::Blank | Self::Unreadable => None,
        }
    }

    /// The active choices that it may mean. Generous on purpose: a text that is a code, and letters
    /// of another case, are for Salesforce to judge.
    fn among(self, list: &Field) -> Vec<&Choice> {
        let Some(text) = self.text() else {
            return Vec::new();
        };
        let by_name = matches!(self, Self::Name(_));
        let is_meant = |choice: &&Choice| {
            choice.active
                && (is_same(&choice.value, text) || by_name && is_same(&choice.label, text))
        };
        list.choices.iter().filter(is_meant).collect()
    }

    /// Whether it is the label of one of these, and not only their code in the place of a label.
    fn is_label_in(self, meant: &[&Choice]) -> bool {
        match self {
            Self::Name(text) => meant.iter().any(|choice| is_same(&choice.label, text)),
            Self::Nothing | Self::Blank | Self::Code(_) | Self::Unreadable => true,
        }
    }
}

fn is_same(own: &str, told: &str) -> bool {
    own.trim().to_lowercase() == told.trim().to_lowercase()
}

/// What of the places that `write` tells the org is to refuse, but for those in a field that
/// `failed` says to be refused already.
pub(super) fn check(
    write: &Write,
    schema: &ObjectSchema,
    failed: &BTreeSet<FieldName>,
) -> Vec<RawFailure> {
    let names = write.fields.keys();
    let prefixes: BTreeSet<&str> = names.filter_map(prefix).collect();
    prefixes
        .into_iter()
        .filter_map(|prefix| Address::named(prefix, schema))
        .filter(|address| !address.fields().into_iter().any(|one| failed.contains(one)))
        .filter_map(|address| address.check(write))
        .collect()
}

/// Whether `field` is one of the two lists of codes, whose values are judged together.
pub(super) fn is_code(schema: &ObjectSchema, field: &Field) -> bool {
    let address = prefix(&field.name).and_then(|prefix| Address::named(prefix, schema));
    address.is_some_and(|one| [&one.states.name, &one.countries.name].contains(&&field.name))
}

fn prefix(name: &FieldName) -> Option<&str> {
    let mut suffixes = SUFFIXES.into_iter();
    suffixes.find_map(|suffix| name.as_str().strip_suffix(suffix))
}

/// A text that is written beats the code that is written with it. A new record has only what it is
/// made with.
fn told<'w>(write: &'w Write, name: &FieldName, code: &FieldName) -> Told<'w> {
    let [name, code] = [name, code].map(|field| write.fields.get(field));
    let filled = |value: Option<&'w Value>| value.filter(|value| !value.is_blank());
    if let Some(value) = filled(name) {
        return value.as_text().map_or(Told::Unreadable, Told::Name);
    }
    if let Some(value) = filled(code) {
        return value.as_text().map_or(Told::Unreadable, Told::Code);
    }
    if name.is_some() || code.is_some() || write.action == Action::Created {
        Told::Blank
    } else {
        Told::Nothing
    }
}

/// In Salesforce's own code at the field where it answers so. What has no country has a fix of its
/// own, and is told apart by the words.
fn refused(list: &Field, field: &FieldName, says: &str, value: Option<&str>) -> RawFailure {
    let mut failure = Failure::of(System::Syncline, CODE);
    failure.fields.push(field.clone());
    failure.facts.push(Fact::FieldDescribed(true));
    let message = format!("{}: {says}", list.label);
    RawFailure {
        failure,
        rule: classify::rule_named(CODE, &message),
        message,
        value: value.map(str::to_owned),
    }
}
