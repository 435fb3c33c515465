//! Mail: a letter becomes bytes, and the bytes are handed to a server.
//!
//! Knows nothing of digests or causes, and never decides to try again: it says how far it came.

mod letter;
mod smtp;

use std::future::Future;
use std::pin::Pin;

pub use letter::{Attachment, Letter, compose};
pub use smtp::{Deadlines, SmtpMailer};

use crate::config::{MailAddress, Unfit};
pub use crate::domain::event::Stage;

/// A mail on its way: ends with the server's word, or with where and how it failed.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<(), MailError>> + Send + 'a>>;

/// Hands one mail to a server. Trials replace it.
pub trait Mailer: Send + Sync {
    /// Offers `mail` once. `Ok` means that a server took responsibility for it.
    fn send<'a>(&'a self, mail: &'a Outgoing) -> Sending<'a>;
}

/// One mail as it was planned. The bytes stay the same on every try, so that a receiver can tell a
/// repetition from a second mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The sender of the envelope.
    pub from: MailAddress,
    /// The one recipient.
    pub to: MailAddress,
    /// The Message-ID in `bytes`.
    pub message_id: MessageId,
    /// The complete mail, headers and all, as [`compose`] made it.
    pub bytes: Vec<u8>,
}

/// Why a mail was not taken, and what the caller does next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct MailError {
    /// How far the dialogue came.
    pub stage: Stage,
    /// The server's reply code, 0 when it gave none.
    pub code: u16,
    /// This mail will never be taken: do not offer it again. A refused login is not permanent: it
    /// stops all mails until somebody mends it, and none of them is at fault.
    pub permanent: bool,
    /// The server may have taken it: offer the same bytes again, and say so.
    pub ambiguous: bool,
    /// For people: the server's words or ours, on one line; may hold an address.
    pub text: String,
}

/// A Message-ID without its angle brackets: `19f3c.daily@acme.example`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MessageId(String);

impl MessageId {
    /// Accepts `left@right` of letters, digits and `. _ + -`, at most 200 characters.
    pub fn parse(text: &str) -> Result<Self, Unfit> {
        let is_plain = |part: &str| {
            !part.is_empty()
                && part
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "._+-".contains(c))
        };
        let fits = text.len() <= 200
            && text
                .split_once('@')
                .is_some_and(|(left, right)| is_plain(left) && is_plain(right));
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(Unfit {
                wrong: format!(
                    "{:?} is no Message-ID",
                    text.chars().take(80).collect::<String>()
                ),
                remedy: "it is left@right, of letters, digits and . _ + -".to_owned(),
            })
        }
    }

    /// The id of the mail that `unique` names, in the domain of `from`: the same for the same two.
    pub fn of(unique: &str, from: &MailAddress) -> Self {
        let plain = |text: &str| -> String {
            let kept = |c: char| {
                if c.is_ascii_alphanumeric() || "._+-".contains(c) {
                    c
                } else {
                    '-'
                }
            };
            text.chars().take(90).map(kept).collect()
        };
        Self(format!(
            "{}@{}",
            plain(&format!("syncline.{unique}")),
            plain(from.domain())
        ))
    }

    /// The id as it stands in the journal.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
