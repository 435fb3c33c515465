//! What can be typed. Every verb is one line here and one short file beside this one.

mod errors;
mod notify;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::domain::budget::ALLOCATIONS;
use crate::domain::event::LoadTime;

pub(super) use errors::{Causes, Errors, ErrorsVerb, Saying, Which};
pub(super) use notify::{Notify, NotifyVerb, Reader};

/// Keeps HubSpot and Salesforce in step, and says plainly what could not be synced and why.
#[derive(Debug, Parser)]
#[command(name = "syncline", version, arg_required_else_help = true)]
pub(super) struct Arguments {
    /// Configuration file
    #[arg(long, global = true, value_name = "FILE", env = "SYNCLINE_CONFIG")]
    pub(super) config: Option<PathBuf>,
    /// Store folder, when it is not the configuration's
    #[arg(long, global = true, value_name = "FOLDER", env = "SYNCLINE_STORE")]
    pub(super) store: Option<PathBuf>,
    /// Print JSON
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// Form of the log: text or json
    #[arg(long, global = true, value_name = "FORM", default_value = "text")]
    pub(super) log: LogForm,
    /// What to do
    #[command(subcommand)]
    pub(super) verb: Verb,
}

/// Form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LogForm {
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

impl std::str::FromStr for LogForm {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            other => Err(format!("{other:?} is neither text nor json")),
        }
    }
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Run the daemon in the foreground
    Run,
    /// Try everything against two simulated CRMs; needs no account and no configuration
    Demo(Demo),
    /// Serve both simulated CRMs for other programs; GET / at the admin address tells its language
    Simulator(Simulated),
    /// Write a configuration and the files for the secrets, asking on a terminal; overwrites nothing
    Init(Box<Init>),
    /// Check the configuration, the store, and on both sides what the sync needs and where to click
    Check(Check),
    /// What mode observe would write: counts, overwrites with before and after, failures, calls
    Plan(Plan),
    /// Show how things stand; exit code 0 ok, 1 attention, 2 stopped
    Status(Status),
    /// Current errors by cause
    #[command(args_conflicts_with_subcommands = true)]
    Errors(Errors),
    /// Records and their stories
    Records(Records),
    /// The allocation of Salesforce calls
    #[command(args_conflicts_with_subcommands = true)]
    Budget(Budget),
    /// Settle writes that the guard stopped
    Approve(Approve),
    /// Make a HubSpot record and a Salesforce record a pair
    Link(Link),
    /// Take a pair apart; nothing is written, and both halves are left out
    Unlink(Unlink),
    /// Leave a record out, with its partner: nothing is written for it on either side
    Exclude(Exclude),
    /// Try records again: what fails, or records by id; its price is shown first
    Resync(Resync),
    /// Which property is which field
    Mapping(Mapped),
    /// Who is told what by mail, and when
    #[command(args_conflicts_with_subcommands = true)]
    Notify(Notify),
    /// Stop writing; reading goes on
    Pause,
    /// Write again
    Resume,
    /// The journal
    Journal(Journal),
    /// Build the projections anew from the journal
    Rebuild,
}

/// How things stand.
#[derive(Debug, Args)]
pub(super) struct Status {
    /// Follow the loads under way until they are done: bars on a terminal, elsewhere a line a percent
    #[arg(long)]
    pub(super) watch: bool,
}

/// How the demo runs.
#[derive(Debug, Args)]
pub(super) struct Demo {
    /// Stop when everything was synced, told and mailed
    #[arg(long)]
    pub(super) once: bool,
    /// Folder for the store, the mails and the configuration; must be empty or a former demo's
    #[arg(long, value_name = "FOLDER")]
    pub(super) folder: Option<PathBuf>,
}

/// Where the simulator listens.
#[derive(Debug, Args)]
pub(super) struct Simulated {
    /// HubSpot's address, loopback only
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub(super) hubspot: SocketAddr,
    /// Salesforce's address, loopback only
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub(super) salesforce: SocketAddr,
    /// The admin door's address, loopback only
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub(super) admin: SocketAddr,
    /// Seed of ids and faults
    #[arg(long, default_value_t = 1)]
    pub(super) seed: u64,
    /// Begin with the demo's records instead of empty
    #[arg(long)]
    pub(super) filled: bool,
    /// Begin with so many firms, people and deals, linked, in this CRM: hubspot or salesforce
    #[arg(long, value_name = "CRM", conflicts_with = "filled", value_parser = ["hubspot", "salesforce"])]
    pub(super) crowd: Option<String>,
    /// Companies or accounts of the crowd
    #[arg(long, value_name = "NUMBER", default_value_t = 200, requires = "crowd")]
    pub(super) firms: usize,
    /// Contacts of the crowd
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = 2_000,
        requires = "crowd"
    )]
    pub(super) people: usize,
    /// Deals or opportunities of the crowd
    #[arg(long, value_name = "NUMBER", default_value_t = 500, requires = "crowd")]
    pub(super) deals: usize,
}

