//! What is news to a reader, and when it may be told.

use std::collections::BTreeMap;

use proptest::prelude::*;
use syncline::domain::digest::{
    AtOnce, CurrentCause, ToldCause, at_once, decide, may_tell_now, news,
};
use syncline::domain::event::{CauseState, Told};
use syncline::domain::record::Timestamp;

/// What is told of one cause that was last told as `before` and now has `now` records.
fn check(before: Option<(CauseState, u64)>, now: Option<u64>, expected: Option<(CauseState, u64)>) {
    let before = before.map(|(state, records)| (41, ToldCause { state, records }));
    let now = now.map(|records| {
        (
            41,
            CurrentCause {
                records,
                ..CurrentCause::default()
            },
        )
    });
    let told = news(&before.into_iter().collect(), &now.into_iter().collect());
    let expected = expected.map(|(state, records)| Told::Cause(41, state, records));
    assert_eq!(told, expected.into_iter().collect::<Vec<_>>());
}

#[test]
fn only_a_change_of_a_causes_state_is_news() {
    use CauseState::{Back, Grew, Opened, Resolved};
    check(None, Some(1), Some((Opened, 1)));
    check(None, Some(0), None);
    check(Some((Opened, 41)), Some(41), None);
    check(Some((Opened, 41)), Some(122), None);
    check(Some((Opened, 41)), Some(123), Some((Grew, 123)));
    check(Some((Opened, 1)), Some(20), None);
    check(Some((Grew, 1)), Some(21), Some((Grew, 21)));
    check(Some((Opened, 41)), None, Some((Resolved, 41)));
    check(Some((Back, 41)), Some(0), Some((Resolved, 41)));
    check(Some((Resolved, 41)), None, None);
    check(Some((Resolved, 41)), Some(2), Some((Back, 2)));
}

#[test]
fn the_decision_says_why() {
    use CauseState::{Grew, Opened, Resolved};
    let why = |last: Option<(CauseState, u64)>, records, muted, suspended| {
        let last = last.map(|(state, records)| ToldCause { state, records });
        let now = CurrentCause {
            records,
            muted,
            suspended,
        };
        decide(last.as_ref(), &now).word()
    };
    assert_eq!(why(None, 5, false, false), "opened");
    assert_eq!(why(None, 0, false, false), "nothing new");
    assert_eq!(why(Some((Opened, 5)), 5, false, false), "nothing new");
    assert_eq!(why(Some((Opened, 5)), 25, false, false), "grew");
    assert_eq!(why(Some((Grew, 25)), 0, false, false), "resolved");
    assert_eq!(why(Some((Resolved, 25)), 1, false, false), "back");
    // What a person muted is muted whatever else is the case; what stands still hides news only.
    assert_eq!(why(None, 5, true, true), "muted");
    assert_eq!(why(None, 5, false, true), "suspended");
    assert_eq!(why(Some((Opened, 5)), 0, false, true), "suspended");
    assert_eq!(why(Some((Opened, 5)), 5, false, true), "nothing new");
}

#[test]
fn of_a_muted_cause_nothing_is_told() {
    let told = ToldCause {
        state: CauseState::Opened,
        records: 1,
    };
    for records in [0, 1, 1_000] {
        let now = BTreeMap::from([(
            41,
            CurrentCause {
                records,
                muted: true,
                suspended: false,
            },
        )]);
        assert_eq!(news(&BTreeMap::new(), &now), []);
        assert_eq!(news(&BTreeMap::from([(41, told)]), &now), []);
    }
}

#[test]
fn six_mails_an_hour_go_out_and_then_one_that_says_so() {
    let now = Timestamp(100 * 3_600_000);
    let sent = |minutes_ago: &[i64]| -> Vec<Timestamp> {
        minutes_ago
            .iter()
            .map(|minutes| now.plus(-minutes * 60_000))
            .collect()
    };
    let says = |minutes_ago: &[i64]| at_once(&sent(minutes_ago), now, 6);
    assert_eq!(says(&[]), AtOnce::Tell);
    assert_eq!(says(&[50, 40, 30, 20, 10]), AtOnce::Tell);
    assert_eq!(says(&[50, 40, 30, 20, 10, 1]), AtOnce::SayLimit);
    assert_eq!(says(&[50, 40, 30, 20, 10, 1, 0]), AtOnce::Wait);
    assert_eq!(says(&[60, 40, 30, 20, 10, 1]), AtOnce::Tell);
    // The clock was set back by a day.
    assert_eq!(
        says(&[-1440, -1440, -1440, -1440, -1440, -1440]),
        AtOnce::Tell
    );
    assert!(!may_tell_now(&sent(&[1, 2]), now, 2));
    assert!(may_tell_now(&sent(&[1, 2]), now, 3));
}

proptest! {
    #[test]
    fn what_was_told_is_never_told_again(
        steps in prop::collection::vec(prop::collection::btree_map(0..4_i64, 0..200_u64, 0..4), 1..20)
    ) {
        let mut before: BTreeMap<i64, ToldCause> = BTreeMap::new();
        for step in steps {
            let now: BTreeMap<i64, CurrentCause> = step
                .into_iter()
                .map(|(number, records)| (number, CurrentCause { records, ..CurrentCause::default() }))
                .collect();
            for told in news(&before, &now) {
                if let Told::Cause(number, state, records) = told {
                    before.insert(number, ToldCause { state, records });
                }
            }
            prop_assert_eq!(news(&before, &now), []);
            // Who was told knows exactly the causes that are open.
            let open = |records: u64| records > 0;
            let known = before.iter().filter(|(_, told)| told.state != CauseState::Resolved);
            let there = now.iter().filter(|(_, cause)| open(cause.records));
            prop_assert!(known.map(|(number, _)| number).eq(there.map(|(number, _)| number)));
        }
    }
}
