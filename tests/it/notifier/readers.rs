//! Who is told what, changed while the daemon runs.

use std::sync::Arc;

use syncline::config::{MailAddress, Mailbox};
use syncline::control::report::{Preview, Report};
use syncline::control::request::{Refusal, Request, Wish};
use syncline::control::{Vantage, answer_with};
use syncline::domain::event::{By, RecipientSetting, Stage};
use syncline::domain::schedule::Frequency;
use syncline::mail::{MailError, Mailer};
use syncline::notifier::Post;

use super::{DAY, HOUR, MINUTE, World, daily, now, subject, teller, text, timed};

impl World {
    /// What is asked, as over the socket.
    fn ask(&self, request: &Request) -> Result<Report, Refusal> {
        let post = Post {
            teller: teller(self.names),
            mailer: Arc::clone(&self.server) as Arc<dyn Mailer>,
        };
        let store = self.store.as_ref().unwrap();
        let at = store.clock().now();
        let asked = answer_with(store, request, 1_000, at, Vantage::Alone, Some(&post));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(asked)
    }

    /// What a reader is set to, in words.
    fn set(&self, address: &str, wish: Wish) -> Result<String, String> {
        let address = address.to_owned();
        let usual_zone = "Europe/Rome".to_owned();
        let wish = Wish { usual_zone, ..wish };
        match self.ask(&Request::SetReader { address, wish }) {
            Ok(Report::Done(done)) => Ok(done.said),
            Ok(other) => panic!("{other:?}"),
            Err(refusal) => Err(refusal.message),
        }
    }

    fn readers(&self) -> Vec<String> {
        let Ok(Report::Readers(list)) = self.ask(&Request::Readers) else {
            panic!("no list")
        };
        let lines = list.readers.into_iter().map(|one| {
            let address = one.address.unwrap_or_default();
            let on = if one.on { "" } else { " off" };
            format!(
                "{address}{on}: {} {} {}",
                one.told.join(", "),
                one.zone,
                one.only.join("; ")
            )
        });
        lines.map(|line| line.trim_end().to_owned()).collect()
    }

    fn preview(&self, address: &str, frequency: Option<Frequency>) -> Preview {
        let address = address.to_owned();
        match self.ask(&Request::PreviewMail { address, frequency }) {
            Ok(Report::Preview(preview)) => *preview,
            other => panic!("{other:?}"),
        }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "it is what a wish is made of")]
fn text_of(word: &str) -> Option<String> {
    Some(word.to_owned())
}

#[expect(clippy::unnecessary_wraps, reason = "it is what a wish is made of")]
fn words(list: &[&str]) -> Option<Vec<String>> {
    Some(list.iter().map(|&word| word.to_owned()).collect())
}

#[test]
fn a_reader_set_at_run_time_is_told_and_one_switched_off_is_not() {
    let mut world = World::loaded(vec![("revops@acme.example", daily())]);
    let said = world.set(
        "ops@acme.example",
        Wish {
            daily: text_of("09:30"),
            zone: text_of("America/New_York"),
            who_fixes: words(&["revops"]),
            types: words(&["string-too-long"]),
            ..Wish::default()
        },
    );
    assert_eq!(
        said.unwrap(),
        "ops@acme.example: told daily 09:30, America/New_York"
    );
    let off = Wish {
        mails: text_of("off"),
        ..Wish::default()
    };
    world.set("revops@acme.example", off).unwrap();
    assert_eq!(
        world.readers(),
        [
            "revops@acme.example off: daily 08:00 Europe/Rome",
            "ops@acme.example: daily 09:30 America/New_York who fixes: revops; types: string-too-long",
        ]
    );
    world.fail(0..3, "STRING_TOO_LONG", "Title");
    world.fail(3..9, "FIELD_CUSTOM_VALIDATION_EXCEPTION", "Phone");
    world.pass(6 * HOUR + 31 * MINUTE);
    let mails = world.mailed();
    assert_eq!(mails.len(), 1);
    assert!(
        subject(&mails[0]).starts_with("ops: 1 new"),
        "{}",
        subject(&mails[0])
    );
    assert!(!text(&mails[0]).contains("Phone"), "{}", text(&mails[0]));
    let on = Wish {
        mails: text_of("on"),
        ..Wish::default()
    };
    world.set("revops@acme.example", on).unwrap();
    world.pass(16 * HOUR + 30 * MINUTE);
    let told = world.subjects();
    assert!(told[0].starts_with("revops: 2 new"), "{told:?}");
}

