//! What the log says of causes and of the budget: one line per change of state.

use syncline::domain::budget::Thresholds;
use syncline::domain::event::{AllocationSet, By};
use syncline::domain::record::Side;
use syncline::notifier::{Line, look};

use super::{HOUR, MINUTE, World};

fn lines(world: &World) -> Vec<String> {
    let lines = world.write(|tx| look(tx, Thresholds::default()));
    let spoken = lines.into_iter().map(|line| match line {
        Line::Info(text) => format!("info   {text}"),
        Line::Notice(text) => format!("notice {text}"),
        Line::Warning(text) => format!("warn   {text}"),
        Line::Error(text) => format!("err    {text}"),
    });
    spoken.collect()
}

#[test]
fn the_backlog_is_one_line_and_every_later_change_one() {
    let world = World::of(vec![]);
    world.fail(0..3, "STRING_TOO_LONG", "Title");
    world.fail(3..5, "REQUIRED_FIELD_MISSING", "LastName");
    assert_eq!(lines(&world), Vec::<String>::new());
    world.read_both();
    insta::assert_snapshot!(lines(&world).join("\n"), @"notice first load done: 5 errors on 5 records by 2 causes; the first mail to each reader tells them; see now: syncline errors");
    assert_eq!(lines(&world), Vec::<String>::new());
    world.fail(5..6, "INVALID_EMAIL_ADDRESS", "Email");
    insta::assert_snapshot!(lines(&world).join("\n"), @"notice cause opened: C-3 invalid-email contact.Email to Salesforce, 1 record; to fix: RevOps");
    world.fail(6..9, "INVALID_EMAIL_ADDRESS", "Email");
    assert_eq!(lines(&world), Vec::<String>::new());
    world.pass(HOUR + 36 * MINUTE);
    world.mend(5..9);
    insta::assert_snapshot!(lines(&world).join("\n"), @"info   cause resolved: C-3 invalid-email contact.Email to Salesforce, open 1 h 36 min");
    world.fail(5..6, "INVALID_EMAIL_ADDRESS", "Email");
    insta::assert_snapshot!(lines(&world).join("\n"), @"notice cause back: C-3 invalid-email contact.Email to Salesforce, 1 record; to fix: RevOps");
    assert_eq!(lines(&world), Vec::<String>::new());
}

#[test]
fn the_budget_is_told_at_eighty_percent_at_its_end_and_when_it_frees() {
    let world = World::of(vec![]);
    world.append(AllocationSet {
        allocation: 20_000,
        reserve_percent: 10,
        by: By::Configuration,
    });
    world.spend(Side::Salesforce, 15_999);
    assert_eq!(lines(&world), Vec::<String>::new());
    world.spend(Side::Salesforce, 5);
    insta::assert_snapshot!(lines(&world).join("\n"), @"warn   budget: 16,004 of 20,000 calls used (80 %); at this rate empty in 14 min 58 s; backfill and retry wait");
    assert_eq!(lines(&world), Vec::<String>::new());
    world.spend(Side::Salesforce, 3_996);
    insta::assert_snapshot!(lines(&world).join("\n"), @r#"err    budget exhausted: 20,000 of 20,000; nothing waits; frees in 1 d; raise with "syncline budget set N""#);
    world.pass(25 * HOUR);
    insta::assert_snapshot!(lines(&world).join("\n"), @"notice budget frees: 0 of 20,000 calls used, writing goes on; nothing waits");
}

#[test]
fn a_line_of_the_budget_names_the_lanes_that_wait_and_no_other() {
    let told = |low_percent: u8, used: u64| {
        let world = World::of(vec![]);
        world.append(AllocationSet {
            allocation: 1_000,
            reserve_percent: 10,
            by: By::Configuration,
        });
        world.spend(Side::Salesforce, used);
        let thresholds = Thresholds {
            low_percent,
            full_percent: 100,
        };
        let lines = world.write(move |tx| look(tx, thresholds));
        format!("{:?}", lines[0])
    };
    let ends = |line: String, end: &str| assert!(line.ends_with(end), "{line}");
    ends(told(50, 500), "at this rate empty in 1 h\")");
    ends(told(60, 600), "; backfill waits\")");
    ends(told(80, 800), "; backfill and retry wait\")");
    ends(told(95, 960), "; backfill, retry and resync wait\")");
}

#[test]
fn calls_that_leave_and_are_spent_again_are_no_news() {
    let world = World::of(vec![]);
    world.append(AllocationSet {
        allocation: 1_000,
        reserve_percent: 10,
        by: By::Configuration,
    });
    world.spend(Side::Salesforce, 60);
    world.pass(HOUR);
    world.spend(Side::Salesforce, 940);
    assert_eq!(lines(&world).len(), 1);
    // A day after the first sixty: 94 % are used, which is neither room nor the end of it.
    world.pass(23 * HOUR + 5 * MINUTE);
    assert_eq!(lines(&world).len(), 1, "it frees");
    world.spend(Side::Salesforce, 15);
    assert_eq!(lines(&world), Vec::<String>::new());
    world.pass(HOUR);
    insta::assert_snapshot!(lines(&world).join("\n"), @"info   budget: 15 of 1,000 calls used, below 80 % again");
}

#[test]
fn a_settled_hold_is_one_line_with_who_and_how_many() {
    let world = World::loaded(vec![]);
    assert_eq!(lines(&world), Vec::<String>::new());
    world.hold(1, Side::HubSpot, 128);
    world.hold(2, Side::Salesforce, 2_420);
    assert_eq!(lines(&world), Vec::<String>::new());
    world.settle(1, true, 128);
    insta::assert_snapshot!(lines(&world).join("\n"), @"notice H-1 approved by user 1000 (contact to HubSpot, 128 records to be created); each is read again and then written");
    world.settle(2, false, 2_421);
    insta::assert_snapshot!(lines(&world).join("\n"), @"notice H-2 dropped by user 1000 (contact to Salesforce, 2,421 records to be created); none of these changes is written");
    assert_eq!(lines(&world), Vec::<String>::new());
}
