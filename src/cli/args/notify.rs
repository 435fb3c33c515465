//! `notify` and its verbs.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// What about the readers of mails.
#[derive(Debug, Args)]
pub(in crate::cli) struct Notify {
    /// show, set, preview or test; without it, show
    #[command(subcommand)]
    pub(in crate::cli) verb: Option<NotifyVerb>,
}

/// Verbs of `notify`.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum NotifyVerb {
    /// Everybody who is told something: when, of what, and how far the last mail came
    Show,
    /// Change what one reader is told, or add one; what is not said stays
    Set(Box<Reader>),
    /// Write a reader's next digest to a file, as it would be now; nothing is sent
    Preview {
        /// The reader
        address: String,
        /// The daily one, though another is due next
        #[arg(long, conflicts_with = "weekly")]
        daily: bool,
        /// The weekly one, though another is due next
        #[arg(long)]
        weekly: bool,
        /// Where to: .txt is the text part, anything else the HTML part
        #[arg(long, value_name = "FILE", default_value = "syncline-preview.html")]
        out: PathBuf,
    },
    /// Send a mail that is marked as a test, and say what became of it
    Test {
        /// Where to
        address: String,
    },
}

/// One reader, as it is to be.
#[derive(Debug, Args)]
pub(in crate::cli) struct Reader {
    /// The address
    pub(in crate::cli) address: String,
    /// Tell changes of state within a minute: on or off
    #[arg(long, value_name = "ON|OFF", num_args = 0..=1, default_missing_value = "on")]
    pub(in crate::cli) immediately: Option<String>,
    /// A digest each day at this time, silent when nothing changed: 08:00, or off
    #[arg(long, value_name = "TIME")]
    pub(in crate::cli) daily: Option<String>,
    /// A digest each week, which always comes: "mon 08:00", or off
    #[arg(long, value_name = "DAY TIME")]
    pub(in crate::cli) weekly: Option<String>,
    /// When the daily digest is due, as a cron expression: "0 8 * * mon-fri"
    #[arg(long, value_name = "EXPRESSION")]
    pub(in crate::cli) cron: Option<String>,
    /// The reader's time zone: Europe/Rome
    #[arg(long)]
    pub(in crate::cli) zone: Option<String>,
    /// Only causes that these can mend, or all: revops, salesforce-admin, hubspot-admin, operator
    #[arg(long, value_name = "WHO", value_delimiter = ',')]
    pub(in crate::cli) who_fixes: Option<Vec<String>>,
    /// Only these objects, or all: contact
    #[arg(long, value_name = "OBJECT", value_delimiter = ',')]
    pub(in crate::cli) objects: Option<Vec<String>>,
    /// Only these types, or all: sf-validation-rule
    #[arg(long, value_name = "TYPE", value_delimiter = ',')]
    pub(in crate::cli) types: Option<Vec<String>>,
    /// Mail again, as it was set
    #[arg(long, conflicts_with = "off")]
    pub(in crate::cli) on: bool,
    /// Mail nothing, and keep how it is set
    #[arg(long)]
    pub(in crate::cli) off: bool,
}
