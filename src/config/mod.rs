//! TOML becomes a [`Config`]; every mistake is found and named at once.
//!
//! Knows no secret: those are [`Credentials`], which come from files of their own. Knows no store
//! and no network: a configuration that reads well may still name an account that is not there.

mod address;
mod catalogue;
mod credentials;
mod facts;
mod limits;
mod mend;
mod mistakes;
mod notify;
mod objects;
mod reader;
mod sections;
mod url;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use address::{MailAddress, Mailbox};
pub use catalogue::{SITE, catalogue};
pub use credentials::{Credentials, Place, Secret};
pub use limits::Limits;
pub use mistakes::{Mistake, Mistakes, Unfit};
pub use notify::{Digest, Recipient};
pub use objects::{standard_forms, standard_mapping};
pub use sections::{Auth, Budget, Guard, HubSpot, Mail, Names, OtherIntegration, Salesforce, Sync};
pub use url::{BaseUrl, Security, SmtpUrl};

use toml::Spanned;
use toml::de::DeTable;

use crate::domain::mapping::Mapping;
use crate::domain::record::ObjectName;
use mend::mend;
use reader::{Notes, Section};

/// Where the configuration stands when nobody says otherwise.
pub const PATH: &str = "/etc/syncline/syncline.toml";

const DAY_SEC: u64 = 86_400;

/// A longer file is none that a person wrote.
const BYTES_MAX: usize = 1024 * 1024;

/// Everything the operator decides, read and checked. Holds no secret.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// The instance's name, shown in every mail subject.
    pub name: String,
    /// IANA time zone of reports.
    pub zone: String,
    /// Whether people's names are shown in mails.
    pub names: Names,
    /// Folder of the store.
    pub store: PathBuf,
    /// The control socket.
    pub control: PathBuf,
    /// HubSpot's account.
    pub hubspot: HubSpot,
    /// Salesforce's org.
    pub salesforce: Salesforce,
    /// Calls we may spend.
    pub budget: Budget,
    /// How and how often changes are carried over.
    pub sync: Sync,
    /// When planned writes are held.
    pub guard: Guard,
    /// How mail leaves, when it does.
    pub mail: Option<Mail>,
    /// Who is told what, in the order of the file.
    pub notify: Vec<Recipient>,
    /// The objects kept in step, each with its whole mapping.
    pub objects: Vec<Mapping>,
    /// Bounds that tests make small.
    pub limits: Limits,
}

/// Reads the file at `path`, or names every mistake in it.
pub fn load(path: &Path) -> Result<Config, Mistakes> {
    let file = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|error| {
        let remedy = if error.kind() == std::io::ErrorKind::NotFound {
            "write it after the example that comes with Syncline, config/syncline.toml, or name another with --config"
        } else {
            "it must be a file that the user syncline can read"
        };
        Mistakes::of_file(&file, format!("cannot be read ({error})"), remedy)
    })?;
    if bytes.len() > BYTES_MAX {
        let wrong = format!("is {} bytes long", bytes.len());
        return Err(Mistakes::of_file(
            &file,
            wrong,
            "a configuration has at most 1 MiB",
        ));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let wrong = format!("is not UTF-8 at byte {}", error.utf8_error().valid_up_to());
        Mistakes::of_file(&file, wrong, "save it as UTF-8")
    })?;
    parse(&text, &file)
}

/// Reads a configuration's `text`; `file` is how mistakes name it.
pub fn parse(text: &str, file: &str) -> Result<Config, Mistakes> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (mended, errors) = mend(text);
    let notes = Notes::new(file, text, &errors);
    let document = DeTable::parse(&mended).ok();
    let root = Section::root(&notes, document.as_ref().map(Spanned::get_ref));
    let config = read(&root);
    root.finish();
    notes.conclude(config)
}

/// Calls to Salesforce that looking for changes takes in 24 h: a query for each form, five of them
/// in one call, for every look and every listing of what was committed late.
fn looking_calls(poll: Duration, objects: &[Mapping], limits: &Limits) -> u64 {
    let every = |span: Duration| DAY_SEC / span.as_secs().max(1);
    let queries = u64::try_from(objects.len()).unwrap_or(u64::MAX);
    let calls = queries.div_ceil(u64::from(limits.salesforce_requests.max(1)));
    (every(poll) + every(limits.listing)) * calls
}

/// Reads every table before it gives up on any, so that all mistakes are found.
fn read(root: &Section<'_>) -> Option<Config> {
    let name = root.parsed("name", sections::instance_name);
    let zone = root.parsed("zone", notify::zone);
    let zone = zone.map_or_else(|| "UTC".to_owned(), |spot| spot.value);
    let names = root.flag("names");
    let store = root.parsed("store", sections::absolute_path);
    let control = root.parsed("control", sections::socket_path);
    let hubspot = sections::hubspot(root.section("hubspot"));
    let salesforce = sections::salesforce(root.section("salesforce"));
    let (sync, on_first_link) = sections::sync(root.section("sync"));
    let guard = sections::guard(root.section("guard"));
    let mail = sections::mail(root.section("mail"));
    let objects = objects::objects(root, on_first_link);
    let notify = notify::recipients(root, &zone, &objects);
    let limits = limits::limits(root.section("limits"));
    let looking = looking_calls(sync.poll, &objects, &limits);
    let budget = sections::budget(root.section("budget"), looking);
    if !notify.is_empty() && !root.has("mail") {
        root.note(
            "notify",
            "nobody can be told without a mail server",
            "add [mail] smtp and from",
        );
    }
    Some(Config {
        name: name.map_or_else(|| "syncline".to_owned(), |spot| spot.value),
        zone,
        names: if names == Some(true) {
            Names::Shown
        } else {
            Names::Hidden
        },
        store: store.map_or_else(|| PathBuf::from("/var/lib/syncline"), |spot| spot.value),
        control: control.map_or_else(
            || PathBuf::from("/run/syncline/control.sock"),
            |spot| spot.value,
        ),
        hubspot: hubspot?,
        salesforce: salesforce?,
        budget: budget?,
        sync,
        guard,
        mail,
        notify,
        objects,
        limits,
    })
}

impl Config {
    /// The mapping of `object`, when it is kept in step.
    pub fn mapping(&self, object: &ObjectName) -> Option<&Mapping> {
        self.objects
            .iter()
            .find(|mapping| mapping.object == *object)
    }

    /// A digest of everything in it, hexadecimal: equal for configurations that say the same, in
    /// whatever order and with whatever comments.
    pub fn digest(&self) -> String {
        let mut text = String::new();
        for (key, value) in facts::of(self) {
            // Lengths in front, so that no value can pretend to be the next key.
            let _ = writeln!(text, "{}:{key}{}:{value}", key.len(), value.len());
        }
        let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
        digest.as_ref().iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }

    /// What `other` says differently, one sentence each, for the log of a reload.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        facts::differences(self, other)
    }

    /// Calls to Salesforce that looking for changes takes in 24 h.
    pub fn looking_calls(&self) -> u64 {
        looking_calls(self.sync.poll, &self.objects, &self.limits)
    }

    /// The keys in which `other` differs that a running daemon cannot take over: the store, the
    /// socket, and the two accounts the store is bound to.
    pub fn needs_restart(&self, other: &Self) -> Vec<String> {
        facts::needs_restart(self, other)
    }
}
