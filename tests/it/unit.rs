//! The shipped systemd unit, judged by systemd itself.

use std::path::PathBuf;
use std::process::Command;

const UNIT: &str = include_str!("../../systemd/syncline.service");

/// A copy whose program exists, so that only real faults are told.
fn copy() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("syncline.service");
    std::fs::write(
        &path,
        UNIT.replace("/usr/local/bin/syncline run", "/bin/true run"),
    )
    .expect("a temporary folder takes files");
    (folder, path)
}

#[test]
fn systemd_finds_nothing_to_say_about_the_unit() {
    let (_folder, path) = copy();
    let output = Command::new("systemd-analyze")
        .arg("verify")
        .arg(path)
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert_eq!(String::from_utf8_lossy(&said), "");
    assert!(output.status.success());
}

#[test]
fn the_unit_is_exposed_to_at_most_one_and_a_half_of_ten() {
    let (_folder, path) = copy();
    let mut command = Command::new("systemd-analyze");
    let output = command
        .args(["security", "--offline=true", "--threshold=15"])
        .arg(path)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
}
