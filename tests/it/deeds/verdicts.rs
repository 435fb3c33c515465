//! What is refused, and why; what is only asked decides nothing.

use syncline::control::deed::{Deed, Named, parse_id};
use syncline::control::{Refusal, Request};
use syncline::domain::call::Lane;
use syncline::domain::event::{By, Linked, MappingChanged};
use syncline::domain::mapping::Mapping;
use syncline::domain::record::{ObjectName, PairIds, RecordKey, Side, Timestamp};
use syncline::inbox::{self, Rest, Want};
use syncline::projections::{append, pairs};
use syncline::store::Tx;

use super::{ask, decide, named, said};
use crate::store::Bench;

fn object(name: &str) -> ObjectName {
    ObjectName::parse(name).unwrap()
}

/// Contacts and companies, and one pair of each: HubSpot 101 and 201.
fn two_objects(tx: &Tx<'_>) -> anyhow::Result<()> {
    let contact = syncline::config::standard_mapping(&object("contact")).unwrap()?;
    let company = Mapping {
        object: object("company"),
        hubspot_type: "companies".to_owned(),
        salesforce_type: "Account".to_owned(),
        ..contact.clone()
    };
    for mapping in [contact, company] {
        let by = By::Configuration;
        append(tx, None, MappingChanged { mapping, by })?;
    }
    for (name, hubspot, salesforce) in [
        ("contact", "101", "003Qy00000A1b2cIAB"),
        ("contact", "201", "003Qy00000A1b2dIAB"),
        ("company", "201", "001Qy00000A1b2cIAB"),
    ] {
        pairs::link(tx, ids(name, hubspot, salesforce), Linked::Key, Vec::new())?;
    }
    Ok(())
}

fn ids(name: &str, hubspot: &str, salesforce: &str) -> PairIds {
    PairIds {
        object: object(name),
        hubspot: Some(parse_id(hubspot).unwrap().1),
        salesforce: Some(parse_id(salesforce).unwrap().1),
    }
}

fn asked(bench: &Bench, request: &Request) -> Result<String, Refusal> {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let now = bench.store().clock().now();
    runtime
        .unwrap()
        .block_on(ask(bench.store(), request, now.0))
}

fn say(bench: &Bench, deed: Deed, ids: &[&str]) -> String {
    said(asked(bench, &decide(deed, vec![named(ids)])))
}

