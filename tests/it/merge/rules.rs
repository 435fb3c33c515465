//! What each rule does, told field by field.

use syncline::domain::event::Action;
use syncline::domain::failure::Fact;
use syncline::domain::mapping::{Creates, OnFirstLink, Rule};
use syncline::domain::merge::{History, Merged, Seen};
use syncline::domain::record::{FieldName, Side, Timestamp, Value};
use syncline::domain::schema::{Field, Kind};

use super::model::{CONTACT, Mapped, World, id, name};

const SF: Side = Side::Salesforce;
const HS: Side = Side::HubSpot;
const MINUTE: i64 = 60_000;

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// A linked pair with one field, which both sides show as `before`.
fn linked(rule: Rule, before: (&str, &str)) -> World {
    let mut world = World::new(&[Mapped::text("title", rule)], OnFirstLink::FillBlanks);
    met(&mut world, before);
    let marked = world.merge(None);
    world.conclude(&marked);
    world.base.provisional.clear();
    world.settle();
    world
}

fn met(world: &mut World, values: (&str, &str)) {
    let at = world.now;
    world.edit(HS, &[("title", text(values.0))], at);
    world.edit(SF, &[("title", text(values.1))], at);
    world.now += MINUTE;
}

/// `HubSpot=value` or `Salesforce=value` for each write, `nothing` for none.
fn told(merged: &Merged) -> String {
    let lines: Vec<String> = Side::BOTH
        .into_iter()
        .filter_map(|side| merged.write_to(side))
        .filter_map(|write| {
            let value = match write.fields.get(&name("title"))? {
                Value::Blank => "-".to_owned(),
                Value::Text(text) => text.clone(),
                Value::Number(_)
                | Value::Bool(_)
                | Value::Date(..)
                | Value::DateTime(_)
                | Value::Options(_) => panic!("the field holds text"),
            };
            let lost = if write.lost.is_empty() { "" } else { ", lost" };
            Some(format!("{}={value}{lost}", write.to))
        })
        .collect();
    if lines.is_empty() {
        "nothing".to_owned()
    } else {
        lines.join(" ")
    }
}

/// From `before` on both sides, people make `now` of it: what is written? HubSpot's change is the
/// older one.
fn check(rule: Rule, before: (&str, &str), now: (&str, &str), expected: &str) {
    let mut world = linked(rule, before);
    let at = world.now;
    if now.0 != before.0 {
        world.edit(HS, &[("title", text(now.0))], at);
    }
    if now.1 != before.1 {
        world.edit(SF, &[("title", text(now.1))], at + 5_000);
    }
    assert_eq!(
        told(&world.merge(None)),
        expected,
        "{rule:?} {before:?} to {now:?}"
    );
}

#[test]
fn two_way_copies_the_one_change_and_the_newer_of_two() {
    let check = |before, now, expected| check(Rule::TwoWay, before, now, expected);
    check(("a", "a"), ("a", "a"), "nothing");
    check(("a", "a"), ("b", "a"), "Salesforce=b");
    check(("a", "a"), ("a", "b"), "HubSpot=b");
    check(("a", "a"), ("", "a"), "Salesforce=-");
    check(("a", "a"), ("a", ""), "HubSpot=-");
    check(("a", "a"), ("b", "c"), "HubSpot=c, lost");
    check(("a", "a"), ("b", "b"), "nothing");
    check(("a", "a"), ("a ", "a"), "nothing");
}

#[test]
fn always_copies_that_side_also_when_it_is_blank() {
    check(Rule::AlwaysSalesforce, ("a", "a"), ("a", "b"), "HubSpot=b");
    check(Rule::AlwaysSalesforce, ("a", "a"), ("a", ""), "HubSpot=-");
    check(Rule::AlwaysSalesforce, ("a", "a"), ("b", "a"), "HubSpot=a");
    check(
        Rule::AlwaysSalesforce,
        ("a", "a"),
        ("b", "c"),
        "HubSpot=c, lost",
    );
    check(Rule::AlwaysHubspot, ("a", "a"), ("b", "a"), "Salesforce=b");
    check(Rule::AlwaysHubspot, ("a", "a"), ("", "a"), "Salesforce=-");
    check(Rule::AlwaysHubspot, ("a", "a"), ("a", "b"), "Salesforce=a");
}

