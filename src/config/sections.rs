//! The single tables of the configuration: accounts, budget, sync, guard, mail.

use std::path::PathBuf;
use std::time::Duration;

use super::address::{MailAddress, Mailbox};
use super::mistakes::{Unfit, shown};
use super::reader::Section;
use super::url::{BaseUrl, SmtpUrl};
use crate::domain::board::Board;
use crate::domain::budget::{ALLOCATIONS, Night, Thresholds};
use crate::domain::digest::thousands;
use crate::domain::event::{LoadTime, Mode};
use crate::domain::mapping::OnFirstLink;
use crate::domain::record::RecordId;

/// The longest path of a socket: the system's 108 bytes, less the zero that ends it (`unix(7)`).
const SOCKET_PATH_MAX: usize = 107;

/// Whether people's names appear in mails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// Ids only.
    Hidden,
    /// Names beside the ids.
    Shown,
}

/// What is known of HubSpot's own Salesforce integration in this portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OtherIntegration {
    /// Nothing: where it left its ids, it may still write.
    #[default]
    Unknown,
    /// A person switched it off.
    Stopped,
}

/// HubSpot's account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubSpot {
    /// Where its API answers.
    pub url: BaseUrl,
    /// The dated version of its API: `2026-09`.
    pub api_version: String,
    /// The portal's id; another portal's token is refused.
    pub portal: i64,
    /// Whether HubSpot's own integration is known to be switched off.
    pub other_integration: OtherIntegration,
    /// Whether its records show their state.
    pub board: Board,
}

/// How the daemon proves to Salesforce who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    /// A signed assertion for a user (JWT bearer); the credential is a private key.
    Jwt,
    /// The app's own secret; the app names the user it runs as.
    ClientCredentials,
}

/// Salesforce's org.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Salesforce {
    /// The org's id, 18 characters; another org's login is refused.
    pub org: RecordId,
    /// The org's own login address.
    pub login: BaseUrl,
    /// The app's consumer key.
    pub client_id: String,
    /// The integration user; present whenever `auth` is [`Auth::Jwt`].
    pub user: Option<String>,
    /// How it logs in.
    pub auth: Auth,
    /// The API's version without a `v`: `66.0`.
    pub api_version: String,
}

/// Calls to Salesforce we may spend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Calls in any rolling 24 h.
    pub allocation: u64,
    /// Percent of the org's own limit that is left to everybody else.
    pub org_reserve_percent: u8,
    /// From which percentages of the allocation on people are told.
    pub told: Thresholds,
    /// When first loads may spend.
    pub backfill: LoadTime,
    /// What night is, in the installation's zone.
    pub night: Night,
}

/// How and how often changes are carried over. What happens on a first link stands in each mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sync {
    /// From one look for changes to the next.
    pub poll: Duration,
    /// Whether anything is written.
    pub mode: Mode,
    /// Of a hundred pairs with a predicted failure, how many are sent all the same.
    pub shadow_percent: u8,
}

/// When planned writes are held until a person approves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guard {
    /// Percent of the pairs, for creates and updates.
    pub percent: u8,
    /// Records, whatever the percentage.
    pub records: u64,
    /// Percent of the pairs, for deletions and blankings.
    pub deletions_percent: u8,
}

/// How mail leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The server that takes it.
    pub smtp: SmtpUrl,
    /// Whom it is from.
    pub from: Mailbox,
    /// How long an immediate mail gathers.
    pub gather: Duration,
    /// Immediate mails to one recipient in an hour.
    pub per_hour: u32,
    /// Whom readers write to who want other mails, or none.
    pub contact: MailAddress,
    /// Certificates in PEM that are believed beside the system's: an authority of one's own.
    pub ca: Option<PathBuf>,
    /// Asked for every minute while mail works; its keeper tells people when that ceases.
    pub heartbeat: Option<BaseUrl>,
}

pub(super) fn hubspot(section: Section<'_>) -> Option<HubSpot> {
    let url = section.parsed("url", BaseUrl::parse);
    let api_version = section.parsed("api_version", |text| {
        version(
            text,
            &['-'],
            "write year and month: api_version = \"2026-09\"",
        )
    });
    let portal = section.number("portal", &(1..=999_999_999_999), "");
    let words = [("stopped", OtherIntegration::Stopped)];
    let other_integration = section.choice("other_integration", &words);
    let board = if section.flag("show_state") == Some(true) {
        Board::Shown
    } else {
        Board::Hidden
    };
    section.require(
        "portal",
        "add [hubspot] portal = the portal's number, as in the address of any HubSpot page",
    );
    section.finish();
    let standard = BaseUrl::parse("https://api.hubapi.com").ok()?;
    Some(HubSpot {
        url: url.map_or(standard, |spot| spot.value),
        api_version: api_version.map_or_else(|| "2026-09".to_owned(), |spot| spot.value),
        portal: portal?,
        other_integration: other_integration.unwrap_or_default(),
        board,
    })
}

