//! The process dies at every step of telling people: nothing is lost, and nothing is told twice.

use std::collections::BTreeMap;
use std::sync::Arc;

use syncline::domain::event::{CauseState, Event, Told};
use syncline::domain::schedule::Frequency;
use syncline::journal;
use syncline::mail::{Mailer, Outgoing, Sending};
use syncline::store::Options;
use tokio::sync::Notify;

use super::{DAY, MINUTE, Server, World, daily, now, timed};
use crate::store::options;

/// Where the process dies in every look of a story.
#[derive(Debug, Clone, Copy)]
enum Death {
    /// The store refuses every commit after so many.
    Commit(u64),
    /// A mail never leaves, after so many that did.
    Before(usize),
    /// A mail is taken and the answer never comes, after so many.
    After(usize),
}

/// A server that says nothing once its time has come.
struct Dying {
    server: Arc<Server>,
    death: Death,
    seen: usize,
    dead: Arc<Notify>,
}

impl Mailer for Dying {
    fn send<'a>(&'a self, mail: &'a Outgoing) -> Sending<'a> {
        let seen = self.server.offered.lock().unwrap().len() - self.seen;
        let (silent, taken) = match self.death {
            Death::Commit(_) => (false, true),
            Death::Before(mails) => (seen >= mails, seen < mails),
            Death::After(mails) => (seen >= mails, true),
        };
        if taken {
            self.server.offered.lock().unwrap().push(mail.clone());
        }
        if silent {
            self.dead.notify_one();
            return Box::pin(std::future::pending());
        }
        Box::pin(async { Ok(()) })
    }
}

impl World {
    /// A look in which the process dies, when it comes that far; whether it did.
    fn dies(&mut self, death: Death) -> bool {
        self.notifier = None;
        self.store = None;
        let dead = Arc::new(Notify::new());
        let dying = Dying {
            seen: self.server.offered.lock().unwrap().len(),
            server: Arc::clone(&self.server),
            death,
            dead: Arc::clone(&dead),
        };
        let refuse_commits_after = match death {
            Death::Commit(commits) => Some(commits),
            Death::Before(_) | Death::After(_) => None,
        };
        self.start_with_mailer(
            Options {
                refuse_commits_after,
                ..options()
            },
            Arc::new(dying),
        );
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let notifier = self.notifier.as_mut().unwrap();
        let died = runtime.block_on(async {
            tokio::select! {
                biased;
                done = notifier.work() => done.is_err(),
                () = dead.notified() => true,
            }
        });
        self.restart();
        died
    }
}

/// A cause opens, grows, ends and comes back, each with time for every digest; the process dies in
/// every look. Whether it ever came that far.
fn check(death: Death) -> bool {
    let mut world = World::loaded(vec![
        ("now@acme.example", now()),
        ("daily@acme.example", daily()),
        (
            "weekly@acme.example",
            timed(Frequency::Weekly, "0 0 8 * * MON"),
        ),
    ]);
    let mut died = false;
    for step in 0..4 {
        match step {
            0 => world.fail(0..5, "STRING_TOO_LONG", "Title"),
            1 => world.fail(5..40, "STRING_TOO_LONG", "Title"),
            2 => world.mend(0..40),
            _ => world.fail(0..3, "STRING_TOO_LONG", "Title"),
        }
        for wait in [MINUTE, 8 * DAY] {
            world.pass(wait);
            died |= world.dies(death);
            world.look();
        }
    }
    let expected = [
        (CauseState::Opened, 5),
        (CauseState::Grew, 40),
        (CauseState::Resolved, 40),
        (CauseState::Back, 3),
    ];
    let entries = world.write(|tx| journal::read(tx, 0, u32::MAX));
    let mut told: BTreeMap<i64, Vec<(CauseState, u64)>> = BTreeMap::new();
    let mut ids = Vec::new();
    for entry in entries {
        if let Event::DigestPlanned(event) = entry.event {
            let of = told.entry(event.slot.recipient).or_default();
            of.extend(event.told.iter().filter_map(|one| match one {
                Told::Cause(_, state, records) => Some((*state, *records)),
                _ => None,
            }));
            ids.push(event.message_id);
        }
    }
    assert_eq!(told.len(), 3, "{death:?}");
    for (recipient, told) in told {
        assert_eq!(told, expected, "{death:?}: recipient {recipient}");
    }
    // What was planned arrived, and what arrived twice arrived in the same bytes.
    let offered = world.server.offered.lock().unwrap();
    for id in &ids {
        let mut copies = offered.iter().filter(|mail| mail.message_id.as_str() == id);
        let first = copies.next();
        assert!(first.is_some(), "{death:?}: {id} never arrived");
        assert!(copies.all(|copy| Some(copy) == first), "{death:?}: {id}");
    }
    let twice = offered.len() - ids.len();
    let lost_answers = matches!(death, Death::After(_) | Death::Commit(_));
    assert!(twice == 0 || lost_answers, "{death:?}: {twice} copies");
    died
}

#[test]
fn every_change_of_a_cause_is_told_once_wherever_the_process_dies() {
    let kinds: [fn(usize) -> Death; 3] = [
        |place| Death::Commit(place as u64),
        Death::Before,
        Death::After,
    ];
    for kind in kinds {
        let mut places = 0;
        while check(kind(places)) {
            places += 1;
        }
        assert!(
            places > 1,
            "{:?} was the first that no look reached",
            kind(places)
        );
    }
}