#[test]
fn prefer_salesforce_takes_hubspots_value_only_while_salesforce_is_blank() {
    let check = |before, now, expected| check(Rule::PreferSalesforce, before, now, expected);
    check(("a", "a"), ("a", "b"), "HubSpot=b");
    check(("a", "a"), ("a", ""), "HubSpot=-");
    check(("a", "a"), ("b", "a"), "HubSpot=a");
    check(("", ""), ("b", ""), "Salesforce=b");
    check(("a", "a"), ("b", ""), "Salesforce=b");
    check(("a", "a"), ("b", "c"), "HubSpot=c, lost");
    check(("a", "a"), ("", ""), "nothing");
}

#[test]
fn a_field_that_is_off_is_not_even_looked_at() {
    check(Rule::Off, ("a", "a"), ("b", "c"), "nothing");
}

fn conflict(hubspot_later_ms: i64, history: Option<i64>) -> Merged {
    let mut world = linked(Rule::TwoWay, ("a", "a"));
    let at = world.now - world.now % 1000;
    world.edit(SF, &[("title", text("c"))], at);
    world.edit(HS, &[("title", text("b"))], at + hubspot_later_ms);
    let history: Option<History> =
        history.map(|later| [(name("title"), Timestamp(at + later))].into());
    world.merge(history.as_ref())
}

#[test]
fn the_newer_of_two_changes_wins_by_the_second_and_a_tie_goes_to_salesforce() {
    assert_eq!(told(&conflict(9_000, Some(9_000))), "Salesforce=b, lost");
    assert_eq!(told(&conflict(9_000, Some(-9_000))), "HubSpot=c, lost");
    assert_eq!(told(&conflict(9_000, Some(999))), "HubSpot=c, lost");
}

#[test]
fn history_is_asked_for_only_when_it_could_decide() {
    let open = conflict(9_000, None);
    assert_eq!(open.needs_history, [name("title")]);
    assert_eq!(told(&open), "nothing");
    assert!(conflict(-9_000, None).needs_history.is_empty());
}

/// Two records meet for the first time.
fn check_met(rule: Rule, on: OnFirstLink, values: (&str, &str), expected: &str, differs: bool) {
    let mut world = World::new(&[Mapped::text("title", rule)], on);
    met(&mut world, values);
    let merged = world.merge(None);
    assert_eq!(told(&merged), expected, "{rule:?} {on:?} {values:?}");
    assert_eq!(!merged.differences.is_empty(), differs);
}

#[test]
fn a_first_link_fills_blanks_and_lists_what_differs() {
    let check = |rule, values, expected, differs| {
        check_met(rule, OnFirstLink::FillBlanks, values, expected, differs);
    };
    check(Rule::TwoWay, ("a", "a"), "nothing", false);
    check(Rule::TwoWay, ("a", ""), "Salesforce=a", false);
    check(Rule::TwoWay, ("", "a"), "HubSpot=a", false);
    check(Rule::TwoWay, ("a", "b"), "nothing", true);
    check(Rule::AlwaysSalesforce, ("a", ""), "nothing", true);
    check(Rule::AlwaysSalesforce, ("a", "b"), "nothing", true);
    check(Rule::AlwaysHubspot, ("", "a"), "nothing", true);
    check(Rule::PreferSalesforce, ("a", ""), "Salesforce=a", false);
}

#[test]
fn a_first_link_lets_a_side_win_where_the_rule_does() {
    let salesforce = OnFirstLink::Salesforce;
    check_met(Rule::TwoWay, salesforce, ("a", "b"), "HubSpot=b", false);
    check_met(Rule::TwoWay, salesforce, ("a", ""), "Salesforce=a", false);
    check_met(
        Rule::AlwaysSalesforce,
        salesforce,
        ("a", ""),
        "HubSpot=-",
        false,
    );
    check_met(Rule::AlwaysHubspot, salesforce, ("a", "b"), "nothing", true);
    let hubspot = OnFirstLink::Hubspot;
    check_met(Rule::TwoWay, hubspot, ("a", "b"), "Salesforce=a", false);
    check_met(Rule::PreferSalesforce, hubspot, ("a", "b"), "nothing", true);
    check_met(
        Rule::AlwaysHubspot,
        hubspot,
        ("", "b"),
        "Salesforce=-",
        false,
    );
}

