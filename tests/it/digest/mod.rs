//! Digests: what a reader is told, word by word.

mod looks;
mod news;
mod notices;
mod sample;

use proptest::prelude::*;
use sample::{cause, daily, immediate, quiet, rows, validation_rule};
use syncline::domain::digest::{
    Accounted, Digest, Excluded, Failing, Immediate, Late, LineState, Mail, Notice, duration,
    harmless, render, render_immediate, thousands,
};
use syncline::domain::event::CauseState;
use syncline::domain::record::Side;

/// The mail as a reader's list and reader's pane show it.
fn shown(mail: &Mail) -> String {
    let wide = mail
        .text
        .lines()
        .filter(|line| line.chars().count() > 78 && !line.contains("://"));
    assert_eq!(wide.collect::<Vec<_>>(), Vec::<&str>::new());
    assert!(mail.html.len() + mail.text.len() < 95_000);
    assert!(!mail.subject.contains(['\r', '\n']));
    format!("Subject: {}\n\n{}", mail.subject, mail.text)
}

#[test]
fn a_daily_digest_tells_in_full_only_what_changed() {
    insta::assert_snapshot!(shown(&render(&daily())), @r#"
    Subject: [Syncline prod] 2 new, 1 back, 2 resolved · 467 records failing · 32 % of API calls

    Tuesday 17 November 2026, 08:00 Europe/Rome · since Monday 08:00
    Acme portal 4711002 <-> Salesforce "Acme EMEA" (production)

    FOR YOU: 1 cause (C-17).
    FOR THE SALESFORCE ADMIN: 2 causes (C-41, told at 16:44; C-42).

    Failing      214 -> 467 records (471 errors)   +307 newly failing   -54 fixed
    Synced       12,846 changes   to Salesforce 7,402   to HubSpot 5,444
                 slowest 3 min 10 s
    API calls    6,412 of our 20,000 (32 %)   whole org 61,204 of 145,000 (42 %)

    NEW
    C-41  Validation rule on Contact refuses the phone                 268 records
          "Phone must start with + and the country code." Since Mon 16:42, still
          growing.
          Meaning: A rule in Salesforce looked at the record and refused it.
          Fix (Salesforce admin): Change the rule in Salesforce. Or correct the
          phones in HubSpot.
          e.g. https://app.hubspot.com/contacts/4711002/record/0-1/90211
               (+267 in the CSV)
    C-42  Picklist Industry on Account lacks 3 values                   31 records
          Fintech 19, Climate 8, Defense tech 4. Since Mon 18:20.
          Fix (Salesforce admin): add them in Salesforce, or map them.

    BACK
    C-17  Owner of 12 deals is inactive in Salesforce                   12 records
          Resolved 3 Nov, back Mon 18:05.
          Fix (RevOps): reassign the deals in HubSpot.

    RESOLVED
    C-30  State does not belong to country                 43 records, open 9 days
    C-34  No edit permission on Contact.Fax                 11 records, open 1 day

    STILL OPEN                                records  days  note
    C-35  Flow on Contact                          96     6  SFADM-812, due 20 Nov
    C-29  Title over 128 chars                     45    19  -
    C-31  E-mail in use                             7    22  -

    WEEK FROM       records failing   calls to Salesforce
    27 Oct                      120                41,212
    3 Nov                       214                40,800
    10 Nov                      467                44,884

    C-41 AS A TICKET FOR THE SALESFORCE ADMIN
      Validation rule on Contact refuses the phone (C-41)

      Syncline, the program that keeps HubSpot and Salesforce in step, cannot
      write 268 records to Salesforce.

      Org           00D5g000004XyZwEAM  https://acme.my.salesforce.com
      Field         Phone

      What helps, in the order to try:
        1. Change the rule in Salesforce.

    Waiting for an account 37 (oldest 2 h) · deferred 0 · held 0
    excluded 1,964 (+3)
    All 471 errors attached
    Change or stop these mails: syncline notify set, or write to ops@acme.example
    "#);
}

#[test]
fn a_quiet_week_is_told_with_where_all_records_stand() {
    let accounted = Accounted {
        records: 184_220,
        in_sync: 184_120,
        failing: 0,
        would_write: 0,
        on_their_way: 7,
    };
    let digest = Digest {
        accounted: Some(accounted),
        excluded: Excluded {
            records: 93,
            delta: 0,
        },
        ..quiet()
    };
    insta::assert_snapshot!(shown(&render(&digest)), @r#"
    Subject: [Syncline prod] week: nothing new · nothing fails · 32 % of API calls

    Tuesday 17 November 2026, 08:00 Europe/Rome · since Monday 9 November
    Acme portal 4711002 <-> Salesforce "Acme EMEA" (production)

    Failing      0 records
    Synced       12,846 changes   to Salesforce 7,402   to HubSpot 5,444
                 slowest 3 min 10 s
    API calls    6,412 of our 20,000 (32 %)   whole org 61,204 of 145,000 (42 %)

    Waiting for an account 0 · deferred 0 · held 0 · excluded 93
    Everything accounted for: 184,220 records known: 184,120 in sync, 7 on their
    way, 93 excluded.
    Change or stop these mails: syncline notify set, or write to ops@acme.example
    "#);
}

#[test]
fn a_reader_of_some_causes_is_told_which_part_of_all_failing_records_they_are() {
    let usual = daily();
    let digest = Digest {
        failing: Failing {
            yours: Some(12),
            ..usual.failing
        },
        ..usual
    };
    let said = shown(&render(&digest));
    for line in [
        "12 of 467 failing records for you · 32 % of API calls",
        "Failing      12 records for you; in all 214 -> 467 records (471 errors)",
    ] {
        assert!(said.contains(line), "{line} is missing:\n{said}");
    }
}

#[test]
fn a_late_digest_says_what_it_covers_and_what_stands_still() {
    let digest = Digest {
        late: Some(Late {
            due: "Sunday 15 November, 08:00".to_owned(),
            missed: 2,
        }),
        notices: vec![Notice::Held {
            hold: 7,
            what: "contact to Salesforce, 12,412 updates, all of Contact.Phone".to_owned(),
            limit: "guard 10,000 in 24 h".to_owned(),
        }],
        held: 12_412,
        conflicts_lost: 3,
        deletions_ignored: 1,
        ..quiet()
    };
    insta::assert_snapshot!(shown(&render(&digest)), @r#"
    Subject: [Syncline prod] late · HELD H-7 · week: nothing new · nothing fails · 32 % of API calls

    Tuesday 17 November 2026, 08:00 Europe/Rome · since Monday 9 November
    Acme portal 4711002 <-> Salesforce "Acme EMEA" (production)
    Late: this was due Sunday 15 November, 08:00. It also covers 2 digests before
    it that were never sent.

    HELD H-7: contact to Salesforce, 12,412 updates, all of Contact.Phone
      More than the guard lets pass (guard 10,000 in 24 h). None of them is
      written, and later changes of that kind join them; everything else goes on.
      To do: syncline approve H-7 --show to see them, then syncline approve H-7 or
      syncline approve H-7 --drop

    Failing      0 records
    Synced       12,846 changes   to Salesforce 7,402   to HubSpot 5,444
                 slowest 3 min 10 s
    API calls    6,412 of our 20,000 (32 %)   whole org 61,204 of 145,000 (42 %)
    Also         3 changes lost against a newer one on the other side
                 1 deletion not carried across

    Waiting for an account 0 · deferred 0 · held 12,412 · excluded 0
    Change or stop these mails: syncline notify set, or write to ops@acme.example
    "#);
}

#[test]
fn a_cause_is_told_at_once_with_who_fixes_it_and_what_happens_then() {
    let news = Immediate {
        causes: vec![validation_rule(CauseState::Opened, 41)],
        rows: rows(41),
        ..immediate()
    };
    insta::assert_snapshot!(shown(&render_immediate(&news)), @r#"
    Subject: [Syncline prod] NEW: Validation rule on Contact refuses the phone · 41 records (C-41)

    C-41  NEW: Validation rule on Contact refuses the phone             41 records
          Since Mon 16:42, about 9 a minute. Only these records cannot be written,
          and nothing is lost: each is tried again when it changes, and one of
          them every few hours.

    Who fixes:        Salesforce admin
    Meaning:          A rule in Salesforce looked at the record and refused it.
    Fix:              Change the rule in Salesforce.
                      Or correct the phones in HubSpot.
    Salesforce said:  FIELD_CUSTOM_VALIDATION_EXCEPTION [Phone]
                      "Phone must start with + and the country code."
    Records:          https://app.hubspot.com/contacts/4711002/record/0-1/90211
                      https://acme.my.salesforce.com/003Qy00000A1b2cIAB
                      (+39 in the CSV)
    Then:             nothing to do, Syncline notices; its records:
                      syncline errors list --cause C-41 (41 records)
    Next mail about C-41: when it is over, or at 123 records.

    Monday 16 November 2026, 16:44 Europe/Rome
    Acme portal 4711002 <-> Salesforce "Acme EMEA" (production)
    All 41 errors attached
    Change or stop these mails: syncline notify set, or write to ops@acme.example
    "#);
}

#[test]
fn several_causes_are_one_mail() {
    let mut grown = validation_rule(CauseState::Grew, 150);
    grown.records_told = Some(41);
    let over = cause(
        34,
        LineState::News(CauseState::Resolved),
        "No edit permission on Contact.Fax",
        1,
    );
    let news = Immediate {
        causes: vec![grown, over],
        ..immediate()
    };
    insta::assert_snapshot!(shown(&render_immediate(&news)), @r#"
    Subject: [Syncline prod] 1 growing, 1 resolved (C-41, C-34)

    C-41  GROWING: Validation rule on Contact refuses the phone  41 -> 150 records
          Since Mon 16:42, about 9 a minute. Only these records cannot be written,
          and nothing is lost: each is tried again when it changes, and one of
          them every few hours.

    Who fixes:        Salesforce admin
    Meaning:          A rule in Salesforce looked at the record and refused it.
    Fix:              Change the rule in Salesforce.
                      Or correct the phones in HubSpot.
    Salesforce said:  FIELD_CUSTOM_VALIDATION_EXCEPTION [Phone]
                      "Phone must start with + and the country code."
    Records:          https://app.hubspot.com/contacts/4711002/record/0-1/90211
                      https://acme.my.salesforce.com/003Qy00000A1b2cIAB
                      (+148 more)
    Then:             nothing to do, Syncline notices; its records:
                      syncline errors list --cause C-41 (150 records)
    Next mail about C-41: when it is over, or at 450 records.

    C-34  RESOLVED: No edit permission on Contact.Fax         1 record, open 1 day
          No record fails by it any more. It was open 1 day; 1 record when last
          told.
    Next mail about C-34: if it comes back.

    Monday 16 November 2026, 16:44 Europe/Rome
    Acme portal 4711002 <-> Salesforce "Acme EMEA" (production)
    150 errors are too many to attach: syncline errors export > errors.csv
    Change or stop these mails: syncline notify set, or write to ops@acme.example
    "#);
}

#[test]
fn a_suspension_says_what_to_do_and_that_nothing_is_lost() {
    let suspended = Notice::Suspended {
        side: Side::HubSpot,
        reason: "the token was refused (401)".to_owned(),
        since: "16:20".to_owned(),
        remedy: "replace /etc/syncline/credentials/hubspot_token, then systemctl restart syncline"
            .to_owned(),
    };
    let news = Immediate {
        notices: vec![suspended],
        ..immediate()
    };
    insta::assert_snapshot!(shown(&render_immediate(&news)), @r#"
    Subject: [Syncline prod] SUSPENDED HubSpot: the token was refused (401)

    SUSPENDED HubSpot: the token was refused (401)
      Since 16:20 nothing is read from or written to HubSpot. Nothing is lost:
      changes on both sides are caught up afterwards.
      To do: replace /etc/syncline/credentials/hubspot_token, then systemctl
      restart syncline

    Monday 16 November 2026, 16:44 Europe/Rome
    Acme portal 4711002 <-> Salesforce "Acme EMEA" (production)
    Change or stop these mails: syncline notify set, or write to ops@acme.example
    "#);
}

#[test]
fn every_notice_has_a_subject_of_its_own() {
    let subject = |notice: Notice| {
        render_immediate(&Immediate {
            notices: vec![notice],
            ..immediate()
        })
        .subject
    };
    let subjects = [
        subject(Notice::Resumed {
            side: Side::Salesforce,
            after_ms: 1_051_000,
            changes: 318,
        }),
        subject(Notice::Settled {
            hold: 7,
            outcome: "dropped".to_owned(),
            then: "None of these changes is written.".to_owned(),
        }),
        subject(Notice::BudgetExhausted {
            used: 20_000,
            allocation: 20_000,
            deferred: 1_902,
            frees_at: Some("14:10".to_owned()),
        }),
        subject(Notice::BudgetLow {
            used: 16_004,
            allocation: 20_000,
            empty_at: None,
        }),
        subject(Notice::BudgetEased {
            used: 14_990,
            allocation: 20_000,
        }),
        subject(Notice::BudgetFrees { deferred: 1 }),
        subject(Notice::TooMuchNews { per_hour: 6 }),
    ];
    insta::assert_snapshot!(subjects.join("\n"), @r#"
    [Syncline prod] RESUMED: Salesforce works again after 17 min 31 s
    [Syncline prod] SETTLED H-7: dropped
    [Syncline prod] BUDGET EXHAUSTED: 20,000 of 20,000 calls used
    [Syncline prod] BUDGET LOW: 16,004 of 20,000 calls used (80 %)
    [Syncline prod] BUDGET EASED: 14,990 of 20,000 calls used (74 %)
    [Syncline prod] BUDGET FREES: writing goes on
    [Syncline prod] MUCH NEWS: further mails wait
    "#);
}

#[test]
fn foreign_text_is_escaped_and_breaks_no_line() {
    let evil = "<script>alert(1)</script>\r\nBcc: all@example.com\u{202e}\" onload=\"x";
    let mut hostile = validation_rule(CauseState::Opened, 2);
    hostile.sentence = evil.to_owned();
    hostile.note = Some(evil.to_owned());
    hostile.fix = vec![evil.to_owned()];
    hostile.examples = vec![
        "javascript:alert(1)".to_owned(),
        "https://x.example/\"><script>".to_owned(),
    ];
    if let Some(said) = hostile.said.as_mut() {
        said.message = Some(evil.to_owned());
        said.code = evil.to_owned();
    }
    let digest = Digest {
        causes: vec![hostile.clone()],
        ..daily()
    };
    let news = Immediate {
        causes: vec![hostile],
        installation: evil.to_owned(),
        ..immediate()
    };
    for mail in [render(&digest), render_immediate(&news)] {
        shown(&mail);
        assert!(!mail.html.contains("<script"), "{}", mail.html);
        assert!(!mail.html.contains("href=\"javascript"));
        assert!(!mail.html.contains("\" onload"));
        assert!(!mail.text.contains('\u{202e}'));
        assert!(!mail.text.lines().any(|line| line.starts_with("Bcc:")));
    }
}

#[test]
fn a_flood_of_causes_stays_readable() {
    let states = [
        LineState::News(CauseState::Opened),
        LineState::News(CauseState::Resolved),
        LineState::StillOpen,
    ];
    let mut causes = Vec::new();
    for number in 0..600 {
        let mut one = validation_rule(CauseState::Opened, 1_000_000);
        one.number = number;
        one.state = states[usize::try_from(number).expect("small") % 3];
        one.sentence = "\"long & winding\" ".repeat(30);
        one.note = Some("&".repeat(900));
        one.fix = vec!["<&>".repeat(900)];
        causes.push(one);
    }
    let mail = render(&Digest {
        causes: causes.clone(),
        ..daily()
    });
    shown(&mail);
    assert!(
        mail.text
            .contains("and 194 more causes with 194,000,000 records: syncline errors"),
        "{}",
        mail.text
    );
    assert!(mail.html.contains("more: syncline errors"));
    shown(&render_immediate(&Immediate {
        causes,
        ..immediate()
    }));
}

#[test]
fn the_attached_csv_does_nothing_in_a_spreadsheet() {
    let attached = render(&daily()).csv.expect("there are errors");
    assert_eq!(attached.name, "syncline-prod-errors.csv");
    let text = String::from_utf8(attached.bytes).expect("it is UTF-8");
    assert_eq!(text.lines().count(), 472);
    assert!(text.starts_with("\u{feff}cause,type,object,to,name,hubspot,"));
    assert!(text.contains(",'=1+1,"));
    for cell in [
        "=x", "+49 30 1", "-1", "@x", "\tx", "\rx", "\n=x", "  =x", "＝x",
    ] {
        assert_eq!(harmless(cell), format!("'{cell}"));
    }
    for cell in ["", "x=1", "49", "a@b.example"] {
        assert_eq!(harmless(cell), cell);
    }
}

#[test]
fn numbers_and_durations_read_well() {
    assert_eq!(
        [0, 999, 1_000, 12_846, 1_000_000].map(thousands).join(" "),
        "0 999 1,000 12,846 1,000,000"
    );
    assert_eq!(
        [
            0,
            999,
            59_000,
            190_000,
            3_600_000,
            7_260_000,
            190_800_000,
            i64::MAX,
            -5
        ]
        .map(duration)
        .join(" | "),
        "0 s | 0 s | 59 s | 3 min 10 s | 1 h | 2 h 1 min | 2 d 5 h | 106751991167 d 7 h | 0 s"
    );
}

proptest! {
    #[test]
    fn no_text_breaks_a_mail(text in any::<String>(), number in any::<u64>()) {
        let mut one = validation_rule(CauseState::Opened, number);
        one.sentence.clone_from(&text);
        one.since.clone_from(&text);
        one.who_fixes.clone_from(&text);
        one.examples = vec![text.clone()];
        let mail = render(&Digest {
            causes: vec![one], now: text.clone(), accounts: text.clone(), since: text.clone(),
            installation: text.clone(), remedy: text, ..daily()
        });
        prop_assert!(!mail.subject.contains(['\r', '\n']));
        prop_assert!(mail.html.len() + mail.text.len() < 95_000);
    }
}
