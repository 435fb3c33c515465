//! A daemon that is killed at random moments, while answers are lost and people go on working,
//! doubles nothing, loses nothing and counts every call.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustix::process::Signal;
use serde_json::{Value, json};
use syncline::clock::SystemClock;
use syncline::domain::catalogue::Catalogue;
use syncline::projections;
use syncline::simulator::{Fault, Rates};
use syncline::store::{Access, Store};

use super::scene::{Daemon, Scene, pause, until, until_ok};

/// Kills in the suite; `SYNCLINE_KILLS=100` asks for more.
const KILLS: u32 = 12;

/// People on each side before the first start: more than the guard lets pass.
const PEOPLE: usize = 30;

/// What goes wrong with a thousand requests while the killing goes on.
fn faults() -> Rates {
    Rates(vec![
        (Fault::Lost, 70),
        (Fault::AnswerAfter(503), 15),
        (Fault::Truncated, 15),
        (Fault::Reset, 10),
        (Fault::HungAfter, 10),
        (Fault::Answer(500), 5),
        (Fault::Refused, 5),
    ])
}

/// A person as both sides must show them in the end: e-mail, last name, phone, title.
pub(super) type Person = (String, String, String, String);

/// What people in both CRMs do meanwhile, and what must come of it.
#[derive(Default)]
struct Office {
    /// By e-mail: the side where the person was entered first, with its id there.
    people: BTreeMap<String, (Entered, Person)>,
}

enum Entered {
    HubSpot(String),
    Salesforce(String),
    Both,
}

impl Office {
    fn enter(&mut self, scene: &Scene, n: usize) {
        let email = format!("p{n}@scene.example");
        let last = format!("Person {n}");
        let (phone, title) = (format!("+49 30 {n:04}"), format!("Grade {n}"));
        let ours = json!({ "email": email, "lastname": last, "phone": phone, "jobtitle": title });
        let theirs = json!({ "Email": email, "LastName": last, "Phone": phone, "Title": title });
        let entered = match n % 5 {
            0 | 2 => Entered::HubSpot(scene.hubspot(None, ours)),
            1 | 3 => Entered::Salesforce(scene.salesforce(theirs)),
            _ => {
                scene.hubspot(None, ours);
                scene.salesforce(theirs);
                Entered::Both
            }
        };
        self.people
            .insert(email.clone(), (entered, (email, last, phone, title)));
    }

    /// Somebody gets another phone in HubSpot, or another title in Salesforce.
    fn edit(&mut self, scene: &Scene, choice: usize, step: u32) {
        let at = choice % self.people.len();
        let Some((entered, person)) = self.people.values_mut().nth(at) else {
            return;
        };
        match entered {
            Entered::HubSpot(id) => {
                person.2 = format!("+49 40 {step}");
                scene.hubspot(Some(id), json!({ "phone": person.2 }));
            }
            Entered::Salesforce(id) => {
                person.3 = format!("Head {step}");
                scene.salesforce(json!({ "Id": id, "Title": person.3 }));
            }
            Entered::Both => (),
        }
    }

    fn expected(&self) -> Vec<Person> {
        self.people
            .values()
            .map(|(_, person)| person.clone())
            .collect()
    }
}

/// Everybody who stands in HubSpot, in order.
pub(super) fn in_hubspot(scene: &Scene) -> Vec<Person> {
    let simulator = scene.simulator();
    let records = simulator.hubspot.records("contacts");
    let of = |name: &str, record: &syncline::simulator::hubspot::record::Record| {
        record.value(name).unwrap_or_default().to_owned()
    };
    let mut people: Vec<Person> = records
        .into_iter()
        .filter(|record| record.archived_at.is_none())
        .map(|it| {
            (
                of("email", it),
                of("lastname", it),
                of("phone", it),
                of("jobtitle", it),
            )
        })
        .collect();
    people.sort();
    people
}

/// Everybody who stands in Salesforce, in order.
fn in_salesforce(scene: &Scene) -> Vec<Person> {
    let rows = scene.simulator().salesforce.records("Contact");
    let of = |name: &str, row: &Value| row[name].as_str().unwrap_or_default().to_owned();
    let mut people: Vec<Person> = rows
        .iter()
        .filter(|row| row["IsDeleted"] != json!(true))
        .map(|it| {
            (
                of("Email", it),
                of("LastName", it),
                of("Phone", it),
                of("Title", it),
            )
        })
        .collect();
    people.sort();
    people
}

