//! What keeps a daemon from starting: named in words, with the exit code that says who must act, and
//! without touching anything.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::Path;

use super::scene::{CONFIGURATION, Said, Scene, bare, read, said};

/// Nobody's user and group.
const NOBODY: u32 = 65_534;

fn run(scene: &Scene) -> Said {
    scene.verb(&["run"])
}

#[test]
fn every_mistake_of_a_configuration_is_named_at_once_with_line_key_and_near_miss() {
    let scene = Scene::new();
    let text = scene
        .configuration()
        .replace("allocation =", "allocaton =")
        .replace("poll_sec = 1", "poll_sec = \"soon\"")
        .replace("rule       = \"off\"", "rule       = \"of\"")
        .replace(
            "immediately = true",
            "immediately = true\ncron = \"every day\"",
        );
    fs::write(scene.path(CONFIGURATION), &text).expect("our own file");
    let line_of = |part: &str| {
        1 + text
            .lines()
            .position(|line| line.contains(part))
            .expect("in the text")
    };
    let said = run(&scene);
    assert_eq!(said.exit, 78, "{said:?}");
    for (part, key, near) in [
        ("allocaton", "allocaton", "allocation"),
        ("soon", "poll_sec", "number"),
        ("\"of\"", "rule", "\"off\""),
        ("every day", "cron", ""),
    ] {
        let place = format!("{CONFIGURATION}:{}: ", line_of(part));
        let found = said
            .err
            .lines()
            .find(|line| line.contains(&place) && line.contains(key));
        assert!(
            found.is_some_and(|line| line.contains(near)),
            "{place}{key} … {near} in\n{}",
            said.err
        );
    }
    assert!(
        !scene.path("store").exists(),
        "a wrong configuration made a store"
    );
    let checked = scene.verb(&["check"]);
    assert_eq!(checked.exit, 78, "{checked:?}");
    assert!(checked.out.contains("did you mean"), "{checked:?}");
}

#[test]
fn a_missing_configuration_and_a_missing_secret_are_named_with_their_files() {
    let scene = Scene::new();
    let said = said(bare(&["run", "--config"]).arg(scene.path("nowhere.toml")));
    assert_eq!(said.exit, 78, "{said:?}");
    assert!(said.err.contains("nowhere.toml"), "{said:?}");
    fs::remove_file(scene.path("credentials/hubspot_token")).expect("our own file");
    fs::set_permissions(
        scene.path("credentials/salesforce_secret"),
        fs::Permissions::from_mode(0o644),
    )
    .expect("ours");
    let said = run(&scene);
    assert_eq!(said.exit, 78, "{said:?}");
    assert!(said.err.contains("credentials/hubspot_token"), "{said:?}");
    assert!(
        said.err.contains("credentials/salesforce_secret"),
        "{said:?}"
    );
    assert!(said.err.contains("chmod 600"), "{said:?}");
}

#[test]
fn a_private_key_that_is_none_is_named_before_anything_is_tried() {
    let scene = Scene::new();
    let text = scene.configuration().replace(
        "auth = \"client-credentials\"",
        "user = \"syncline@acme.example\"",
    );
    fs::write(scene.path(CONFIGURATION), text).expect("our own file");
    scene.credential(
        "salesforce_key",
        "-----BEGIN PRIVATE KEY-----\nbm90IGEga2V5\n-----END PRIVATE KEY-----\n",
    );
    for words in [["run"], ["check"]] {
        let said = scene.verb(&words);
        assert_eq!(said.exit, 78, "{said:?}");
        assert!(
            format!("{}{}", said.out, said.err).contains("salesforce_key"),
            "{said:?}"
        );
    }
}

#[test]
fn a_second_daemon_is_refused_with_the_process_of_the_first() {
    let scene = Scene::new();
    let daemon = scene.started();
    let said = run(&scene);
    assert_eq!(said.exit, 75, "{said:?}");
    assert!(
        said.err.contains(&format!("process {}", daemon.pid())),
        "{said:?}"
    );
    assert_ne!(
        scene.verb(&["status"]).exit,
        69,
        "the second one took the socket of the first"
    );
    assert!(scene.path("control.sock").exists());
    daemon.stop();
}

#[test]
fn a_file_that_is_no_store_is_refused_and_left_as_it_is() {
    let scene = Scene::new();
    fs::create_dir(scene.path("store")).expect("a new folder");
    let file = scene.path("store/syncline.db");
    let foreign = "these are somebody's notes, and no database at all\n".repeat(100);
    fs::write(&file, &foreign).expect("a new file");
    for words in [["run"], ["status"], ["pause"]] {
        let said = scene.verb(&words);
        assert_eq!(said.exit, 65, "{said:?}");
        assert!(said.err.contains("damaged"), "{said:?}");
    }
    assert_eq!(read(&file), foreign);
}

