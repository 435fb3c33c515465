//! Mail addresses and the names in front of them: whoever holds one can put it into a header.

use std::fmt;

use super::mistakes::{Unfit, shown};

/// Longest name in front of an address, in characters.
const NAME_MAX: usize = 200;

/// One mail address of ASCII letters: `revops@acme.example`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MailAddress(lettre::Address);

impl MailAddress {
    /// Accepts one address; a domain beyond ASCII must be written as `xn--…`, because not every
    /// server accepts the other form.
    pub fn parse(text: &str) -> Result<Self, Unfit> {
        if text.contains([',', ';']) {
            return Err(Unfit::new(
                format!("{} is more than one address", shown(text)),
                "write one [[notify]] for each",
            ));
        }
        if !text.is_ascii() {
            return Err(Unfit::new(
                format!("{} has letters beyond ASCII", shown(text)),
                "write the domain as xn--…, and a local part of ASCII letters",
            ));
        }
        let refused = || {
            Unfit::new(
                format!("{} is no mail address", shown(text)),
                "write name@domain",
            )
        };
        let address: lettre::Address = text.parse().map_err(|_| refused())?;
        let plain = !address.domain().starts_with('[')
            && !address
                .domain()
                .split('.')
                .any(|label| label.starts_with('-') || label.ends_with('-'))
            && text.len() <= 254
            && text
                .chars()
                .all(|c| c.is_ascii_graphic() && !"<>\"\\".contains(c));
        if !plain {
            return Err(refused());
        }
        Ok(Self(address))
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        self.0.as_ref()
    }

    /// The part behind the `@`.
    pub fn domain(&self) -> &str {
        self.0.domain()
    }

    pub(crate) fn inner(&self) -> &lettre::Address {
        &self.0
    }
}

impl fmt::Display for MailAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// An address with an optional name in front: `Syncline <syncline@acme.example>`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Mailbox {
    /// The name, free of control characters.
    name: Option<String>,
    /// The address.
    pub address: MailAddress,
}

impl Mailbox {
    /// Reads `name@domain` or `Name <name@domain>`. A name with a line break is refused: it would
    /// begin a header of its own.
    pub fn parse(text: &str) -> Result<Self, Unfit> {
        let Some((name, rest)) = text.rsplit_once('<') else {
            return Ok(Self::from(MailAddress::parse(text.trim())?));
        };
        let address = rest.trim_end().strip_suffix('>').ok_or_else(|| {
            Unfit::new(
                format!("{} does not end with >", shown(text)),
                "write Name <name@domain>",
            )
        })?;
        let name = name.trim().trim_matches('"').trim();
        if name.chars().any(char::is_control) || name.chars().count() > NAME_MAX {
            return Err(Unfit::new(
                "the name is too long or holds a control character",
                "write a plain name of one line",
            ));
        }
        if name.contains(['<', '>', '"', '\\']) || name.contains("=?") {
            return Err(Unfit::new(
                format!("{} is no plain name", shown(name)),
                "leave out quotes, brackets and =?",
            ));
        }
        Ok(Self {
            name: Some(name.to_owned()).filter(|name| !name.is_empty()),
            address: MailAddress::parse(address.trim())?,
        })
    }

    /// The name in front, when there is one.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }
}

impl From<MailAddress> for Mailbox {
    fn from(address: MailAddress) -> Self {
        Self {
            name: None,
            address,
        }
    }
}

impl fmt::Display for Mailbox {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(out, "{name} <{}>", self.address),
            None => write!(out, "{}", self.address),
        }
    }
}