#[test]
fn what_cannot_be_done_is_refused_with_the_pair_and_the_remedy() {
    let bench = Bench::new();
    bench.write(two_objects);
    let all = [
        (Deed::Link, vec!["101", "003Qy00000A1b2dIAB"]),
        (Deed::Link, vec!["101", "003Qy00000A1b2eIAB"]),
        (Deed::Link, vec!["101", "001Qy00000A1b2cIAB"]),
        (Deed::Link, vec!["102", "006Qy00000A1b2cIAB"]),
        (Deed::Link, vec!["102"]),
        (Deed::Unlink, vec!["201"]),
        (Deed::Unlink, vec!["999"]),
        (Deed::Unlink, vec!["003Qy00000A1b2eIAB"]),
        (Deed::Unlink, vec!["101", "003Qy00000A1b2dIAB"]),
        (Deed::Exclude, vec![]),
        (Deed::Include, vec!["003Qy00000A1b2eIAB"]),
        (Deed::Include, vec!["101"]),
    ];
    let told: String = all
        .iter()
        .map(|(deed, ids)| say(&bench, *deed, ids))
        .collect();
    insta::assert_snapshot!(told, @r"
    HubSpot 101 is half of another pair, HubSpot 101 <-> Salesforce 003Qy00000A1b2cIAB; take that apart first: syncline unlink 101 (exit 64)
    HubSpot 101 is half of another pair, HubSpot 101 <-> Salesforce 003Qy00000A1b2cIAB; take that apart first: syncline unlink 101 (exit 64)
    Salesforce 001Qy00000A1b2cIAB is half of another pair, HubSpot 201 <-> Salesforce 001Qy00000A1b2cIAB; take that apart first: syncline unlink 001Qy00000A1b2cIAB (exit 64)
    006Qy00000A1b2cIAB is the id of a Salesforce Opportunity, and none is kept in step (exit 64)
    to be linked are two: a HubSpot id and a Salesforce id (exit 64)
    201 is several things; say with --object, or in a column object, which: company, contact (exit 64)
    999 was never seen; say with --object, or in a column object, what it is: company, contact (exit 64)
    Salesforce 003Qy00000A1b2eIAB is half of no pair, so nothing is to be taken apart (exit 64)
    HubSpot 101 and Salesforce 003Qy00000A1b2dIAB are no pair; name one of them (exit 64)
    no id is named (exit 64)
    Salesforce 003Qy00000A1b2eIAB was never seen, so nobody left it out (exit 64)
    nothing to do: HubSpot 101 <-> Salesforce 003Qy00000A1b2cIAB was not left out by a person: it is in sync
    ");
}

#[test]
fn the_object_is_known_by_either_id_by_its_form_or_by_what_was_said() {
    let bench = Bench::new();
    bench.write(two_objects);
    let of = |name: &str, ids: &[&str]| Named {
        object: Some(object(name)),
        ..named(ids)
    };
    let exclude = |named| said(asked(&bench, &decide(Deed::Exclude, vec![named])));
    assert!(exclude(of("company", &["201"])).contains("001Qy00000A1b2cIAB"));
    assert!(exclude(named(&["003Qy00000A1b2d"])).contains("HubSpot 201 <-> Salesforce 003Q"));
    let told = say(&bench, Deed::Link, &["301", "001Qy00000A1b2eIAB"]);
    assert!(
        told.starts_with("HubSpot 301 and Salesforce 001Q"),
        "{told}"
    );
    let story = |number| Named {
        number: Some(number),
        ..Named::default()
    };
    assert!(exclude(story(1)).starts_with("HubSpot 101 <-> "));
    insta::assert_snapshot!(exclude(story(99)), @r#"there is no record #99; see "syncline records list" (exit 64)"#);
    insta::assert_snapshot!(exclude(of("deal", &["1"])), @r"deal is not kept in step; there are: company, contact (exit 64)");
}

#[test]
fn of_many_all_are_done_or_none_and_every_bad_line_is_told() {
    let bench = Bench::new();
    bench.write(two_objects);
    let line = |line, ids: &[&str]| Named {
        line: Some(line),
        ..named(ids)
    };
    let good = vec![
        line(2, &["102", "003Qy00000A1b2eIAB"]),
        line(3, &["103", "003Qy00000A1b2fIAB"]),
        line(4, &["101", "003Qy00000A1b2cIAB"]),
    ];
    let mut bad = good.clone();
    bad.push(line(5, &["104", "003Qy00000A1b2dIAB"]));
    bad.push(line(6, &["103", "003Qy00000A1b2gIAB"]));
    let last = || bench.read(syncline::journal::last_seq);
    let before = last();
    insta::assert_snapshot!(said(asked(&bench, &decide(Deed::Link, bad))), @r"
    nothing was done, because 2 of 5 cannot be:
    line 5: Salesforce 003Qy00000A1b2dIAB is half of another pair, HubSpot 201 <-> Salesforce 003Qy00000A1b2dIAB; take that apart first: syncline unlink 003Qy00000A1b2dIAB
    line 6: HubSpot 103 is named already in line 3; leave one of them out (exit 64)
    ");
    let only_asked = Request::Decide {
        deed: Deed::Link,
        records: good.clone(),
        sure: false,
    };
    assert!(!only_asked.writes());
    insta::assert_snapshot!(said(asked(&bench, &only_asked)), @r"2 pairs would be linked; 1 linked already");
    assert_eq!(last(), before, "nothing was journaled");
    insta::assert_snapshot!(said(asked(&bench, &decide(Deed::Link, good))), @r"2 pairs linked; the next cycle reads both records, writes their id fields and brings them in step; 1 linked already");
    assert_eq!(last(), before + 2);
}

fn take(tx: &Tx<'_>, lane: Lane) -> anyhow::Result<Vec<inbox::Row>> {
    let want = Want {
        limit: 1,
        now: tx.now(),
        lanes: &[lane],
        object: None,
        side: None,
    };
    inbox::take(tx, &want)
}

#[test]
fn a_pair_that_is_being_written_is_not_taken_apart_and_its_waiting_row_goes_when_it_is_left_out() {
    let bench = Bench::new();
    bench.write(two_objects);
    let key = RecordKey {
        side: Side::HubSpot,
        object: object("contact"),
        id: parse_id("101").unwrap().1,
    };
    let seen = key.clone();
    bench.write(move |tx| {
        inbox::see(tx, &seen, Timestamp(1), Lane::Live, Timestamp(0))?;
        take(tx, Lane::Live).map(drop)
    });
    insta::assert_snapshot!(say(&bench, Deed::Unlink, &["101"]), @r"HubSpot 101 is being read or written just now; ask again in a minute (exit 75)");
    let row = |key: &RecordKey| bench.read(|view| inbox::of_record(view, key)).is_some();
    say(&bench, Deed::Exclude, &["101"]);
    assert!(row(&key), "the cycle that has it settles it");
    bench.write(|tx| inbox::return_in_flight(tx).map(drop));
    say(&bench, Deed::Include, &["101"]);
    bench.write(|tx| {
        let rows = take(tx, Lane::Resync)?;
        inbox::put_back(tx, &rows[0], &Rest::Held(1))
    });
    say(&bench, Deed::Exclude, &["101"]);
    assert!(!row(&key), "what a hold stopped is given up");
}

#[test]
fn ids_are_told_apart_by_their_form() {
    let check = |text: &str| match parse_id(text) {
        Ok((side, id)) => format!("{side} {id}\n"),
        Err(wrong) => format!("{wrong}\n"),
    };
    let all = [
        "90211",
        "003Qy00000A1b2c",
        "003Qy00000A1b2cIAB",
        "003Qy00000A1b2cIAC",
        "003Qy00000A1b2",
        "",
        "90 211",
        "rita@deeds.example",
    ];
    insta::assert_snapshot!(all.map(check).concat(), @r#"
    HubSpot 90211
    Salesforce 003Qy00000A1b2cIAB
    Salesforce 003Qy00000A1b2cIAB
    "003Qy00000A1b2cIAC" is no Salesforce id: its last three characters do not fit the others; copy it again, capitals count
    "003Qy00000A1b2" is no id; a HubSpot id is digits, a Salesforce id 15 or 18 letters and digits
    "" is no id; a HubSpot id is digits, a Salesforce id 15 or 18 letters and digits
    "90 211" is no id; a HubSpot id is digits, a Salesforce id 15 or 18 letters and digits
    "rita@deeds.example" is no id; a HubSpot id is digits, a Salesforce id 15 or 18 letters and digits
    "#);
}
