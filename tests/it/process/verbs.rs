//! What verbs say and end with: with the daemon, without it, for people and for machines.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};

use super::scene::{Said, Scene, bare, pause, said, until_ok};

/// Every verb that asks and changes nothing.
const READING: &[&[&str]] = &[
    &["status"],
    &["errors"],
    &["errors", "list"],
    &["errors", "show", "C-1"],
    &["errors", "show", "string-too-long"],
    &["records", "show", "#1"],
    &["records", "list"],
    &["budget"],
    &["budget", "show"],
    &["journal", "tail", "-n", "5"],
    &["check"],
    &["check", "--journal"],
];

/// Every verb that decides something.
const WRITING: &[&[&str]] = &[
    &["pause"],
    &["resume"],
    &["budget", "set", "49_000"],
    &["budget", "backfill", "night"],
    &["budget", "backfill", "always"],
    &["rebuild"],
];

/// Four people, one of whom fails.
fn troubled() -> Scene {
    let scene = Scene::new();
    scene.people(2);
    let title = "x".repeat(200);
    scene.hubspot(
        None,
        json!({ "email": "long@scene.example", "lastname": "Long", "jobtitle": title }),
    );
    scene
}

fn all_parse(scene: &Scene, stopped: i32) {
    for words in READING.iter().chain(WRITING) {
        let said = scene.verb(&[words, ["--json"].as_slice()].concat());
        let is_status = words[0] == "status";
        assert_eq!(
            said.exit,
            if is_status { stopped } else { 0 },
            "{words:?} {said:?}"
        );
        assert_eq!(said.out.lines().count(), 1, "{words:?} {said:?}");
        assert!(said.json()["report"].is_string(), "{words:?} {said:?}");
        assert_eq!(said.err, "", "{words:?}");
    }
}

#[test]
fn every_verb_prints_one_json_object_and_works_with_the_daemon_up_and_down() {
    let scene = troubled();
    let daemon = scene.started();
    scene.settled(5);
    all_parse(&scene, 1);
    let cause = scene.verb(&["errors", "show", "C-1"]).out;
    assert!(
        cause.contains("Salesforce said: STRING_TOO_LONG [Title]"),
        "{cause}"
    );
    let up: Vec<String> = READING[1..6]
        .iter()
        .map(|words| scene.verb(words).out)
        .collect();
    daemon.stop();
    all_parse(&scene, 2);
    let down: Vec<String> = READING[1..6]
        .iter()
        .map(|words| scene.verb(words).out)
        .collect();
    // What stands at the end of a line is the time of day, and that passes.
    let head = |text: &str| {
        let line = text.lines().next()?;
        line.split("   ").next().map(str::to_owned)
    };
    for (up, down) in up.iter().zip(&down) {
        assert_eq!(head(up), head(down));
    }
}

#[test]
fn status_ends_with_0_when_well_1_for_attention_and_2_when_stopped() {
    let scene = Scene::new();
    scene.people(2);
    let missing = scene.verb(&["status"]);
    assert_eq!(missing.exit, 66, "{missing:?}");
    assert!(missing.err.contains("there is no store in"), "{missing:?}");
    assert!(
        !scene.path("store").exists(),
        "a reading verb created something"
    );
    let daemon = scene.started();
    scene.settled(4);
    assert_eq!(scene.verb(&["status"]).exit, 0);
    for n in 0..30 {
        scene.hubspot(
            None,
            json!({ "email": format!("flood{n}@scene.example"), "lastname": "Flood" }),
        );
    }
    until_ok(20, || {
        let said = scene.verb(&["status"]);
        (said.exit == 1 && said.out.contains("approve H-1"))
            .then_some(())
            .ok_or(format!("{said:?}"))
    });
    let shown = scene.verb(&["approve", "H-1", "--show"]);
    assert!(shown.out.contains("None of them was written"), "{shown:?}");
    assert_eq!(scene.verb(&["status"]).exit, 1, "a look decided something");
    assert_eq!(scene.verb(&["approve", "H-1"]).exit, 0);
    let again = scene.verb(&["approve", "H-1"]);
    assert_eq!(
        (again.exit, again.err.contains("settled already")),
        (64, true),
        "{again:?}"
    );
    scene.settled(34);
    assert_eq!(scene.verb(&["pause"]).exit, 0);
    assert_eq!(scene.verb(&["status"]).exit, 2);
    daemon.stop();
}