/// What is written, as far as it is known already: the rest is asked for.
#[derive(Debug, Args)]
pub(super) struct Init {
    /// The instance's name, shown in every mail subject
    #[arg(long)]
    pub(super) name: Option<String>,
    /// Time zone of reports: Europe/Rome
    #[arg(long)]
    pub(super) zone: Option<String>,
    /// HubSpot's portal id
    #[arg(long, value_name = "NUMBER")]
    pub(super) portal: Option<String>,
    /// HubSpot's address, when it is not HubSpot's own: a simulator on this machine
    #[arg(long, value_name = "URL")]
    pub(super) hubspot_url: Option<String>,
    /// Salesforce's login address: https://acme.my.salesforce.com
    #[arg(long, value_name = "URL")]
    pub(super) login: Option<String>,
    /// Salesforce's org id: 00D…
    #[arg(long, value_name = "ID")]
    pub(super) org: Option<String>,
    /// Consumer key of the external client app
    #[arg(long, value_name = "KEY")]
    pub(super) client_id: Option<String>,
    /// The integration user's name; without one the app logs in by its secret
    #[arg(long, value_name = "NAME")]
    pub(super) user: Option<String>,
    /// Calls to Salesforce in any 24 h
    #[arg(long, value_name = "CALLS")]
    pub(super) allocation: Option<String>,
    /// The mail server: smtps://user@host
    #[arg(long, value_name = "URL")]
    pub(super) smtp: Option<String>,
    /// Whom mails come from
    #[arg(long, value_name = "ADDRESS")]
    pub(super) from: Option<String>,
    /// Who gets the daily and weekly mail
    #[arg(long, value_name = "ADDRESS")]
    pub(super) to: Option<String>,
    /// Read HubSpot's key from this file; - is standard input
    #[arg(long, value_name = "FILE")]
    pub(super) hubspot_token: Option<PathBuf>,
    /// Read the private key, or the app's secret, from this file; - is standard input
    #[arg(long, value_name = "FILE")]
    pub(super) salesforce_secret: Option<PathBuf>,
    /// Read the mail server's password from this file; - is standard input
    #[arg(long, value_name = "FILE")]
    pub(super) smtp_password: Option<PathBuf>,
    /// Ask nothing: what is not given takes its default, or is missed by name
    #[arg(long)]
    pub(super) yes: bool,
}

/// What to check.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one flag of the verb"
)]
pub(super) struct Check {
    /// Walk the journal's checksums
    #[arg(long = "journal")]
    pub(super) journal: bool,
    /// Ask neither HubSpot nor Salesforce
    #[arg(long)]
    pub(super) offline: bool,
    /// Make the id fields that are missing on both sides, and let the integration user see them
    #[arg(long, conflicts_with = "offline")]
    pub(super) create_fields: bool,
    /// Do not ask before they are made
    #[arg(long, requires = "create_fields")]
    pub(super) yes: bool,
}

/// How much of what would be written is shown.
#[derive(Debug, Args)]
pub(super) struct Plan {
    /// Examples of each field whose values would be written over
    #[arg(long, default_value_t = 3)]
    pub(super) examples: u32,
}

/// What is tried again.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag that people type"
)]
pub(super) struct Resync {
    /// HubSpot ids, Salesforce ids, or pair numbers (#12)
    #[arg(value_name = "ID", conflicts_with_all = ["cause", "kind", "object", "to", "older"])]
    pub(super) ids: Vec<String>,
    /// Those whose errors are these
    #[command(flatten)]
    pub(super) which: Which,
    /// Everything that fails
    #[arg(long, conflicts_with_all = ["ids", "everything"])]
    pub(super) failing: bool,
    /// Every pair, also those in step; with --object, every pair of that
    #[arg(long, conflicts_with_all = ["ids", "cause", "kind", "to", "older"])]
    pub(super) everything: bool,
    /// Do not ask before
    #[arg(long)]
    pub(super) yes: bool,
    /// Wait until all were tried
    #[arg(long)]
    pub(super) wait: bool,
}

/// Which records.
#[derive(Debug, Args)]
pub(super) struct Records {
    /// What to do
    #[command(subcommand)]
    pub(super) verb: RecordsVerb,
}

/// Verbs of `records`.
#[derive(Debug, Subcommand)]
pub(super) enum RecordsVerb {
    /// Records by state, each with what is the matter and what settles it
    List {
        /// Only in this state: in-sync, failing, waiting, deferred, held, would-write, excluded
        #[arg(long)]
        state: Option<String>,
        /// Only this object: contact
        #[arg(long)]
        object: Option<String>,
        /// Only those left out for this reason: ambiguous, deleted, operator, dropped, no-key,
        /// creation, condition
        #[arg(long)]
        why: Option<String>,
        /// Only those whose name or e-mail begins so
        #[arg(long)]
        name: Option<String>,
        /// At most so many
        #[arg(long, default_value_t = 100)]
        limit: u32,
        /// As they were first met, or the newest first: record, newest
        #[arg(long, value_name = "ORDER")]
        sort: Option<String>,
        /// Go on behind the list that named this place
        #[arg(long, value_name = "PLACE")]
        after: Option<String>,
    },
    /// One record's whole story
    Show {
        /// A HubSpot id, a Salesforce id, a pair number (#12), or how a name or an e-mail begins
        id: String,
    },
}

