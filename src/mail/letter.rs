//! What a letter says, and the bytes that say it.
//!
//! The same letter gives the same bytes: no clock, no luck, and no text from outside in a header
//! that could begin another one.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use lettre::message::header::{
    ContentDisposition, ContentTransferEncoding, ContentType, HeaderName, HeaderValue,
};
use lettre::message::{Body, Message, MultiPart, SinglePart};

use super::{MailError, MessageId, Stage};
use crate::config::{MailAddress, Mailbox, Unfit};
use crate::domain::record::Timestamp;

/// Longest subject, in characters: some servers refuse longer header lines.
const SUBJECT_MAX: usize = 250;

/// One mail to one reader.
#[derive(Debug, Clone, Copy)]
pub struct Letter<'a> {
    /// Whom it is from.
    pub from: &'a Mailbox,
    /// Whom it is to.
    pub to: &'a Mailbox,
    /// The subject; control characters become blanks, and it is cut at 250 characters.
    pub subject: &'a str,
    /// The text part, complete by itself.
    pub text: &'a str,
    /// The same as HTML.
    pub html: Option<&'a str>,
    /// Tables that go along.
    pub attachments: &'a [Attachment],
    /// Its identity, fixed when it was planned.
    pub message_id: &'a MessageId,
    /// The first mail of the conversation it belongs to; need not have been sent.
    pub thread: Option<&'a MessageId>,
    /// When it was planned.
    pub date: Timestamp,
    /// Instance and series (`prod`, `daily`), for filters: they become the `List-Id`.
    pub series: (&'a str, &'a str),
    /// Whom a reader's program writes to for somebody who wants no more of these: `List-Unsubscribe`.
    pub unsubscribe: Option<&'a MailAddress>,
    /// More facts for filters: (`Cause`, `C-41`) becomes `X-Syncline-Cause: C-41`.
    pub marks: &'a [(&'static str, String)],
}

/// A table that goes along with a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    name: String,
    csv: Vec<u8>,
}

impl Attachment {
    /// A CSV file. Its name may hold ASCII letters, digits and `. _ -` only.
    pub fn csv(name: &str, csv: Vec<u8>) -> Result<Self, Unfit> {
        let fits = (1..=100).contains(&name.len())
            && !name.starts_with('.')
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
        if fits {
            let name = name.to_owned();
            Ok(Self { name, csv })
        } else {
            Err(Unfit {
                wrong: format!(
                    "{:?} is no file name",
                    name.chars().take(80).collect::<String>()
                ),
                remedy: "use ASCII letters, digits and . _ -".to_owned(),
            })
        }
    }
}

/// The complete mail as RFC 5322 wants it: ASCII, CRLF, with every header it needs.
///
/// Fails only on what [`Letter`]'s types let through and lettre does not: such a mail is
/// permanently unfit.
pub fn compose(letter: &Letter<'_>) -> Result<Vec<u8>, MailError> {
    let mut builder = Message::builder()
        .from(mailbox(letter.from))
        .to(mailbox(letter.to))
        .subject(header_text(letter.subject, SUBJECT_MAX))
        .message_id(Some(bracketed(letter.message_id)))
        .date(system_time(letter.date));
    if let Some(thread) = letter.thread {
        builder = builder
            .in_reply_to(bracketed(thread))
            .references(bracketed(thread));
    }
    for (name, value) in standing_headers(letter) {
        let name = HeaderName::new_from_ascii(name).map_err(unfit)?;
        builder = builder.raw_header(HeaderValue::new(name, value));
    }
    let message = match (letter.html, letter.attachments) {
        (None, []) => builder.singlepart(plain(letter.text)),
        (Some(html), []) => builder.multipart(alternative(letter, html)),
        (html, attachments) => {
            let mixed = MultiPart::mixed().boundary(boundary(letter.message_id, "mixed"));
            let mixed = match html {
                Some(html) => mixed.multipart(alternative(letter, html)),
                None => mixed.singlepart(plain(letter.text)),
            };
            builder.multipart(
                attachments
                    .iter()
                    .map(table)
                    .fold(mixed, MultiPart::singlepart),
            )
        }
    };
    message.map(|message| message.formatted()).map_err(unfit)
}

