//! `resync`: the price before, the outcome after. Run with `--nocapture` to see what a large one cost.

#![expect(
    clippy::print_stdout,
    reason = "the figures are what somebody runs it for"
)]

use serde_json::json;
use syncline::simulator::salesforce::{Injected, InjectedKind, Op, Predicate};

use super::scene::{Scene, until};

const RULE: &str = "Phone_Format";

/// People whose phone a rule in Salesforce refuses, and two who are in step.
fn refused(people: usize) -> Scene {
    let scene = Scene::new();
    let old = Predicate {
        field: "Phone".to_owned(),
        op: Op::NotStartsWith,
        value: "+".to_owned(),
    };
    scene.simulator().salesforce.inject(Injected {
        name: RULE.to_owned(),
        object: "Contact".to_owned(),
        kind: InjectedKind::ValidationRule,
        when: vec![old],
        message: "Phone must start with +.".to_owned(),
        fields: vec!["Phone".to_owned()],
        active: true,
    });
    scene.people(1);
    for n in 0..people {
        let email = format!("refused{n}@scene.example");
        let person = json!({ "email": email, "lastname": "Refused", "phone": "0039 02 1" });
        scene.hubspot(None, person);
    }
    scene
}

#[test]
fn what_was_mended_in_salesforce_goes_through_at_the_price_that_was_announced() {
    let scene = refused(12);
    let daemon = scene.started();
    scene.settled(14);
    let unsure = scene.verb(&["resync", "--cause", "C-1"]);
    assert_eq!(unsure.exit, 64, "{unsure:?}");
    let price = "12 records to be tried again: at most 2 calls";
    assert!(unsure.err.contains(price), "{unsure:?}");
    assert!(unsure.err.contains("say --yes to do it"), "{unsure:?}");
    // Asked before the rule is gone, each fails once more.
    let still = scene.verb(&["resync", "--cause", "C-1", "--yes", "--wait"]);
    assert_eq!(
        (still.exit, still.out.as_str()),
        (
            0,
            "12 records tried again: 0 gone through, 12 still failing\n"
        ),
        "{still:?}"
    );
    scene.simulator().salesforce.remove_rule(RULE);
    let before = scene.calls_counted();
    let done = scene.verb(&["resync", "--type", "sf-validation-rule", "--yes", "--wait"]);
    assert_eq!(
        done.out, "12 records tried again: 12 gone through, 0 still failing\n",
        "{done:?}"
    );
    let spent = scene.calls_counted() - before;
    // Looking for changes goes on beside it: a call every five seconds here.
    assert!(spent <= 2 + 5, "{spent} calls");
    assert_eq!(scene.status()["errors"], 0);
    daemon.says("resync done: type sf-validation-rule, 12 records tried, 0 still failing");
    let again = scene.verb(&["resync", "--failing", "--yes"]);
    assert_eq!(
        (again.exit, again.out.as_str()),
        (0, "nothing fits, so there is nothing to try again\n")
    );
    daemon.stop();
}

#[test]
fn one_record_is_tried_again_by_any_of_its_ids_also_before_the_daemon_runs() {
    let scene = refused(1);
    let daemon = scene.started();
    scene.settled(3);
    let failing = scene.verb(&["errors", "list", "--json"]).json();
    let id = failing["errors"][0]["hubspot"]
        .as_str()
        .expect("an id")
        .to_owned();
    daemon.stop();
    scene.simulator().salesforce.remove_rule(RULE);
    let asked = scene.verb(&["resync", &id, "--yes"]);
    assert!(
        asked.out.contains("it begins when the daemon runs"),
        "{asked:?}"
    );
    // Asked twice is done once.
    assert_eq!(scene.verb(&["resync", &id, "--yes"]).exit, 0);
    let daemon = scene.started();
    until("the record goes through", 20, || {
        scene.status()["errors"] == 0
    });
    let contacts = scene.simulator().salesforce.records("Contact").len();
    assert_eq!(contacts, 3);
    daemon.stop();
}

#[test]
fn a_resync_of_nothing_or_of_what_is_unknown_is_refused_and_asks_for_nothing() {
    let scene = refused(1);
    let daemon = scene.started();
    scene.settled(3);
    for (words, said) in [
        (&["--yes"][..], "say what is to be tried again"),
        (&["--cause", "C-99", "--yes"], "there is no cause C-99"),
        (&["4711", "--yes"], "no record \"4711\""),
        (&["--everything", "--object", "deal", "--yes"], "deal"),
        (&["#1", "--cause", "C-1", "--yes"], "cannot be used with"),
    ] {
        let refused = scene.verb(&[&["resync"], words].concat());
        assert_eq!(refused.exit, 64, "{words:?} {refused:?}");
        assert!(refused.err.contains(said), "{words:?} {refused:?}");
    }
    let tail = scene.verb(&["journal", "tail", "-n", "500"]).out;
    assert!(!tail.contains("resync_asked"), "{tail}");
    let all = scene.verb(&["resync", "--everything", "--yes", "--wait"]);
    assert_eq!(
        all.out, "3 records tried again: 2 gone through, 1 still failing\n",
        "{all:?}"
    );
    daemon.stop();
}

#[test]
fn when_a_rule_is_lifted_all_that_it_refused_goes_through_at_the_price_announced() {
    // 5,000 of them take a minute and more.
    let people =
        std::env::var("SYNCLINE_RESYNC").map_or(120, |text| text.parse().expect("a number"));
    let scene = refused(people);
    let daemon = scene.started();
    until("a first load so large is held", 60, || {
        scene.verb(&["status"]).out.contains("approve H-1")
    });
    until("the rule refuses all of them", 900, || {
        let status = scene.status();
        // What was read after the first yes is asked about again.
        for hold in status["held"].as_array().expect("holds") {
            let hold = format!("H-{}", hold["number"]);
            assert_eq!(scene.verb(&["approve", &hold]).exit, 0, "{hold}");
        }
        status["errors"] == people as u64
    });
    scene.simulator().salesforce.remove_rule(RULE);
    let priced = scene.verb(&["resync", "--cause", "C-1"]);
    let announced = priced.err.split("at most ").nth(1).expect("a price");
    let announced = announced.split(' ').next().expect("a number");
    let announced: u64 = announced.parse().expect("a number");
    let before = scene.calls_counted();
    let done = scene.verb(&["resync", "--cause", "C-1", "--yes", "--wait"]);
    let (spent, said) = (scene.calls_counted() - before, done.out.trim());
    println!(
        "{said}; announced {announced} calls, {spent} counted by Salesforce, looks among them"
    );
    assert!(said.ends_with("gone through, 0 still failing"), "{done:?}");
    assert_eq!(scene.status()["errors"], 0);
    // Looking for changes goes on beside it: a call every five seconds here.
    let looks = people as u64 / 100 + 10;
    assert!(
        spent <= announced + looks,
        "{announced} announced, {spent} spent"
    );
    daemon.stop();
}
