//! `errors` and its verbs.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Which errors.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(in crate::cli) struct Errors {
    /// list, export or show; without it, the causes
    #[command(subcommand)]
    pub(in crate::cli) verb: Option<ErrorsVerb>,
    /// How the causes are listed
    #[command(flatten)]
    pub(in crate::cli) causes: Causes,
}

/// How causes are listed.
#[derive(Debug, Args)]
pub(in crate::cli) struct Causes {
    /// Causes by their records, their age, their type, or who fixes them: records, oldest, newest,
    /// type, who
    #[arg(long, value_name = "ORDER")]
    pub(in crate::cli) sort: Option<String>,
    /// At most so many causes
    #[arg(long)]
    pub(in crate::cli) limit: Option<u32>,
    /// Go on behind this cause: C-41
    #[arg(long, value_name = "CAUSE")]
    pub(in crate::cli) after: Option<String>,
}

/// Verbs of `errors`.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum ErrorsVerb {
    /// One line per error
    List {
        /// Which
        #[command(flatten)]
        which: Which,
        /// At most so many
        #[arg(long, default_value_t = 100)]
        limit: u32,
        /// By record, by age with the oldest first, or the newest: record, oldest, newest
        #[arg(long, value_name = "ORDER")]
        sort: Option<String>,
        /// Go on behind the list that named this place
        #[arg(long, value_name = "PLACE")]
        after: Option<String>,
    },
    /// All columns of the errors as CSV, or as one JSON object a line with --json
    Export {
        /// Which
        #[command(flatten)]
        which: Which,
    },
    /// What a cause or a type means and how to fix it
    Show {
        /// C-41, or a type: string-too-long
        what: String,
        /// A cause as the text of a ticket, for somebody who has no access to Syncline
        #[arg(long)]
        handover: bool,
        /// With the ticket, write the Salesforce ids of all its records to this new file
        #[arg(long, value_name = "FILE", requires = "handover")]
        csv: Option<PathBuf>,
    },
    /// Say that somebody works on a cause: lists and mails show it, with the note
    Ack(Saying),
    /// Send no mail because of a cause, until it grows or comes back
    Mute(Saying),
}

/// What is said of a cause.
#[derive(Debug, Args)]
pub(in crate::cli) struct Saying {
    /// C-41
    pub(in crate::cli) cause: String,
    /// The key of a ticket, or a few words
    #[arg(long, value_name = "TEXT")]
    pub(in crate::cli) note: Option<String>,
    /// The last day it holds, 2026-12-20, or for how long: 12h, 7d
    #[arg(long, value_name = "DAY")]
    pub(in crate::cli) until: Option<String>,
    /// Take it back instead
    #[arg(long, conflicts_with_all = ["note", "until"])]
    pub(in crate::cli) drop: bool,
}

/// Which errors of them all.
#[derive(Debug, Args)]
pub(in crate::cli) struct Which {
    /// Only this cause: C-41
    #[arg(long)]
    pub(in crate::cli) cause: Option<String>,
    /// Only this type: string-too-long
    #[arg(long = "type")]
    pub(in crate::cli) kind: Option<String>,
    /// Only this object: contact
    #[arg(long)]
    pub(in crate::cli) object: Option<String>,
    /// Only those of writes to this side: hubspot or salesforce
    #[arg(long)]
    pub(in crate::cli) to: Option<String>,
    /// Only those that are older: 12h, 7d
    #[arg(long, value_name = "AGE")]
    pub(in crate::cli) older: Option<String>,
}