/// What about the allocation.
#[derive(Debug, Args)]
pub(super) struct Budget {
    /// show or set; without it, show
    #[command(subcommand)]
    pub(super) verb: Option<BudgetVerb>,
}

/// Verbs of `budget`.
#[derive(Debug, Subcommand)]
pub(super) enum BudgetVerb {
    /// What was used, by whom and for what
    Show,
    /// Allow so many calls in any 24 h
    Set {
        /// Calls in any rolling 24 h: 20000 or 20_000
        #[arg(value_parser = calls, allow_hyphen_values = true)]
        calls: u64,
    },
    /// Let first loads spend calls at any time, or at night only
    Backfill {
        /// always or night
        #[arg(value_parser = load_time)]
        when: LoadTime,
    },
}

/// A number of calls as people write it; the range is judged by whoever sets it.
fn calls(text: &str) -> Result<u64, String> {
    text.replace('_', "").parse().map_err(|_| {
        let (from, to) = (ALLOCATIONS.start(), ALLOCATIONS.end());
        format!("write a number from {from} to {to}, without commas: Salesforce calls in any 24 h")
    })
}

fn load_time(text: &str) -> Result<LoadTime, String> {
    LoadTime::from_key(text).ok_or_else(|| "write always or night".to_owned())
}

/// Which hold, and how.
#[derive(Debug, Args)]
pub(super) struct Approve {
    /// H-7
    #[arg(required_unless_present = "list")]
    pub(super) hold: Option<String>,
    /// Let an object's inclusion list shrink as far as it was told to have: contact
    #[arg(long, value_name = "OBJECT", conflicts_with_all = ["hold", "show", "drop"])]
    pub(super) list: Option<String>,
    /// List its records and decide nothing
    #[arg(long, conflicts_with = "drop")]
    pub(super) show: bool,
    /// Drop its writes instead
    #[arg(long)]
    pub(super) drop: bool,
}

/// What about the mapping.
#[derive(Debug, Args)]
pub(super) struct Mapped {
    /// What to do
    #[command(subcommand)]
    pub(super) verb: MappingVerb,
}

/// Verbs of `mapping`.
#[derive(Debug, Subcommand)]
pub(super) enum MappingVerb {
    /// The whole mapping in force: the standard one with what the configuration says differently
    Show(Shown),
}

/// Which mapping, and how.
#[derive(Debug, Args)]
pub(super) struct Shown {
    /// Only this object: contact
    pub(super) object: Option<String>,
    /// As configuration that makes the same mapping
    #[arg(long, conflicts_with = "json")]
    pub(super) toml: bool,
}

/// Which two become a pair.
#[derive(Debug, Args)]
pub(super) struct Link {
    /// A HubSpot id and a Salesforce id
    #[arg(
        num_args = 2,
        value_name = "ID",
        required_unless_present = "csv",
        conflicts_with = "csv"
    )]
    pub(super) ids: Vec<String>,
    /// Which, and how sure
    #[command(flatten)]
    pub(super) deeds: Deeds,
}

/// Which pair is taken apart.
#[derive(Debug, Args)]
pub(super) struct Unlink {
    /// The id of either half, or a pair number (#12)
    #[arg(
        num_args = 1,
        value_name = "ID",
        required_unless_present = "csv",
        conflicts_with = "csv"
    )]
    pub(super) ids: Vec<String>,
    /// Which, and how sure
    #[command(flatten)]
    pub(super) deeds: Deeds,
}

/// Which record is left out.
#[derive(Debug, Args)]
pub(super) struct Exclude {
    /// A HubSpot id, a Salesforce id, or a pair number (#12)
    #[arg(
        num_args = 1,
        value_name = "ID",
        required_unless_present = "csv",
        conflicts_with = "csv"
    )]
    pub(super) ids: Vec<String>,
    /// Take it up again instead
    #[arg(long)]
    pub(super) drop: bool,
    /// Which, and how sure
    #[command(flatten)]
    pub(super) deeds: Deeds,
}

/// Which records, and how sure.
#[derive(Debug, Args)]
pub(super) struct Deeds {
    /// What they are, where an id fits several objects: contact
    #[arg(long)]
    pub(super) object: Option<String>,
    /// Take them from a file with the columns hubspot_id, salesforce_id and, where there are
    /// several, object: all of them, or none
    #[arg(long, value_name = "FILE")]
    pub(super) csv: Option<PathBuf>,
    /// Do not ask before a file's records are decided
    #[arg(long)]
    pub(super) yes: bool,
}

/// What about the journal.
#[derive(Debug, Args)]
pub(super) struct Journal {
    /// What to do
    #[command(subcommand)]
    pub(super) verb: JournalVerb,
}

/// Verbs of `journal`.
#[derive(Debug, Subcommand)]
pub(super) enum JournalVerb {
    /// The last entries
    Tail {
        /// How many
        #[arg(short = 'n', long = "lines", default_value_t = 20)]
        lines: u32,
        /// Go on with new ones
        #[arg(short, long)]
        follow: bool,
    },
}
