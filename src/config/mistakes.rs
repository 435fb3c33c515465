//! What is wrong with a configuration, said so that it can be mended without a manual.
//!
//! Knows nothing of TOML: it holds places and words only.

use std::fmt;

/// One thing that is wrong, where it stands, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mistake {
    /// The file, as the reader of the message can open it.
    pub file: String,
    /// The line, from 1; 0 when the whole file is meant.
    pub line: u32,
    /// The key with its table (`budget.allocation`), or empty when none is to blame.
    pub key: String,
    /// What is wrong; never a secret.
    pub wrong: String,
    /// What to do, or empty when `wrong` says it.
    pub remedy: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.file)?;
        if self.line > 0 {
            write!(out, ":{}", self.line)?;
        }
        if !self.key.is_empty() {
            write!(out, ": {}", self.key)?;
        }
        write!(out, ": {}", self.wrong)?;
        if !self.remedy.is_empty() {
            write!(out, "; {}", self.remedy)?;
        }
        Ok(())
    }
}

/// Every mistake that was found, in the order of the file; at least one.
///
/// `Display` writes one per line. The command line ends with exit code 78 on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistakes(Vec<Mistake>);

impl Mistakes {
    /// `value` when `found` is empty, all that was found otherwise.
    pub(super) fn unless_none<T>(found: Vec<Mistake>, value: Option<T>) -> Result<T, Self> {
        match value {
            Some(value) if found.is_empty() => Ok(value),
            Some(_) | None => Err(Self::sorted(found)),
        }
    }

    /// One mistake about a file as a whole.
    pub(super) fn of_file(file: &str, wrong: String, remedy: &str) -> Self {
        Self(vec![Mistake {
            file: file.to_owned(),
            line: 0,
            key: String::new(),
            wrong,
            remedy: remedy.to_owned(),
        }])
    }

    fn sorted(mut found: Vec<Mistake>) -> Self {
        found.sort_by(|one, other| (&one.file, one.line).cmp(&(&other.file, other.line)));
        found.dedup();
        Self(found)
    }

    /// The mistakes in the order of the file.
    pub fn iter(&self) -> std::slice::Iter<'_, Mistake> {
        self.0.iter()
    }

    /// Both lists as one.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0.into_iter().chain(other.0).collect())
    }
}

impl<'a> IntoIterator for &'a Mistakes {
    type Item = &'a Mistake;
    type IntoIter = std::slice::Iter<'a, Mistake>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, mistake) in self.0.iter().enumerate() {
            if place > 0 {
                out.write_str("\n")?;
            }
            write!(out, "{mistake}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}

/// Why a value cannot be used, before anybody knows where it stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{wrong}; {remedy}")]
pub struct Unfit {
    /// What is wrong.
    pub wrong: String,
    /// What to write instead.
    pub remedy: String,
}

impl Unfit {
    pub(super) fn new(wrong: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            wrong: wrong.into(),
            remedy: remedy.into(),
        }
    }
}

/// `text` in quotes, cut to 80 characters, with nothing in it that moves a cursor or forges a line.
pub(super) fn shown(text: &str) -> String {
    let short: String = text.chars().take(80).collect();
    let dots = if short.len() < text.len() { "…" } else { "" };
    format!("\"{}{dots}\"", short.escape_debug())
}

/// The known word that was probably meant by `word`.
pub(super) fn near_miss<'w>(
    word: &str,
    known: impl IntoIterator<Item = &'w str>,
) -> Option<&'w str> {
    known
        .into_iter()
        .map(|known| {
            (
                strsim::damerau_levenshtein(&word.to_lowercase(), &known.to_lowercase()),
                known,
            )
        })
        .filter(|(distance, known)| *distance <= 1 + known.len() / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}
