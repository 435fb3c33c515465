//! Answers that are lost, and what people do meanwhile.

use serde_json::json;
use syncline::domain::record::Side;
use syncline::simulator::{Fault, Server};

use super::super::driver::{SECOND, Trial};
use super::super::people::records;
use super::super::running::Loop;
use super::{
    COMPOSITE, Scene, UPDATE, UPSERT, calm, city_of, pass, put_in_hubspot, put_in_salesforce,
};

#[test]
fn the_last_word_is_kept_when_it_was_spoken_between_reading_and_a_lost_answer() {
    // Somebody goes on, or takes it back: the write in between is nobody's word.
    for last in ["Hamburg", "Bonn"] {
        let mut scene = Scene::new(calm());
        scene.moves("Cologne");
        scene.trial.clock.pass(10 * SECOND);
        scene.trial.look(Loop::Salesforce);
        scene.moves(last);
        scene.trial.clock.pass(10 * SECOND);
        scene.trial.strike(Server::HubSpot, UPDATE, 0, Fault::Lost);
        scene.trial.look(Loop::Writer);
        assert_eq!(
            scene.city(Side::HubSpot),
            "Cologne",
            "the write took effect"
        );
        scene.minutes(8);
        for side in Side::BOTH {
            assert_eq!(scene.city(side), last, "{side}");
        }
    }
}

#[test]
fn a_record_edited_while_the_answer_to_its_creation_is_lost_keeps_the_edit() {
    for (source, server, path) in [
        (Side::Salesforce, Server::HubSpot, UPSERT),
        (Side::HubSpot, Server::Salesforce, COMPOSITE),
    ] {
        let mut scene = Scene::new(calm());
        let trial = &mut scene.trial;
        let put = |trial: &Trial, id: Option<&str>, city: &str| match source {
            Side::HubSpot => {
                let fields = json!({ "email": "b@people.example", "lastname": "B", "city": city });
                put_in_hubspot(trial, id, &fields)
            }
            Side::Salesforce => {
                let fields =
                    json!({ "Email": "b@people.example", "LastName": "B", "MailingCity": city });
                put_in_salesforce(trial, id, &fields)
            }
        };
        let id = put(trial, None, "Bonn");
        trial.clock.pass(10 * SECOND);
        let detector = match source {
            Side::HubSpot => Loop::HubSpot,
            Side::Salesforce => Loop::Salesforce,
        };
        trial.look(detector);
        // Salesforce's first Composite is the match; the write is the second.
        let skip = u32::from(source == Side::HubSpot);
        trial.strike(server, path, skip, Fault::Lost);
        trial.look(Loop::Writer);
        let made = city_of(trial, source.other(), "b@people.example");
        assert_eq!(made.as_deref(), Some("Bonn"), "the creation took effect");
        put(trial, Some(&id), "Hamburg");
        pass(trial, 8);
        for side in Side::BOTH {
            let city = city_of(trial, side, "b@people.example");
            assert_eq!(city.as_deref(), Some("Hamburg"), "{side}");
        }
    }
}

#[test]
fn a_mark_whose_answer_was_lost_is_known_by_the_next_look() {
    let mut scene = Scene::new(calm());
    let trial = &mut scene.trial;
    let fields = json!({ "Email": "b@people.example", "LastName": "B" });
    put_in_salesforce(trial, None, &fields);
    trial.clock.pass(10 * SECOND);
    trial.look(Loop::Salesforce);
    // The creation in HubSpot is answered; that Salesforce's record was told so is not.
    trial.strike(Server::Salesforce, COMPOSITE, 0, Fault::Lost);
    trial.look(Loop::Writer);
    pass(trial, 8);
    let marked: Vec<bool> = trial
        .pairs()
        .iter()
        .map(|pair| pair.marked.hubspot && pair.marked.salesforce)
        .collect();
    assert_eq!(marked, [true, true]);
}

#[test]
fn a_write_that_fails_for_now_is_tried_again_though_the_other_side_took_its_own() {
    let mut scene = Scene::new(calm());
    scene.moves("Cologne");
    scene.in_hubspot(&json!({ "lastname": "Other" }));
    scene.trial.clock.pass(10 * SECOND);
    scene.trial.look(Loop::Salesforce);
    scene.trial.look(Loop::HubSpot);
    scene.trial.network.simulator().salesforce.lock_rows(1);
    scene.trial.look(Loop::Writer);
    scene.trial.clock.pass(10 * SECOND);
    scene.trial.look(Loop::Writer);
    scene.minutes(10);
    assert_eq!(scene.city(Side::HubSpot), "Cologne");
    let known = records(&scene.trial.network.simulator(), Side::Salesforce, false);
    assert_eq!(known[0].fields["lastname"], "Other");
}
