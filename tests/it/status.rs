//! What `status` tells of a store and of the daemon beside it.

use std::collections::BTreeMap;

use syncline::control::report::{Report, Status};
use syncline::control::request::Request;
use syncline::control::{Vantage, answer};
use syncline::domain::call::Lane;
use syncline::domain::event::{
    Action, ConnectionSuspended, Event, Known, RecordFailed, Suspension,
};
use syncline::domain::failure::{Failure, System};
use syncline::domain::record::{FieldName, ObjectName, PairIds, RecordId, Side};
use syncline::projections::append;
use syncline::store::Tx;
use syncline::sync::Live;

use crate::store::Bench;

/// A daemon whose loops met nothing unusual.
fn daemon(out_of_room: bool) -> Vantage {
    let live = Live {
        sides: BTreeMap::new(),
        waits: Vec::new(),
        salesforce_file: "salesforce_secret",
    };
    Vantage::Daemon { live, out_of_room }
}

fn status(bench: &Bench, vantage: Vantage) -> Status {
    let store = bench.store();
    let now = store.clock().now();
    let asked = answer(store, &Request::Status, 0, now, vantage);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    match runtime.block_on(asked).unwrap() {
        Report::Status(status) => *status,
        other => panic!("{other:?}"),
    }
}

/// Contact *n* is refused for its phone.
fn refuse(tx: &Tx<'_>, number: u32) -> anyhow::Result<()> {
    let mut failure = Failure::of(System::Salesforce, "STRING_TOO_LONG");
    failure.fields = vec![FieldName::parse("Phone")?];
    let event = Event::RecordFailed(RecordFailed {
        ids: PairIds {
            object: ObjectName::parse("contact")?,
            hubspot: Some(RecordId::parse(&format!("H{number}"))?),
            salesforce: None,
        },
        to: Side::Salesforce,
        action: Action::Created,
        failures: vec![failure],
        known: Known::Answered,
        lane: Lane::Live,
        attempt: 1,
        ask: None,
        call: None,
    });
    append(tx, None, event)?;
    Ok(())
}

#[test]
fn a_full_disk_asks_for_attention() {
    let bench = Bench::new();
    let full = status(&bench, daemon(true)).attention;
    assert!(full[0].starts_with("the disk is full"), "{full:?}");
    let usual = status(&bench, daemon(false)).attention;
    assert!(!usual.iter().any(|line| line.contains("disk")), "{usual:?}");
}

#[test]
fn a_suspension_names_the_file_of_the_login_in_use() {
    let bench = Bench::new();
    bench.write(|tx| {
        let event = ConnectionSuspended {
            side: Side::Salesforce,
            reason: Suspension::Credentials,
            status: 401,
            code: "invalid_client".to_owned(),
        };
        append(tx, None, event).map(drop)
    });
    let lines = |vantage| status(&bench, vantage).attention.join("\n");
    let running = lines(daemon(false));
    assert!(
        running.contains("credentials/salesforce_secret,"),
        "{running}"
    );
    let alone = lines(Vantage::Alone);
    assert!(
        alone.contains("credentials/salesforce_key (or salesforce_secret),"),
        "{alone}"
    );
}

#[test]
fn a_cause_that_many_records_join_is_growing_and_an_old_one_that_rests_asks_nothing() {
    let bench = Bench::new();
    let refused = |numbers: std::ops::Range<u32>| {
        bench.write(move |tx| {
            numbers
                .into_iter()
                .try_for_each(|number| refuse(tx, number))
        });
    };
    let about_causes = || {
        let lines = status(&bench, daemon(false)).attention;
        let lines = lines.into_iter().filter(|line| line.contains("C-"));
        lines.collect::<Vec<_>>()
    };
    refused(0..10);
    assert_eq!(
        about_causes(),
        ["C-1 is new (10 records): syncline errors show C-1"]
    );
    bench.pass(25 * 3_600_000);
    assert_eq!(about_causes(), [""; 0]);
    refused(10..12);
    assert_eq!(about_causes(), [""; 0]);
    refused(12..17);
    assert_eq!(
        about_causes(),
        ["C-1 is growing (17 records, 7 in the last hour): syncline errors show C-1"]
    );
}
