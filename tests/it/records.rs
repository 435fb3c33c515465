//! Records by state: what the listing says of each, that it comes in pages, and that its sums are
//! those of `status`.

#![expect(
    clippy::unwrap_used,
    reason = "what a test sets up must work, and says so when it does not"
)]

use jiff::tz::TimeZone;
use syncline::annex;
use syncline::cli::render::text;
use syncline::cli::render::time::Moment;
use syncline::control::report::{Records, Report};
use syncline::control::request::Request;
use syncline::control::{Refusal, Vantage, answer};
use syncline::domain::call::Lane;
use syncline::domain::event::{
    Action, Event, Excluded, Known, Linked, RecordExcluded, RecordFailed,
};
use syncline::domain::failure::{Failure, System};
use syncline::domain::label::Label;
use syncline::domain::record::{ObjectName, PairIds, RecordId, RecordKey, Side, Timestamp};
use syncline::inbox::{self, Rest, Want};
use syncline::projections::records::{Order, State};
use syncline::projections::{append, figures, pairs};
use syncline::store::{Options, Tx};

use crate::store::{Bench, options};

fn contact() -> ObjectName {
    ObjectName::parse("contact").unwrap()
}

fn key(side: Side, id: &str) -> RecordKey {
    RecordKey {
        side,
        object: contact(),
        id: RecordId::parse(id).unwrap(),
    }
}

/// The pair of HubSpot `n` and Salesforce `Sn`.
fn pair(number: u32) -> PairIds {
    let mut ids = PairIds::half(&key(Side::HubSpot, &number.to_string()));
    ids.salesforce = Some(key(Side::Salesforce, &format!("S{number}")).id);
    ids
}

fn exclude(tx: &Tx<'_>, ids: PairIds, why: Excluded) {
    append(tx, None, RecordExcluded { ids, why }).unwrap();
}

/// Puts a record's row to rest.
fn rest(tx: &Tx<'_>, key: &RecordKey, rest: &Rest) {
    inbox::see(tx, key, Timestamp(1), Lane::Live, Timestamp(0)).unwrap();
    let want = Want {
        limit: 1,
        now: tx.now(),
        lanes: &[Lane::Live],
        object: None,
        side: None,
    };
    let taken = inbox::take(tx, &want).unwrap();
    inbox::put_back(tx, &taken[0], rest).unwrap();
}

/// One record in every state.
fn one_of_each(tx: &Tx<'_>) -> anyhow::Result<()> {
    for number in 1..=5 {
        pairs::link(tx, pair(number), Linked::Key, Vec::new())?;
    }
    let failed = RecordFailed {
        ids: pair(2),
        to: Side::Salesforce,
        action: Action::Updated,
        failures: vec![Failure::of(System::Salesforce, "STRING_TOO_LONG")],
        known: Known::Answered,
        lane: Lane::Live,
        attempt: 1,
        ask: None,
        call: None,
    };
    append(tx, None, Event::RecordFailed(failed))?;
    exclude(
        tx,
        PairIds::half(&key(Side::HubSpot, "6")),
        Excluded::Ambiguous,
    );
    exclude(
        tx,
        PairIds::half(&key(Side::Salesforce, "S7")),
        Excluded::Deleted,
    );
    let label = Label {
        name: "Rita Rossi".to_owned(),
        email: None,
    };
    annex::label_record(tx, &key(Side::HubSpot, "6"), &label)?;
    let later = tx.now().plus(3_600_000);
    rest(tx, &key(Side::Salesforce, "S3"), &Rest::Held(7));
    rest(tx, &key(Side::HubSpot, "3"), &Rest::Deferred(later));
    rest(tx, &key(Side::HubSpot, "4"), &Rest::Deferred(later));
    rest(tx, &key(Side::HubSpot, "5"), &Rest::WouldWrite);
    rest(tx, &key(Side::HubSpot, "8"), &Rest::Waiting(None));
    inbox::see(
        tx,
        &key(Side::HubSpot, "9"),
        Timestamp(1),
        Lane::Live,
        Timestamp(0),
    )?;
    Ok(())
}

fn list(state: Option<State>, why: Option<Excluded>, after: Option<(i64, i64)>) -> Request {
    Request::Records {
        state,
        object: None,
        why,
        name: None,
        order: Order::Record,
        limit: 100,
        after,
    }
}

fn ask(bench: &Bench, request: &Request) -> Result<Report, Refusal> {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let now = bench.store().clock().now();
    let asked = answer(bench.store(), request, 0, now, Vantage::Alone);
    runtime.unwrap().block_on(asked)
}

fn page(bench: &Bench, request: &Request) -> Records {
    match ask(bench, request) {
        Ok(Report::Records(records)) => records,
        other => panic!("{other:?}"),
    }
}