/// Two records that show `values` are linked; before anything is written, people make `now` of
/// them, HubSpot's change being the later one: what is written?
fn check_before_the_first_write(
    (rule, on): (Rule, OnFirstLink),
    values: (&str, &str),
    now: (&str, &str),
    expected: &str,
) {
    let mut world = World::new(&[Mapped::text("title", rule)], on);
    met(&mut world, values);
    let merged = world.merge(None);
    world.link(&merged);
    let at = world.now;
    if now.1 != values.1 {
        world.edit(SF, &[("title", text(now.1))], at);
    }
    if now.0 != values.0 {
        world.edit(HS, &[("title", text(now.0))], at + 5_000);
    }
    let history = History::from([(name("title"), Timestamp(at + 5_000))]);
    let told = told(&world.merge(Some(&history)));
    assert_eq!(told, expected, "{rule:?} {on:?} {values:?} to {now:?}");
}

#[test]
fn what_people_do_between_the_first_link_and_the_first_write_is_a_change_like_any_other() {
    let fill = (Rule::TwoWay, OnFirstLink::FillBlanks);
    let check = check_before_the_first_write;
    check(fill, ("", "a"), ("", "a"), "HubSpot=a");
    check(fill, ("", "a"), ("", "b"), "HubSpot=b");
    check(fill, ("", "a"), ("", ""), "nothing");
    check(fill, ("", "a"), ("b", "a"), "Salesforce=b, lost");
    check(fill, ("a", ""), ("a", "b"), "HubSpot=b, lost");
    let prefer = (Rule::PreferSalesforce, OnFirstLink::FillBlanks);
    check(prefer, ("", "a"), ("b", "a"), "HubSpot=a, lost");
    let always = (Rule::AlwaysSalesforce, OnFirstLink::FillBlanks);
    check(always, ("", "a"), ("b", "a"), "HubSpot=a, lost");
    let hubspot = (Rule::TwoWay, OnFirstLink::Hubspot);
    check(hubspot, ("a", "b"), ("a", "b"), "Salesforce=a");
    let salesforce = (Rule::AlwaysSalesforce, OnFirstLink::Salesforce);
    check(salesforce, ("a", ""), ("a", ""), "HubSpot=-");
    let winner = (Rule::TwoWay, OnFirstLink::Salesforce);
    check(winner, ("a", "b"), ("c", "b"), "Salesforce=c, lost");
}

#[test]
fn linking_writes_both_ids_and_only_once() {
    let mut world = World::new(
        &[Mapped::text("title", Rule::TwoWay)],
        OnFirstLink::FillBlanks,
    );
    met(&mut world, ("a", "a"));
    let merged = world.merge(None);
    let marks = Side::BOTH.map(|side| {
        let write = merged.write_to(side).unwrap();
        assert!(write.only_marks());
        write.fields.values().next().unwrap().clone()
    });
    assert_eq!(marks, [text(CONTACT), text("4711002-90211")]);
    world.conclude(&merged);
    let again = world.merge(None);
    assert_eq!(again.marked, Side::BOTH);
    assert!(again.to_hubspot.is_none() && again.to_salesforce.is_none());
    // A short id is the same id.
    world.edit(HS, &[("syncline_salesforce_id", text(&CONTACT[..15]))], 1);
    assert_eq!(world.merge(None).marked, Side::BOTH);
}

