//! A file system that is really full. Mounting one takes root.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use super::scene::{CONFIGURATION, Scene, until};

/// Room for the store, its reserve, and twice the reserve, so that it is taken again.
const SIZE: &str = "size=64m";

/// A small file system that goes with the test.
struct Small(PathBuf);

impl Small {
    fn mounted(at: PathBuf) -> Self {
        fs::create_dir(&at).expect("our own folder");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", SIZE, "tmpfs"]).arg(&at);
        assert!(mount.status().expect("mount is there").success());
        Self(at)
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(&self.0).status());
    }
}

/// Takes all the room that is left; false when there was none.
fn fill(file: &Path) -> bool {
    let mut file = File::options()
        .create(true)
        .append(true)
        .open(file)
        .expect("a folder that takes a name");
    let mut any = false;
    for block in [1 << 20, 1 << 12, 1] {
        while file.write_all(&vec![0; block]).is_ok() {
            any = true;
        }
    }
    any
}

#[test]
fn e2e_a_disk_that_is_full_is_named_and_loses_nothing() {
    let scene = Scene::new();
    let small = Small::mounted(scene.path("small"));
    let there = scene
        .configuration()
        .replace("/store\"\n", "/small/store\"\n");
    fs::write(scene.path(CONFIGURATION), there).expect("our own file");
    scene.people(3);
    let daemon = scene.started();
    scene.settled(6);
    let filler = small.0.join("filler");
    let mut made = 0;
    until("status names the full disk", 40, || {
        // The reserve is given up first: what that frees is taken, too.
        fill(&filler);
        let email = format!("meanwhile{made}@scene.example");
        if made < 10 {
            scene.hubspot(None, json!({ "email": email, "lastname": "Meanwhile" }));
            made += 1;
        }
        let said = scene.verb(&["status"]);
        said.exit == 1 && said.out.contains("the disk is full")
    });
    assert!(
        daemon.log().contains("the disk is full"),
        "{}",
        daemon.log()
    );
    fs::remove_file(&filler).expect("our own file");
    scene.settled(6 + made);
    let checked = scene.verb(&["check", "--journal"]);
    assert_eq!(checked.exit, 0, "{checked:?}");
    daemon.stop();
}
