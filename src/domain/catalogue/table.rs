//! Reads texts, words and lists out of the catalogue's tables, and keeps every mistake with its place.
//!
//! Refuses to know which tables there are.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::PLACEHOLDERS;

/// The text, and what was found wrong in it.
pub(super) struct Reader<'t> {
    pub(super) text: &'t str,
    /// Where it stands, and what is wrong there.
    pub(super) mistakes: Vec<(usize, String)>,
}

/// A table with the words that mistakes name it by.
pub(super) struct Table<'d, 'i> {
    pub(super) at: usize,
    pub(super) name: String,
    pub(super) entries: &'d DeTable<'i>,
}

impl<'d, 'i> Table<'d, 'i> {
    pub(super) fn get(&self, key: &str) -> Option<&'d Spanned<DeValue<'i>>> {
        self.entries
            .iter()
            .find(|(name, _)| name.get_ref() == key)
            .map(|(_, value)| value)
    }
}

impl Reader<'_> {
    pub(super) fn line(&self, at: usize) -> usize {
        let end = at.min(self.text.len());
        1 + self
            .text
            .get(..end)
            .map_or(0, |before| before.matches('\n').count())
    }

    pub(super) fn mistake(&mut self, at: usize, what: String) {
        self.mistakes.push((at, what));
    }

    pub(super) fn sentences(mut self) -> Vec<String> {
        self.mistakes.sort_by_key(|(at, _)| *at);
        let lines: Vec<usize> = self.mistakes.iter().map(|(at, _)| self.line(*at)).collect();
        self.mistakes
            .into_iter()
            .zip(lines)
            .map(|((_, what), line)| format!("line {line}: {what}"))
            .collect()
    }

    /// Names keys that nobody reads, with the one that was probably meant.
    pub(super) fn only(&mut self, table: &Table<'_, '_>, known: &[&str]) {
        for (key, _) in table.entries {
            let word: &str = key.get_ref();
            if !known.contains(&word) {
                let what = format!("{} has no {word:?}{}", table.name, meant(word, known));
                self.mistake(key.span().start, what);
            }
        }
    }

    /// The tables under `[key.*]`, each named by its own key.
    pub(super) fn named_tables<'d, 'i>(
        &mut self,
        root: &Table<'d, 'i>,
        key: &str,
    ) -> Vec<Table<'d, 'i>> {
        let Some(group) = root.get(key).and_then(|value| value.get_ref().as_table()) else {
            return Vec::new();
        };
        let mut tables = Vec::new();
        for (name, value) in group {
            let at = name.span().start;
            match value.get_ref().as_table() {
                Some(entries) => tables.push(Table {
                    at,
                    name: name.get_ref().to_string(),
                    entries,
                }),
                None => self.mistake(at, format!("{key}.{} must be a table", name.get_ref())),
            }
        }
        tables
    }

    /// A text that is not blank.
    pub(super) fn text(&mut self, table: &Table<'_, '_>, key: &str) -> Option<String> {
        let Some(value) = table.get(key) else {
            self.mistake(table.at, format!("{} needs {key:?}", table.name));
            return None;
        };
        match value.get_ref().as_str().map(str::trim) {
            Some(text) if !text.is_empty() => Some(text.to_owned()),
            Some(_) | None => {
                let what = format!("{}: {key} must be a text that is not empty", table.name);
                self.mistake(value.span().start, what);
                None
            }
        }
    }

    pub(super) fn sentence(&mut self, table: &Table<'_, '_>, key: &str) -> Option<String> {
        let text = self.text(table, key)?;
        let at = table.get(key).map_or(table.at, |value| value.span().start);
        if !is_sentence(&text) {
            self.mistake(at, format!("{}: {key} must be full sentences", table.name));
        }
        Some(text)
    }

    pub(super) fn sentences_of(&mut self, table: &Table<'_, '_>, key: &str) -> Vec<String> {
        let list = self.list(table, key);
        if list.is_empty() {
            let what = format!("{} needs {key:?}, a list of full sentences", table.name);
            self.mistake(table.at, what);
        }
        for (text, span) in &list {
            if !is_sentence(text) {
                let what = format!("{}: {key} must hold full sentences", table.name);
                self.mistake(span.start, what);
            }
        }
        list.into_iter().map(|(text, _)| text).collect()
    }

    /// The texts of a list, with their places; none when the key is absent.
    pub(super) fn list(&mut self, table: &Table<'_, '_>, key: &str) -> Vec<(String, Range<usize>)> {
        let Some(value) = table.get(key) else {
            return Vec::new();
        };
        let texts: Option<Vec<(String, Range<usize>)>> =
            value.get_ref().as_array().and_then(|list| {
                list.iter()
                    .map(|one| Some((one.get_ref().as_str()?.to_owned(), one.span())))
                    .collect()
            });
        if texts.as_ref().is_none_or(Vec::is_empty) {
            let what = format!("{}: {key} must be a list of texts, not empty", table.name);
            self.mistake(value.span().start, what);
        }
        texts.unwrap_or_default()
    }

    pub(super) fn word<T: Copy>(
        &mut self,
        table: &Table<'_, '_>,
        key: &str,
        all: &[T],
        name: fn(T) -> &'static str,
    ) -> Option<T> {
        let word = self.text(table, key)?;
        let found = all.iter().copied().find(|one| name(*one) == word);
        if found.is_none() {
            let known: Vec<&str> = all.iter().map(|one| name(*one)).collect();
            let what = format!(
                "{}: {key} is one of {}, not {word:?}",
                table.name,
                known.join(", ")
            );
            let at = table.get(key).map_or(table.at, |value| value.span().start);
            self.mistake(at, what);
        }
        found
    }

    pub(super) fn words<T: Copy>(
        &mut self,
        table: &Table<'_, '_>,
        key: &str,
        all: &[T],
        name: fn(T) -> &'static str,
    ) -> Vec<T> {
        let mut found = Vec::new();
        for (word, span) in self.list(table, key) {
            if let Some(one) = all.iter().copied().find(|one| name(*one) == word) {
                found.push(one);
            } else {
                let known: Vec<&str> = all.iter().map(|one| name(*one)).collect();
                let what = format!(
                    "{}: {key} holds {word:?}; use {}",
                    table.name,
                    known.join(", ")
                );
                self.mistake(span.start, what);
            }
        }
        found
    }

    /// One line with known placeholders only.
    pub(super) fn template(&mut self, table: &Table<'_, '_>, key: &str) -> Option<String> {
        let text = self.text(table, key)?;
        let at = table.get(key).map_or(table.at, |value| value.span().start);
        let mut parts = text.split('{');
        let mut fits = !text.contains('\n') && parts.next().is_some_and(|part| !part.contains('}'));
        for part in parts {
            fits &= part
                .split_once('}')
                .is_some_and(|(name, rest)| PLACEHOLDERS.contains(&name) && !rest.contains('}'));
        }
        if !fits {
            let known = PLACEHOLDERS.map(|name| format!("{{{name}}}")).join(" ");
            let what = format!(
                "{}: {key} must be one line, its placeholders of {known}",
                table.name
            );
            self.mistake(at, what);
        }
        Some(text)
    }
}

/// More than two words that end like a sentence. Languages differ too much to ask for more.
fn is_sentence(text: &str) -> bool {
    let text = text.trim();
    text.split_whitespace().count() > 2 && text.ends_with(['.', '!', '?'])
}

/// "; did you mean X?" where one of the known words is near.
pub(super) fn meant(word: &str, known: &[&str]) -> String {
    known
        .iter()
        .map(|one| (strsim::jaro_winkler(one, word), one))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map_or_else(String::new, |(_, one)| format!("; did you mean {one:?}?"))
}
