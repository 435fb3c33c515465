//! Log lines: one shape for a terminal, one for the journal, one for machines.
//!
//! Knows how a line looks and which lines are wanted, not what anybody has to say. A line is an
//! event of `tracing`; an INFO event with the field `notice` is of the level *notice*, between
//! info and warn. Spans are not shown: every line reads alone.

use std::fmt::{self, Write as _};
use std::io::IsTerminal as _;
use std::sync::Arc;

use jiff::tz::TimeZone;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, MakeWriter};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Registry, reload};

use crate::clock::Clock;

/// What is shown when nobody asks for more or less.
pub const FILTER: &str = "info";

/// The field that makes an INFO event a notice.
const NOTICE: &str = "notice";

/// What a line looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `Nov 17 06:12:44 info   message  key=value`
    Text,
    /// The same in colour.
    Colour,
    /// `<6>message  key=value`: the journal adds the time and takes the priority from the front.
    Journal,
    /// One JSON object a line.
    Json,
}

impl Form {
    /// The form that suits standard error: the journal's when systemd reads it, colour on a
    /// terminal unless `NO_COLOR` is set, plain text otherwise.
    pub fn suiting_stderr() -> Self {
        let stderr = std::io::stderr();
        let journal = std::env::var("JOURNAL_STREAM").unwrap_or_default();
        // The variable is inherited by children whose output goes elsewhere; device and inode are not.
        let is_journal = rustix::fs::fstat(&stderr)
            .is_ok_and(|about| journal == format!("{}:{}", about.st_dev, about.st_ino));
        let wants_colour = std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty());
        if is_journal {
            Self::Journal
        } else if wants_colour && stderr.is_terminal() {
            Self::Colour
        } else {
            Self::Text
        }
    }
}

/// Changes which lines are wanted while the daemon runs.
#[derive(Debug, Clone)]
pub struct Verbosity(reload::Handle<Targets, Registry>);

impl Verbosity {
    /// Takes over a filter such as `info,syncline::crm=debug`; says why when it cannot be read,
    /// and leaves the old one in force.
    pub fn set(&self, filter: &str) -> Result<(), String> {
        let targets = read_filter(filter)?;
        self.0
            .reload(targets)
            .map_err(|error| format!("the log filter cannot be changed: {error}"))
    }
}

/// Sends every line to standard error from here on. The second value says why `filter` was not
/// understood: the standard one is in force then, because a typing error must not stop the start.
///
/// Fails when logging was started before.
pub fn start(
    form: Form,
    filter: &str,
    clock: Arc<dyn Clock>,
    zone: TimeZone,
) -> Result<(Verbosity, Option<String>), String> {
    let (targets, complaint) = match read_filter(filter) {
        Ok(targets) => (targets, None),
        Err(complaint) => (Targets::new().with_default(Level::INFO), Some(complaint)),
    };
    let lines = Lines { form, clock, zone };
    let (subscriber, verbosity) = subscriber(lines, targets, std::io::stderr);
    subscriber.try_init().map_err(|error| error.to_string())?;
    Ok((verbosity, complaint))
}

/// The same for a writer of the caller's, without making it everybody's.
pub fn to_writer<W>(
    form: Form,
    filter: &str,
    clock: Arc<dyn Clock>,
    zone: TimeZone,
    writer: W,
) -> Result<(impl Subscriber + Send + Sync, Verbosity), String>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    Ok(subscriber(
        Lines { form, clock, zone },
        read_filter(filter)?,
        writer,
    ))
}

fn subscriber<W>(
    lines: Lines,
    targets: Targets,
    writer: W,
) -> (impl Subscriber + Send + Sync, Verbosity)
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    // The filter is reloaded as a layer of its own: reloading one that wraps another layer panics.
    let (filter, handle) = reload::Layer::new(targets);
    let layer = tracing_subscriber::fmt::layer()
        .with_ansi(lines.form == Form::Colour)
        .event_format(lines)
        .with_writer(writer);
    (
        Registry::default().with(filter).with(layer),
        Verbosity(handle),
    )
}

fn read_filter(text: &str) -> Result<Targets, String> {
    text.parse().map_err(|error| {
        format!(
            "{text:?} is no log filter ({error}); write for example \"info,syncline::crm=debug\""
        )
    })
}

/// How grave a line is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gravity {
    Error,
    Warning,
    Notice,
    Info,
    Debug,
}