#[test]
fn the_store_of_a_newer_program_is_refused_and_left_byte_for_byte() {
    let scene = Scene::new();
    scene.people(2);
    let daemon = scene.started();
    scene.settled(4);
    daemon.stop();
    let file = scene.path("store/syncline.db");
    let connection = rusqlite::Connection::open(&file).expect("SQLite opens it");
    connection
        .execute_batch("pragma user_version = 9999; pragma wal_checkpoint(truncate)")
        .expect("a pragma");
    drop(connection);
    let before = fs::read(&file).expect("the store");
    for words in [["run"], ["status"], ["pause"], ["rebuild"]] {
        let said = scene.verb(&words);
        assert_eq!(said.exit, 78, "{said:?}");
        assert!(
            said.err.contains("9999") && said.err.contains("newer program"),
            "{said:?}"
        );
    }
    assert!(
        fs::read(&file).expect("the store") == before,
        "a refused store was written to"
    );
}

#[test]
fn a_store_of_other_accounts_is_refused_naming_both_and_nothing_is_spent() {
    let scene = Scene::new();
    scene.people(2);
    let daemon = scene.started();
    scene.settled(4);
    daemon.stop();
    let (calls, text) = (scene.calls_counted(), scene.configuration());
    let org = syncline::simulator::salesforce::Settings::default().org_id;
    for (from, to) in [
        ("portal = 146812345", "portal = 99"),
        (org.as_str(), "00D5g000004XyZwEAK"),
    ] {
        assert!(text.contains(from), "{from}");
        fs::write(scene.path(CONFIGURATION), text.replace(from, to)).expect("our own file");
        let mut child = scene.start();
        super::scene::until_ok(10, || {
            match child.child.try_wait().expect("our own child") {
                Some(status) if status.code() == Some(78) => Ok(()),
                status => Err(format!("{status:?}: {}", child.log())),
            }
        });
        let log = child.log();
        for name in ["146812345", &org, to.trim_start_matches("portal = ")] {
            assert!(log.contains(name), "{name} in {log}");
        }
    }
    assert_eq!(
        scene.calls_counted(),
        calls,
        "calls were spent for the wrong accounts"
    );
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let scene = Scene::new();
    let store = scene.path("store");
    fs::create_dir(&store).expect("a new folder");
    let mut command = scene.command(&["run"]);
    if rustix::process::getuid().is_root() {
        // Root may write anywhere: somebody else has to try.
        hand_over(scene.path("").as_path());
        let binary = scene.path("syncline");
        fs::copy(env!("CARGO_BIN_EXE_syncline-under-test"), &binary)
            .expect("a copy that nobody may run");
        let mut other = std::process::Command::new("setpriv");
        other.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
        other
            .arg(binary)
            .args(["run", "--config"])
            .arg(scene.path(CONFIGURATION));
        command = other;
    }
    fs::set_permissions(&store, fs::Permissions::from_mode(0o555)).expect("our own folder");
    let said = said(&mut command);
    assert_eq!(said.exit, 77, "{said:?}");
    assert!(
        said.err.contains("store.lock") && said.err.contains("run as the daemon's user"),
        "{said:?}"
    );
}

/// Gives a folder and what is in it to nobody.
fn hand_over(path: &Path) {
    chown(path, Some(NOBODY), Some(NOBODY)).expect("root may");
    if path.is_dir() {
        for entry in fs::read_dir(path).expect("a folder") {
            hand_over(&entry.expect("an entry").path());
        }
    }
}

#[test]
fn a_control_socket_that_cannot_be_opened_is_named() {
    let scene = Scene::new();
    let socket = scene.path("control.sock");
    fs::create_dir(&socket).expect("a folder in its place");
    let said = run(&scene);
    assert_eq!(said.exit, 73, "{said:?}");
    assert!(said.err.contains(&socket.display().to_string()), "{said:?}");
}

#[test]
fn a_file_that_stands_where_the_control_socket_should_be_is_named_and_kept() {
    let scene = Scene::new();
    let file = scene.path("control.sock");
    fs::write(&file, "somebody's letter").expect("a new file");
    let said = run(&scene);
    assert_eq!(said.exit, 73, "{said:?}");
    assert!(
        said.err.contains(&file.display().to_string()) && said.err.contains("is no socket"),
        "{said:?}"
    );
    assert_eq!(read(&file), "somebody's letter");
}