#[test]
fn paused_it_reads_on_and_writes_nothing_until_resumed() {
    let scene = Scene::new();
    scene.people(2);
    let daemon = scene.started();
    scene.settled(4);
    let said = scene.verb(&["pause"]);
    assert_eq!(
        (said.exit, said.out.contains("writing is paused")),
        (0, true),
        "{said:?}"
    );
    assert!(scene.verb(&["pause"]).out.contains("paused already"));
    scene.hubspot(
        None,
        json!({ "email": "late@scene.example", "lastname": "Late" }),
    );
    until_ok(10, || {
        let line = scene.status()["objects"][0].clone();
        (line["waiting"] == json!(1))
            .then_some(())
            .ok_or(line.to_string())
    });
    pause(1_500);
    let there = || {
        scene
            .simulator()
            .salesforce
            .ids_where("Contact", "Email", "late@scene.example")
            .len()
    };
    assert_eq!(there(), 0, "written while paused");
    assert!(scene.verb(&["resume"]).out.contains("writing goes on"));
    until_ok(10, || {
        (there() == 1).then_some(()).ok_or("the write".to_owned())
    });
    daemon.stop();
}

#[test]
fn an_allocation_set_over_the_socket_is_journaled_with_the_users_number() {
    let scene = Scene::new();
    let daemon = scene.started();
    let said = scene.verb(&["budget", "set", "1234"]);
    assert_eq!(said.exit, 0, "{said:?}");
    let zero = scene.verb(&["budget", "set", "0"]);
    assert_eq!(
        (zero.exit, zero.err.contains("syncline pause")),
        (64, true),
        "{zero:?}"
    );
    assert_eq!(
        scene.verb(&["budget", "--json"]).json()["calls"]["allocation"],
        json!(1234)
    );
    daemon.stop();
    let tail = scene
        .verb(&["journal", "tail", "-n", "100", "--json"])
        .json();
    let entries = tail["entries"].as_array().expect("entries").clone();
    let set: Vec<&Value> = entries
        .iter()
        .filter(|entry| {
            entry["kind"] == json!("allocation_set")
                && entry["payload"]["allocation"] == json!(1234)
        })
        .collect();
    let uid = rustix::process::getuid().as_raw();
    assert_eq!(set.len(), 1, "{tail}");
    assert!(
        set[0]["payload"]["by"]
            .to_string()
            .contains(&uid.to_string()),
        "{}",
        set[0]
    );
    // The file still says 50,000: it is not an edit, and the operator's word holds over a restart.
    let daemon = scene.started();
    assert_eq!(
        scene.verb(&["budget", "--json"]).json()["calls"]["allocation"],
        json!(1234)
    );
    daemon.stop();
}

#[test]
fn what_is_unknown_is_refused_with_64_and_a_near_name() {
    let scene = troubled();
    let daemon = scene.started();
    scene.settled(5);
    let check = |words: &[&str], part: &str| {
        let said = scene.verb(words);
        assert_eq!(said.exit, 64, "{words:?} {said:?}");
        assert!(said.err.contains(part), "{words:?} {said:?}");
        assert_eq!(said.out, "", "{words:?}");
    };
    let all = || {
        check(&["errors", "show", "C-99"], "there is no cause C-99");
        check(
            &["errors", "show", "string-to-long"],
            "did you mean string-too-long",
        );
        check(
            &["errors", "list", "--type", "string-to-long"],
            "did you mean string-too-long",
        );
        check(
            &["errors", "list", "--cause", "C-99"],
            "there is no cause C-99",
        );
        check(&["errors", "list", "--cause", "x"], "no C-number");
        check(&["errors", "list", "--limit", "0"], "a limit from 1 to");
        check(&["records", "show", "nobody"], "no record \"nobody\"");
        check(&["records", "show", "#99999"], "no record \"#99999\"");
        check(
            &["records", "list", "--state", "lost"],
            "there is no state \"lost\"; there are: in-sync, failing",
        );
        check(
            &["records", "list", "--why", "ambiguous", "--state", "held"],
            "only excluded records have a reason",
        );
        check(&["records", "list", "--object", "Deal"], "no object name");
        check(&["approve", "H-99"], "there is no hold H-99");
        check(&["approve", "H-x"], "no H-number");
        check(&["stattus"], "status");
        for wrong in ["many", "-5", "20k", "1e9", "", "99999999999999999999"] {
            check(
                &["budget", "set", wrong],
                "write a number from 1 to 100000000",
            );
        }
        check(&["budget", "set", "0"], "from 1 to 100,000,000 calls");
        check(
            &["budget", "set", "100000001"],
            "from 1 to 100,000,000 calls",
        );
        check(
            &["budget", "backfill", "sometimes"],
            "write always or night",
        );
    };
    all();
    daemon.stop();
    all();
}

#[test]
fn a_reader_that_stops_reading_ends_a_listing_without_a_word() {
    let scene = Scene::new();
    scene.people(1);
    let daemon = scene.started();
    scene.settled(2);
    daemon.stop();
    let mut command = scene.command(&["journal", "tail", "-n", "1000"]);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    drop(child.stdout.take());
    let mut complaint = String::new();
    child
        .stderr
        .take()
        .expect("piped")
        .read_to_string(&mut complaint)
        .expect("text");
    assert_eq!(complaint, "");
    assert_eq!(child.wait().expect("our own child").code(), Some(0));
}

