//! The guard's table: what a day may write before a person is asked.

use syncline::domain::event::Action;
use syncline::domain::guard::{Count, Limits, Verdict, judge};

fn check(action: Action, last_24h: u64, this_cycle: u64, pairs: u64, held_at: Option<u64>) {
    let count = Count {
        last_24h,
        this_cycle,
        pairs,
    };
    let expected = held_at.map_or(Verdict::Go, |limit| Verdict::Hold { limit });
    let verdict = judge(action, count, &Limits::default());
    assert_eq!(verdict, expected, "{action} {count:?}");
}

#[test]
fn a_fifth_of_the_pairs_and_more_than_a_hundred_waits_for_a_person() {
    check(Action::Updated, 0, 200, 1_000, None);
    check(Action::Updated, 0, 201, 1_000, Some(200));
    check(Action::Created, 150, 51, 1_000, Some(200));
    check(Action::Associated, 0, 201, 1_000, Some(200));
}

#[test]
fn a_hundred_records_go_however_few_the_pairs() {
    check(Action::Updated, 0, 100, 5, None);
    check(Action::Updated, 0, 101, 5, Some(100));
}

#[test]
fn with_no_pairs_yet_the_first_load_waits_above_a_hundred() {
    check(Action::Created, 0, 100, 0, None);
    check(Action::Created, 0, 101, 0, Some(100));
}

#[test]
fn ten_thousand_is_the_end_however_many_the_pairs() {
    check(Action::Updated, 9_000, 1_000, 1_000_000, None);
    check(Action::Updated, 9_000, 1_001, 1_000_000, Some(10_000));
}

#[test]
fn deleting_and_emptying_stop_at_one_percent_and_ten() {
    check(Action::Deleted, 0, 10, 100, None);
    check(Action::Deleted, 0, 11, 100, Some(10));
    check(Action::Blanked, 0, 50, 5_000, None);
    check(Action::Blanked, 1, 50, 5_000, Some(50));
}

#[test]
fn a_cycle_that_writes_nothing_is_never_held() {
    check(Action::Deleted, 9_000, 0, 100, None);
    check(Action::Agreed, 0, 1_000_000, 100, None);
}

#[test]
fn counts_at_the_edge_of_their_type_do_not_wrap() {
    check(Action::Created, u64::MAX, 1, u64::MAX, Some(10_000));
}
