//! Reads the catalogue's text and names every mistake at once, each with its line.
//!
//! Refuses to know what the texts mean or how rules are applied.

use toml::de::{DeArray, DeTable};

use super::rule::{Condition, Pattern, Rule};
use super::table::{Reader, Table, meant};
use super::{Category, Direction, SLUGS, Slug, State, Type, WhoFixes};
use crate::domain::failure::System;
use crate::domain::record::{ObjectName, Side};
use crate::domain::retry::RetryClass;

const TYPE_KEYS: [&str; 9] = [
    "name",
    "known_as",
    "category",
    "direction",
    "meaning",
    "fix",
    "who_fixes",
    "retry",
    "cause",
];
const STATE_KEYS: [&str; 4] = ["name", "meaning", "fix", "who_fixes"];
const RULE_KEYS: [&str; 11] = [
    "type", "to", "system", "codes", "inner", "messages", "also", "fields", "objects", "statuses",
    "facts",
];

type Parts = (Vec<Type>, Vec<State>, Vec<Rule>);

/// Types in the order of [`SLUGS`], states by slug, rules in the order of the text.
pub(super) fn read(text: &str) -> Result<Parts, Vec<String>> {
    over(text, |reader, root| {
        reader.only(root, &["type", "state", "rule"]);
        let types = reader.types(root);
        let states = reader.states(root);
        let rules = reader.rules(root);
        (types, states, rules)
    })
}

