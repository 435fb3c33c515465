//! The verbs that ask: over the daemon's socket when it runs, in process when it does not.

use std::cell::RefCell;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::tz::TimeZone;
use tokio::runtime::Runtime;

use super::args::{Approve, Arguments, BudgetVerb, JournalVerb, Verb};
use super::render::time::Moment;
use super::run::refused;
use super::{causes, deeds, errors, export, notify, out, records, resync, watch};
use crate::clock::{Clock, SystemClock};
use crate::config;
use crate::control::deed::Deed;
use crate::control::report::{EntryLine, Report, Status};
use crate::control::request::{Refusal, Request};
use crate::control::{Vantage, answer_with, door};
use crate::daemon;
use crate::domain::catalogue::Catalogue;
use crate::domain::record::{ObjectName, Timestamp};
use crate::notifier::Post;
use crate::store::{Access, Store};

/// How often `journal tail --follow` looks for new entries.
const FOLLOW_MS: i64 = 1_000;

/// What a refusal ends with that may be none in a moment.
const BUSY: u8 = 75;

/// How long a verb asks again before it gives up, and how often.
const BUSY_MS: i64 = 10_000;
const BUSY_EVERY_MS: u64 = 250;

/// Asks and prints; `status` says by its exit code how things stand.
pub(super) fn run(arguments: &Arguments) -> Result<u8, Refusal> {
    let place = Place::of(arguments)?;
    if let Verb::Resync(one) = &arguments.verb {
        return resync::run(&place, one, arguments.json);
    }
    if let Verb::Status(one) = &arguments.verb
        && one.watch
    {
        watch::run(&place, arguments.json)?;
    }
    errors::write_sheet(&place, &arguments.verb)?;
    let Some(request) = request(&place, &arguments.verb)? else {
        return Ok(0);
    };
    let moment = |zone: &TimeZone| Moment {
        now: SystemClock::new().now(),
        zone: zone.clone(),
    };
    if let Request::Sheet { which, .. } = request {
        return export::run(&place, &which, arguments.json);
    }
    let mut report = patiently(&place, &request)?;
    complete(
        &place,
        &arguments.verb,
        &request,
        &mut report,
        arguments.json,
    )?;
    out::report(&report, arguments.json, &moment(&place.zone))?;
    if let Verb::Notify(one) = &arguments.verb {
        notify::write(one.verb.as_ref(), &report)?;
    }
    if let Verb::Journal(journal) = &arguments.verb {
        let JournalVerb::Tail { follow, .. } = &journal.verb;
        if *follow {
            return follow_tail(arguments, &place, &report);
        }
    }
    Ok(match &report {
        Report::Status(status) => exit_code(status),
        Report::Causes(_)
        | Report::Errors(_)
        | Report::Sheet(_)
        | Report::Cause(_)
        | Report::Kind(_)
        | Report::HandOver(_)
        | Report::Records(_)
        | Report::Record(_)
        | Report::Budget(_)
        | Report::Plan(_)
        | Report::Hold(_)
        | Report::Resync(_)
        | Report::Readers(_)
        | Report::Preview(_)
        | Report::Entries(_)
        | Report::Done(_) => 0,
    })
}

/// Asks again for a while what cannot be decided just now: a record that is being written is free
/// in seconds.
#[expect(
    clippy::disallowed_methods,
    reason = "a verb that waits for a record waits between two tries"
)]
fn patiently(place: &Place, request: &Request) -> Result<Report, Refusal> {
    let clock = SystemClock::new();
    loop {
        let answer = place.ask(request);
        let busy = matches!(&answer, Err(refusal) if refusal.exit == BUSY)
            && matches!(request, Request::Decide { .. });
        if !busy || clock.monotonic_ms() > BUSY_MS {
            return answer;
        }
        std::thread::sleep(std::time::Duration::from_millis(BUSY_EVERY_MS));
    }
}

/// Fetches the further pages of an answer that comes in pages, and leaves of causes those asked for.
fn complete(
    place: &Place,
    verb: &Verb,
    request: &Request,
    report: &mut Report,
    json: bool,
) -> Result<(), Refusal> {
    match (request, report) {
        (Request::Hold { number, .. }, Report::Hold(story)) if json => {
            while let Some(after) = story.next {
                let number = *number;
                let Report::Hold(page) = place.ask(&Request::Hold { number, after })? else {
                    break;
                };
                story.examples.extend(page.examples);
                story.next = page.next;
            }
        }
        (Request::Causes, Report::Causes(report)) => {
            if let Verb::Errors(errors) = verb {
                causes::arrange(&errors.causes, report)?;
            }
        }
        (request @ Request::Records { .. }, Report::Records(list)) => {
            records::further(place, request, list)?;
        }
        (Request::Tail { lines, .. }, Report::Entries(entries)) => {
            let entries = &mut entries.entries;
            let missing = |entries: &[EntryLine]| {
                lines.saturating_sub(u32::try_from(entries.len()).unwrap_or(u32::MAX))
            };
            while let (1.., Some(last)) = (missing(entries), entries.last()) {
                let next = Request::Tail {
                    lines: missing(entries),
                    after: Some(last.seq),
                };
                let Report::Entries(page) = place.ask(&next)? else {
                    break;
                };
                if page.entries.is_empty() {
                    break;
                }
                entries.extend(page.entries);
            }
        }
        (_, _) => (),
    }
    Ok(())
}

