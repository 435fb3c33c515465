//! Derived again, the projections are the same.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use syncline::annex;
use syncline::domain::call::Lane;
use syncline::domain::event::{
    Action, By, CauseMuted, CauseReleased, Excluded, Known, Linked, LoopFound, RecordExcluded,
    RecordUnlinked, Remark, Span,
};
use syncline::domain::failure::TextKey;
use syncline::domain::record::{PairNumber, Side, Timestamp};
use syncline::projections::{self, Labelled, append, causes, errors, pairs};
use syncline::store::{Options, Tx, View};

use crate::store::{Bench, options};

use super::{accept, assert_replay, both, failed, failure, field, half, spend, synced};

#[test]
fn a_start_with_the_same_catalogue_derives_nothing_anew() {
    let bench = Bench::new();
    bench.write(|tx| {
        assert_eq!(projections::refresh(tx)?, projections::Refreshed::Nothing);
        accept(tx, 1);
        assert_eq!(projections::refresh(tx)?, projections::Refreshed::Nothing);
        annex::set_meta(tx, "catalogue", Some("another"))?;
        assert_eq!(projections::refresh(tx)?, projections::Refreshed::Labels);
        Ok(())
    });
    relabel(&bench);
    bench.write(|tx| {
        assert_eq!(projections::refresh(tx)?, projections::Refreshed::Nothing);
        Ok(())
    });
}

/// Labels everything anew, each page in a transaction of its own; returns how many these were.
fn relabel(bench: &Bench) -> u32 {
    let (mut so_far, mut pages) = (Labelled::nothing(), 0);
    while so_far != Labelled::Whole {
        so_far = bench.write(move |tx| projections::relabel(tx, so_far));
        pages += 1;
    }
    pages
}

#[test]
fn another_catalogue_labels_errors_and_history_anew_and_moves_no_number() {
    let bench = Bench::with(Options {
        page_max: 3,
        ..options()
    });
    bench.write(|tx| {
        for number in 1..=10 {
            let answers = vec![
                failure("LIMIT_EXCEEDED", None),
                failure("STRING_TOO_LONG", Some("Title")),
            ];
            let to = Side::Salesforce;
            append(tx, None, failed(both(number), to, Known::Answered, answers))?;
        }
        // A cause that is over keeps the type of its latest error.
        let over = failure("LIMIT_EXCEEDED", Some("Phone"));
        let failing = failed(both(1), Side::HubSpot, Known::Answered, vec![over]);
        append(tx, None, failing)?;
        append(tx, None, synced(both(1), Side::HubSpot, Action::Updated))?;
        Ok(())
    });
    let labels = |tx: &Tx<'_>| -> anyhow::Result<(Vec<String>, String)> {
        let types = errors::by_type(tx)?;
        let types = types.iter().map(|one| one.slug.to_string()).collect();
        let mut called = String::new();
        for number in [1, 3] {
            let cause = causes::get(tx, number)?.expect("it was numbered");
            let slug = cause.slug.expect("it has one");
            called.push_str(&format!("C-{} {slug} ", cause.number));
        }
        Ok((types, called))
    };
    let before = bench.write(labels);
    let rule = "[[rule]]\ncodes = [\"LIMIT_EXCEEDED\"]\ntype = \"sf-access\"\n";
    let site = [("site.toml".to_owned(), rule.to_owned())];
    let changed = bench.store().catalogue().with_site(&site).unwrap();
    bench.store().use_catalogue(std::sync::Arc::new(changed));
    bench.write(|tx| {
        assert_eq!(projections::refresh(tx)?, projections::Refreshed::Labels);
        Ok(())
    });
    // Ten records in pages of three, and three causes in one.
    assert_eq!(relabel(&bench), 4 + 1 + 1 + 1);
    let after = bench.write(labels);
    let said = |slug: &str| {
        let mut types = vec![slug.to_owned(), "string-too-long".to_owned()];
        types.sort();
        (types, format!("C-1 {slug} C-3 {slug} "))
    };
    assert_eq!((before, after), (said("other"), said("sf-access")));
    assert_replay(&bench);
}

#[test]
fn a_label_that_makes_a_record_wait_derives_everything_anew() {
    let bench = Bench::new();
    bench.write(|tx| {
        let answer = failure("LIMIT_EXCEEDED", None);
        let failing = failed(both(1), Side::Salesforce, Known::Answered, vec![answer]);
        append(tx, None, failing).map(drop)
    });
    let state = |tx: &Tx<'_>| -> anyhow::Result<Option<pairs::State>> {
        Ok(pairs::get(tx, PairNumber(1))?.map(|pair| pair.state))
    };
    assert_eq!(bench.write(state), Some(pairs::State::Failing));
    let rule = "[[rule]]\ncodes = [\"LIMIT_EXCEEDED\"]\ntype = \"waiting-account\"\n";
    let site = [("site.toml".to_owned(), rule.to_owned())];
    let changed = bench.store().catalogue().with_site(&site).unwrap();
    bench.store().use_catalogue(std::sync::Arc::new(changed));
    assert_eq!(relabel(&bench), 1);
    assert_eq!(bench.write(state), Some(pairs::State::Waiting));
    assert_replay(&bench);
}