#[test]
fn a_creation_carries_the_id_and_what_the_rules_let_go() {
    let fields = [
        Mapped::text("title", Rule::TwoWay),
        Mapped::text("rating", Rule::AlwaysSalesforce),
        Mapped::text("empty", Rule::TwoWay),
    ];
    let mut world = World::new(&fields, OnFirstLink::FillBlanks);
    world.edit(HS, &[("title", text("a")), ("rating", text("hot"))], 1);
    let merged = world.merge(None);
    let write = merged.to_salesforce.as_ref().unwrap();
    assert_eq!((write.action, &write.id), (Action::Created, &None));
    let names: Vec<&str> = write.fields.keys().map(FieldName::as_str).collect();
    assert_eq!(names, ["Syncline_HubSpot_Id__c", "title"]);
    assert_eq!(merged.differences, [name("rating")]);
    world.conclude(&merged);
    assert_eq!(world.look(HS), Seen::Echo);
    assert_eq!(world.look(SF), Seen::Echo);
}

#[test]
fn nothing_is_created_where_the_mapping_forbids_it_or_a_half_was_deleted() {
    let mut world = World::new(
        &[Mapped::text("title", Rule::TwoWay)],
        OnFirstLink::FillBlanks,
    );
    world.edit(HS, &[("title", text("a"))], 1);
    assert!(world.merge(None).to_salesforce.is_some());
    world.base.linked_before = true;
    assert_eq!(world.merge(None), Merged::default());
    world.base.linked_before = false;
    world.mapping.creates = Creates::Hubspot;
    assert_eq!(world.merge(None), Merged::default());
    world.mapping.creates = Creates::Both;
    world.hubspot.as_mut().unwrap().deleted = true;
    assert_eq!(world.merge(None), Merged::default());
}

/// Our write of `b` to Salesforce, and then Salesforce shows these values.
fn after_our_write(shown: &[(&str, Value)], by_us: bool, later_ms: i64) -> Seen {
    let fields = [
        Mapped::text("title", Rule::TwoWay),
        Mapped::text("rating", Rule::TwoWay),
    ];
    let mut world = World::new(&fields, OnFirstLink::FillBlanks);
    met(&mut world, ("a", "a"));
    let marked = world.merge(None);
    world.conclude(&marked);
    world.settle();
    let at = world.now;
    world.edit(HS, &[("title", text("b"))], at);
    let merged = world.merge(None);
    world.conclude(&merged);
    let written = world.salesforce.as_ref().expect("the record was met");
    let at = written.modified_at.0;
    world.edit(SF, shown, at + later_ms);
    if by_us {
        let us = id(super::model::US);
        let record = world.salesforce.as_mut().expect("the record was met");
        record.modified_by = Some(us);
    }
    world.look(SF)
}

#[test]
fn our_write_coming_back_is_an_echo_and_what_the_side_made_of_it_is_adopted() {
    assert_eq!(
        after_our_write(&[("title", text("b"))], true, 0),
        Seen::Echo
    );
    let seen = after_our_write(&[("title", text("B"))], true, 0);
    assert!(matches!(seen, Seen::Adopted(moved) if moved.len() == 1));
}

#[test]
fn somebody_elses_change_is_never_taken_for_ours() {
    let changed = Seen::Changed(vec![name("title")]);
    assert_eq!(after_our_write(&[("title", text("B"))], false, 0), changed);
    assert_eq!(
        after_our_write(&[("title", text("B"))], true, MINUTE),
        changed
    );
}

#[test]
fn a_flow_that_changes_another_field_in_our_write_makes_a_change() {
    let seen = after_our_write(&[("title", text("B")), ("rating", text("hot"))], true, 0);
    assert_eq!(seen, Seen::Changed(vec![name("rating")]));
}

#[test]
fn one_value_that_cannot_be_carried_leaves_the_whole_write_out() {
    let number = Mapped {
        salesforce: crate::convert::field("amount", Kind::Number),
        ..Mapped::text("amount", Rule::TwoWay)
    };
    let fields = [Mapped::text("title", Rule::TwoWay), number];
    let mut world = World::new(&fields, OnFirstLink::FillBlanks);
    met(&mut world, ("a", ""));
    world.edit(HS, &[("amount", text("much"))], 1);
    let merged = world.merge(None);
    assert!(merged.to_salesforce.is_none());
    assert!(
        merged.to_hubspot.is_some(),
        "the other side's id goes all the same"
    );
    let (side, failure) = &merged.failures[0];
    assert_eq!((*side, failure.failure.code.as_str()), (SF, "not_a_number"));
}