/// What `look` makes of the text's tables, or everything that is wrong with them.
pub(super) fn over<T>(
    text: &str,
    look: impl FnOnce(&mut Reader<'_>, &Table<'_, '_>) -> T,
) -> Result<T, Vec<String>> {
    let (document, syntax) = DeTable::parse_recoverable(text);
    let mut reader = Reader {
        text,
        mistakes: Vec::new(),
    };
    for mistake in syntax {
        let at = mistake.span().map_or(0, |span| span.start);
        reader.mistake(at, mistake.message().to_owned());
    }
    // A text that is no TOML would only produce mistakes that follow from the first.
    if !reader.mistakes.is_empty() {
        return Err(reader.sentences());
    }
    let root = Table {
        at: 0,
        name: "the catalogue".to_owned(),
        entries: document.get_ref(),
    };
    let found = look(&mut reader, &root);
    if reader.mistakes.is_empty() {
        Ok(found)
    } else {
        Err(reader.sentences())
    }
}

impl Reader<'_> {
    fn types(&mut self, root: &Table<'_, '_>) -> Vec<Type> {
        let tables = self.type_tables(root);
        let mut types = Vec::with_capacity(SLUGS.len());
        for slug in SLUGS {
            match tables.iter().find(|table| table.name == slug) {
                Some(table) => types.extend(self.one_type(table)),
                None => self.mistake(0, format!("type {slug} is missing; add [type.{slug}]")),
            }
        }
        types
    }

    /// The tables under `[type.*]`; one of a type that there is not is a mistake.
    pub(super) fn type_tables<'d, 'i>(&mut self, root: &Table<'d, 'i>) -> Vec<Table<'d, 'i>> {
        let tables = self.named_tables(root, "type");
        for table in &tables {
            if !SLUGS.contains(&table.name.as_str()) {
                let what = format!(
                    "there is no type {:?}{}",
                    table.name,
                    meant(&table.name, &SLUGS)
                );
                self.mistake(table.at, what);
            }
        }
        tables
    }

    fn one_type(&mut self, table: &Table<'_, '_>) -> Option<Type> {
        self.only(table, &TYPE_KEYS);
        // All are read before any is given up, so that every mistake is named.
        let slug = Slug::parse(&table.name).ok();
        let name = self.text(table, "name");
        let known_as = self.names(table, "known_as");
        let category = self.word(table, "category", Category::ALL, Category::key);
        let direction = self.word(table, "direction", Direction::ALL, Direction::key);
        let meaning = self.sentence(table, "meaning");
        let fix = self.sentences_of(table, "fix");
        let who_fixes = self.word(table, "who_fixes", WhoFixes::ALL, WhoFixes::key);
        let retry = self.words(table, "retry", RetryClass::ALL, RetryClass::key);
        if retry.is_empty() {
            self.mistake(
                table.at,
                format!("{} needs \"retry\", at least one class", table.name),
            );
        }
        let cause = self.template(table, "cause");
        Some(Type {
            slug: slug?,
            name: name?,
            known_as,
            category: category?,
            direction: direction?,
            meaning: meaning?,
            fix,
            who_fixes: who_fixes?,
            retry,
            cause: cause?,
        })
    }

    pub(super) fn names(&mut self, table: &Table<'_, '_>, key: &str) -> Vec<String> {
        let list = self.list(table, key);
        list.into_iter().map(|(name, _)| name).collect()
    }

    fn states(&mut self, root: &Table<'_, '_>) -> Vec<State> {
        let tables = self.named_tables(root, "state");
        tables
            .iter()
            .filter_map(|table| self.one_state(table))
            .collect()
    }

    fn one_state(&mut self, table: &Table<'_, '_>) -> Option<State> {
        self.only(table, &STATE_KEYS);
        let slug = match Slug::parse(&table.name) {
            Ok(slug) => Some(slug),
            Err(mistake) => {
                self.mistake(table.at, mistake.to_string());
                None
            }
        };
        let name = self.text(table, "name");
        let meaning = self.sentence(table, "meaning");
        let fix = self.sentences_of(table, "fix");
        let who_fixes = self.word(table, "who_fixes", WhoFixes::ALL, WhoFixes::key);
        Some(State {
            slug: slug?,
            name: name?,
            meaning: meaning?,
            fix,
            who_fixes: who_fixes?,
        })
    }

    fn rules(&mut self, root: &Table<'_, '_>) -> Vec<Rule> {
        let Some(list) = root
            .get("rule")
            .and_then(|value| value.get_ref().as_array())
        else {
            self.mistake(0, "there are no rules; add [[rule]] lines".to_owned());
            return Vec::new();
        };
        let rules = self.listed_rules(list);
        self.order(&rules, list.last().map_or(0, |last| last.span().start));
        rules
    }

    pub(super) fn listed_rules(&mut self, list: &DeArray<'_>) -> Vec<Rule> {
        let mut rules = Vec::new();
        for (index, value) in list.iter().enumerate() {
            let at = value.span().start;
            if let Some(entries) = value.get_ref().as_table() {
                let name = format!("rule {}", index + 1);
                let table = Table { at, name, entries };
                rules.extend(self.one_rule(&table));
            } else {
                self.mistake(at, "a rule is a table; write [[rule]]".to_owned());
            }
        }
        rules
    }

    /// A catch-all ends the list, only there, and leads to `other`; every type has a way to it.
    fn order(&mut self, rules: &[Rule], end: usize) {
        let ends_well = rules
            .last()
            .is_some_and(|last| last.is_catch_all() && *last.slug() == Slug::other());
        if !ends_well {
            let what = "the last rule must be a catch-all: nothing but type = \"other\"";
            self.mistake(end, what.to_owned());
        }
        let early = rules.iter().rev().skip(1).find(|rule| rule.is_catch_all());
        if let Some(rule) = early {
            let what = format!(
                "the rule on line {} fits everything, so that no later one is ever asked",
                rule.line()
            );
            self.mistake(end, what);
        }
        for slug in SLUGS {
            if !rules.iter().any(|rule| rule.slug().as_str() == slug) {
                self.mistake(end, format!("no rule leads to type {slug}"));
            }
        }
    }

    fn one_rule(&mut self, table: &Table<'_, '_>) -> Option<Rule> {
        self.only(table, &RULE_KEYS);
        let slug = self.text(table, "type").filter(|slug| {
            let known = SLUGS.contains(&slug.as_str());
            if !known {
                let what = format!(
                    "{} leads to no type: {slug:?}{}",
                    table.name,
                    meant(slug, &SLUGS)
                );
                self.mistake(table.at, what);
            }
            known
        });
        let to = match table.get("to") {
            Some(_) => self.word(table, "to", &Side::BOTH, Side::key),
            None => None,
        };
        let system = match table.get("system") {
            Some(_) => self.word(table, "system", &SYSTEMS, system_key),
            None => None,
        };
        Some(Rule {
            line: self.line(table.at),
            to,
            system,
            codes: self.patterns(table, "codes", Pattern::whole),
            inner: self.patterns(table, "inner", Pattern::whole),
            messages: self.patterns(table, "messages", Pattern::within),
            also: self.patterns(table, "also", Pattern::within),
            fields: self.patterns(table, "fields", Pattern::whole),
            objects: self.objects(table),
            statuses: self.statuses(table),
            facts: self.words(table, "facts", Condition::ALL, Condition::key),
            slug: Slug::parse(&slug?).ok()?,
        })
    }

    fn patterns(
        &mut self,
        table: &Table<'_, '_>,
        key: &str,
        parse: fn(&str) -> Result<Pattern, &'static str>,
    ) -> Vec<Pattern> {
        let mut patterns = Vec::new();
        for (text, span) in self.list(table, key) {
            match parse(&text) {
                Ok(pattern) => patterns.push(pattern),
                Err(why) => {
                    let what = format!("{}: {key} holds a bad pattern {text:?}: {why}", table.name);
                    self.mistake(span.start, what);
                }
            }
        }
        patterns
    }

    fn objects(&mut self, table: &Table<'_, '_>) -> Vec<ObjectName> {
        let mut objects = Vec::new();
        for (text, span) in self.list(table, "objects") {
            match ObjectName::parse(&text) {
                Ok(object) => objects.push(object),
                Err(why) => self.mistake(span.start, format!("{}: {why}", table.name)),
            }
        }
        objects
    }

    fn statuses(&mut self, table: &Table<'_, '_>) -> Vec<u16> {
        let Some(value) = table.get("statuses") else {
            return Vec::new();
        };
        let numbers: Option<Vec<u16>> = value.get_ref().as_array().and_then(|list| {
            list.iter()
                .map(|one| one.get_ref().as_integer()?.as_str().parse().ok())
                .collect()
        });
        if numbers.as_ref().is_none_or(Vec::is_empty) {
            let what = format!(
                "{}: statuses must be HTTP statuses, as in [404]",
                table.name
            );
            self.mistake(value.span().start, what);
        }
        numbers.unwrap_or_default()
    }
}

const SYSTEMS: [System; 3] = [System::HubSpot, System::Salesforce, System::Syncline];

fn system_key(system: System) -> &'static str {
    match system {
        System::HubSpot => "hubspot",
        System::Salesforce => "salesforce",
        System::Syncline => "syncline",
    }
}
