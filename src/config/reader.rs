//! Walks a TOML document and notes every mistake in it, instead of stopping at the first.
//!
//! A key is known because somebody asked for it: what nobody asked for is a mistake. Knows the
//! shapes of values, not what they mean.

use std::cell::RefCell;
use std::ops::{Range, RangeInclusive};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::mistakes::{Mistake, Mistakes, Unfit, near_miss, shown};

/// Longer texts have no place in a configuration.
const TEXT_MAX: usize = 1000;

/// Keys by which people try to put a secret where it must not stand, and the file it belongs to.
const SECRETS: &[(&str, &str)] = &[
    ("token", "hubspot_token"),
    ("access_token", "hubspot_token"),
    ("hubspot_token", "hubspot_token"),
    ("key", "salesforce_key"),
    ("private_key", "salesforce_key"),
    ("salesforce_key", "salesforce_key"),
    ("secret", "salesforce_secret"),
    ("client_secret", "salesforce_secret"),
    ("salesforce_secret", "salesforce_secret"),
    ("password", "smtp_password"),
    ("smtp_password", "smtp_password"),
];

/// Where mistakes are written down while one file is read.
pub(super) struct Notes<'a> {
    file: &'a str,
    text: &'a str,
    found: RefCell<Vec<Mistake>>,
    is_mended: bool,
}

impl<'a> Notes<'a> {
    /// Notes on `file`, which says `text`; `errors` are what [`super::mend::mend`] found in it.
    pub(super) fn new(file: &'a str, text: &'a str, errors: &[toml::de::Error]) -> Self {
        let notes = Self {
            file,
            text,
            found: RefCell::default(),
            is_mended: !errors.is_empty(),
        };
        for error in errors {
            let line = error.span().map_or(1, |span| notes.line(&span));
            let wrong = error.message().replace('\n', ", ");
            notes.note(line, "", wrong, "correct the TOML here");
        }
        notes
    }

    pub(super) fn note(
        &self,
        line: u32,
        key: &str,
        wrong: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.found.borrow_mut().push(Mistake {
            file: self.file.to_owned(),
            line,
            key: key.to_owned(),
            wrong: wrong.into(),
            remedy: remedy.into(),
        });
    }

    pub(super) fn conclude<T>(self, value: Option<T>) -> Result<T, Mistakes> {
        Mistakes::unless_none(self.found.into_inner(), value)
    }

    fn line(&self, span: &Range<usize>) -> u32 {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let breaks = before.matches('\n').count();
        u32::try_from(breaks).unwrap_or(u32::MAX).saturating_add(1)
    }
}

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Spot<T> {
    pub(super) value: T,
    pub(super) line: u32,
    pub(super) key: String,
}

/// One table. A table that is not in the file reads as an empty one.
pub(super) struct Section<'t> {
    notes: &'t Notes<'t>,
    path: String,
    pub(super) line: u32,
    table: Option<&'t DeTable<'t>>,
    asked: RefCell<Vec<&'static str>>,
}

impl<'t> Section<'t> {
    /// The whole document; `None` reads as an empty one.
    pub(super) fn root(notes: &'t Notes<'t>, document: Option<&'t DeTable<'t>>) -> Self {
        Self::over(notes, String::new(), 1, document)
    }

    fn over(notes: &'t Notes<'t>, path: String, line: u32, table: Option<&'t DeTable<'t>>) -> Self {
        Self {
            notes,
            path,
            line,
            table,
            asked: RefCell::default(),
        }
    }

    /// The key with its table in front.
    pub(super) fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else if key.is_empty() {
            self.path.clone()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    /// Whether the table itself stands in the file.
    pub(super) fn is_given(&self) -> bool {
        self.table.is_some()
    }

    /// Whether the key stands in the table, right or wrong.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.is_some_and(|table| table.contains_key(key))
    }

    /// The names in the table, each with its line, for tables whose keys people choose.
    pub(super) fn names(&self) -> Vec<(&'t str, u32)> {
        self.table.map_or_else(Vec::new, |table| {
            table
                .iter()
                .map(|(key, _)| (key.get_ref().as_ref(), self.notes.line(&key.span())))
                .collect()
        })
    }

    /// Notes a mistake about `key`, at its line when it is there and at the table's otherwise.
    pub(super) fn note(&self, key: &str, wrong: impl Into<String>, remedy: impl Into<String>) {
        let line = self.line_of(key).unwrap_or(self.line);
        self.notes.note(line, &self.path_of(key), wrong, remedy);
    }

    /// Notes a mistake at a place that is known already.
    pub(super) fn note_at(
        &self,
        line: u32,
        key: &str,
        wrong: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.notes.note(line, key, wrong, remedy);
    }

    /// Notes that a key that must be there is not; says nothing when it is there but wrong.
    pub(super) fn require(&self, key: &str, remedy: &str) {
        // What seems to be missing may stand on a line that could not be read.
        if !self.has(key) && !self.notes.is_mended {
            self.note(key, "is missing", remedy);
        }
    }