#[test]
fn emptying_alone_is_told_apart_from_changing() {
    let mut world = linked(Rule::TwoWay, ("a", "a"));
    let at = world.now;
    world.edit(HS, &[("title", Value::Blank)], at);
    let merged = world.merge(None);
    assert_eq!(merged.to_salesforce.unwrap().action, Action::Blanked);
}

#[test]
fn fingerprints_of_another_scheme_are_no_base() {
    let mut world = linked(Rule::TwoWay, ("a", "b"));
    for prints in world.base.prints.values_mut() {
        let old = prints.hubspot.as_mut().unwrap();
        old.0 = 7;
    }
    assert_eq!(world.look(HS), Seen::Changed(vec![name("title")]));
    let merged = world.merge(None);
    assert_eq!(
        (told(&merged).as_str(), merged.differences.len()),
        ("nothing", 1)
    );
    world.conclude(&merged);
    assert_eq!(world.look(HS), Seen::Echo);
}

#[test]
fn what_a_side_computes_itself_is_read_and_never_written() {
    let formula = Mapped {
        salesforce: Field {
            calculated: true,
            ..crate::convert::field("title", Kind::Text)
        },
        ..Mapped::text("title", Rule::TwoWay)
    };
    let mut world = World::new(&[formula], OnFirstLink::FillBlanks);
    met(&mut world, ("a", "a"));
    world.settle();
    let at = world.now;
    world.edit(HS, &[("title", text("b"))], at);
    assert_eq!(told(&world.merge(None)), "nothing");
    let merged = world.merge(None);
    world.conclude(&merged);
    world.edit(SF, &[("title", text("c"))], at + 1);
    assert_eq!(told(&world.merge(None)), "HubSpot=c");
}

#[test]
fn a_field_that_its_side_no_longer_shows_is_written_so_that_it_is_refused_by_name() {
    let mut world = linked(Rule::TwoWay, ("a", "a"));
    world.schemas[1].fields.remove(&name("title"));
    let record = world.salesforce.as_mut().unwrap();
    record.fields.remove(&name("title"));
    assert_eq!(told(&world.merge(None)), "nothing");
    let at = world.now;
    world.edit(HS, &[("title", text("b"))], at);
    assert_eq!(told(&world.merge(None)), "Salesforce=b");
}

fn owned() -> World {
    let owner = Mapped {
        owner: true,
        ..Mapped::text("title", Rule::TwoWay)
    };
    let mut world = World::new(&[owner], OnFirstLink::FillBlanks);
    world.owners.pair("51", "0055500001QdQWa");
    world
}

#[test]
fn owners_are_carried_as_their_counterparts() {
    let mut world = owned();
    met(&mut world, ("51", "0055500001QdQWaAAN"));
    let merged = world.merge(None);
    assert_eq!(
        (told(&merged).as_str(), merged.differences.len()),
        ("nothing", 0)
    );
    let mut world = owned();
    met(&mut world, ("51", ""));
    assert_eq!(told(&world.merge(None)), "Salesforce=0055500001QdQWaAAN");
}

#[test]
fn an_owner_without_a_counterpart_fails_by_name() {
    let mut world = owned();
    met(&mut world, ("", "00G5500001QdQWaAAN"));
    let merged = world.merge(None);
    let (side, raw) = &merged.failures[0];
    assert_eq!((*side, raw.failure.code.as_str()), (HS, "no_partner_owner"));
    assert_eq!(raw.failure.facts, [Fact::OwnerMatched(false)]);
    assert_eq!(raw.value.as_deref(), Some("00G5500001QdQWaAAN"));
}

#[test]
fn taking_the_owner_away_in_hubspot_leaves_salesforces_in_place() {
    let mut world = owned();
    met(&mut world, ("51", "0055500001QdQWaAAN"));
    world.settle();
    let at = world.now;
    world.edit(HS, &[("title", Value::Blank)], at);
    let merged = world.merge(None);
    assert_eq!(told(&merged), "nothing");
    world.conclude(&merged);
    assert_eq!(world.look(HS), Seen::Echo);
}