/// One of many things that may happen, chosen by four bytes.
fn happen(tx: &Tx<'_>, (what, who, how, more): (u8, u8, u8, u8)) -> anyhow::Result<()> {
    let to = Side::BOTH[usize::from(how % 2)];
    let ids = match more % 3 {
        0 => half(Side::BOTH[usize::from(how / 2 % 2)], who),
        _ => both(who),
    };
    let known = Known::ALL[usize::from(how) % 3];
    let excluded = [Excluded::Condition, Excluded::Operator][usize::from(more % 2)];
    match what % 13 {
        0..=2 => {
            let mut failures = vec![failure(["E1", "E2", "E3"][usize::from(more % 3)], None)];
            if more > 128 {
                failures.push(failure("E4", Some("Phone")));
                failures[0].rule = Some(TextKey("00".to_owned()));
            }
            append(tx, None, failed(ids, to, known, failures))?;
        }
        3 | 4 => {
            let mut event = synced(ids, to, Action::ALL[usize::from(how) % Action::ALL.len()]);
            let span = Span {
                from: Timestamp(1),
                to: Timestamp(2),
            };
            event.provisional = (more > 100).then_some(span);
            event.lane = Lane::ALL[usize::from(more) % Lane::ALL.len()];
            append(tx, None, event)?;
        }
        5 | 6 => drop(pairs::link(tx, both(who), Linked::Key, Vec::new())?),
        7 => drop(append(tx, None, RecordExcluded { ids, why: excluded })?),
        8 => drop(append(tx, None, RecordUnlinked { ids, why: excluded })?),
        9 => drop(append(
            tx,
            None,
            LoopFound {
                ids,
                field: field("phone"),
            },
        )?),
        10 => drop(spend(tx, u64::from(more), i64::from(how) * 3_600_000)),
        11 => remark(tx, i64::from(who) + 1, how, u64::from(more % 4))?,
        _ => {
            let mut crossed = both(who);
            crossed.salesforce = both(more % 6).salesforce;
            drop(pairs::link(tx, crossed, Linked::Operator, Vec::new())?);
        }
    }
    Ok(())
}

/// Something said of a cause, or taken back.
fn remark(tx: &Tx<'_>, number: i64, how: u8, records: u64) -> anyhow::Result<()> {
    let (by, note, until) = (By::Operator(1), None, None);
    if how.is_multiple_of(3) {
        let remark = Remark::ALL[usize::from(how / 3) % 2];
        append(tx, None, CauseReleased { number, remark, by })?;
        return Ok(());
    }
    let muted = CauseMuted {
        number,
        records,
        note,
        until,
        by,
    };
    append(tx, None, muted)?;
    Ok(())
}

/// What the incremental counts must equal.
fn assert_counts(bench: &Bench) {
    bench.read(|view| {
        for cause in causes::since(view, -1)? {
            let records = causes::records(view, cause.number, PairNumber(0))?;
            assert_eq!(cause.records, records.len() as u64, "C-{}", cause.number);
        }
        assert_sums(view)?;
        let numbers = pairs::list(view, &pairs::Filter::default(), PairNumber(0))?;
        for pair in numbers {
            assert!(
                pair.ids.hubspot.is_some() || pair.ids.salesforce.is_some(),
                "{pair:?}"
            );
            let failing = errors::of_record(view, pair.number)?
                .iter()
                .any(|error| error.slug.as_str() != errors::WAITING);
            assert_eq!(failing, pair.state == pairs::State::Failing, "{pair:?}");
        }
        Ok(())
    });
}

/// The sums kept equal those of all errors together.
fn assert_sums(view: &View<'_>) -> anyhow::Result<()> {
    let all = errors::list(view, &errors::Filter::default(), &errors::Place::start())?;
    let mut failing: BTreeMap<PairNumber, u64> = BTreeMap::new();
    let mut types: BTreeMap<String, BTreeSet<PairNumber>> = BTreeMap::new();
    let mut causes = BTreeSet::new();
    let (mut predicted, mut waiting) = (0, 0);
    for error in &all {
        types
            .entry(format!("{} {}", error.slug, error.object))
            .or_default()
            .insert(error.record);
        if error.slug.as_str() == errors::WAITING {
            waiting += 1;
        } else {
            *failing.entry(error.record).or_default() += 1;
            predicted += u64::from(error.known != Known::Answered);
            causes.insert(error.cause);
        }
    }
    let expected = errors::Totals {
        errors: failing.values().sum(),
        records: failing.len() as u64,
        several: failing.values().filter(|errors| **errors > 1).count() as u64,
        predicted,
        causes: causes.len() as u64,
        waiting,
    };
    assert_eq!(errors::totals(view)?, expected);
    let kept: Vec<(String, u64)> = errors::by_type(view)?
        .into_iter()
        .map(|one| (format!("{} {}", one.slug, one.object), one.records))
        .collect();
    let expected = types.into_iter().map(|(name, of)| (name, of.len() as u64));
    assert_eq!(kept, expected.collect::<Vec<_>>());
    assert_eq!(
        errors::count(view, &errors::Filter::default())?,
        all.len() as u64
    );
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happened_the_projections_derived_anew_are_the_same(
        story in proptest::collection::vec((any::<u8>(), 0..6_u8, any::<u8>(), any::<u8>()), 1..80)
    ) {
        let bench = Bench::new();
        for chapter in story.chunks(7) {
            let chapter = chapter.to_vec();
            bench.pass(90_000);
            bench.write(move |tx| chapter.into_iter().try_for_each(|event| happen(tx, event)));
        }
        assert_counts(&bench);
        assert_replay(&bench);
        let whole = bench.read(|view| Ok(syncline::journal::verify_chain(view)));
        prop_assert!(whole.is_ok());
    }
}
