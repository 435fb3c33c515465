//! The mails of an ordinary installation, as data.

use syncline::domain::budget::OrgUsage;
use syncline::domain::digest::{
    Calls, CauseLine, Digest, ErrorRow, Excluded, Failing, ForSomeone, Immediate, LineState, Said,
    Synced, Ticket, Trend, Waiting, Week,
};
use syncline::domain::event::CauseState;
use syncline::domain::schedule::Frequency;

const NOW: &str = "Tuesday 17 November 2026, 08:00 Europe/Rome";
const ACCOUNTS: &str = "Acme portal 4711002 <-> Salesforce \"Acme EMEA\" (production)";
const REMEDY: &str = "syncline notify set, or write to ops@acme.example";

/// A cause with no more than a mail needs.
pub(super) fn cause(number: i64, state: LineState, sentence: &str, records: u64) -> CauseLine {
    CauseLine {
        number,
        state,
        sentence: sentence.to_owned(),
        detail: None,
        said: None,
        records,
        records_told: None,
        per_minute: None,
        since: "Mon 16:42".to_owned(),
        resolved: None,
        open_days: 1,
        trend: Trend::Steady,
        meaning: String::new(),
        fix: vec!["shorten the titles in HubSpot.".to_owned()],
        who_fixes: "RevOps".to_owned(),
        again: Some("each is tried again when it changes".to_owned()),
        note: None,
        examples: Vec::new(),
    }
}

/// The cause everybody talks about: C-41.
pub(super) fn validation_rule(state: CauseState, records: u64) -> CauseLine {
    CauseLine {
        said: Some(Said {
            system: "Salesforce".to_owned(),
            code: "FIELD_CUSTOM_VALIDATION_EXCEPTION".to_owned(),
            fields: vec!["Phone".to_owned()],
            message: Some("Phone must start with + and the country code.".to_owned()),
        }),
        per_minute: Some(9),
        trend: Trend::Growing,
        meaning: "A rule in Salesforce looked at the record and refused it.".to_owned(),
        fix: vec![
            "Change the rule in Salesforce.".to_owned(),
            "Or correct the phones in HubSpot.".to_owned(),
        ],
        who_fixes: "Salesforce admin".to_owned(),
        again: Some(
            "each is tried again when it changes, and one of them every few hours".to_owned(),
        ),
        examples: vec![
            "https://app.hubspot.com/contacts/4711002/record/0-1/90211".to_owned(),
            "https://acme.my.salesforce.com/003Qy00000A1b2cIAB".to_owned(),
        ],
        ..cause(
            41,
            LineState::News(state),
            "Validation rule on Contact refuses the phone",
            records,
        )
    }
}

/// The rows of `errors` errors of C-41.
pub(super) fn rows(errors: u32) -> Vec<ErrorRow> {
    let row = |number: u32| ErrorRow {
        cause: "C-41".to_owned(),
        kind: "sf-validation-rule".to_owned(),
        object: "contact".to_owned(),
        to: "salesforce".to_owned(),
        hubspot: format!("https://app.hubspot.com/contacts/4711002/record/0-1/{number}"),
        code: "FIELD_CUSTOM_VALIDATION_EXCEPTION".to_owned(),
        message: "=1+1".to_owned(),
        attempts: 2,
        ..ErrorRow::default()
    };
    (0..errors).map(row).collect()
}

/// A Tuesday's causes.
fn causes() -> Vec<CauseLine> {
    let news = LineState::News;
    let mut lacks = cause(
        42,
        news(CauseState::Opened),
        "Picklist Industry on Account lacks 3 values",
        31,
    );
    lacks.detail = Some("Fintech 19, Climate 8, Defense tech 4.".to_owned());
    lacks.fix = vec!["add them in Salesforce, or map them.".to_owned()];
    "Salesforce admin".clone_into(&mut lacks.who_fixes);
    "Mon 18:20".clone_into(&mut lacks.since);
    let mut back = cause(
        17,
        news(CauseState::Back),
        "Owner of 12 deals is inactive in Salesforce",
        12,
    );
    back.resolved = Some("3 Nov".to_owned());
    "Mon 18:05".clone_into(&mut back.since);
    back.fix = vec!["reassign the deals in HubSpot.".to_owned()];
    let mut state = cause(
        30,
        news(CauseState::Resolved),
        "State does not belong to country",
        43,
    );
    state.open_days = 9;
    let fax = cause(
        34,
        news(CauseState::Resolved),
        "No edit permission on Contact.Fax",
        11,
    );
    let open = |number, sentence, records, open_days| CauseLine {
        open_days,
        ..cause(number, LineState::StillOpen, sentence, records)
    };
    let mut flow = open(35, "Flow on Contact", 96, 6);
    flow.note = Some("SFADM-812, due 20 Nov".to_owned());
    vec![
        CauseLine {
            per_minute: None,
            ..validation_rule(CauseState::Opened, 268)
        },
        lacks,
        back,
        state,
        fax,
        flow,
        open(29, "Title over 128 chars", 45, 19),
        open(31, "E-mail in use", 7, 22),
    ]
}

