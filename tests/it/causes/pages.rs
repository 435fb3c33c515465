//! Errors in pages and orders, and what a cause's sentence counts.

use std::collections::BTreeSet;

use syncline::annex;
use syncline::control::report::{ErrorLine, Report};
use syncline::control::request::{Request, Which};
use syncline::domain::failure::Fact;
use syncline::domain::record::Side;
use syncline::projections::append;
use syncline::projections::errors::Order;
use syncline::store::Options;

use super::{HOUR, ask, fail, ids, mend, shown};
use crate::facts::{failure, refused};
use crate::store::{Bench, options};

/// Twenty errors of three causes and two types, an hour between the records, in pages of three.
fn several() -> Bench {
    let bench = Bench::with(Options {
        page_max: 3,
        ..options()
    });
    for number in [3, 9, 1, 7, 5, 2, 8, 4, 6, 0_u32] {
        fail(
            &bench,
            number..number + 1,
            "STRING_TOO_LONG",
            ["Title", "Fax"][number as usize % 2],
        );
        bench.pass(HOUR);
    }
    fail(&bench, 10..20, "INVALID_EMAIL_ADDRESS", "Email");
    bench
}

/// What the pages of `limit` errors hold, one after the other.
fn pages(bench: &Bench, which: &Which, order: Option<Order>, limit: u32) -> Vec<ErrorLine> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let request = Request::Errors {
            which: which.clone(),
            order,
            limit,
            after,
        };
        let Ok(Report::Errors(page)) = ask(bench, &request) else {
            unreachable!("errors were asked for")
        };
        assert!(page.errors.len() <= limit as usize);
        all.extend(page.errors);
        if page.next.is_none() {
            return all;
        }
        after = page.next;
    }
}

/// Every way of paging gives the same errors, each once and in order.
fn check(bench: &Bench, which: &Which, order: Option<Order>, expected: usize) -> Vec<ErrorLine> {
    let whole = pages(bench, which, order, 1_000);
    assert_eq!(whole.len(), expected, "{which:?} {order:?}");
    let records: BTreeSet<i64> = whole.iter().map(|error| error.record).collect();
    assert_eq!(records.len(), expected, "an error came twice");
    for limit in [1, 2, 3, 4, 7] {
        assert_eq!(pages(bench, which, order, limit), whole, "{limit}");
    }
    whole
}

#[test]
fn errors_come_in_the_order_asked_for_whatever_groups_a_page_merges() {
    let bench = several();
    let all = Which::default();
    let by_record = check(&bench, &all, None, 20);
    assert!(by_record.is_sorted_by_key(|error| error.record));
    let oldest = check(&bench, &all, Some(Order::Oldest), 20);
    assert!(oldest.is_sorted_by_key(|error| (error.since, error.record)));
    let mut newest = check(&bench, &all, Some(Order::Newest), 20);
    newest.reverse();
    assert_eq!(newest, oldest);
    let which = |kind: Option<&str>, cause, to, older_h| Which {
        kind: kind.map(ToOwned::to_owned),
        cause,
        to,
        older_h,
        ..Which::default()
    };
    check(
        &bench,
        &which(Some("string-too-long"), None, None, None),
        None,
        10,
    );
    check(
        &bench,
        &which(None, Some(1), None, None),
        Some(Order::Newest),
        5,
    );
    check(
        &bench,
        &which(None, None, Some(Side::HubSpot), None),
        None,
        0,
    );
    let old = check(&bench, &which(None, None, None, Some(6)), None, 4);
    assert!(
        old.is_sorted_by_key(|error| error.since),
        "the oldest first"
    );
    let none = Request::Errors {
        which: which(None, None, Some(Side::HubSpot), None),
        order: None,
        limit: 100,
        after: None,
    };
    assert_eq!(shown(&bench, &none), "No error fits.\n");
}

#[test]
fn a_list_goes_on_behind_an_error_that_is_over_meanwhile() {
    let bench = Bench::new();
    fail(&bench, 0..6, "STRING_TOO_LONG", "Title");
    for order in Order::ALL {
        let request = |limit, after| Request::Errors {
            which: Which::default(),
            order: Some(*order),
            limit,
            after,
        };
        let page = |limit, after| match ask(&bench, &request(limit, after)) {
            Ok(Report::Errors(page)) => page,
            other => panic!("{other:?}"),
        };
        let whole = page(100, None);
        let first = page(3, None);
        let gone = first.errors[2].record;
        let number = u32::try_from(gone - whole.errors.iter().map(|one| one.record).min().unwrap());
        let number = number.unwrap();
        mend(&bench, number..number + 1);
        let rest = page(100, first.next);
        assert_eq!(rest.errors, whole.errors[3..], "{order:?}");
        fail(&bench, number..number + 1, "STRING_TOO_LONG", "Title");
    }
}

