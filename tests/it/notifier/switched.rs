//! Readers who are switched off and on again, or leave the file and come back.

use syncline::annex;
use syncline::domain::event::{By, NotificationsSet, RecipientSetting};
use syncline::domain::schedule::Frequency;
use syncline::projections;

use super::{DAY, HOUR, World, daily, text, timed};

const NOTHING: [&str; 0] = [];

/// The one reader there is from now on, or nobody.
fn set(world: &World, setting: Option<RecipientSetting>) {
    world.write(move |tx| {
        let recipient = annex::recipient_key(tx, "revops@acme.example")?;
        let recipients = setting.map(|setting| RecipientSetting {
            recipient,
            ..setting
        });
        let recipients = recipients.into_iter().collect();
        let by = By::Configuration;
        projections::append(tx, None, NotificationsSet { recipients, by })
    });
}

fn off() -> RecipientSetting {
    RecipientSetting {
        off: true,
        ..daily()
    }
}

/// The digest that comes first after `without`, ten days with news and without a mail, are over.
fn first_after(without: Option<RecipientSetting>) -> String {
    let mut world = World::loaded(vec![("revops@acme.example", daily())]);
    world.pass(DAY);
    assert_eq!(world.subjects(), NOTHING);
    set(&world, without);
    world.fail(0..3, "STRING_TOO_LONG", "Title");
    for _ in 0..10 {
        world.pass(DAY);
        assert_eq!(world.subjects(), NOTHING);
    }
    set(&world, Some(daily()));
    // It is nine: eight o'clock passed while nobody was to be told.
    assert_eq!(world.subjects(), NOTHING);
    world.pass(23 * HOUR);
    world.last_text()
}

#[test]
fn a_reader_switched_on_again_gets_the_next_digest_and_none_that_was_not_wanted() {
    let text = first_after(Some(off()));
    assert!(!text.contains("Late"), "{text}");
    assert!(text.contains("NEW\nC-1 "), "{text}");
}

#[test]
fn a_reader_who_comes_back_into_the_file_gets_the_next_digest_and_none_before() {
    let text = first_after(None);
    assert!(!text.contains("Late"), "{text}");
    assert!(text.contains("NEW\nC-1 "), "{text}");
}

#[test]
fn a_weekly_asked_for_again_is_not_late_for_the_weeks_without() {
    let monday = || timed(Frequency::Weekly, "0 0 8 * * MON");
    let mut world = World::loaded(vec![("revops@acme.example", monday())]);
    world.pass(7 * DAY);
    assert_eq!(world.subjects().len(), 1);
    set(&world, Some(daily()));
    for _ in 0..21 {
        world.pass(DAY);
        assert_eq!(world.subjects(), NOTHING);
    }
    set(&world, Some(monday()));
    assert_eq!(world.subjects(), NOTHING);
    world.pass(6 * DAY - HOUR);
    let mails = world.mailed();
    assert_eq!(mails.len(), 1);
    assert!(!text(&mails[0]).contains("Late"), "{}", text(&mails[0]));
}