#[test]
fn the_journals_tail_follows_and_says_each_entry_once() {
    let scene = Scene::new();
    scene.people(1);
    let daemon = scene.started();
    scene.settled(2);
    let mut command = scene.command(&["journal", "tail", "-f", "-n", "3", "--json"]);
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let mut next = || -> Vec<Value> {
        let line = lines.next().expect("a line").expect("text");
        let report: Value = serde_json::from_str(&line).expect("JSON");
        report["entries"].as_array().expect("entries").clone()
    };
    let mut seqs: Vec<i64> = next()
        .iter()
        .map(|entry| entry["seq"].as_i64().expect("a seq"))
        .collect();
    assert_eq!(seqs.len(), 3);
    assert_eq!(scene.verb(&["pause"]).exit, 0);
    let mut seen = false;
    while !seen {
        let entries = next();
        assert!(!entries.is_empty(), "a line without an entry");
        seqs.extend(
            entries
                .iter()
                .map(|entry| entry["seq"].as_i64().expect("a seq")),
        );
        seen = entries.iter().any(|entry| entry["kind"] == json!("paused"));
    }
    assert!(seqs.windows(2).all(|two| two[1] == two[0] + 1), "{seqs:?}");
    child.kill().expect("our own child");
    child.wait().expect("our own child");
    daemon.stop();
}

#[test]
fn the_control_socket_is_closed_to_strangers() {
    let scene = Scene::new();
    let daemon = scene.started();
    let socket = scene.path("control.sock");
    let mode = std::fs::metadata(&socket)
        .expect("the socket")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o660);
    if !rustix::process::getuid().is_root() {
        // Only root can try it as somebody else.
        return;
    }
    let binary = scene.path("syncline");
    std::fs::copy(env!("CARGO_BIN_EXE_syncline-under-test"), &binary).expect("a copy");
    for path in [scene.path(""), binary.clone(), scene.path("store")] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("our own");
    }
    let config = scene.path(super::scene::CONFIGURATION);
    let mut other = std::process::Command::new("setpriv");
    other.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
    let refused = said(other.arg(binary).args(["pause", "--config"]).arg(config));
    assert_eq!(refused.exit, 77, "{refused:?}");
    assert!(
        refused.err.contains("no permission for") && refused.err.contains("group"),
        "{refused:?}"
    );
    assert_eq!(scene.status()["paused"], json!(false));
    daemon.stop();
}

#[test]
fn nonsense_and_silence_at_the_socket_are_answered_and_stop_nobody() {
    let scene = Scene::new();
    let daemon = scene.started();
    let connect = || {
        let stream = UnixStream::connect(scene.path("control.sock")).expect("the socket");
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .expect("a time-out");
        stream
    };
    let ask = |line: &str| {
        let mut stream = connect();
        stream
            .write_all(line.as_bytes())
            .expect("the socket takes it");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    };
    assert!(ask("{\"v\":2,\"verb\":\"status\"}\n").contains("speaks version 1"));
    assert!(ask("hello\n").contains("not JSON"));
    assert!(ask("{\"v\":1,\"verb\":\"destroy\"}\n").contains("not understood"));
    assert!(ask(&format!("{}\n", "[".repeat(60_000))).contains("not JSON"));
    assert!(ask("{\"v\":1,\"verb\":\"status\"}\n").contains("\"done\""));
    // Peers that say nothing keep nobody else waiting.
    let silent = [connect(), connect(), connect()];
    let clock = syncline::clock::SystemClock::new();
    let asked: Said = scene.verb(&["status"]);
    let took_ms = syncline::clock::Clock::monotonic_ms(&clock);
    assert_eq!(asked.exit, 0, "{asked:?}");
    assert!(took_ms < 4_000, "{took_ms} ms behind three silent peers");
    drop(silent);
    daemon.stop();
}

#[test]
fn a_store_alone_can_be_asked_without_a_configuration() {
    let scene = Scene::new();
    scene.people(1);
    let daemon = scene.started();
    scene.settled(2);
    let store = scene.path("store");
    let ask = |words: &[&str]| said(bare(words).arg("--store").arg(&store));
    assert_eq!(ask(&["status"]).exit, 0);
    let refused = ask(&["pause"]);
    assert_eq!(refused.exit, 75, "{refused:?}");
    assert!(
        refused.err.contains(&format!("process {}", daemon.pid())),
        "{refused:?}"
    );
    daemon.stop();
    assert_eq!(ask(&["pause"]).exit, 0);
    assert_eq!(ask(&["status"]).exit, 2);
}