#[test]
fn what_cannot_be_is_named_and_changes_nothing() {
    let world = World::loaded(vec![("revops@acme.example", daily())]);
    let check = |address: &str, wish: Wish, named: &str| {
        let before = world.readers();
        let said = world.set(address, wish).unwrap_err();
        assert!(said.contains(named), "{said}");
        assert_eq!(world.readers(), before, "{named}");
    };
    let ops = "ops@acme.example";
    let none = Wish::default;
    let of_daily = |text: &str| Wish {
        daily: text_of(text),
        ..none()
    };
    check("ops", of_daily("08:00"), "\"ops\" is no mail address");
    check(
        "Evil\r\nBcc: x <ops@acme.example>",
        of_daily("08:00"),
        "is no mail address",
    );
    check(ops, of_daily("25:00"), "\"25:00\" is no time of day");
    check(
        ops,
        Wish {
            cron: text_of("0 8 * * 1-5"),
            ..none()
        },
        "MON-FRI",
    );
    check(
        ops,
        Wish {
            weekly: text_of("8 mon"),
            ..none()
        },
        "is no time of day",
    );
    check(
        ops,
        Wish {
            zone: text_of("Europe/Rom"),
            ..of_daily("08:00")
        },
        "did you mean Europe/Rome?",
    );
    check(
        ops,
        Wish {
            who_fixes: words(&["admin"]),
            ..of_daily("08:00")
        },
        "salesforce-admin",
    );
    check(
        ops,
        Wish {
            types: words(&["string-to-long"]),
            ..of_daily("08:00")
        },
        "did you mean string-too-long",
    );
    check(
        ops,
        Wish {
            objects: words(&["car"]),
            ..of_daily("08:00")
        },
        "\"car\" is not kept in step",
    );
    check(ops, none(), "would never be told anything");
    check(
        "revops@acme.example",
        Wish {
            daily: text_of("off"),
            ..none()
        },
        "would never be told anything",
    );
    check(
        ops,
        Wish {
            cron: text_of("0 8 * * *"),
            ..of_daily("08:00")
        },
        "give one of the two",
    );
}

#[test]
fn a_changed_time_counts_from_the_change_and_a_changed_zone_too() {
    let mut world = World::loaded(vec![("revops@acme.example", daily())]);
    world.pass(DAY);
    assert_eq!(world.subjects(), Vec::<String>::new());
    world.fail(0..3, "STRING_TOO_LONG", "Title");
    // It is nine in the morning: seven o'clock is over, and was nobody's time.
    let seven = Wish {
        daily: text_of("07:00"),
        ..Wish::default()
    };
    world.set("revops@acme.example", seven).unwrap();
    assert_eq!(world.subjects(), Vec::<String>::new());
    world.pass(21 * HOUR);
    assert_eq!(world.subjects(), Vec::<String>::new());
    world.pass(HOUR);
    assert_eq!(world.subjects().len(), 1);
    world.fail(3..9, "STRING_TOO_LONG", "Fax");
    // Where it is two in the afternoon, seven is over too.
    let east = Wish {
        zone: text_of("Asia/Tokyo"),
        ..Wish::default()
    };
    world.set("revops@acme.example", east).unwrap();
    assert_eq!(world.subjects(), Vec::<String>::new());
    world.pass(16 * HOUR);
    assert_eq!(world.subjects().len(), 1);
}

