//! What people read on a terminal, from reports made by hand.

#![expect(
    clippy::unwrap_used,
    reason = "what a test sets up must work, and says so when it does not"
)]

mod budget;
mod errors;

use jiff::tz::TimeZone;
use serde_json::json;
use syncline::cli::render::time::Moment;
use syncline::cli::render::{counted, number, text};
use syncline::control::report::{
    BackfillLine, CallsLine, CauseLine, Digests, EntryLine, ErrorLine, HoldLine, HoldStory,
    ObjectLine, RecordStory, Report, SideLine, Status, Trend,
};
use syncline::domain::event::{Action, Known, LoadTime, Mode};
use syncline::domain::record::{ObjectName, Side, Timestamp};
use syncline::domain::schedule::Frequency;

/// Tuesday 17 November 2026, 08:00 in Rome.
const NOW: Timestamp = Timestamp(1_794_898_800_000);

fn ago(hours: i64) -> Timestamp {
    NOW.plus(-hours * 3_600_000)
}

fn shown(report: &Report) -> String {
    let moment = Moment {
        now: NOW,
        zone: TimeZone::get("Europe/Rome").unwrap(),
    };
    text(report, &moment)
}

fn object(name: &str) -> ObjectName {
    ObjectName::parse(name).unwrap()
}

fn calls() -> CallsLine {
    let lanes = [
        ("live", 2_104),
        ("detect", 2_880),
        ("resync", 0),
        ("backfill", 1_428),
    ];
    CallsLine {
        used: 6_412,
        allocation: 20_000,
        org_used: Some(61_204),
        org_limit: Some(145_000),
        lanes: lanes.map(|(lane, used)| (lane.to_owned(), used)).to_vec(),
        last_hour: 940,
        backfill: BackfillLine {
            when: LoadTime::Always,
            night: "22:00-06:00".to_owned(),
            zone: "Europe/Rome".to_owned(),
            opens_at: None,
            deferred: 0,
        },
    }
}

fn causes() -> Vec<CauseLine> {
    let line = |number, records, hours, trend, kind: &str, what: &str, who: &str| CauseLine {
        number,
        records,
        since: ago(hours),
        back: number == 17,
        trend,
        kind: kind.to_owned(),
        what: what.to_owned(),
        who_fixes: who.to_owned(),
        remarks: vec![],
    };
    vec![
        line(
            41,
            1_268,
            16,
            Trend::Up,
            "sf-validation-rule",
            "Validation rule on Contact refuses Phone",
            "SF admin",
        ),
        line(
            29,
            45,
            19 * 24,
            Trend::Flat,
            "string-too-long",
            "Text in Contact.Title is longer than the field allows",
            "RevOps",
        ),
        line(
            17,
            12,
            0,
            Trend::Back,
            "sf-owner-inactive",
            "Owner of Contact is inactive in Salesforce",
            "RevOps",
        ),
    ]
}

fn line(name: &str, failing: u64, lag_ms: Option<i64>) -> ObjectLine {
    ObjectLine {
        object: object(name),
        in_sync: 181_902,
        failing,
        waiting: 31,
        deferred: 0,
        held: 0,
        would_write: 0,
        excluded: 1_875,
        total: 183_808 + failing,
        lag_ms,
    }
}

fn status() -> Status {
    let side = |side, account: &str| SideLine {
        side,
        account: Some(account.to_owned()),
        suspended: None,
        read_at: Some(NOW.plus(-19_000)),
        silent_since: None,
    };
    Status {
        version: "1.2.0".to_owned(),
        at: NOW,
        running_since: Some(ago(53)),
        mode: Mode::Sync,
        paused: false,
        sides: vec![
            side(Side::HubSpot, "4711002"),
            side(Side::Salesforce, "00D5g000004XyZwEAM"),
        ],
        objects: vec![
            line("contact", 412, Some(19_000)),
            line("company", 38, None),
        ],
        calls: calls(),
        loads: vec![],
        errors: 471,
        failing: 467,
        many: 3,
        causes: causes(),
        held: vec![],
        mails_waiting: 0,
        mail_sent_at: Some(NOW),
        digests: Digests {
            last: Some((Frequency::Daily, NOW)),
            sent: 2,
            recipients: 2,
            next: Some((Frequency::Daily, ago(-24))),
        },
        store_bytes: 1_932_735_283,
        entries: 1_204_311,
        attention: vec![],
        stopped: false,
    }
}