fn exit_code(status: &Status) -> u8 {
    match (status.stopped, status.attention.is_empty()) {
        (true, _) => 2,
        (false, false) => 1,
        (false, true) => 0,
    }
}

/// What a verb asks; none when a person, asked whether to, said no.
fn request(place: &Place, verb: &Verb) -> Result<Option<Request>, Refusal> {
    Ok(Some(match verb {
        Verb::Status(_) => Request::Status,
        Verb::Errors(errors) => match &errors.verb {
            None => Request::Causes,
            Some(verb) => errors::request(place, verb)?,
        },
        Verb::Records(records) => records::listing(&records.verb)?,
        Verb::Budget(budget) => match &budget.verb {
            None | Some(BudgetVerb::Show) => Request::Budget,
            Some(BudgetVerb::Set { calls }) => Request::SetBudget { calls: *calls },
            Some(BudgetVerb::Backfill { when }) => Request::SetBackfill { when: *when },
        },
        Verb::Plan(plan) => Request::Plan {
            examples: plan.examples,
        },
        Verb::Approve(approve) => approval(approve)?,
        Verb::Link(one) => return deeds::request(place, Deed::Link, &one.ids, &one.deeds),
        Verb::Unlink(one) => return deeds::request(place, Deed::Unlink, &one.ids, &one.deeds),
        Verb::Exclude(one) => {
            let deed = if one.drop {
                Deed::Include
            } else {
                Deed::Exclude
            };
            return deeds::request(place, deed, &one.ids, &one.deeds);
        }
        Verb::Notify(one) => notify::request(place, one.verb.as_ref()),
        Verb::Pause => Request::Pause,
        Verb::Resume => Request::Resume,
        Verb::Journal(journal) => match &journal.verb {
            JournalVerb::Tail { lines, .. } => Request::Tail {
                lines: *lines,
                after: None,
            },
        },
        Verb::Rebuild => Request::Rebuild,
        Verb::Run
        | Verb::Demo(_)
        | Verb::Simulator(_)
        | Verb::Init(_)
        | Verb::Check(_)
        | Verb::Mapping(_)
        | Verb::Resync(_) => {
            return Err(Refusal::usage("this verb asks nothing"));
        }
    }))
}

/// One of a closed set of words, with hyphens or underscores.
pub(super) fn word<T: Copy>(
    what: &str,
    text: &str,
    all: &[T],
    key: impl Fn(T) -> &'static str,
) -> Result<T, Refusal> {
    let wanted = text.to_lowercase().replace('-', "_");
    let found = all.iter().copied().find(|one| key(*one) == wanted);
    found.ok_or_else(|| {
        let all: Vec<String> = all.iter().map(|one| key(*one).replace('_', "-")).collect();
        Refusal::usage(format!(
            "there is no {what} {text:?}; there are: {}",
            all.join(", ")
        ))
    })
}

/// An object's name as it was typed.
pub(super) fn object_named(text: &str) -> Result<ObjectName, Refusal> {
    ObjectName::parse(text).map_err(|error| Refusal::usage(error.to_string()))
}

fn approval(approve: &Approve) -> Result<Request, Refusal> {
    if let Some(object) = &approve.list {
        let object = object_named(object)?;
        return Ok(Request::AcceptList { object });
    }
    let number = numbered("H", approve.hold.as_deref().unwrap_or_default())?;
    Ok(if approve.show {
        Request::Hold { number, after: 0 }
    } else {
        Request::SettleHold {
            number,
            approve: !approve.drop,
        }
    })
}

/// The number in `C-41`, `c-41`, or `41`.
pub(super) fn numbered(letter: &str, text: &str) -> Result<i64, Refusal> {
    let upper = text.to_uppercase();
    let digits = upper
        .strip_prefix(letter)
        .map_or(upper.as_str(), |rest| rest.trim_start_matches('-'));
    digits.parse().map_err(|_| {
        Refusal::usage(format!(
            "{text:?} is no {letter}-number, such as {letter}-7"
        ))
    })
}

/// Where to ask.
pub(super) struct Place {
    socket: Option<PathBuf>,
    store: PathBuf,
    /// Where the site's catalogue is looked for; with a store alone nobody knows.
    config: Option<PathBuf>,
    pub(super) zone: TimeZone,
    /// The store, opened to be read, once it was.
    reader: RefCell<Option<Desk>>,
}