fn weeks() -> Vec<Week> {
    let weeks = [
        ("27 Oct", 120, 41_212),
        ("3 Nov", 214, 40_800),
        ("10 Nov", 467, 44_884),
    ];
    weeks
        .map(|(from, failing, calls)| Week {
            from: from.to_owned(),
            failing,
            calls,
        })
        .to_vec()
}

fn ticket() -> Ticket {
    let text = "Validation rule on Contact refuses the phone (C-41)

Syncline, the program that keeps HubSpot and Salesforce in step, cannot write 268 records to Salesforce.

Org           00D5g000004XyZwEAM  https://acme.my.salesforce.com
Field         Phone

What helps, in the order to try:
  1. Change the rule in Salesforce.";
    Ticket {
        number: 41,
        who: "Salesforce admin".to_owned(),
        lines: text.lines().map(str::to_owned).collect(),
    }
}

/// A Tuesday's daily digest.
pub(super) fn daily() -> Digest {
    Digest {
        installation: "prod".to_owned(),
        frequency: Frequency::Daily,
        now: NOW.to_owned(),
        since: "Monday 08:00".to_owned(),
        accounts: ACCOUNTS.to_owned(),
        late: None,
        for_you: Some(ForSomeone {
            who: "you".to_owned(),
            causes: vec![(17, None)],
        }),
        for_others: vec![ForSomeone {
            who: "the Salesforce admin".to_owned(),
            causes: vec![(41, Some("told at 16:44".to_owned())), (42, None)],
        }],
        failing: Failing {
            yours: None,
            before: 214,
            now: 467,
            errors: 471,
            newly: 307,
            fixed: 54,
        },
        synced: Synced {
            to_salesforce: 7_402,
            to_hubspot: 5_444,
            slowest_ms: Some(190_000),
        },
        calls: Calls {
            ours: 6_412,
            allocation: 20_000,
            org: Some(OrgUsage {
                used: 61_204,
                limit: 145_000,
            }),
        },
        causes: causes(),
        waiting: Waiting {
            records: 37,
            oldest_ms: Some(7_200_000),
        },
        deferred: 0,
        held: 0,
        excluded: Excluded {
            records: 1_964,
            delta: 3,
        },
        conflicts_lost: 0,
        deletions_ignored: 0,
        notices: Vec::new(),
        accounted: None,
        weeks: weeks(),
        hand_overs: vec![ticket()],
        rows: rows(471),
        remedy: REMEDY.to_owned(),
    }
}

/// A digest of a week in which nothing happened.
pub(super) fn quiet() -> Digest {
    Digest {
        frequency: Frequency::Weekly,
        since: "Monday 9 November".to_owned(),
        for_you: None,
        for_others: Vec::new(),
        failing: Failing::default(),
        causes: Vec::new(),
        waiting: Waiting::default(),
        excluded: Excluded::default(),
        weeks: Vec::new(),
        hand_overs: Vec::new(),
        rows: Vec::new(),
        ..daily()
    }
}

/// A mail at once, about nothing yet.
pub(super) fn immediate() -> Immediate {
    Immediate {
        installation: "prod".to_owned(),
        now: "Monday 16 November 2026, 16:44 Europe/Rome".to_owned(),
        accounts: ACCOUNTS.to_owned(),
        notices: Vec::new(),
        causes: Vec::new(),
        hand_overs: Vec::new(),
        rows: Vec::new(),
        remedy: REMEDY.to_owned(),
    }
}
