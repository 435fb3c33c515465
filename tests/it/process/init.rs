//! What `init` writes, and what it leaves alone.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::scene::{Said, bare, read, said};
use crate::crm_salesforce::tokens::pems;

const ANSWERS: [&str; 10] = [
    "--portal",
    "4711002",
    "--login",
    "https://acme.my.salesforce.com",
    "--org",
    "00D5g000004XyZwEAK",
    "--client-id",
    "3MVG9\"quoted\"",
    "--user",
    "syncline@acme.example",
];

fn init(folder: &tempfile::TempDir, more: &[&str]) -> Said {
    let mut command = bare(&["init"]);
    command.args(more).arg("--config");
    said(command.arg(folder.path().join("syncline.toml")))
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn mode(folder: &tempfile::TempDir, name: &str) -> u32 {
    let about = fs::metadata(folder.path().join(name)).expect(name);
    about.permissions().mode() & 0o777
}

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    ["--yes"]
        .iter()
        .chain(&ANSWERS)
        .chain(more)
        .copied()
        .collect()
}

#[test]
fn what_it_writes_passes_the_check_and_its_secrets_are_their_owners_alone() {
    let folder = folder();
    let key = folder.path().join("key.pem");
    let pem = &pems()[0];
    fs::write(&key, pem).expect("a new file");
    let token = folder.path().join("token");
    fs::write(&token, "pat-eu1-secret\n").expect("a new file");
    let store = folder.path().join("store").display().to_string();
    let told = init(
        &folder,
        &with(&[
            "--hubspot-token",
            &token.display().to_string(),
            "--salesforce-secret",
            &key.display().to_string(),
            "--store",
            &store,
        ]),
    );
    assert_eq!(told.exit, 0, "{told:?}");
    assert!(told.out.contains("next: syncline --config"), "{told:?}");
    assert!(
        !told.out.contains("pat-eu1-secret") && !told.err.contains("pat-eu1"),
        "{told:?}"
    );
    assert_eq!(mode(&folder, "credentials"), 0o700);
    assert_eq!(mode(&folder, "credentials/hubspot_token"), 0o600);
    assert_eq!(mode(&folder, "credentials/salesforce_key"), 0o600);
    assert_eq!(
        read(&folder.path().join("credentials/hubspot_token")),
        "pat-eu1-secret"
    );
    let text = read(&folder.path().join("syncline.toml"));
    assert!(text.contains("mode = \"observe\""), "{text}");
    assert!(!text.contains("pat-eu1-secret"), "{text}");
    let mut check = bare(&["check", "--offline", "--config"]);
    let checked = said(check.arg(folder.path().join("syncline.toml")));
    assert_eq!(checked.exit, 0, "{checked:?}");
}

#[test]
fn secrets_that_are_not_given_get_empty_files_that_are_named() {
    let folder = folder();
    let told = init(
        &folder,
        &with(&[
            "--smtp",
            "smtps://us@smtp.acme.example",
            "--from",
            "syncline@acme.example",
            "--to",
            "ops@acme.example",
        ]),
    );
    assert_eq!(told.exit, 0, "{told:?}");
    for name in ["hubspot_token", "salesforce_key", "smtp_password"] {
        assert_eq!(mode(&folder, &format!("credentials/{name}")), 0o600);
        assert!(
            told.out.contains(&format!("{name}, mode 600, still empty")),
            "{told:?}"
        );
    }
    assert!(told.out.contains("next: put the secrets into"), "{told:?}");
}

#[test]
fn a_folder_that_it_makes_is_open_to_the_daemon_and_the_secrets_in_it_are_not() {
    let folder = folder();
    let made = folder.path().join("etc/syncline");
    let mut arguments = vec!["init"];
    arguments.extend(with(&[]));
    let mut command = bare(&arguments);
    let told = said(command.arg("--config").arg(made.join("syncline.toml")));
    assert_eq!(told.exit, 0, "{told:?}");
    assert_eq!(mode(&folder, "etc/syncline") & 0o055, 0o055);
    assert_eq!(mode(&folder, "etc/syncline/syncline.toml") & 0o044, 0o044);
    assert_eq!(mode(&folder, "etc/syncline/credentials"), 0o700);
}

#[test]
fn nothing_is_overwritten() {
    let folder = folder();
    let kept = folder.path().join("credentials");
    fs::create_dir(&kept).expect("a new folder");
    fs::write(kept.join("hubspot_token"), "mine").expect("a new file");
    let told = init(&folder, &with(&[]));
    assert_eq!(told.exit, 0, "{told:?}");
    assert_eq!(read(&kept.join("hubspot_token")), "mine");
    assert!(
        told.out.contains("hubspot_token, which was there already"),
        "{told:?}"
    );
    let before = read(&folder.path().join("syncline.toml"));
    let again = init(&folder, &with(&["--name", "other"]));
    assert_eq!(again.exit, 73, "{again:?}");
    assert!(
        again
            .err
            .contains("is there already, and nothing is overwritten"),
        "{again:?}"
    );
    assert_eq!(read(&folder.path().join("syncline.toml")), before);
}

#[test]
fn what_is_missing_or_wrong_is_named_and_nothing_is_written() {
    let folder = folder();
    for (words, named) in [
        (
            &["--yes"][..],
            "--portal, --login, --org, --client-id must be given",
        ),
        (&[], "nobody is at a terminal to be asked"),
        (
            &[
                "--yes",
                "--portal",
                "x",
                "--login",
                "http://acme.example",
                "--org",
                "00Dwrong",
                "--client-id",
                "key",
            ],
            "00Dwrong",
        ),
    ] {
        let told = init(&folder, words);
        assert_eq!(told.exit, 64, "{told:?}");
        assert!(told.err.contains(named), "{named} in {told:?}");
    }
    let left = fs::read_dir(folder.path()).expect("our folder").count();
    assert_eq!(left, 0, "nothing was written");
}
