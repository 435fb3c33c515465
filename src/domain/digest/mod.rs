//! What changed, told to a reader: a pure model, and its rendering as a mail.
//!
//! Refuses to know where the facts come from, how a mail is sent and who has read it. The text part
//! is complete by itself; the HTML part says the same.

mod facts;
mod html;
mod immediate;
mod model;
mod news;
mod notice;
mod page;
mod sheet;
mod size;
mod subject;
mod text;
mod words;

pub use immediate::Immediate;
pub use model::{
    Accounted, Calls, CauseLine, Digest, Excluded, Failing, ForSomeone, Late, LineState, Said,
    Synced, Ticket, Trend, Waiting, Week,
};
pub use news::{
    AtOnce, CurrentCause, ToldCause, Why, at_once, decide, grown_at, may_tell_now, news,
};
pub use notice::Notice;
pub use sheet::{ATTACHED_BYTES_MAX, ErrorRow, HEADER, Sheet, harmless, sheet};
pub use words::{count, duration, thousands};

/// One mail, ready to be put into an envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// One line without line breaks; suffices alone.
    pub subject: String,
    /// The plain part, lines ending in `\n`, at most 78 columns but for links.
    pub text: String,
    /// The HTML part; with the text below 95 kB as they travel, so that no reader clips it.
    pub html: String,
    /// The errors as CSV, when there are any.
    pub csv: Option<Attachment>,
}

/// A file that goes with a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Its name: ASCII letters, digits, hyphens and a point.
    pub name: String,
    /// Its content: UTF-8 with a byte order mark, which spreadsheets need.
    pub bytes: Vec<u8>,
}

/// The daily or weekly mail.
pub fn render(digest: &Digest) -> Mail {
    let subject = subject::of_digest(digest);
    let csv = sheet::attachment(&digest.installation, &digest.rows);
    let attached = csv.is_some();
    let (text, html) = size::fitting(|limits| {
        let page = page::of_digest(digest, &subject, attached, limits);
        (
            text::of_digest(digest, attached, limits),
            html::rendered(page),
        )
    });
    Mail {
        subject,
        text,
        html,
        csv,
    }
}

/// The mail that tells a change of state within a minute.
pub fn render_immediate(news: &Immediate) -> Mail {
    let subject = subject::of_immediate(news);
    let csv = sheet::attachment(&news.installation, &news.rows);
    let attached = csv.is_some();
    let (text, html) = size::fitting(|limits| {
        let page = page::of_immediate(news, &subject, attached, limits);
        (
            immediate::text(news, attached, limits),
            html::rendered(page),
        )
    });
    Mail {
        subject,
        text,
        html,
        csv,
    }
}
