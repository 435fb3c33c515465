//! When a failed record is tried again.

use proptest::prelude::*;
use syncline::domain::record::Timestamp;
use syncline::domain::retry::{
    PROBES, Release, RetryClass, TRANSIENT_ATTEMPTS_MAX, backoff, probe_due, releases,
};

const NOW: Timestamp = Timestamp(1_763_362_800_000);
const LONGEST: u64 = u64::MAX;

fn check(classes: &[RetryClass], transient: bool, attempt: u32, expected: &[Release]) {
    assert_eq!(
        releases(classes, transient, attempt, NOW, LONGEST),
        expected,
        "{classes:?}, transient {transient}, attempt {attempt}"
    );
}

#[test]
fn a_passing_trouble_is_tried_again_until_the_tries_run_out() {
    let again = |ms| {
        [
            Release::At(NOW.plus(ms)),
            Release::RecordChanges,
            Release::OnResync,
        ]
    };
    let never = [Release::RecordChanges, Release::OnResync];
    for classes in [&[][..], &[RetryClass::Human], &[RetryClass::Config]] {
        check(classes, true, 1, &again(1_000));
        check(classes, true, 2, &again(2_000));
        check(classes, true, TRANSIENT_ATTEMPTS_MAX - 1, &again(64_000));
        check(classes, true, TRANSIENT_ATTEMPTS_MAX, &never);
        check(classes, true, u32::MAX, &never);
    }
}

#[test]
fn any_class_of_a_type_releases_and_a_person_always_may() {
    use RetryClass::{Config, Data, Dep, Human, Transient};
    check(
        &[Data],
        false,
        1,
        &[Release::RecordChanges, Release::OnResync],
    );
    check(
        &[Config],
        false,
        1,
        &[Release::SchemaChanges, Release::OnResync],
    );
    check(&[Dep], false, 1, &[Release::ParentLinks, Release::OnResync]);
    check(&[Human], false, 1, &[Release::OnResync]);
    check(&[], false, 1, &[Release::OnResync]);
    let both = [
        Release::SchemaChanges,
        Release::RecordChanges,
        Release::OnResync,
    ];
    check(&[Config, Data, Config], false, 9, &both);
    check(
        &[Transient],
        false,
        1,
        &[Release::At(NOW.plus(1_000)), Release::OnResync],
    );
    check(
        &[Transient],
        false,
        TRANSIENT_ATTEMPTS_MAX,
        &[Release::OnResync],
    );
}

#[test]
fn a_cause_is_probed_after_an_hour_then_four_then_daily() {
    let hours = |n: i64| n * 3_600_000;
    let check = |last: Option<Timestamp>, done, expected: Timestamp| {
        assert_eq!(
            probe_due(NOW, last, done, &PROBES),
            expected,
            "{done} probes done"
        );
    };
    check(None, 0, NOW.plus(hours(1)));
    check(Some(NOW.plus(hours(1))), 1, NOW.plus(hours(5)));
    check(Some(NOW.plus(hours(5))), 2, NOW.plus(hours(29)));
    check(Some(NOW.plus(hours(29))), 3, NOW.plus(hours(53)));
    check(Some(NOW), u32::MAX, NOW.plus(hours(24)));
    assert_eq!(PROBES, [hours(1), hours(4), hours(24)]);
}

#[test]
fn keys_of_classes_read_back() {
    for class in RetryClass::ALL {
        assert_eq!(RetryClass::from_key(class.key()), Some(*class));
    }
}

proptest! {
    #[test]
    fn a_pause_lies_between_a_millisecond_and_its_ceiling(attempt: u32, jitter: u64) {
        let ceiling = 1_000_i64.saturating_mul(1 << attempt.saturating_sub(1).min(30)).min(3_600_000);
        let pause = backoff(attempt, jitter);
        prop_assert!((1..=ceiling).contains(&pause), "{pause} of {ceiling}");
        prop_assert_eq!(backoff(attempt, u64::MAX), ceiling);
        prop_assert_eq!(backoff(attempt, 0), 1);
    }
}