#[test]
fn a_preview_is_the_mail_that_comes_and_claims_nothing() {
    let mut world = World::loaded(vec![("revops@acme.example", daily())]);
    let quiet = world.preview("revops@acme.example", None);
    assert!(!quiet.goes);
    world.fail(0..3, "STRING_TOO_LONG", "Title");
    world.pass(23 * HOUR);
    let preview = world.preview("revops@acme.example", None);
    assert!(preview.goes);
    assert_eq!(preview.why, [(1, "opened".to_owned())]);
    let mails = world.mailed();
    assert_eq!(text(&mails[0]).trim_end(), preview.text.trim_end());
    assert_eq!(
        world.preview("revops@acme.example", None).why,
        [(1, "nothing new".to_owned())]
    );
    let weekly = world.preview("revops@acme.example", Some(Frequency::Weekly));
    assert!(
        weekly.goes && weekly.subject.contains("week: "),
        "{}",
        weekly.subject
    );
    let unknown = world.ask(&Request::PreviewMail {
        address: "nobody@acme.example".to_owned(),
        frequency: None,
    });
    let said = unknown.unwrap_err().message;
    assert!(said.contains("these are: revops@acme.example"), "{said}");
}

#[test]
fn a_test_mail_says_that_it_is_one_and_its_outcome_is_said_at_once() {
    let mut world = World::loaded(vec![("revops@acme.example", daily())]);
    let test = Request::TestMail {
        address: "new@acme.example".to_owned(),
    };
    let Ok(Report::Done(done)) = world.ask(&test) else {
        panic!("not sent")
    };
    assert_eq!(
        done.said,
        "a mail marked as a test was taken for new@acme.example"
    );
    let mails = world.mailed();
    assert_eq!(
        subject(&mails[0]),
        "new: TEST: mail from Syncline reaches you"
    );
    let head = String::from_utf8_lossy(&mails[0].bytes);
    for line in [
        "X-Syncline-Mail: test\r\n",
        "Auto-Submitted: auto-generated\r\n",
        "List-Id: Syncline prod test <test.prod.syncline.acme.example>\r\n",
    ] {
        assert!(head.contains(line), "{head}");
    }
    world.server.faults.lock().unwrap().push_back(MailError {
        stage: Stage::Hello,
        code: 535,
        permanent: false,
        ambiguous: false,
        text: "permanent error (535): no such user".to_owned(),
    });
    let refusal = world.ask(&test).unwrap_err();
    assert_eq!(
        (refusal.exit, refusal.message.as_str()),
        (
            75,
            "the test did not leave: permanent error (535): no such user"
        )
    );
}

#[test]
fn the_ends_of_a_cause_stand_below_its_beginning() {
    let mut world = World::loaded(vec![("admin@acme.example", now())]);
    let mut roots = Vec::new();
    let mut root = |world: &mut World| {
        let mails = world.mailed();
        let head = String::from_utf8_lossy(&mails[0].bytes).into_owned();
        let line = head.lines().find(|line| line.starts_with("References: "));
        roots.push(line.unwrap().to_owned());
        let wish = "List-Unsubscribe: <mailto:ops@acme.example?subject=unsubscribe%20prod%20now>";
        assert!(head.contains(wish), "{head}");
    };
    world.fail(0..3, "STRING_TOO_LONG", "Title");
    world.pass(MINUTE);
    root(&mut world);
    world.mend(0..3);
    world.pass(MINUTE);
    root(&mut world);
    world.fail(3..6, "STRING_TOO_LONG", "Fax");
    world.pass(MINUTE);
    root(&mut world);
    assert_eq!(
        roots[0],
        "References: <syncline.root-prod-C-1@acme.example>"
    );
    assert_eq!(roots[1], roots[0]);
    assert_ne!(roots[2], roots[0]);
}

