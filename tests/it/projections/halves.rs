//! Numbers, halves and fingerprints of pairs.

use std::collections::BTreeMap;

use syncline::domain::event::{
    Action, Excluded, Linked, Moved, RecordExcluded, RecordUnlinked, Span, ValuePrint,
};
use syncline::domain::record::{PairNumber, Side, Timestamp};
use syncline::projections::{append, pairs, prints};

use super::{accept, both, check, field, half, id, key, state, synced};

#[test]
fn two_numbered_halves_become_one_pair_under_the_lower_number_with_both_histories() {
    check(|tx| {
        let left = pairs::number_of(tx, &key(Side::HubSpot, "H1")).unwrap();
        let right = pairs::number_of(tx, &key(Side::Salesforce, "S1")).unwrap();
        assert_eq!((left, right), (PairNumber(1), PairNumber(2)));
        let why = Excluded::NoKey;
        let ids = half(Side::Salesforce, 1);
        append(tx, Some(right), RecordExcluded { ids, why }).unwrap();
        let ids = half(Side::HubSpot, 1);
        append(tx, Some(left), RecordExcluded { ids, why }).unwrap();
        let entry = pairs::link(tx, both(1), Linked::Id, Vec::new()).unwrap();
        assert_eq!(entry.record, Some(left));
        assert_eq!(state(tx, 1), pairs::State::InSync);
        assert_eq!(state(tx, 2), pairs::State::Absorbed);
        assert_eq!(pairs::resolve(tx, right).unwrap().unwrap().number, left);
        assert_eq!(
            pairs::by_key(tx, &key(Side::Salesforce, "S1")).unwrap(),
            Some(left)
        );
        let history = pairs::history(tx, left, 0).unwrap();
        assert_eq!(
            history.iter().map(|entry| entry.seq).collect::<Vec<_>>(),
            [1, 2, 3]
        );
        let late = append(
            tx,
            Some(right),
            synced(both(1), Side::HubSpot, Action::Updated),
        )
        .unwrap();
        assert_eq!(
            late.record,
            Some(left),
            "a number absorbed meanwhile goes on under the other"
        );
    });
}

#[test]
fn unlinking_leaves_the_number_with_the_half_in_hubspot() {
    check(|tx| {
        pairs::link(tx, both(1), Linked::Key, Vec::new()).unwrap();
        accept(tx, 1);
        let why = Excluded::Operator;
        append(tx, None, RecordUnlinked { ids: both(1), why }).unwrap();
        let pair = pairs::get(tx, PairNumber(1)).unwrap().unwrap();
        assert_eq!(
            (pair.ids.hubspot, pair.ids.salesforce),
            (Some(id("H1")), None)
        );
        assert_eq!((pair.state, pair.why), (pairs::State::Excluded, Some(why)));
        assert!(prints::of(tx, PairNumber(1)).unwrap().is_empty());
        let next = pairs::number_of(tx, &key(Side::Salesforce, "S1")).unwrap();
        assert_eq!(next, PairNumber(2));
    });
}

#[test]
fn a_write_is_provisional_until_its_side_has_shown_it() {
    check(|tx| {
        let span = Span {
            from: Timestamp(5),
            to: Timestamp(9),
        };
        let mut wrote = synced(both(1), Side::Salesforce, Action::Created);
        wrote.provisional = Some(span.clone());
        wrote.marked = vec![Side::HubSpot];
        append(tx, None, wrote).unwrap();
        let pair = pairs::get(tx, PairNumber(1)).unwrap().unwrap();
        let (side, provisional) = pair.last_provisional().unwrap();
        assert_eq!((side, &provisional.span), (Side::Salesforce, &span));
        assert_eq!(provisional.written, [field("Phone")]);
        assert_eq!(pair.created_on, Some(Side::Salesforce));
        assert_eq!((pair.marked.hubspot, pair.marked.salesforce), (true, false));
        let mut shown = synced(both(1), Side::HubSpot, Action::Agreed);
        shown.moved = vec![Moved {
            field: field("phone"),
            hubspot: None,
            salesforce: Some(ValuePrint(2)),
        }];
        append(tx, None, shown).unwrap();
        let pair = pairs::get(tx, PairNumber(1)).unwrap().unwrap();
        assert_eq!(pair.last_provisional(), None);
        let base = prints::of(tx, PairNumber(1)).unwrap();
        let seen = (Some(ValuePrint(1)), Some(ValuePrint(2)));
        assert_eq!(base, BTreeMap::from([(field("phone"), seen)]));
    });
}
