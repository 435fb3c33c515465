//! The control socket under peers and daemons that behave badly.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::{Value, json};
use syncline::clock::{Clock as _, SystemClock};

use super::scene::{Scene, pause};

fn connect(scene: &Scene) -> UnixStream {
    let stream = UnixStream::connect(scene.path("control.sock")).expect("the socket");
    let patience = Some(Duration::from_secs(10));
    stream.set_read_timeout(patience).expect("a time-out");
    stream
}

/// The answer to one line, line by line.
fn asked(scene: &Scene, line: &str) -> Vec<Value> {
    let mut stream = connect(scene);
    writeln!(stream, "{line}").expect("the socket takes it");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let lines = answer.lines();
    lines
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

#[test]
fn a_daemon_that_stands_still_is_named_by_its_process_within_seconds() {
    let scene = Scene::new();
    let daemon = scene.started();
    daemon.signal(Signal::STOP);
    let clock = SystemClock::new();
    let said = scene.verb(&["status"]);
    daemon.signal(Signal::CONT);
    assert_eq!(said.exit, 75, "{said:?}");
    assert!(
        said.err.contains(&format!("process {}", daemon.pid())),
        "{said:?}"
    );
    assert!(clock.monotonic_ms() < 15_000, "{} ms", clock.monotonic_ms());
    daemon.stop();
}

#[test]
fn a_crowd_of_silent_peers_keeps_no_verb_waiting() {
    let scene = Scene::new();
    let daemon = scene.started();
    let crowd: Vec<UnixStream> = (0..200).map(|_| connect(&scene)).collect();
    // Long enough for the daemon to take them in, shorter than it bears a silent one.
    pause(500);
    let clock = SystemClock::new();
    let said = scene.verb(&["status"]);
    assert_eq!(said.exit, 0, "{said:?}");
    assert!(clock.monotonic_ms() < 3_000, "{} ms", clock.monotonic_ms());
    drop(crowd);
    daemon.stop();
}

#[test]
fn a_request_may_come_with_empty_arguments_and_another_version_ends_with_76() {
    let scene = Scene::new();
    let daemon = scene.started();
    let answer = asked(&scene, r#"{"v":1,"verb":"status","args":{}}"#);
    assert_eq!(answer[1]["row"]["report"], json!("status"), "{answer:?}");
    assert_eq!(answer.last(), Some(&json!("done")));
    let limited = r#"{"v":1,"verb":"tail","args":{"lines":1,"after":null}}"#;
    assert_eq!(asked(&scene, limited).last(), Some(&json!("done")));
    let refused = asked(&scene, r#"{"v":2,"verb":"status","args":{}}"#);
    assert_eq!(refused[0]["error"]["exit"], json!(76), "{refused:?}");
    daemon.stop();
}