#[test]
fn status_on_a_usual_morning() {
    let report = Report::Status(Box::new(status()));
    insta::assert_snapshot!(shown(&report), @r"
    syncline 1.2.0  running since Sun 15 Nov 03:00 (2 d 5 h)   as of Tue 17 Nov 08:00
    HubSpot     4711002              ok   last read 07:59:41
    Salesforce  00D5g000004XyZwEAM   ok   last read 07:59:41

    OBJECT   IN SYNC  FAILING  WAITING  DEFERRED  HELD  EXCLUDED    TOTAL  LAG
    contact  181,902      412       31         0     0     1,875  184,220  19 s
    company  181,902       38       31         0     0     1,875  183,846  -

    API CALLS, 24 h    ours 6,412 of 20,000 (32 %)    org 61,204 of 145,000 (42 %)
      live 2,104  detect 2,880  backfill 1,428

    ERRORS   471 on 467 records, 3 causes: 1 new, 1 back in the last 24 h       syncline errors
    MAIL     last daily Tue 17 Nov 08:00 delivered to 2 of 2, next daily Wed 18 Nov 08:00; last mail delivered Tue 17 Nov 08:00
    STORE    1.7 GB, 1,204,311 journal entries
    HELD     nothing      PAUSED  nothing
    ");
}

#[test]
fn status_of_a_stopped_store_that_was_never_read() {
    let mut stopped = status();
    stopped.running_since = None;
    stopped.mode = Mode::Observe;
    stopped.sides[0].suspended = Some("credentials (401 expired)".to_owned());
    stopped.sides[1].account = None;
    stopped.sides[1].read_at = None;
    stopped.objects.truncate(1);
    stopped.objects[0].held = 400;
    stopped.causes.clear();
    stopped.errors = 0;
    stopped.failing = 0;
    stopped.many = 0;
    stopped.mail_sent_at = None;
    stopped.digests = Digests {
        last: None,
        sent: 0,
        recipients: 0,
        next: None,
    };
    stopped.store_bytes = 4_096;
    stopped.mails_waiting = 1;
    stopped.held = vec![hold()];
    stopped.attention = vec!["HubSpot is suspended: credentials (401 expired)".to_owned()];
    stopped.stopped = true;
    let report = Report::Status(Box::new(stopped));
    insta::assert_snapshot!(shown(&report), @r"
    syncline 1.2.0  not running   as of Tue 17 Nov 08:00  mode observe: nothing is written
    HubSpot     4711002              SUSPENDED: credentials (401 expired)   last read 07:59:41
    Salesforce  not reached yet      -

    OBJECT   IN SYNC  FAILING  WAITING  DEFERRED  HELD  EXCLUDED    TOTAL  LAG
    contact  181,902      412       31         0   400     1,875  184,220  19 s

    API CALLS, 24 h    ours 6,412 of 20,000 (32 %)    org 61,204 of 145,000 (42 %)
      live 2,104  detect 2,880  backfill 1,428

    ERRORS   0 on 0 records, 0 causes
    MAIL     no mail delivered yet, 1 mail waiting
    STORE    4.0 kB, 1,204,311 journal entries
    HELD     H-7 (12,412 records), 12,012 of them shown as failing or waiting      PAUSED  nothing

    Attention: HubSpot is suspended: credentials (401 expired)
    ");
}

#[test]
fn what_a_crm_says_cannot_move_the_terminals_cursor() {
    let mut refused = error();
    let said = "No.\r\n\u{1b}[2J\u{9b}1A \u{202e}drowssap\u{200f}";
    refused.message = Some(said.to_owned());
    let shown = shown(&Report::Record(Box::new(RecordStory {
        record: 288,
        object: object("contact"),
        hubspot: Some("90211".to_owned()),
        salesforce: None,
        label: None,
        state: "failing\u{1b}[31m".to_owned(),
        errors: vec![refused],
        entries: vec![],
    })));
    let told = r#""No.\r\n\u{1b}[2J\u{9b}1A \u{202e}drowssap\u{200f}""#;
    assert!(shown.contains(told), "{shown}");
    assert!(shown.contains(r"State: failing\u{1b}[31m"), "{shown}");
}

fn error() -> ErrorLine {
    ErrorLine {
        record: 288,
        object: object("contact"),
        hubspot: Some("90211".to_owned()),
        salesforce: None,
        label: None,
        to: Side::Salesforce,
        field: "Phone".to_owned(),
        code: "FIELD_CUSTOM_VALIDATION_EXCEPTION".to_owned(),
        kind: "sf-validation-rule".to_owned(),
        cause: 41,
        known: Known::Answered,
        since: ago(16),
        attempts: 2,
        message: Some("Phone must start with + and the country code.".to_owned()),
    }
}

#[test]
fn a_records_story_in_words() {
    let entry = |seq, kind: &str, payload| EntryLine {
        seq,
        at: ago(16),
        kind: kind.to_owned(),
        record: Some(288),
        payload,
    };
    let report = Report::Record(Box::new(RecordStory {
        record: 288,
        object: object("contact"),
        hubspot: Some("90211".to_owned()),
        salesforce: None,
        label: None,
        state: "failing".to_owned(),
        errors: vec![error()],
        entries: vec![
            entry(55, "record_linked", json!({"why": "key"})),
            entry(
                60,
                "record_failed",
                json!({
                    "known": "certain", "attempt": 0, "to": "salesforce", "action": "created",
                    "failures": [{"code": "STRING_TOO_LONG", "fields": ["Title"]}],
                }),
            ),
            entry(
                70,
                "record_failed",
                json!({
                    "known": "answered", "attempt": 2, "to": "salesforce", "action": "created",
                    "failures": [{"code": "FIELD_CUSTOM_VALIDATION_EXCEPTION"}],
                }),
            ),
            entry(
                80,
                "record_synced",
                json!({
                    "action": "updated", "to": "hubspot", "fields": ["zip", "city"],
                }),
            ),
            entry(
                81,
                "record_synced",
                json!({"action": "agreed", "to": "hubspot", "fields": []}),
            ),
        ],
    }));
    insta::assert_snapshot!(shown(&report), @r#"
    #288  contact  HubSpot 90211  Salesforce -
    State: failing

    C-41  sf-validation-rule  to Salesforce  FIELD_CUSTOM_VALIDATION_EXCEPTION [Phone]
          "Phone must start with + and the country code."

    What happened, oldest first:
          55  2026-11-16 16:00:00  linked by key
          60  2026-11-16 16:00:00  failed to be created in Salesforce, predicted (certain), no call: STRING_TOO_LONG [Title]
          70  2026-11-16 16:00:00  failed to be created in Salesforce, attempt 2: FIELD_CUSTOM_VALIDATION_EXCEPTION
          80  2026-11-16 16:00:00  updated in HubSpot: zip, city
          81  2026-11-16 16:00:00  both sides agree; nothing written

    every detail   add --json
    "#);
}

fn hold() -> HoldLine {
    HoldLine {
        number: 7,
        object: object("contact"),
        to: Side::Salesforce,
        action: Action::Updated,
        records: 12_412,
        since: ago(2),
    }
}

#[test]
fn a_hold_lists_its_records_until_it_is_settled() {
    let mut story = HoldStory {
        line: hold(),
        limit: 10_000,
        field: Some("Phone".to_owned()),
        settled: None,
        examples: vec![(Side::HubSpot, "90211".to_owned())],
        next: None,
    };
    insta::assert_snapshot!(shown(&Report::Hold(story.clone())), @r"
    H-7  contact to Salesforce: 12,412 records to be updated, since Tue 17 Nov 06:00 (guard 10,000 in 24 h)
    All of them concern Phone.
    None of them was written.

    SIDE        ID
    HubSpot  90211
    and 12,411 more records (--json lists all)

    write them   syncline approve H-7
    drop them    syncline approve H-7 --drop
    ");
    story.settled = Some((ago(1), true));
    insta::assert_snapshot!(shown(&Report::Hold(story)), @r"
    H-7  contact to Salesforce: 12,412 records to be updated, since Tue 17 Nov 06:00 (guard 10,000 in 24 h)
    All of them concern Phone.
    Settled already: approved Tue 17 Nov 07:00; its records were read again and written.
    ");
}

#[test]
fn numbers_have_commas_and_nouns_their_plural() {
    assert_eq!(number(1_234_567), "1,234,567");
    assert_eq!(counted(1, "record"), "1 record");
    assert_eq!(counted(0, "record"), "0 records");
}