pub(super) fn salesforce(section: Section<'_>) -> Option<Salesforce> {
    let org = section.parsed("org", org_id);
    section.require(
        "org",
        "add [salesforce] org = \"00D…\", from Setup, Company Information",
    );
    let login = section.parsed("login", BaseUrl::parse);
    section.require(
        "login",
        "add [salesforce] login = \"https://….my.salesforce.com\"",
    );
    let client_id = section.text("client_id");
    section.require(
        "client_id",
        "add [salesforce] client_id = the app's consumer key",
    );
    let words = [
        ("jwt", Auth::Jwt),
        ("client-credentials", Auth::ClientCredentials),
    ];
    let auth = section.choice("auth", &words).unwrap_or(Auth::Jwt);
    let user = section.text("user");
    if auth == Auth::Jwt {
        section.require(
            "user",
            "add [salesforce] user = the integration user's name",
        );
    }
    let api_version = section.parsed("api_version", |text| {
        let text = text.trim_start_matches('v');
        version(
            text,
            &['.'],
            "write a version as Salesforce does: api_version = \"66.0\"",
        )
    });
    section.finish();
    Some(Salesforce {
        org: org?.value,
        login: login?.value,
        client_id: client_id?.value.to_owned(),
        user: user.map(|spot| spot.value.to_owned()),
        auth,
        api_version: api_version.map_or_else(|| "66.0".to_owned(), |spot| spot.value),
    })
}

/// `looking` is what looking for changes takes of the allocation in 24 h.
pub(super) fn budget(section: Section<'_>, looking: u64) -> Option<Budget> {
    let allocations = i64::try_from(*ALLOCATIONS.start()).unwrap_or(i64::MAX)
        ..=i64::try_from(*ALLOCATIONS.end()).unwrap_or(i64::MAX);
    let allocation = section.number("allocation", &allocations, " calls in 24 h");
    section.require("allocation", &sensible(looking));
    let reserve = section.number("org_reserve_percent", &(0..=90), " percent");
    let told = thresholds(&section);
    let words = LoadTime::ALL.iter().map(|one| (one.key(), *one));
    let words: Vec<(&str, LoadTime)> = words.collect();
    let backfill = section.choice("backfill", &words);
    let night = section.parsed("night", |text| {
        Night::parse(text)
            .map_err(|remedy| Unfit::new(format!("{} is no part of a day", shown(text)), remedy))
    });
    section.finish();
    Some(Budget {
        allocation: allocation?.unsigned_abs(),
        org_reserve_percent: percent(reserve, 10),
        told,
        backfill: backfill.unwrap_or(LoadTime::Always),
        night: night.map_or_else(Night::default, |spot| spot.value),
    })
}

fn thresholds(section: &Section<'_>) -> Thresholds {
    let usual = Thresholds::default();
    let low = section.number("low_percent", &(1..=100), " percent");
    let full = section.number("full_percent", &(1..=100), " percent");
    let told = Thresholds {
        low_percent: percent(low, usual.low_percent),
        full_percent: percent(full, usual.full_percent),
    };
    if told.low_percent > told.full_percent {
        let wrong = format!(
            "{} is above full_percent, which is {}",
            told.low_percent, told.full_percent
        );
        section.note("low_percent", wrong, "write a lower one");
    }
    told
}

/// How a sensible allocation is reckoned.
fn sensible(looking: u64) -> String {
    format!(
        "add [budget] allocation = N, calls to Salesforce in any 24 h. Looking for changes takes {} \
         of them with this configuration, and every {} changes to Salesforce take 1 to 3: 20000 \
         leaves room for a million changes a day. Salesforce's own limit is in Setup > Company \
         Information; take what its other users leave, at most 90 % of it",
        thousands(looking),
        thousands(1_000)
    )
}

pub(super) fn sync(section: Section<'_>) -> (Sync, OnFirstLink) {
    let poll = section
        .number("poll_sec", &(1..=86_400), " s")
        .unwrap_or(60);
    let mode = section.choice("mode", &[("observe", Mode::Observe), ("sync", Mode::Sync)]);
    let words = [
        ("fill-blanks", OnFirstLink::FillBlanks),
        ("salesforce", OnFirstLink::Salesforce),
        ("hubspot", OnFirstLink::Hubspot),
    ];
    let on_first_link = section.choice("on_first_link", &words).unwrap_or_default();
    let shadow = section.number("shadow_percent", &(0..=100), " percent");
    section.finish();
    let sync = Sync {
        poll: seconds(poll),
        mode: mode.unwrap_or(Mode::Observe),
        shadow_percent: percent(shadow, 0),
    };
    (sync, on_first_link)
}

