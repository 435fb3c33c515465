//! What mails say of what concerns everybody.

use syncline::domain::digest::{Digest, ForSomeone, Immediate, Notice, render, render_immediate};

use super::sample::{daily, immediate};
use super::shown;

/// The text of a mail that tells this alone, without its foot, on one line.
fn said(notice: Notice) -> String {
    let mail = render_immediate(&Immediate {
        notices: vec![notice],
        ..immediate()
    });
    let words: Vec<&str> = mail.text.lines().map(str::trim).collect();
    let all = words.join("\n");
    let (notice, _) = all.split_once("\n\n").unwrap_or((&all, ""));
    notice.replace('\n', " ")
}

fn low(used: u64) -> String {
    let said = said(Notice::BudgetLow {
        used,
        allocation: 20_000,
        empty_at: None,
    });
    let (_, said) = said.split_once("for a day. ").expect("how long it lasts");
    said.split(" To do").next().unwrap_or_default().to_owned()
}

#[test]
fn a_short_budget_names_what_waits_and_nothing_else() {
    let waits = [low(2_000), low(12_000), low(15_000), low(19_000)];
    insta::assert_snapshot!(waits.join("\n"), @r"
    Nothing waits yet, and nothing is lost.
    First loads wait already, so that changes go on for longer; nothing is lost.
    First loads and retries wait already, so that changes go on for longer; nothing is lost.
    First loads, retries and resyncs wait already, so that changes go on for longer; nothing is lost.
    ");
}

#[test]
fn a_budget_that_is_not_short_any_more_names_what_waits_on() {
    let eased = |used| {
        said(Notice::BudgetEased {
            used,
            allocation: 20_000,
        })
    };
    insta::assert_snapshot!([eased(0), eased(14_990), eased(15_100)].join("\n"), @r"
    BUDGET EASED: 0 of 20,000 calls used (0 %) Nothing is to be done: every lane may spend again.
    BUDGET EASED: 14,990 of 20,000 calls used (74 %) Nothing is to be done: changes go on; first loads wait for more room still.
    BUDGET EASED: 15,100 of 20,000 calls used (75 %) Nothing is to be done: changes go on; first loads and retries wait for more room still.
    ");
}

#[test]
fn calls_that_free_say_nothing_of_changes_where_none_waited() {
    let frees = |deferred| said(Notice::BudgetFrees { deferred });
    insta::assert_snapshot!([frees(0), frees(1), frees(1_902)].join("\n"), @r"
    BUDGET FREES: writing goes on Nothing had to wait for it.
    BUDGET FREES: writing goes on 1 change that waited is sent now.
    BUDGET FREES: writing goes on 1,902 changes that waited are sent now.
    ");
}

fn held(hold: i64) -> Notice {
    Notice::Held {
        hold,
        what: "contact to Salesforce, 12,412 records to be updated, all of Phone".to_owned(),
        limit: "guard 10,000 in 24 h".to_owned(),
    }
}

#[test]
fn a_storm_of_holds_leaves_the_figures_in_the_subject_and_the_mail_whole() {
    let notices: Vec<Notice> = (1..=300).map(held).collect();
    let mail = render(&Digest {
        notices: notices.clone(),
        ..daily()
    });
    shown(&mail);
    insta::assert_snapshot!(mail.subject, @"[Syncline prod] HELD H-1 · HELD H-2 · 298 more notices · 2 new, 1 back, 2 resolved · 467 records failing · 32 % of API…");
    assert!(
        mail.text.contains("AND 288 more notices like these"),
        "{}",
        mail.text
    );
    shown(&render_immediate(&Immediate {
        notices,
        ..immediate()
    }));
}

#[test]
fn thousands_of_causes_that_somebody_has_to_fix_are_counted_and_not_all_named() {
    let causes = (1..=5_000).map(|number| (number, None)).collect();
    let mail = render(&Digest {
        for_others: vec![ForSomeone {
            who: "RevOps".to_owned(),
            causes,
        }],
        ..daily()
    });
    shown(&mail);
    let text = mail.text.replace('\n', " ");
    assert!(
        text.contains("FOR REVOPS: 5,000 causes (C-1, C-2, "),
        "{text}"
    );
    assert!(text.contains("C-24; and 4,976 more)."), "{text}");
}
