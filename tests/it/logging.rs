//! Log lines, as the operator sees them.

use std::future::Future;
use std::io::Write;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use jiff::tz::TimeZone;
use syncline::clock::Clock;
use syncline::domain::record::Timestamp;
use syncline::logging::{self, Form};
use tracing::{debug, error, info, warn};

/// Stands still at 17 November 2026, 07:00 UTC.
struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp(1_794_898_800_000)
    }

    fn monotonic_ms(&self) -> i64 {
        0
    }

    fn sleep_until(&self, _: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(std::future::pending())
    }
}

#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("one thread").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What is logged under `filter` while `speak` runs.
pub(crate) fn lines(form: Form, filter: &str, speak: impl FnOnce(&logging::Verbosity)) -> String {
    let paper = Paper::default();
    let writer = paper.clone();
    let zone = TimeZone::get("Europe/Rome").expect("a zone");
    let (subscriber, verbosity) =
        logging::to_writer(form, filter, Arc::new(Still), zone, move || writer.clone())
            .expect("a filter");
    tracing::subscriber::with_default(subscriber, || speak(&verbosity));
    String::from_utf8(paper.0.lock().expect("one thread").clone()).expect("text")
}

fn a_day(_: &logging::Verbosity) {
    info!(
        records = 45,
        by = "ops lead",
        cause = "C-29",
        "resync asked"
    );
    info!(notice = true, "cause opened: C-43");
    warn!(target: "syncline::mail", "mail: refused");
    error!("SUSPENDED: \u{1b}[2Jforged\n<0>line \u{202e}");
    debug!("not wanted");
}

#[test]
fn text_has_the_time_of_the_zone_the_level_and_the_fields() {
    insta::assert_snapshot!(lines(Form::Text, "info", a_day), @r#"
    Nov 17 08:00:00 info   resync asked  records=45 by="ops lead" cause=C-29
    Nov 17 08:00:00 notice cause opened: C-43
    Nov 17 08:00:00 warn   mail: refused
    Nov 17 08:00:00 err    SUSPENDED: \u{1b}[2Jforged\n<0>line \u{202e}
    "#);
}

#[test]
fn the_journal_gets_priorities_in_front() {
    insta::assert_snapshot!(lines(Form::Journal, "info", a_day), @r#"
    <6>resync asked  records=45 by="ops lead" cause=C-29
    <5>cause opened: C-43
    <4>mail: refused
    <3>SUSPENDED: \u{1b}[2Jforged\n<0>line \u{202e}
    "#);
}

#[test]
fn machines_get_one_object_a_line() {
    let text = lines(Form::Json, "info", a_day);
    for line in text.lines() {
        assert!(
            serde_json::from_str::<serde_json::Value>(line)
                .unwrap()
                .is_object()
        );
    }
    insta::assert_snapshot!(text.lines().take(2).collect::<Vec<_>>().join("\n"), @r#"
    {"at":"2026-11-17T07:00:00Z","by":"ops lead","cause":"C-29","level":"info","message":"resync asked","records":45,"target":"it::logging"}
    {"at":"2026-11-17T07:00:00Z","level":"notice","message":"cause opened: C-43","target":"it::logging"}
    "#);
}

#[test]
fn the_filter_can_be_changed_while_running() {
    let text = lines(Form::Journal, "warn", |verbosity| {
        info!("before");
        verbosity.set("warn,it=debug").unwrap();
        debug!("after");
        let complaint = verbosity.set("it=loud").unwrap_err();
        assert!(complaint.contains("is no log filter"), "{complaint}");
        debug!("still");
    });
    assert_eq!(text, "<7>after\n<7>still\n");
}