/// Headers by which other machines know that a machine wrote this, and answer nothing.
fn standing_headers(letter: &Letter<'_>) -> Vec<(String, String)> {
    let (instance, series) = letter.series;
    let list = format!(
        "Syncline {} {} <{}.{}.syncline.{}>",
        label(instance),
        label(series),
        label(series),
        label(instance),
        letter.from.address.domain().to_ascii_lowercase()
    );
    let mut headers = vec![
        ("Auto-Submitted".to_owned(), "auto-generated".to_owned()),
        ("X-Auto-Response-Suppress".to_owned(), "All".to_owned()),
        ("List-Id".to_owned(), list),
    ];
    if let Some(address) = letter.unsubscribe {
        // One click would need a page that the whole world reaches; a mail reaches a person.
        let wish = format!(
            "<mailto:{}?subject=unsubscribe%20{}%20{}>",
            in_address(address.as_str()),
            label(instance),
            label(series)
        );
        headers.push(("List-Unsubscribe".to_owned(), wish));
    }
    let marks = letter.marks.iter();
    headers.extend(marks.map(|(name, value)| {
        (
            format!("X-Syncline-{}", label(name)),
            header_text(value, 100),
        )
    }));
    headers
}

/// An address as RFC 6068 writes it behind `mailto:`.
fn in_address(address: &str) -> String {
    address.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

/// `text` as a part of a name in a header: letters and digits, anything else a hyphen.
fn label(text: &str) -> String {
    let kept = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let label: String = text.chars().take(40).map(kept).collect();
    if label.is_empty() {
        "-".to_owned()
    } else {
        label
    }
}

/// `text` on one line of a header. An encoded word in it is broken up: it would be decoded into
/// something that nobody checked.
fn header_text(text: &str, max: usize) -> String {
    let blank = |c: char| {
        if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') {
            ' '
        } else {
            c
        }
    };
    let line: String = text
        .chars()
        .map(blank)
        .collect::<String>()
        .replace("=?", "= ?");
    let line = line.trim();
    if line.chars().count() <= max {
        return line.to_owned();
    }
    let short: String = line.chars().take(max - 1).collect();
    format!("{short}…")
}

fn bracketed(id: &MessageId) -> String {
    format!("<{}>", id.as_str())
}

/// The address as lettre wants it. A [`Mailbox`] holds no name that lettre would panic on.
fn mailbox(mailbox: &Mailbox) -> lettre::message::Mailbox {
    let name = mailbox.name().map(ToOwned::to_owned);
    lettre::message::Mailbox::new(name, mailbox.address.inner().clone())
}

fn alternative(letter: &Letter<'_>, html: &str) -> MultiPart {
    let part = SinglePart::builder()
        .header(ContentType::TEXT_HTML)
        .body(quoted(html));
    MultiPart::alternative()
        .boundary(boundary(letter.message_id, "alternative"))
        .singlepart(plain(letter.text))
        .singlepart(part)
}

fn plain(text: &str) -> SinglePart {
    SinglePart::builder()
        .header(ContentType::TEXT_PLAIN)
        .body(quoted(text))
}

/// Quoted-printable always: short lines, ASCII, and still legible to a person who looks.
fn quoted(text: &str) -> Body {
    Body::new_with_encoding(text.to_owned(), ContentTransferEncoding::QuotedPrintable)
        .expect("quoted-printable takes any bytes")
}

fn table(attachment: &Attachment) -> SinglePart {
    let kind = ContentType::parse("text/csv; charset=utf-8; header=present")
        .expect("a constant that a test sends");
    let body = Body::new_with_encoding(attachment.csv.clone(), ContentTransferEncoding::Base64)
        .expect("base64 takes any bytes");
    SinglePart::builder()
        .header(kind)
        .header(ContentDisposition::attachment(&attachment.name))
        .body(body)
}

/// A line between parts that no part can hold: `=_` occurs neither in quoted-printable nor in
/// base64. It depends on the mail alone, so that planning twice gives the same bytes.
fn boundary(id: &MessageId, part: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, id.as_str().as_bytes());
    let start = format!("=_{part}_");
    digest
        .as_ref()
        .iter()
        .take(12)
        .fold(start, |mut line, byte| {
            let _ = write!(line, "{byte:02x}");
            line
        })
}

/// `instant` for the `Date` header, which knows whole seconds from 1970 to 9999.
fn system_time(instant: Timestamp) -> SystemTime {
    let seconds = instant.0.div_euclid(1000).clamp(0, 253_402_300_799);
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.unsigned_abs())
}

fn unfit(error: impl std::fmt::Display) -> MailError {
    MailError {
        stage: Stage::Connect,
        code: 0,
        permanent: true,
        ambiguous: false,
        text: format!("the mail cannot be written: {error}"),
    }
}