#[test]
fn a_storm_of_failures_is_one_mail() {
    let failures = std::env::var("SYNCLINE_STORM").map_or(2_600, |number| number.parse().unwrap());
    let mut world = World::loaded(vec![("admin@acme.example", now())]);
    let message = Box::leak("no good ".repeat(60).into_boxed_str());
    world.fail_saying(0..failures, "STRING_TOO_LONG", "Title", message);
    world.pass(MINUTE);
    let mails = world.mailed();
    assert_eq!(mails.len(), 1);
    let said = text(&mails[0]);
    let errors = syncline::domain::digest::thousands(failures.into());
    let left_out = format!("{errors} errors are too many to attach: syncline errors export");
    assert!(said.contains(&left_out), "{said}");
    assert!(
        mails[0].bytes.len() < 100_000,
        "{} bytes",
        mails[0].bytes.len()
    );
    world.pass(HOUR);
    assert_eq!(world.subjects(), Vec::<String>::new());
}

#[test]
fn causes_of_a_side_that_stands_still_are_told_when_it_goes_on() {
    let mut world = World::loaded(vec![("admin@acme.example", now())]);
    world.suspend(syncline::domain::record::Side::Salesforce);
    assert_eq!(world.subjects().len(), 1);
    world.fail(0..3, "STRING_TOO_LONG", "Title");
    world.pass(HOUR);
    assert_eq!(world.subjects(), Vec::<String>::new());
    world.append(syncline::domain::event::ConnectionResumed {
        side: syncline::domain::record::Side::Salesforce,
    });
    let told = world.subjects();
    assert_eq!(told.len(), 1, "{told:?}");
    let mails = world.mailed();
    assert_eq!(mails.len(), 0);
    assert!(
        told[0].contains("NEW") || told[0].contains("1 new"),
        "{told:?}"
    );
}

#[test]
fn only_what_a_reader_asked_for_is_told() {
    let of_contacts = RecipientSetting {
        objects: vec![super::contact()],
        ..timed(Frequency::Daily, "0 0 8 * * *")
    };
    let of_others = RecipientSetting {
        objects: vec![syncline::domain::record::ObjectName::parse("deal").unwrap()],
        ..timed(Frequency::Daily, "0 0 8 * * *")
    };
    let mut world = World::loaded(vec![
        ("contacts@acme.example", of_contacts),
        ("deals@acme.example", of_others),
    ]);
    world.fail(0..3, "STRING_TOO_LONG", "Title");
    world.pass(23 * HOUR);
    let told = world.subjects();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("contacts: 1 new"), "{told:?}");
}

#[test]
fn a_reader_of_one_type_is_told_how_much_of_all_it_is() {
    let of_lengths = RecipientSetting {
        types: vec!["string-too-long".to_owned()],
        ..timed(Frequency::Daily, "0 0 8 * * *")
    };
    let mut world = World::loaded(vec![("lengths@acme.example", of_lengths)]);
    world.fail(0..3, "STRING_TOO_LONG", "Title");
    world.fail(3..10, "INVALID_EMAIL_ADDRESS", "Email");
    world.pass(23 * HOUR);
    let mails = world.mailed();
    assert_eq!(mails.len(), 1);
    let said = text(&mails[0]);
    assert!(
        said.contains("3 records for you; in all 0 -> 10 records (10 errors)"),
        "{said}"
    );
}

#[test]
fn addresses_stand_in_the_journal_by_key_alone() {
    let world = World::loaded(vec![("revops@acme.example", daily())]);
    let wish = Wish {
        daily: text_of("09:30"),
        ..Wish::default()
    };
    world.set("ops@acme.example", wish).unwrap();
    let entries = world.write(|tx| syncline::journal::tail(tx, 1));
    let payload = entries[0].event.payload().unwrap();
    assert_eq!(entries[0].event.kind(), "notifications_set");
    assert!(!payload.contains("acme.example"), "{payload}");
    let syncline::domain::event::Event::NotificationsSet(event) = &entries[0].event else {
        panic!("{payload}")
    };
    assert_eq!(event.by, By::Operator(1_000));
    assert!(MailAddress::parse("ops@acme.example").is_ok());
    assert!(Mailbox::parse("Evil\r\nBcc: x <ops@acme.example>").is_err());
}