/// What differs between two lists, in a few lines.
fn difference(side: &str, found: &[Person], expected: &[Person]) -> Option<String> {
    let lacking: Vec<_> = expected
        .iter()
        .filter(|one| !found.contains(one))
        .take(3)
        .collect();
    let odd: Vec<_> = found
        .iter()
        .filter(|one| !expected.contains(one))
        .take(3)
        .collect();
    (found != expected).then(|| {
        format!(
            "{side}: {} for {}; lacking {lacking:?}; instead {odd:?}",
            found.len(),
            expected.len()
        )
    })
}

/// The story of the first person of whom the two sides tell differently.
fn story(scene: &Scene, expected: &[Person]) -> String {
    let (ours, theirs) = (in_hubspot(scene), in_salesforce(scene));
    let odd = expected
        .iter()
        .find(|one| !ours.contains(one) || !theirs.contains(one));
    let email = odd.map(|person| person.0.clone()).unwrap_or_default();
    let id = {
        let simulator = scene.simulator();
        let records = simulator.hubspot.records("contacts");
        let found = records
            .iter()
            .find(|record| record.value("email") == Some(&email));
        found.map(|record| record.id.to_string())
    };
    id.map(|id| scene.verb(&["records", "show", &id]).out)
        .unwrap_or_default()
}

/// Approves every hold there is, as the operator would, with the binary.
fn approve_holds(scene: &Scene) -> Vec<i64> {
    let said = scene.verb(&["status", "--json"]);
    if said.exit > 2 {
        // A store that was never opened yet, or a daemon killed in the middle of the answer.
        return Vec::new();
    }
    let held: Vec<i64> = said.json()["held"]
        .as_array()
        .expect("a list of holds")
        .iter()
        .map(|hold| hold["number"].as_i64().expect("a number"))
        .collect();
    for number in &held {
        let said = scene.verb(&["approve", &format!("H-{number}")]);
        assert_eq!(said.exit, 0, "{said:?}");
        assert!(
            said.out.starts_with(&format!("H-{number} approved: ")),
            "{said:?}"
        );
    }
    held
}

struct Rounds {
    approved: Vec<i64>,
    steps: u32,
}

/// Starts and kills the daemon `kills` times while the office works.
fn kill_and_kill(
    scene: &Scene,
    office: &mut Office,
    kills: u32,
    luck: &mut fastrand::Rng,
) -> Rounds {
    let mut rounds = Rounds {
        approved: Vec::new(),
        steps: 0,
    };
    let daemon = scene.started();
    // A hold settled before its mail is gathered is not told: the operator waits for the mail.
    until_ok(30, || {
        let told = !scene.mails().is_empty();
        told.then_some(()).ok_or("a mail about the hold".to_owned())
    });
    until_ok(30, || {
        rounds.approved.extend(approve_holds(scene));
        rounds
            .approved
            .contains(&1)
            .then_some(())
            .ok_or("a first load held as H-1".to_owned())
    });
    // The first death falls into the first load.
    pause(luck.u64(10..300));
    daemon.kill();
    scene.fault_rates(&faults());
    for round in 1..kills {
        let daemon = scene.start();
        // Short lives die while starting, long ones in the middle of writing.
        let parts = [1, 1, 2, 3, 4, 6][luck.usize(..6)];
        for _ in 0..parts {
            pause(luck.u64(10..600));
            rounds.steps += 1;
            if luck.u8(..2) == 0 {
                office.enter(scene, office.people.len());
            }
            office.edit(scene, luck.usize(..), rounds.steps);
        }
        if round % 2 == 1 {
            rounds.approved.extend(approve_holds(scene));
            pause(luck.u64(10..900));
        }
        daemon.kill();
    }
    rounds
}

/// The projections as text, of a store that nobody else has open.
fn dump(scene: &Scene) -> String {
    let catalogue = Arc::new(Catalogue::shipped());
    let store = Store::open(
        &scene.path("store"),
        Access::Read,
        catalogue,
        Arc::new(SystemClock::new()),
    );
    store
        .expect("the store reads")
        .read_blocking(projections::dump)
        .expect("the projections read")
}

/// Waits until both CRMs show what people entered and the daemon has nothing left to do.
fn wait_until_quiet(scene: &Scene, office: &Office, daemon: &Daemon) {
    let expected = office.expected();
    let mut sorted = expected;
    sorted.sort();
    let mut quiet = 0;
    until_ok(30, || {
        approve_holds(scene);
        let wrong = difference("HubSpot", &in_hubspot(scene), &sorted)
            .or_else(|| difference("Salesforce", &in_salesforce(scene), &sorted));
        let status = scene.status();
        let line = &status["objects"][0];
        let idle = ["waiting", "deferred", "held", "failing"]
            .iter()
            .all(|key| line[key] == json!(0));
        quiet = if wrong.is_none() && idle {
            quiet + 1
        } else {
            0
        };
        if quiet >= 3 {
            Ok(())
        } else {
            Err(format!(
                "{wrong:?}\n{line}\n{}\n{}",
                story(scene, &sorted),
                tail(&daemon.log())
            ))
        }
    });
}

fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(30)..].join("\n")
}

#[test]
fn killed_at_random_moments_it_doubles_nothing_loses_nothing_and_counts_every_call() {
    let kills = std::env::var("SYNCLINE_KILLS").ok();
    let kills = kills.map_or(KILLS, |text| {
        text.parse().expect("SYNCLINE_KILLS is a number")
    });
    let seed = std::env::var("SYNCLINE_SEED").ok();
    let seed = seed.map_or(20_261_123, |text| {
        text.parse().expect("SYNCLINE_SEED is a number")
    });
    tell(&format!("{kills} kills, SYNCLINE_SEED={seed}"));
    let mut luck = fastrand::Rng::with_seed(seed);
    let scene = Scene::new();
    let mut office = Office::default();
    (0..2 * PEOPLE).for_each(|n| office.enter(&scene, n));

    let rounds = kill_and_kill(&scene, &mut office, kills, &mut luck);
    scene.simulator().faults.calm();
    let daemon = scene.started();
    wait_until_quiet(&scene, &office, &daemon);

    let written = scene.verb(&["budget", "--json"]).json();
    let (spent, counted) = (
        written["calls"]["used"].as_u64().expect("a number"),
        scene.calls_counted(),
    );
    daemon.stop();
    let struck: u64 = scene.simulator().faults.struck().values().sum();
    tell(&format!(
        "{kills} kills: {} people, {} steps, {struck} faults, holds {:?}, calls spent {spent}, counted {counted}",
        office.people.len(),
        rounds.steps,
        rounds.approved
    ));
    assert!(
        spent >= counted,
        "{spent} calls in the journal, {counted} counted by Salesforce"
    );
    assert!(spent <= 50_000 && counted > 0, "{spent} {counted}");
    assert!(struck > 0, "no fault struck: nothing was proved");
    judge_store(&scene);
    judge_mails(&scene);
}

/// Says a figure to whoever runs the test with `--nocapture`.
#[expect(
    clippy::print_stdout,
    reason = "the figures of a long run are its result"
)]
fn tell(line: &str) {
    println!("{line}");
}

fn judge_store(scene: &Scene) {
    let said = scene.verb(&["check", "--journal"]);
    assert_eq!(said.exit, 0, "{said:?}");
    assert!(said.out.contains("checksums unbroken to"), "{said:?}");
    let before = dump(scene);
    assert!(
        before.len() > 10_000,
        "a dump of {} bytes shows nothing",
        before.len()
    );
    let said = scene.verb(&["rebuild"]);
    assert_eq!(said.exit, 0, "{said:?}");
    let after = dump(scene);
    let differing: Vec<_> = before
        .lines()
        .zip(after.lines())
        .filter(|(one, other)| one != other)
        .take(5)
        .collect();
    assert!(
        before == after,
        "rebuild changed the projections: {differing:#?}"
    );
}

/// A mail that came twice came as the same bytes: its reader's program shows it once.
fn judge_mails(scene: &Scene) {
    let mut known = BTreeMap::new();
    for mail in scene.mails() {
        let id = mail.header("message-id").expect("a Message-ID");
        let bytes = known
            .entry(id.clone())
            .or_insert_with(|| mail.bytes.clone());
        assert_eq!(*bytes, mail.bytes, "{id} came with two contents");
    }
    assert!(!known.is_empty(), "no mail told of the hold");
    let subjects = scene.subjects().join("\n");
    assert!(subjects.contains("H-1"), "{subjects}");
}

#[test]
fn a_terminated_daemon_has_nothing_left_to_settle_at_the_next_start() {
    let scene = Scene::new();
    scene.people(3);
    let mut daemon = scene.started();
    scene.settled(6);
    let (exit, _) = daemon.stop_by(Signal::TERM);
    assert_eq!(exit, Some(0));
    let calls = scene.calls_counted();
    let daemon = scene.started();
    scene.settled(6);
    until("the second start reads", 20, || {
        scene.calls_counted() > calls
    });
    daemon.stop();
    let writes = scene.verb(&["journal", "tail", "-n", "1000"]).out;
    assert_eq!(
        writes.matches("\"action\":\"created\"").count(),
        6,
        "{writes}"
    );
}
