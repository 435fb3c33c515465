//! What `check` says of a configuration and of the store it names.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::scene::{CONFIGURATION, Said, Scene};

fn checked(scene: &Scene, from: &str, to: &str) -> Said {
    let text = scene.configuration();
    assert!(text.contains(from), "{from}");
    fs::write(scene.path(CONFIGURATION), text.replace(from, to)).expect("our own file");
    scene.verb(&["check"])
}

/// A store that a daemon has bound to its accounts.
fn bound() -> Scene {
    let scene = Scene::new();
    scene.people(1);
    let daemon = scene.started();
    scene.settled(2);
    daemon.stop();
    scene
}

#[test]
fn other_accounts_than_the_stores_are_refused_naming_both() {
    let scene = bound();
    let org = syncline::simulator::salesforce::Settings::default().org_id;
    for (from, to) in [
        ("portal = 146812345", "portal = 99"),
        (org.as_str(), "00D5g000004XyZwEAK"),
    ] {
        let said = checked(&scene, from, to);
        assert_eq!(said.exit, 78, "{said:?}");
        for name in ["146812345", &org, to.trim_start_matches("portal = ")] {
            assert!(said.out.contains(name), "{name} in {said:?}");
        }
    }
}

#[test]
fn a_control_path_that_no_socket_can_have_is_refused() {
    let scene = Scene::new();
    let long = format!("control = \"/{}\"\n#", "x".repeat(107));
    let said = checked(&scene, "control = ", &long);
    assert_eq!(said.exit, 78, "{said:?}");
    assert!(said.out.contains("108 bytes is too long"), "{said:?}");
}

#[test]
fn an_allocation_below_what_looking_for_changes_takes_is_a_warning() {
    let scene = Scene::new();
    let said = checked(&scene, "poll_sec = 1", "poll_sec = 60");
    assert!(!said.out.contains("WARN"), "{said:?}");
    let text = scene
        .configuration()
        .replace("poll_sec = 1", "poll_sec = 60");
    fs::write(scene.path(CONFIGURATION), text.replace("50_000", "1_000")).expect("our own file");
    let said = scene.verb(&["check"]);
    assert_eq!(said.exit, 0, "{said:?}");
    let warned = "takes about 10,080 calls in 24 h, allowed are 1,000";
    assert!(
        said.out.contains("WARN") && said.out.contains(warned),
        "{said:?}"
    );
}

#[test]
fn the_standard_mapping_of_every_object_works_on_plain_accounts() {
    let scene = Scene::new();
    let text = scene.configuration();
    let (head, _) = text
        .split_once("[objects.contact]")
        .expect("the usual objects");
    let objects = "[objects.company]\n[objects.contact]\n[objects.deal]\n[objects.task]\n";
    fs::write(scene.path(CONFIGURATION), format!("{head}{objects}")).expect("our own file");
    let said = scene.verb(&["check", "--json"]);
    assert_eq!(said.exit, 0, "{said:?}");
    let checked = said.json();
    let items = checked["items"].as_array().expect("items");
    let wrong: Vec<&str> = items
        .iter()
        .filter(|one| one["state"] != "granted")
        .filter_map(|one| one["what"].as_str())
        .collect();
    // A plain org has no unique field on tasks, and does without.
    assert_eq!(wrong, ["Task.Syncline_HubSpot_Id__c"], "{checked:#}");
}

/// A user who is nobody in particular.
const SOMEBODY: u32 = 4_711;

#[test]
fn a_store_that_root_makes_belongs_to_the_folders_owner() {
    // Only root can make files that another user cannot open.
    if !rustix::process::getuid().is_root() {
        return;
    }
    let scene = Scene::new();
    let store = scene.path("store");
    fs::create_dir(&store).expect("a new folder");
    std::os::unix::fs::chown(&store, Some(SOMEBODY), Some(SOMEBODY)).expect("root may");
    let said = scene.verb(&["check"]);
    assert_eq!(said.exit, 0, "{said:?}");
    let files = fs::read_dir(&store).expect("the store");
    for file in files.map(|file| file.expect("a file")) {
        let owner = file.metadata().expect("its owner").uid();
        assert_eq!(owner, SOMEBODY, "{}", file.path().display());
    }
}

/// Overwrites the first page of a table, as a failing disk does.
fn damage(file: &Path, table: &str) {
    let connection = rusqlite::Connection::open(file).expect("SQLite opens it");
    let ask = "select rootpage from sqlite_schema where name = ?1";
    let page: i64 = connection
        .query_row(ask, [table], |row| row.get(0))
        .expect("the table");
    let size: i64 = connection
        .query_row("pragma page_size", [], |row| row.get(0))
        .expect("a size");
    connection.close().expect("closed");
    let mut bytes = fs::read(file).expect("the store");
    let at = usize::try_from((page - 1) * size).expect("a place");
    bytes[at..at + usize::try_from(size).expect("a size")].fill(0xff);
    fs::write(file, bytes).expect("our own file");
}

#[test]
fn a_store_damaged_inside_ends_with_65_and_is_said_once() {
    let scene = bound();
    let file = scene.path("store/syncline.db");
    damage(&file, "pairs");
    damage(&file, "journal");
    for words in [
        ["status"].as_slice(),
        &["journal", "tail"],
        &["check"],
        &["check", "--journal"],
    ] {
        let said = scene.verb(words);
        assert_eq!(said.exit, 65, "{words:?} {said:?}");
        let told = format!("{}{}", said.out, said.err);
        assert_eq!(told.matches("malformed").count(), 1, "{words:?} {said:?}");
        assert!(
            told.contains("restore the last backup"),
            "{words:?} {said:?}"
        );
    }
}

#[test]
fn a_store_folder_that_is_none_is_called_so_and_not_a_matter_of_rights() {
    let scene = Scene::new();
    fs::write(scene.path("store"), "a file").expect("a new file");
    for words in [["run"], ["status"], ["check"]] {
        let said = scene.verb(&words);
        assert_eq!(said.exit, 74, "{words:?} {said:?}");
        let told = format!("{}{}", said.out, said.err);
        assert!(told.contains("is no folder"), "{words:?} {said:?}");
        assert!(
            !told.contains("run as the daemon's user"),
            "{words:?} {said:?}"
        );
    }
}
