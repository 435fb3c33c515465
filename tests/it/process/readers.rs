//! Readers of mails set by verbs and by the file, and a reload between them.

use super::scene::{CONFIGURATION, Scene, until};

/// A reader's line of `syncline notify`.
fn line(scene: &Scene, address: &str) -> String {
    let said = scene.verb(&["notify"]);
    assert_eq!(said.exit, 0, "{said:?}");
    let line = said.out.lines().find(|line| line.starts_with(address));
    let words = line.unwrap_or_default().split_whitespace();
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn a_later_edit_of_the_file_leaves_those_alone_whom_it_says_nothing_new_of() {
    let scene = Scene::new();
    let file = |daily: &str| {
        format!(
            "{}\n[[notify]]\nto = \"first@acme.example\"\ndaily = \"08:00\"\n\n\
             [[notify]]\nto = \"second@acme.example\"\ndaily = \"{daily}\"\n",
            scene.configuration()
        )
    };
    let write = |text: String| std::fs::write(scene.path(CONFIGURATION), text);
    write(file("08:00")).expect("the folder takes files");
    let daemon = scene.started();
    let set = |words: &[&str]| {
        let said = scene.verb(&[&["notify", "set"], words].concat());
        assert_eq!(said.exit, 0, "{said:?}");
    };
    set(&[
        "first@acme.example",
        "--daily",
        "07:15",
        "--zone",
        "Europe/Rome",
    ]);
    set(&["third@acme.example", "--weekly", "mon 09:00"]);
    let said = scene.verb(&[
        "notify",
        "set",
        "first@acme.example",
        "--zone",
        "Europe/Rom",
    ]);
    assert_eq!(said.exit, 64, "{said:?}");
    assert!(said.err.contains("did you mean Europe/Rome?"), "{said:?}");
    write(file("10:30")).expect("the folder takes files");
    daemon.signal(rustix::process::Signal::HUP);
    until("the edit is in force", 20, || {
        line(&scene, "second@").contains("daily 10:30")
    });
    assert!(line(&scene, "first@").contains("daily 07:15 Europe/Rome"));
    assert!(line(&scene, "third@").contains("weekly mon 09:00 UTC"));
    let tried = scene.verb(&["notify", "test", "third@acme.example"]);
    assert_eq!(tried.exit, 0, "{tried:?}");
    until("the test arrives", 10, || {
        let subjects = scene.subjects();
        let named = |subject: &String| subject.contains("TEST: mail from Syncline reaches you");
        subjects.iter().any(named)
    });
    let out = scene.path("next.txt").display().to_string();
    let preview = scene.verb(&["notify", "preview", "third@acme.example", "--out", &out]);
    assert_eq!(preview.exit, 0, "{preview:?}");
    let text = std::fs::read_to_string(&out).expect("the preview was written");
    assert!(
        text.contains("syncline notify set third@acme.example"),
        "{text}"
    );
    daemon.stop();
}