pub(super) fn guard(section: Section<'_>) -> Guard {
    let of_pairs = section.number("percent", &(1..=100), " percent");
    let records = section
        .number("records", &(1..=10_000_000), " records")
        .unwrap_or(10_000);
    let deletions = section.number("deletions_percent", &(0..=100), " percent");
    section.finish();
    Guard {
        percent: percent(of_pairs, 20),
        records: records.unsigned_abs(),
        deletions_percent: percent(deletions, 1),
    }
}

pub(super) fn mail(section: Section<'_>) -> Option<Mail> {
    if !section.is_given() {
        return None;
    }
    let smtp = section.parsed("smtp", SmtpUrl::parse);
    section.require("smtp", "add smtp = \"smtps://user@host\"");
    let from = section.parsed("from", Mailbox::parse);
    section.require("from", "add from = \"Syncline <name@domain>\"");
    let gather = section
        .number("gather_sec", &(0..=3600), " s")
        .unwrap_or(60);
    let per_hour = section.number("per_hour", &(1..=3600), " mails");
    let contact = section.parsed("contact", MailAddress::parse);
    let ca = section.parsed("ca", absolute_path);
    let heartbeat = section.parsed("heartbeat", BaseUrl::parse);
    section.finish();
    let from = from?.value;
    Some(Mail {
        smtp: smtp?.value,
        contact: contact.map_or_else(|| from.address.clone(), |spot| spot.value),
        ca: ca.map(|spot| spot.value),
        heartbeat: heartbeat.map(|spot| spot.value),
        from,
        gather: seconds(gather),
        per_hour: per_hour
            .and_then(|number| u32::try_from(number).ok())
            .unwrap_or(6),
    })
}

/// A short name that can stand in a subject line.
pub(super) fn instance_name(text: &str) -> Result<String, Unfit> {
    let fits = text.chars().count() <= 40
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.'));
    if fits {
        Ok(text.to_owned())
    } else {
        Err(Unfit::new(
            format!("{} cannot stand in a subject line", shown(text)),
            "write at most 40 letters, digits, blanks, hyphens, points and underscores",
        ))
    }
}

pub(super) fn absolute_path(text: &str) -> Result<PathBuf, Unfit> {
    let path = PathBuf::from(text);
    if path.is_absolute() {
        Ok(path)
    } else {
        Err(Unfit::new(
            format!("{} depends on where the daemon was started", shown(text)),
            "write the whole path, from /",
        ))
    }
}

/// A path that a socket can stand at.
pub(super) fn socket_path(text: &str) -> Result<PathBuf, Unfit> {
    let path = absolute_path(text)?;
    if text.len() > SOCKET_PATH_MAX {
        return Err(Unfit::new(
            format!("a socket's path of {} bytes is too long", text.len()),
            format!("write a path of at most {SOCKET_PATH_MAX} bytes"),
        ));
    }
    Ok(path)
}

/// Digits in groups, as versions of APIs are written.
fn version(text: &str, between: &[char], remedy: &str) -> Result<String, Unfit> {
    let mut groups = text.split(between);
    let fits = groups.clone().count() == 2
        && groups.all(|group| {
            (1..=4).contains(&group.len()) && group.bytes().all(|byte| byte.is_ascii_digit())
        });
    if fits {
        Ok(text.to_owned())
    } else {
        Err(Unfit::new(format!("{} is no version", shown(text)), remedy))
    }
}

/// An org's id in its 18-character form. The last three characters only restate the case of the
/// first fifteen, so they find a letter that was typed wrongly.
fn org_id(text: &str) -> Result<RecordId, Unfit> {
    let refused = || {
        Unfit::new(
            format!("{} is no org id", shown(text)),
            "copy it from Setup, Company Information: it begins with 00D and has 15 or 18 characters",
        )
    };
    let fits = matches!(text.len(), 15 | 18)
        && text.starts_with("00D")
        && text.chars().all(|c| c.is_ascii_alphanumeric());
    if !fits {
        return Err(refused());
    }
    let letters = &text.as_bytes()[..15];
    let suffix = letters.chunks(5).map(|chunk| {
        let capitals = chunk
            .iter()
            .enumerate()
            .filter(|(_, letter)| letter.is_ascii_uppercase())
            .fold(0_usize, |bits, (place, _)| bits | 1 << place);
        char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"[capitals])
    });
    let id: String = text.chars().take(15).chain(suffix).collect();
    if text.len() == 18 && text != id {
        let wrong = format!(
            "{} is no org id: its last three characters do not fit the first fifteen",
            shown(text)
        );
        let remedy = format!("copy it anew; if the first fifteen are right, write \"{id}\"");
        return Err(Unfit::new(wrong, remedy));
    }
    RecordId::parse(&id).map_err(|_| refused())
}

pub(super) fn seconds(number: i64) -> Duration {
    Duration::from_secs(number.unsigned_abs())
}

fn percent(number: Option<i64>, otherwise: u8) -> u8 {
    number
        .and_then(|number| u8::try_from(number).ok())
        .unwrap_or(otherwise)
}
