//! Whether mail gets out at all, and who says so when it does not.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use syncline::control::report::{Report, Status};
use syncline::control::request::Request;
use syncline::control::{Vantage, answer};
use syncline::crm::http::{HttpRequest, HttpResponse, Sending, Transport, TransportError};
use syncline::domain::event::Stage;
use syncline::mail::MailError;
use syncline::notifier::Heartbeat;

use super::{DAY, HOUR, MINUTE, World, now};

/// The keeper of the heartbeat: counts what it hears.
#[derive(Default)]
struct Keeper {
    heard: Mutex<Vec<String>>,
    answers: Mutex<VecDeque<u16>>,
}

impl Transport for Keeper {
    fn send(&self, request: HttpRequest) -> Sending<'_> {
        self.heard.lock().unwrap().push(request.url);
        let status = self.answers.lock().unwrap().pop_front().unwrap_or(200);
        let answer: Result<HttpResponse, TransportError> = Ok(HttpResponse {
            status,
            headers: Vec::new(),
            body: Vec::new(),
        });
        Box::pin(std::future::ready(answer))
    }
}

impl World {
    fn status(&self) -> Status {
        let store = self.store.as_ref().unwrap();
        let at = store.clock().now();
        let asked = answer(store, &Request::Status, 0, at, Vantage::Beside);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        match runtime.block_on(asked).unwrap() {
            Report::Status(status) => *status,
            other => panic!("{other:?}"),
        }
    }

    /// The lines of `status` about mail.
    fn about_mail(&self) -> Vec<String> {
        let lines = self.status().attention.into_iter();
        lines.filter(|line| line.contains("mail")).collect()
    }

    fn refuse(&self, stage: Stage, code: u16, times: usize) {
        let error = MailError {
            stage,
            code,
            permanent: code >= 550,
            ambiguous: false,
            text: "no".to_owned(),
        };
        let faults = std::iter::repeat_n(error, times);
        self.server.faults.lock().unwrap().extend(faults);
    }
}

/// Lets a heartbeat look once, of which this keeper hears.
fn beating(world: &World, keeper: &Arc<Keeper>) -> impl FnMut() + use<> {
    let mut heartbeat = Heartbeat::new(
        Arc::clone(world.store.as_ref().unwrap()),
        Arc::clone(&world.clock) as Arc<dyn syncline::clock::Clock>,
        Arc::clone(keeper) as Arc<dyn Transport>,
        "https://hc.acme.example/ping/1".to_owned(),
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    move || {
        runtime.block_on(heartbeat.work()).unwrap();
    }
}

#[test]
fn a_mail_server_that_is_dead_stands_in_status_and_the_heartbeat_ceases() {
    let mut world = World::loaded(vec![("admin@acme.example", now())]);
    let keeper = Arc::new(Keeper::default());
    let mut beat = beating(&world, &keeper);
    let mut beats = |minutes: i64, world: &mut World| {
        let before = keeper.heard.lock().unwrap().len();
        for _ in 0..minutes {
            world.pass(MINUTE);
            world.mailed();
            beat();
        }
        keeper.heard.lock().unwrap().len() - before
    };
    assert_eq!(beats(3, &mut world), 3);
    world.refuse(Stage::Connect, 0, 3);
    world.fail(0..3, "STRING_TOO_LONG", "Title");
    // One failure is an accident.
    assert_eq!(beats(1, &mut world), 1);
    assert_eq!(world.about_mail(), Vec::<String>::new());
    assert_eq!(beats(3, &mut world), 0);
    let about = world.about_mail();
    assert_eq!(
        about,
        [
            "mail does not get out since 3 min (no answer at connect); 1 mail waits and nothing is \
          lost: the log says why, \"syncline notify test ADDRESS\" tries"
        ]
    );
    world.pass(HOUR);
    assert!(beats(30, &mut world) > 0);
    assert_eq!(world.about_mail(), Vec::<String>::new());
}

#[test]
fn a_server_that_greylists_one_reader_is_no_dead_mail() {
    let mut world = World::loaded(vec![
        ("admin@acme.example", now()),
        ("revops@acme.example", now()),
    ]);
    world.refuse(Stage::Envelope, 451, 1);
    world.fail(0..3, "STRING_TOO_LONG", "Title");
    world.pass(MINUTE);
    assert_eq!(world.mailed().len(), 2);
    assert_eq!(world.about_mail(), Vec::<String>::new());
}

#[test]
fn a_reader_whose_last_mail_was_refused_is_named_until_one_is_taken() {
    let mut world = World::loaded(vec![("admin@acme.example", now())]);
    world.refuse(Stage::Envelope, 550, 1);
    world.fail(0..3, "STRING_TOO_LONG", "Title");
    world.pass(MINUTE);
    world.mailed();
    assert_eq!(
        world.about_mail(),
        [
            "the last mail to admin@acme.example was refused for good (550 at envelope): syncline \
          notify"
        ]
    );
    world.pass(DAY);
    world.fail(3..6, "STRING_TOO_LONG", "Fax");
    world.pass(MINUTE);
    assert_eq!(world.mailed().len(), 1);
    assert_eq!(world.about_mail(), Vec::<String>::new());
}

#[test]
fn a_heartbeat_that_its_keeper_refuses_is_logged_once() {
    let world = World::loaded(vec![("admin@acme.example", now())]);
    let keeper = Arc::new(Keeper::default());
    keeper.answers.lock().unwrap().extend([404, 404]);
    let mut beat = beating(&world, &keeper);
    let logged = crate::logging::lines(syncline::logging::Form::Journal, "info", |_| {
        for _ in 0..3 {
            world.pass(MINUTE);
            beat();
        }
    });
    assert_eq!(
        logged,
        "<4>no heartbeat is given: its keeper answers 404\n<5>the heartbeat is given again\n"
    );
}