impl Gravity {
    fn of(level: Level, is_notice: bool) -> Self {
        match (level, is_notice) {
            (Level::ERROR, _) => Self::Error,
            (Level::WARN, _) => Self::Warning,
            (Level::INFO, true) => Self::Notice,
            (Level::INFO, false) => Self::Info,
            (_, _) => Self::Debug,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Error => "err",
            Self::Warning => "warn",
            Self::Notice => NOTICE,
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }

    /// The number that syslog and the journal know it by (RFC 5424, section 6.2.1).
    fn priority(self) -> u8 {
        match self {
            Self::Error => 3,
            Self::Warning => 4,
            Self::Notice => 5,
            Self::Info => 6,
            Self::Debug => 7,
        }
    }

    fn colour(self) -> &'static str {
        match self {
            Self::Error => "\u{1b}[1;31m",
            Self::Warning => "\u{1b}[33m",
            Self::Notice => "\u{1b}[1m",
            Self::Info => "\u{1b}[32m",
            Self::Debug => "\u{1b}[2m",
        }
    }
}

/// Writes events as lines.
struct Lines {
    form: Form,
    clock: Arc<dyn Clock>,
    zone: TimeZone,
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut out: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut said = Said::default();
        event.record(&mut said);
        let gravity = Gravity::of(*event.metadata().level(), said.is_notice);
        match self.form {
            Form::Text => {
                write!(
                    out,
                    "{} {:<6} {}",
                    self.wall_time(),
                    gravity.word(),
                    escaped(&said.message)
                )?;
                write!(out, "{}", said.tail())?;
            }
            Form::Colour => {
                let (colour, word) = (gravity.colour(), gravity.word());
                write!(out, "\u{1b}[2m{}\u{1b}[0m ", self.wall_time())?;
                write!(out, "{colour}{word:<6}\u{1b}[0m {}", escaped(&said.message))?;
                write!(out, "\u{1b}[2m{}\u{1b}[0m", said.tail())?;
            }
            Form::Journal => {
                write!(
                    out,
                    "<{}>{}{}",
                    gravity.priority(),
                    escaped(&said.message),
                    said.tail()
                )?;
            }
            Form::Json => {
                let object = self.object(gravity, event.metadata().target(), said);
                write!(out, "{}", Value::Object(object))?;
            }
        }
        out.write_char('\n')
    }
}

impl Lines {
    fn wall_time(&self) -> String {
        jiff::Timestamp::from_millisecond(self.clock.now().0).map_or_else(
            |_| "--- -- --:--:--".to_owned(),
            |now| {
                now.to_zoned_datetime(self.zone.clone())
                    .strftime("%b %d %H:%M:%S")
                    .to_string()
            },
        )
    }

    /// The line for machines. Its own keys win over a field of the same name.
    fn object(&self, gravity: Gravity, target: &str, said: Said) -> Map<String, Value> {
        let at = jiff::Timestamp::from_millisecond(self.clock.now().0);
        let mut object: Map<String, Value> = said.fields.into_iter().collect();
        object.insert(
            "at".to_owned(),
            at.map_or(Value::Null, |at| at.to_string().into()),
        );
        object.insert("level".to_owned(), gravity.word().into());
        object.insert("target".to_owned(), target.into());
        object.insert("message".to_owned(), said.message.into());
        object
    }
}

/// What an event says.
#[derive(Default)]
struct Said {
    message: String,
    is_notice: bool,
    fields: Vec<(String, Value)>,
}

impl Said {
    /// The fields behind the message: `  records=45 by="ops lead"`.
    fn tail(&self) -> String {
        let mut tail = String::new();
        for (key, value) in &self.fields {
            tail.push_str(if tail.is_empty() { "  " } else { " " });
            let bare = value.as_str().filter(|text| is_bare(text));
            // Writing into a text cannot fail.
            let _ = match bare {
                Some(text) => write!(tail, "{key}={text}"),
                None => write!(tail, "{key}={}", escaped(&value.to_string())),
            };
        }
        tail
    }

    fn take(&mut self, field: &Field, value: Value) {
        match (field.name(), value) {
            ("message", Value::String(text)) => self.message = text,
            (NOTICE, value) => self.is_notice = value != Value::Bool(false),
            // The log crate's own bookkeeping.
            (name, _) if name.starts_with("log.") => {}
            (name, value) => self.fields.push((name.to_owned(), value)),
        }
    }
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.take(field, format!("{value:?}").into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.take(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.take(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.take(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.take(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.take(field, value.into());
    }
}

/// Whether a value needs no quotes to be seen as one word.
fn is_bare(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| !c.is_whitespace() && !c.is_control() && !"\"=".contains(c))
}

/// `text` without anything that moves a cursor, begins a line, turns the direction of what is read
/// or forges a priority.
pub fn escaped(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let is_unsafe = |c: char| c.is_control() || turns(c);
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unsafe(c) {
            safe.extend(c.escape_default());
        } else {
            safe.push(c);
        }
    }
    safe
}