#[test]
fn an_error_that_is_over_takes_none_of_its_record_out_of_the_list() {
    for order in Order::ALL {
        let bench = Bench::new();
        let says = |fields: &'static [&'static str]| {
            bench.write(move |tx| {
                let mut event = refused(ids(0), failure("STRING_TOO_LONG", fields[0])?);
                for field in &fields[1..] {
                    event.failures.push(failure("STRING_TOO_LONG", field)?);
                }
                append(tx, None, event).map(drop)
            });
        };
        let page = |limit, after| {
            let request = Request::Errors {
                which: Which::default(),
                order: Some(*order),
                limit,
                after,
            };
            match ask(&bench, &request) {
                Ok(Report::Errors(page)) => page,
                other => panic!("{other:?}"),
            }
        };
        let fields = |lines: &[ErrorLine]| -> Vec<String> {
            lines.iter().map(|line| line.field.clone()).collect()
        };
        says(&["Department", "Fax", "Title"]);
        let first = page(2, None);
        let rest = page(100, first.next);
        let whole = [fields(&first.errors), fields(&rest.errors)].concat();
        assert_eq!(whole.len(), 3, "{order:?}: {whole:?}");
        // The first one is over before the list goes on.
        match whole[0].as_str() {
            "Department" => says(&["Fax", "Title"]),
            _ => says(&["Department", "Fax"]),
        }
        let rest = page(100, first.next);
        assert_eq!(fields(&rest.errors), whole[2..], "{order:?}");
        // The one that the page ended with is over as well: nothing that is left is passed over.
        match whole[2].as_str() {
            "Title" => says(&["Title"]),
            _ => says(&["Department"]),
        }
        let rest = page(100, first.next);
        assert_eq!(fields(&rest.errors), whole[2..], "{order:?}");
    }
}

/// These contacts lack a value that the list does not have.
fn lack(bench: &Bench, numbers: std::ops::Range<u32>, value: &'static str) {
    bench.write(move |tx| {
        for number in numbers {
            let code = "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST";
            let mut failure = failure(code, "Industry")?;
            failure.text = Some(annex::remember_text(tx, &format!("bad value: {value}"))?);
            failure.value = Some(annex::remember_text(tx, value)?);
            append(tx, None, refused(ids(number), failure))?;
        }
        Ok(())
    });
}

#[test]
fn a_causes_sentence_counts_the_values_of_all_its_errors() {
    let bench = Bench::with(Options {
        page_max: 3,
        ..options()
    });
    let what = |bench: &Bench| {
        let Ok(Report::Causes(causes)) = ask(bench, &Request::Causes) else {
            unreachable!("causes were asked for")
        };
        causes.causes[0].what.clone()
    };
    lack(&bench, 0..19, "Fintech");
    assert!(what(&bench).ends_with(" Fintech 19"), "{}", what(&bench));
    lack(&bench, 19..27, "Climate");
    lack(&bench, 27..31, "Defense tech");
    let three = " 3 values: Fintech 19, Climate 8, Defense tech 4";
    assert!(what(&bench).ends_with(three), "{}", what(&bench));
    for (number, value) in (40..).zip(["A", "B", "C", "D"]) {
        lack(&bench, number..number + 1, value);
    }
    let seven = " 7 values: Fintech 19, Climate 8, Defense tech 4, D 1, C 1 and 2 more";
    assert!(what(&bench).ends_with(seven), "{}", what(&bench));
    mend(&bench, 0..19);
    mend(&bench, 40..44);
    let two = " 2 values: Climate 8, Defense tech 4";
    assert!(what(&bench).ends_with(two), "{}", what(&bench));
}

#[test]
fn a_cause_is_called_by_the_type_that_most_of_its_errors_have() {
    let bench = Bench::new();
    let options = |numbers: std::ops::Range<u32>, fact: Fact| {
        bench.write(move |tx| {
            for number in numbers {
                let code = "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST";
                let mut failure = failure(code, "Industry")?;
                failure.facts.push(fact.clone());
                append(tx, None, refused(ids(number), failure))?;
            }
            Ok(())
        });
    };
    let kind = || {
        let Ok(Report::Causes(causes)) = ask(&bench, &Request::Causes) else {
            unreachable!("causes were asked for")
        };
        assert_eq!(causes.causes.len(), 1);
        causes.causes[0].kind.clone()
    };
    options(0..3, Fact::OptionKnown(false));
    options(3..5, Fact::OptionActive(false));
    assert_eq!(kind(), "restricted-picklist");
    options(5..8, Fact::OptionActive(false));
    assert_eq!(kind(), "sf-option-missing");
    mend(&bench, 0..8);
    let Ok(Report::Cause(story)) = ask(&bench, &Request::Cause { number: 1 }) else {
        unreachable!("a cause was asked for")
    };
    assert_eq!(story.line.kind, "sf-option-missing", "its latest");
}
