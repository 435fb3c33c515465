//! What is mailed of the budget: one mail when it is going to be short, one when it is used up, and
//! one when that is over.

use syncline::domain::event::{AllocationSet, By, RecipientSetting};
use syncline::domain::record::Side;

use super::{HOUR, MINUTE, World, daily, now, text};

fn world() -> World {
    let world = World::loaded(vec![
        ("ops@acme.example", now()),
        ("lead@acme.example", RecipientSetting { ..daily() }),
    ]);
    world.append(AllocationSet {
        allocation: 20_000,
        reserve_percent: 10,
        by: By::Configuration,
    });
    world
}

/// Subjects to the one who is told at once; the other one hears the same.
fn told(world: &mut World) -> Vec<String> {
    let all = world.subjects();
    let (ops, lead): (Vec<String>, Vec<String>) = all
        .into_iter()
        .partition(|subject| subject.starts_with("ops"));
    let lead = lead
        .into_iter()
        .filter(|subject| subject.contains("BUDGET"));
    let lead: Vec<String> = lead.map(|one| one.replacen("lead", "ops", 1)).collect();
    assert_eq!(ops, lead);
    ops
}

#[test]
fn everybody_gets_one_mail_at_eighty_percent_one_at_the_end_and_one_when_it_is_over() {
    let mut world = world();
    world.spend(Side::Salesforce, 15_990);
    assert_eq!(told(&mut world), Vec::<String>::new());
    world.spend(Side::Salesforce, 13);
    insta::assert_snapshot!(told(&mut world).join("\n"), @"ops: BUDGET LOW: 16,004 of 20,000 calls used (80 %)");
    world.pass(MINUTE);
    assert_eq!(told(&mut world), Vec::<String>::new());
    world.spend(Side::Salesforce, 3_996);
    insta::assert_snapshot!(told(&mut world).join("\n"), @"ops: BUDGET EXHAUSTED: 20,000 of 20,000 calls used");
    world.restart();
    world.pass(HOUR);
    assert_eq!(told(&mut world), Vec::<String>::new());
    world.pass(24 * HOUR);
    insta::assert_snapshot!(told(&mut world).join("\n"), @"ops: BUDGET EASED: 0 of 20,000 calls used (0 %)");
    world.pass(HOUR);
    assert_eq!(told(&mut world), Vec::<String>::new());
}

#[test]
fn calls_that_free_after_the_end_are_one_mail_and_room_is_another() {
    let mut world = world();
    world.spend(Side::Salesforce, 1_999);
    world.pass(6 * HOUR);
    world.spend(Side::Salesforce, 18_000);
    insta::assert_snapshot!(told(&mut world).join("\n"), @"ops: BUDGET EXHAUSTED: 20,000 of 20,000 calls used");
    world.pass(18 * HOUR + 5 * MINUTE);
    insta::assert_snapshot!(told(&mut world).join("\n"), @"ops: BUDGET FREES: writing goes on");
    world.pass(6 * HOUR);
    insta::assert_snapshot!(told(&mut world).join("\n"), @"ops: BUDGET EASED: 0 of 20,000 calls used (0 %)");
}

#[test]
fn a_mail_of_a_short_budget_says_until_when_it_lasts_and_what_to_do() {
    let mut world = world();
    world.spend(Side::Salesforce, 16_003);
    let mails = world.mailed();
    insta::assert_snapshot!(text(&mails[0]), @r"
    BUDGET LOW: 16,004 of 20,000 calls used (80 %)
      At the last hour's rate the rest lasts until Tue 09:14. First loads and
      retries wait already, so that changes go on for longer; nothing is lost.
      To do: nothing; or see what spends them, and raise the allocation:
      syncline budget and syncline budget set N

    Tuesday 17 November 2026, 09:00 Europe/Rome
    HubSpot portal 4711002 <-> Salesforce org 00D5g000004XyZwEAM
    Change or stop these mails: syncline notify set ops@acme.example, or write to
    ops@acme.example
    ");
}
