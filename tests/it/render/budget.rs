//! What `syncline budget` shows, in each state that the allocation can be in.

use syncline::control::report::{BudgetUse, CallsPart, CauseCalls, LaneWait, Price, Report};
use syncline::domain::event::LoadTime;

use super::{NOW, ago, calls, object, shown};

fn budget() -> BudgetUse {
    let part = |lane: &str, operation: &str, named: Option<&str>, calls, records| CallsPart {
        lane: lane.to_owned(),
        operation: operation.to_owned(),
        object: named.map(object),
        calls,
        records,
    };
    let mut hours = vec![100; 24];
    hours[23] = 940;
    hours[0] = 0;
    BudgetUse {
        at: NOW,
        calls: calls(),
        set: 20_000,
        set_by: "user 1000".to_owned(),
        set_at: Some(ago(48)),
        reserve_percent: 10,
        operations: vec![
            ("poll".to_owned(), 2_880),
            ("write".to_owned(), 3_532),
            ("bulk".to_owned(), 0),
        ],
        objects: vec![(Some(object("contact")), 3_532), (None, 2_880)],
        parts: vec![
            part("detect", "poll", None, 2_880, 0),
            part("live", "write", Some("contact"), 2_104, 48_000),
            part("backfill", "write", Some("contact"), 1_428, 1_400_000),
        ],
        causes: vec![
            CauseCalls {
                cause: 41,
                what: "Account.Industry lacks 2 values: Fintech 19, Climate 8".to_owned(),
                calls: 48,
                refused: 1_312,
            },
            CauseCalls {
                cause: 7,
                what: "Contact.Email is no address".to_owned(),
                calls: 0,
                refused: 12,
            },
        ],
        hours,
        days: vec![6_000; 30],
        exhausts_at: Some(NOW.plus(14 * 3_600_000)),
        frees_at: None,
        waits: Vec::new(),
        prices: vec![
            Price {
                what: "what waits now".to_owned(),
                records: 1_902,
                at_least: 3,
                at_most: None,
            },
            Price {
                what: "a resync of everything".to_owned(),
                records: 274,
                at_least: 1,
                at_most: Some(3),
            },
        ],
        hubspot: 4_211,
        hubspot_day: Some((5_120, 250_000)),
    }
}

fn text(budget: BudgetUse) -> String {
    shown(&Report::Budget(Box::new(budget)))
}

#[test]
fn what_was_used_for_what_and_how_long_the_rest_lasts() {
    insta::assert_snapshot!(text(budget()), @r"
    API CALLS, 24 h    ours 6,412 of 20,000 (32 %)    org 61,204 of 145,000 (42 %)
      live 2,104  detect 2,880  backfill 1,428
      poll 2,880  write 3,532
      contact 3,532  several 2,880

    LANE      OPERATION  OBJECT   CALLS    RECORDS
    detect    poll       -        2,880          0
    live      write      contact  2,104     48,000
    backfill  write      contact  1,428  1,400,000

    CAUSE  CALLS  REFUSED  WHAT
    C-41      48    1,312  Account.Industry lacks 2 values: Fintech 19, Climate 8
    C-7        0       12  Contact.Email is no address

    per hour   ▁▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂█  until Tue 17 Nov 08:00
    per 24 h   ██████████████████████████████  180,000 in 30 days
    rate       940/h: at this rate used up at Tue 17 Nov 22:00 (in 14 h)
    allowed    20,000 in any 24 h, set Sun 15 Nov 08:00 by user 1000
    reserve    10 % of Salesforce's own limit is left to everybody else
    backfill   at any time; at night only: syncline budget backfill night
    price      what waits now (1,902 records): at least 3 calls
    price      a resync of everything (274 records): 1 to 3 calls
    HubSpot    4,211 calls in 24 h, the account 5,120 of 250,000 today
    ");
}

#[test]
fn a_slow_rate_lasts_and_a_used_up_allocation_says_when_it_frees() {
    let slow = BudgetUse {
        exhausts_at: None,
        ..budget()
    };
    assert!(text(slow).contains("940/h: at this rate the allocation is never used up"));
    let early = BudgetUse {
        hubspot_day: Some((1, 250_000)),
        ..budget()
    };
    assert!(text(early).contains("4,211 calls in 24 h, of the account's 250,000 a day"));
    let mut full = BudgetUse {
        frees_at: Some(NOW.plus(3 * 3_600_000)),
        waits: vec![LaneWait {
            lane: "live".to_owned(),
            why: "the allocation is used up".to_owned(),
            until: NOW.plus(3 * 3_600_000),
        }],
        ..budget()
    };
    full.calls.used = 20_000;
    let said = text(full);
    for line in [
        "ours 20,000 of 20,000 (100 %)",
        "940/h: used up; calls free from Tue 17 Nov 11:00",
        "waits      live: the allocation is used up, until Tue 17 Nov 11:00",
        "raise it   syncline budget set N",
    ] {
        assert!(said.contains(line), "{line} is missing:\n{said}");
    }
}

#[test]
fn an_allocation_above_salesforces_limit_says_what_is_left_of_it() {
    let mut capped = BudgetUse {
        set: 250_000,
        ..budget()
    };
    capped.calls.allocation = 130_500;
    let said = text(capped);
    assert!(said.contains("allowed    250,000 in any 24 h"), "{said}");
    assert!(
        said.contains("capped     Salesforce's own limit is 145,000: 130,500 can be spent"),
        "{said}"
    );
}

#[test]
fn loads_that_wait_for_the_night_say_until_when_here_and_in_status() {
    let mut night = budget();
    night.calls.backfill.when = LoadTime::Night;
    night.calls.backfill.opens_at = Some(NOW.plus(14 * 3_600_000));
    night.calls.backfill.deferred = 1_902;
    let said = text(night.clone());
    for line in [
        "  1,902 changes deferred: first loads go at night only, from Tue 17 Nov 22:00",
        "backfill   at night only (22:00-06:00 Europe/Rome), waits until Tue 17 Nov 22:00; at any time: syncline budget backfill always",
    ] {
        assert!(said.contains(line), "{line} is missing:\n{said}");
    }
    night.calls.backfill.opens_at = None;
    let said = text(night);
    assert!(said.contains("Europe/Rome), goes now;"), "{said}");
    assert!(!said.contains("deferred"), "{said}");
}

#[test]
fn nothing_set_and_nothing_spent_is_no_allocation_that_is_used_up() {
    let mut none = BudgetUse {
        set: 0,
        set_at: None,
        operations: Vec::new(),
        objects: Vec::new(),
        parts: Vec::new(),
        causes: Vec::new(),
        hours: vec![0; 24],
        days: vec![0; 30],
        exhausts_at: Some(NOW),
        ..budget()
    };
    (none.calls.used, none.calls.allocation, none.calls.last_hour) = (0, 0, 0);
    let shown = text(none);
    assert!(
        shown.contains("\nrate       0/h: no call is allowed\n"),
        "{shown}"
    );
    assert!(
        shown.contains("\nallowed    nothing yet: no allocation was ever set\n"),
        "{shown}"
    );
}

#[test]
fn numbers_as_large_as_they_come_are_shown() {
    let mut most = BudgetUse {
        hours: vec![u64::MAX; 24],
        days: vec![u64::MAX / 30; 30],
        ..budget()
    };
    (most.calls.used, most.calls.allocation) = (u64::MAX, 100_000_000);
    let shown = text(most);
    let bars = "█".repeat(24);
    assert!(shown.contains(&format!("per hour   {bars}")), "{shown}");
}