    fn line_of(&self, key: &str) -> Option<u32> {
        let (key, _) = self.table?.get_key_value(key)?;
        Some(self.notes.line(&key.span()))
    }

    fn value(&self, key: &'static str) -> Option<&'t DeValue<'t>> {
        self.asked.borrow_mut().push(key);
        self.table?.get(key).map(Spanned::get_ref)
    }

    fn mismatch(&self, key: &str, expected: &str, found: &DeValue<'_>) {
        self.note(
            key,
            format!("expected {expected}, found {}", kind(found)),
            format!("write {}", example(key, expected)),
        );
    }

    fn spot<T>(&self, key: &str, value: T) -> Spot<T> {
        Spot {
            value,
            line: self.line_of(key).unwrap_or(self.line),
            key: self.path_of(key),
        }
    }

    /// A text without control characters, not empty.
    pub(super) fn text(&self, key: &'static str) -> Option<Spot<&'t str>> {
        let value = self.value(key)?;
        let Some(text) = value.as_str() else {
            self.mismatch(key, "a text", value);
            return None;
        };
        match fit(text) {
            Ok(()) => Some(self.spot(key, text)),
            Err(unfit) => {
                self.note(key, unfit.wrong, unfit.remedy);
                None
            }
        }
    }

    /// A text that `parse` accepts.
    pub(super) fn parsed<T>(
        &self,
        key: &'static str,
        parse: impl FnOnce(&str) -> Result<T, Unfit>,
    ) -> Option<Spot<T>> {
        let text = self.text(key)?;
        match parse(text.value) {
            Ok(value) => Some(self.spot(key, value)),
            Err(unfit) => {
                self.note(key, unfit.wrong, unfit.remedy);
                None
            }
        }
    }

    /// A text that `parse` accepts; `""` is nothing, as an absent key is.
    pub(super) fn parsed_or_off<T>(
        &self,
        key: &'static str,
        parse: impl FnOnce(&str) -> Result<T, Unfit>,
    ) -> Option<T> {
        let is_off = |value: &DeValue<'_>| value.as_str().is_some_and(str::is_empty);
        if self.value(key).is_some_and(is_off) {
            return None;
        }
        self.parsed(key, parse).map(|spot| spot.value)
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy>(&self, key: &'static str, words: &[(&str, T)]) -> Option<T> {
        self.parsed(key, |text| one_of(text, words))
            .map(|spot| spot.value)
    }

    /// A whole number within `range`; `unit` is for people: `calls`, `s`.
    pub(super) fn number(
        &self,
        key: &'static str,
        range: &RangeInclusive<i64>,
        unit: &str,
    ) -> Option<i64> {
        let value = self.value(key)?;
        let Some(written) = value.as_integer() else {
            let remedy = match digits(value) {
                Some(digits) => format!("write {key} = {digits}"),
                None => format!(
                    "write a number from {} to {}{unit}, without quotes or unit",
                    range.start(),
                    range.end()
                ),
            };
            let wrong = format!("expected a whole number, found {}", kind(value));
            self.note(key, wrong, remedy);
            return None;
        };
        let number = i64::from_str_radix(written.as_str(), written.radix()).ok();
        let fits = number.filter(|number| range.contains(number));
        if fits.is_none() {
            self.note(
                key,
                format!("{written} is out of range"),
                format!(
                    "write a number from {} to {}{unit}",
                    range.start(),
                    range.end()
                ),
            );
        }
        fits
    }

    /// Yes or no.
    pub(super) fn flag(&self, key: &'static str) -> Option<bool> {
        let value = self.value(key)?;
        let flag = value.as_bool();
        if flag.is_none() {
            self.mismatch(key, "true or false", value);
        }
        flag
    }

    /// A list of texts, each accepted by `parse`.
    pub(super) fn list<T>(
        &self,
        key: &'static str,
        parse: impl Fn(&str) -> Result<T, Unfit>,
    ) -> Vec<T> {
        let Some(value) = self.value(key) else {
            return Vec::new();
        };
        let Some(items) = value.as_array() else {
            self.mismatch(key, "a list of texts", value);
            return Vec::new();
        };
        let mut list = Vec::new();
        for item in items {
            let line = self.notes.line(&item.span());
            let Some(text) = item.get_ref().as_str() else {
                self.mismatch(key, "a list of texts", item.get_ref());
                continue;
            };
            match fit(text).and_then(|()| parse(text)) {
                Ok(one) => list.push(one),
                Err(unfit) => self
                    .notes
                    .note(line, &self.path_of(key), unfit.wrong, unfit.remedy),
            }
        }
        list
    }

    /// A table of texts under names that people chose, each with its line; `None` when it is not
    /// there.
    pub(super) fn texts(&self, key: &'static str) -> Option<Vec<(&'t str, &'t str, u32)>> {
        self.value(key)?;
        let table = self.section(key);
        let mut texts = Vec::new();
        for (name, line) in table.names() {
            let value = table.table.and_then(|table| table.get(name));
            let Some(value) = value.map(Spanned::get_ref) else {
                continue;
            };
            match value.as_str().map(|text| (text, fit(text))) {
                None => table.mismatch(name, "a text", value),
                Some((_, Err(unfit))) => table.note(name, unfit.wrong, unfit.remedy),
                Some((text, Ok(()))) => texts.push((name, text, line)),
            }
        }
        Some(texts)
    }

    /// The table under `key`.
    pub(super) fn section(&self, key: &'static str) -> Section<'t> {
        let given = self.value(key);
        self.table_under(key, given)
    }

    /// The table under a name that people chose.
    pub(super) fn named(&self, key: &str) -> Section<'t> {
        let given = self
            .table
            .and_then(|table| table.get(key))
            .map(Spanned::get_ref);
        self.table_under(key, given)
    }

    fn table_under(&self, key: &str, given: Option<&'t DeValue<'t>>) -> Section<'t> {
        let table = given.and_then(|value| {
            let table = value.as_table();
            if table.is_none() {
                self.mismatch(key, "a table", value);
            }
            table
        });
        let line = self.line_of(key).unwrap_or(self.line);
        Self::over(self.notes, self.path_of(key), line, table)
    }

    /// The tables under `[[key]]`.
    pub(super) fn sections(&self, key: &'static str) -> Vec<Section<'t>> {
        let Some(value) = self.value(key) else {
            return Vec::new();
        };
        let Some(items) = value.as_array() else {
            self.mismatch(key, "a list of tables", value);
            return Vec::new();
        };
        let mut sections = Vec::new();
        for item in items {
            match item.get_ref().as_table() {
                Some(table) => sections.push(Self::over(
                    self.notes,
                    self.path_of(key),
                    self.notes.line(&item.span()),
                    Some(table),
                )),
                None => self.mismatch(key, "a list of tables", item.get_ref()),
            }
        }
        sections
    }

    /// Notes every key that nobody asked for: the last thing done with a table.
    pub(super) fn finish(self) {
        let asked = self.asked.borrow();
        for (name, line) in self.names() {
            if asked.contains(&name) {
                continue;
            }
            let secret = SECRETS.iter().find(|(key, _)| *key == name);
            let remedy = match (secret, near_miss(name, asked.iter().copied())) {
                (Some((_, file)), _) => format!(
                    "secrets are never in the configuration: put it into the file credentials/{file}, mode 600"
                ),
                (None, Some(meant)) => format!("did you mean \"{meant}\"?"),
                (None, None) => format!("known here: {}", asked.join(", ")),
            };
            self.notes.note(
                line,
                &self.path,
                format!("unknown key {}", shown(name)),
                remedy,
            );
        }
    }
}

/// The value that stands for the word `text`.
pub(super) fn one_of<T: Copy>(text: &str, words: &[(&str, T)]) -> Result<T, Unfit> {
    if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
        return Ok(*value);
    }
    let known = words.iter().map(|(word, _)| *word);
    let remedy = match near_miss(text, known.clone()) {
        Some(meant) => format!("did you mean \"{meant}\"?"),
        None => format!("write one of {}", known.collect::<Vec<_>>().join(", ")),
    };
    Err(Unfit::new(format!("{} is not known", shown(text)), remedy))
}

fn fit(text: &str) -> Result<(), Unfit> {
    if text.trim().is_empty() {
        Err(Unfit::new("is empty", "write a value or leave the key out"))
    } else if text.chars().any(char::is_control) {
        Err(Unfit::new(
            "holds a control character",
            "write plain text on one line",
        ))
    } else if text.chars().count() > TEXT_MAX {
        Err(Unfit::new(
            format!("is longer than {TEXT_MAX} characters"),
            "shorten it",
        ))
    } else {
        Ok(())
    }
}

fn kind(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(_) => "a text".to_owned(),
        DeValue::Integer(number) => format!("the number {number}"),
        DeValue::Float(number) => format!("the fraction {number}"),
        DeValue::Boolean(flag) => flag.to_string(),
        DeValue::Datetime(_) => "a date or time".to_owned(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

/// The number that a text holds, without what people put between its digits.
fn digits(found: &DeValue<'_>) -> Option<String> {
    found
        .as_str()
        .map(|text| text.replace(['_', ' ', ','], ""))
        .filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()))
}

/// How the key would look with a value of the right kind.
fn example(key: &str, expected: &str) -> String {
    match expected {
        "a text" => format!("{key} = \"…\", in quotes"),
        "true or false" => format!("{key} = true, without quotes"),
        "a list of texts" => format!("{key} = [\"…\"]"),
        "a list of tables" => format!("[[{key}]]"),
        _ => format!("[{key}]"),
    }
}