impl Place {
    /// From `--store` alone, or from the configuration.
    fn of(arguments: &Arguments) -> Result<Self, Refusal> {
        if let (Some(store), None) = (&arguments.store, &arguments.config) {
            // A store's own socket, as the demo opens one, stands in its folder.
            let socket = Some(store.join("control.sock")).filter(|path| path.exists());
            return Ok(Self {
                socket,
                store: store.clone(),
                config: None,
                zone: TimeZone::system(),
                reader: RefCell::default(),
            });
        }
        let path = arguments
            .config
            .clone()
            .unwrap_or_else(|| PathBuf::from(config::PATH));
        let config = config::load(&path).map_err(|mistakes| Refusal {
            exit: 78,
            message: mistakes.to_string(),
        })?;
        let store = arguments
            .store
            .clone()
            .unwrap_or_else(|| config.store.clone());
        let zone = TimeZone::get(&config.zone).unwrap_or(TimeZone::UTC);
        Ok(Self {
            socket: Some(config.control),
            store,
            config: Some(path),
            zone,
            reader: RefCell::default(),
        })
    }

    /// Asks the daemon, or answers in process when none runs.
    pub(super) fn ask(&self, request: &Request) -> Result<Report, Refusal> {
        if let Some(answer) = self
            .socket
            .as_ref()
            .and_then(|socket| door::ask(socket, request))
        {
            return answer;
        }
        if request.writes() {
            return self.at(Access::Write { unit: None })?.answer(self, request);
        }
        // A verb that asks for page after page opens the store once.
        let mut reader = self.reader.borrow_mut();
        let desk = match reader.take() {
            Some(desk) => desk,
            None => self.at(Access::Read)?,
        };
        reader.insert(desk).answer(self, request)
    }

    /// What mails are written and sent by, for requests that need it; the password only for those
    /// that send.
    fn post(&self, request: &Request) -> Result<Option<Post>, Refusal> {
        let sends = matches!(request, Request::TestMail { .. });
        let Some(path) = self
            .config
            .as_ref()
            .filter(|_| sends || matches!(request, Request::PreviewMail { .. }))
        else {
            return Ok(None);
        };
        let unread = |message| Refusal { exit: 78, message };
        if sends {
            let (config, credentials) = super::run::read(path).map_err(unread)?;
            return Ok(daemon::post(&config, credentials.smtp_password.as_ref()));
        }
        let config = config::load(path).map_err(|mistakes| unread(mistakes.to_string()))?;
        Ok(daemon::post(&config, None))
    }

    /// Opens the store in process.
    fn at(&self, access: Access) -> Result<Desk, Refusal> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let catalogue = match &self.config {
            Some(path) => super::run::catalogue(path)?,
            None => Catalogue::shipped(),
        };
        let store = Store::open(&self.store, access, Arc::new(catalogue), Arc::clone(&clock))
            .map_err(|error| refused(&error))?;
        Ok(Desk {
            store,
            clock,
            runtime: super::run::runtime()?,
        })
    }
}

/// Where a request is answered when no daemon runs.
struct Desk {
    store: Store,
    clock: Arc<dyn Clock>,
    runtime: Runtime,
}

impl Desk {
    fn answer(&self, place: &Place, request: &Request) -> Result<Report, Refusal> {
        let user = rustix::process::getuid().as_raw();
        let vantage = if !request.writes() && Store::is_held(&place.store) {
            Vantage::Beside
        } else {
            Vantage::Alone
        };
        let now = self.clock.now();
        let post = place.post(request)?;
        self.runtime.block_on(answer_with(
            &self.store,
            request,
            user,
            now,
            vantage,
            post.as_ref(),
        ))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a verb that follows waits between two looks"
)]
fn follow_tail(arguments: &Arguments, place: &Place, first: &Report) -> Result<u8, Refusal> {
    let mut after = last_seq(first);
    loop {
        std::thread::sleep(std::time::Duration::from_millis(FOLLOW_MS.unsigned_abs()));
        let report = place.ask(&Request::Tail {
            lines: 1_000,
            after: Some(after.unwrap_or(0)),
        })?;
        let last = last_seq(&report);
        if last.is_none() {
            continue;
        }
        after = last;
        let moment = Moment {
            now: Timestamp(0),
            zone: place.zone.clone(),
        };
        out::report(&report, arguments.json, &moment)?;
    }
}

fn last_seq(report: &Report) -> Option<i64> {
    match report {
        Report::Entries(entries) => entries.entries.last().map(|entry| entry.seq),
        Report::Status(_)
        | Report::Causes(_)
        | Report::Errors(_)
        | Report::Sheet(_)
        | Report::Cause(_)
        | Report::Kind(_)
        | Report::HandOver(_)
        | Report::Records(_)
        | Report::Record(_)
        | Report::Budget(_)
        | Report::Plan(_)
        | Report::Hold(_)
        | Report::Resync(_)
        | Report::Readers(_)
        | Report::Preview(_)
        | Report::Done(_) => None,
    }
}