fn shown(bench: &Bench, request: &Request) -> String {
    let moment = Moment {
        now: bench.store().clock().now(),
        zone: TimeZone::UTC,
    };
    text(&Report::Records(page(bench, request)), &moment)
}

#[test]
fn every_record_is_listed_with_its_state_what_is_the_matter_and_what_settles_it() {
    let bench = Bench::new();
    bench.write(one_of_each);
    insta::assert_snapshot!(shown(&bench, &list(None, None, None)), @r#"
    RECORD  OBJECT   HUBSPOT  SALESFORCE  NAME        STATE        WHY
    #1      contact  1        S1                      in-sync
    #2      contact  2        S2                      failing      C-1
    #3      contact  3        S3                      held         H-7
    #4      contact  4        S4                      deferred     waits for calls, or for its next try (Tue 17 Nov 08:00)
    #5      contact  5        S5                      would-write  the mode is observe
    #6      contact  6        -           Rita Rossi  excluded     ambiguous
    #7      contact  -        S7                      excluded     deleted
    -       contact  8        -                       waiting      its parent is not linked yet
    -       contact  9        -                       waiting      read, not yet tried

    H-7
      settle it: syncline approve H-7 --show

    the mode is observe
      settle it: set mode = "sync" in the configuration, then reload

    ambiguous: several records share its key, or the one that does is another's or left out
      settle it: syncline link HUBSPOT-ID SALESFORCE-ID, or: syncline exclude ID

    deleted: it or its partner was deleted
      settle it: restore what was deleted, or: syncline unlink ID

    one record's story   syncline records show ID
    one cause's fix      syncline errors show C-N
    "#);
    insta::assert_snapshot!(shown(&bench, &list(None, Some(Excluded::Ambiguous), None)), @r"
    RECORD  OBJECT   HUBSPOT  SALESFORCE  NAME        STATE     WHY
    #6      contact        6  -           Rita Rossi  excluded  ambiguous

    ambiguous: several records share its key, or the one that does is another's or left out
      settle it: syncline link HUBSPOT-ID SALESFORCE-ID, or: syncline exclude ID

    one record's story   syncline records show ID
    ");
}

#[test]
fn the_listing_comes_in_pages_and_its_sums_are_those_of_status() {
    let bench = Bench::with(Options {
        page_max: 3,
        ..options()
    });
    bench.write(one_of_each);
    let standing = bench.read(figures::standings)[&contact()];
    for (state, sum) in [
        (State::InSync, standing.in_sync),
        (State::Failing, standing.failing),
        (State::Waiting, standing.waiting + standing.pending),
        (State::Deferred, standing.deferred),
        (State::Held, standing.held),
        (State::WouldWrite, standing.would_write),
        (State::Excluded, standing.excluded),
    ] {
        let page = page(&bench, &list(Some(state), None, None));
        assert_eq!(page.total, Some(sum), "{state}");
        assert_eq!(page.records.len() as u64, sum, "{state}");
    }
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = page(&bench, &list(None, None, after));
        assert!(page.records.len() <= 3);
        seen.extend(
            page.records
                .into_iter()
                .map(|one| (one.hubspot, one.salesforce)),
        );
        match page.next {
            Some(_) => after = page.next,
            None => break,
        }
    }
    assert_eq!(seen.len() as u64, standing.total());
    seen.dedup();
    assert_eq!(seen.len() as u64, standing.total(), "none is listed twice");
}

#[test]
fn a_list_of_nothing_and_of_an_unknown_object_are_refused() {
    let bench = Bench::new();
    bench.write(|tx| {
        let mapping = syncline::config::standard_mapping(&contact()).unwrap()?;
        let by = syncline::domain::event::By::Configuration;
        let set = syncline::domain::event::MappingChanged { mapping, by };
        append(tx, None, set).map(drop)
    });
    let asked = |object: &str, limit| Request::Records {
        state: None,
        object: Some(ObjectName::parse(object).unwrap()),
        why: None,
        name: None,
        order: Order::Record,
        limit,
        after: None,
    };
    let nothing = ask(&bench, &asked("contact", 0)).unwrap_err();
    insta::assert_snapshot!(nothing.message, @r"a list of 0 records shows nothing; give a limit from 1 to 4294967295");
    let unknown = ask(&bench, &asked("company", 10)).unwrap_err();
    insta::assert_snapshot!(unknown.message, @r#""company" is not kept in step; there are: contact"#);
    assert_eq!((nothing.exit, unknown.exit), (64, 64));
    let none = shown(&bench, &list(None, None, None));
    insta::assert_snapshot!(none, @r"No record fits.");
}
