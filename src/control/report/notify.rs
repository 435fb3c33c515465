//! Who is told what, as it is answered.

use serde::{Deserialize, Serialize};

use crate::domain::record::Timestamp;

reports! {
    /// Everybody who is told something.
    Readers {
        /// One line each.
        readers: Vec<ReaderLine>,
    }
    /// One reader of mails.
    ReaderLine {
        /// The address; none once it was erased.
        address: Option<String>,
        /// Whether mails go there at all.
        on: bool,
        /// When: `immediately`, `daily 08:00`, `weekly mon 08:00`.
        told: Vec<String>,
        /// The reader's time zone.
        zone: String,
        /// What the reader is told of alone: `who fixes: salesforce-admin`; empty for everything.
        only: Vec<String>,
        /// When the next digest is due.
        next: Option<Timestamp>,
        /// How far the last mail came: `sent`, `failing`.
        last: Option<String>,
        /// When that mail was tried last, or planned.
        last_at: Option<Timestamp>,
    }
    /// A mail as it would go out.
    Preview {
        /// To whom.
        address: String,
        /// Its subject.
        subject: String,
        /// The text part.
        text: String,
        /// The HTML part.
        html: String,
        /// Bytes of the sheet that would go along; none without one.
        attached: Option<u64>,
        /// Whether it would be sent: a daily mail that tells nothing is not.
        goes: bool,
        /// Every cause and why it is told, or is not: `opened`, `nothing new`.
        why: Vec<(i64, String)>,
    }
}
