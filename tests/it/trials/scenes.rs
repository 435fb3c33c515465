//! Single misfortunes, each on its own: what the seeds meet only now and then is met here always.

use serde_json::json;
use syncline::domain::record::Side;
use syncline::simulator::faults::OneShot;
use syncline::simulator::{Fault, Server};

use super::driver::{HOUR, MINUTE, SECOND, Trial};
use super::people::records;
use super::plan::Plan;
use super::running::Loop;

/// Where both sides are written.
const UPSERT: &str = "/crm/objects/2026-09/contacts/batch/upsert";
const UPDATE: &str = "/crm/objects/2026-09/contacts/batch/update";
const COMPOSITE: &str = "/services/data/v66.0/composite";

/// Nothing goes wrong by itself, and nobody is there yet.
fn calm() -> Plan {
    Plan {
        seed: 1,
        allocation: 50_000,
        page_max: 3,
        cycle: 60,
        guard_floor: 1_000,
        faults: 0,
        index_lag_ms: (0, 0),
        latency_ms: 40,
        people: [0, 0, 0],
        actions: [0, 0],
        crashes: false,
        full_disks: false,
        jumps: false,
        lapses: false,
        we_own: true,
    }
}

/// One contact that is linked, with the title `Clerk` on both sides.
struct Scene {
    trial: Trial,
    hubspot: String,
    salesforce: String,
}

impl Scene {
    fn new(plan: Plan) -> Self {
        let trial = Trial::new(plan);
        let now = trial.clock.true_ms();
        let fields = json!({ "Email": "a@people.example", "LastName": "A", "MailingCity": "Bonn" });
        let fields = fields.as_object().unwrap().clone();
        let salesforce = trial
            .network
            .simulator()
            .salesforce
            .put("Contact", fields, now)
            .unwrap();
        trial.clock.pass(5 * SECOND);
        let mut scene = Self {
            trial,
            hubspot: String::new(),
            salesforce,
        };
        scene.minutes(3);
        let known = records(&scene.trial.network.simulator(), Side::HubSpot, false);
        let created = known.first().expect("it was created");
        scene.hubspot.clone_from(&created.id);
        assert_eq!(scene.city(Side::HubSpot), "Bonn");
        scene
    }

    /// Somebody in Salesforce moves the contact.
    fn moves(&self, city: &str) {
        let fields = json!({ "Id": self.salesforce, "MailingCity": city });
        let fields = fields.as_object().unwrap().clone();
        let now = self.trial.clock.true_ms();
        let mut simulator = self.trial.network.simulator();
        simulator.salesforce.put("Contact", fields, now).unwrap();
    }

    /// Somebody in HubSpot does.
    fn moves_in_hubspot(&self, city: &str) {
        let fields = json!({ "city": city });
        let now = self.trial.clock.true_ms();
        let mut simulator = self.trial.network.simulator();
        let id = Some(self.hubspot.as_str());
        let fields = fields.as_object().unwrap();
        simulator.hubspot.put("contacts", id, fields, now).unwrap();
    }

    fn city(&self, side: Side) -> String {
        city_of(&self.trial, side, "a@people.example").unwrap_or_default()
    }

    fn minutes(&mut self, minutes: u32) {
        pass(&mut self.trial, minutes);
    }

    fn lose_next(&self, server: Server, path: &str) {
        lose_next(&self.trial, server, path);
    }
}

fn city_of(trial: &Trial, side: Side, email: &str) -> Option<String> {
    let known = records(&trial.network.simulator(), side, false);
    let found = known
        .iter()
        .find(|one| one.fields.get("email").is_some_and(|known| known == email))?;
    Some(found.fields.get("city").cloned().unwrap_or_default())
}

/// Every loop looks once a minute, and a person approves what is held.
fn pass(trial: &mut Trial, minutes: u32) {
    for _ in 0..minutes {
        for which in Loop::ALL {
            trial.look(which);
        }
        trial.settle_holds();
        trial.clock.pass(MINUTE);
    }
}

fn lose_next(trial: &Trial, server: Server, path: &str) {
    trial.network.simulator().faults.order(OneShot {
        server,
        method: Some("POST".to_owned()),
        path: path.to_owned(),
        skip: 0,
        times: 1,
        fault: Fault::Lost,
    });
}

#[test]
fn a_second_change_within_the_second_of_a_reading_is_read() {
    let mut scene = Scene::new(calm());
    let into_second = scene.trial.clock.true_ms().rem_euclid(SECOND);
    scene.trial.clock.pass(2 * SECOND - into_second);
    scene.moves("Cologne");
    scene.trial.clock.pass(300);
    scene.trial.look(Loop::Salesforce);
    scene.trial.look(Loop::Writer);
    scene.moves("Hamburg");
    scene.trial.clock.pass(MINUTE);
    scene.minutes(2);
    assert_eq!(scene.city(Side::HubSpot), "Hamburg");
}

#[test]
fn an_edit_between_reading_and_a_lost_answer_is_the_last_word() {
    let mut scene = Scene::new(calm());
    scene.moves("Cologne");
    scene.trial.clock.pass(10 * SECOND);
    scene.trial.look(Loop::Salesforce);
    scene.moves("Hamburg");
    scene.trial.clock.pass(10 * SECOND);
    scene.lose_next(Server::HubSpot, UPDATE);
    scene.trial.look(Loop::Writer);
    assert_eq!(
        scene.city(Side::HubSpot),
        "Cologne",
        "the write took effect"
    );
    scene.minutes(8);
    assert_eq!(scene.city(Side::HubSpot), "Hamburg");
    assert_eq!(scene.city(Side::Salesforce), "Hamburg");
}

#[test]
fn an_edit_taken_back_while_its_answer_is_lost_stays_taken_back() {
    let mut scene = Scene::new(calm());
    scene.moves("Cologne");
    scene.trial.clock.pass(10 * SECOND);
    scene.trial.look(Loop::Salesforce);
    scene.moves("Bonn");
    scene.trial.clock.pass(10 * SECOND);
    scene.lose_next(Server::HubSpot, UPDATE);
    scene.trial.look(Loop::Writer);
    assert_eq!(
        scene.city(Side::HubSpot),
        "Cologne",
        "the write took effect"
    );
    scene.minutes(8);
    assert_eq!(scene.city(Side::HubSpot), "Bonn");
    assert_eq!(scene.city(Side::Salesforce), "Bonn");
}

#[test]
fn a_record_edited_while_the_answer_to_its_creation_is_lost_keeps_the_edit() {
    for (source, server, path) in [
        (Side::Salesforce, Server::HubSpot, UPSERT),
        (Side::HubSpot, Server::Salesforce, COMPOSITE),
    ] {
        let mut scene = Scene::new(calm());
        let trial = &mut scene.trial;
        let put = |trial: &Trial, id: Option<&str>, city: &str| {
            let now = trial.clock.true_ms();
            let mut simulator = trial.network.simulator();
            match source {
                Side::HubSpot => {
                    let fields =
                        json!({ "email": "b@people.example", "lastname": "B", "city": city });
                    let fields = fields.as_object().unwrap();
                    simulator.hubspot.put("contacts", id, fields, now).unwrap()
                }
                Side::Salesforce => {
                    let mut fields = json!({ "Email": "b@people.example", "LastName": "B",
                        "MailingCity": city });
                    if let Some(id) = id {
                        fields["Id"] = json!(id);
                    }
                    let fields = fields.as_object().unwrap().clone();
                    simulator.salesforce.put("Contact", fields, now).unwrap()
                }
            }
        };
        let id = put(trial, None, "Bonn");
        trial.clock.pass(10 * SECOND);
        let detector = match source {
            Side::HubSpot => Loop::HubSpot,
            Side::Salesforce => Loop::Salesforce,
        };
        trial.look(detector);
        // The first Composite is the match; the write is the second.
        let skip = u32::from(source == Side::HubSpot);
        trial.network.simulator().faults.order(OneShot {
            server,
            method: Some("POST".to_owned()),
            path: path.to_owned(),
            skip,
            times: 1,
            fault: Fault::Lost,
        });
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
fn what_is_committed_behind_the_cursor_is_found_by_the_next_listing() {
    let mut scene = Scene::new(calm());
    let trial = &mut scene.trial;
    let late = json!({ "Email": "late@people.example", "LastName": "L", "MailingCity": "Ulm" });
    let late = late.as_object().unwrap().clone();
    let now = trial.clock.true_ms();
    let (stamp, visible_at) = (now - 90 * SECOND, now + 90 * SECOND);
    let made = trial
        .network
        .simulator()
        .salesforce
        .late_commit("Contact", late, stamp, visible_at);
    made.unwrap();
    scene.moves("Cologne");
    scene.minutes(1);
    let found = |scene: &Scene| city_of(&scene.trial, Side::HubSpot, "late@people.example");
    assert_eq!(found(&scene), None, "it is not visible yet");
    scene.minutes(7);
    assert_eq!(found(&scene).as_deref(), Some("Ulm"));
}

#[test]
fn an_allocation_is_used_up_and_never_passed_under_constant_demand() {
    let allocation = 40;
    let mut scene = Scene::new(Plan {
        allocation,
        ..calm()
    });
    for hour in 0..50 {
        for minute in 0..4 {
            scene.moves_in_hubspot(&format!("City {hour} {minute}"));
            // Each look of each loop is followed by a look at Salesforce's own count.
            scene.minutes(1);
            scene.trial.clock.pass(HOUR / 4 - MINUTE);
        }
    }
    let worst = scene.trial.network.simulator().salesforce_worst_window();
    assert!(
        worst * 10 >= allocation * 9,
        "{worst} of {allocation} calls were used"
    );
}

#[test]
fn a_clock_set_back_by_days_makes_nothing_wait_for_days() {
    let mut scene = Scene::new(calm());
    scene.trial.clock.set_skew(3 * 24 * HOUR);
    scene.minutes(2);
    scene.moves("Cologne");
    scene.trial.clock.pass(10 * SECOND);
    scene.trial.look(Loop::Salesforce);
    // The row is put off, and the side left alone, by a clock that is days ahead.
    scene.trial.network.simulator().faults.order(OneShot {
        server: Server::HubSpot,
        method: Some("POST".to_owned()),
        path: UPDATE.to_owned(),
        skip: 0,
        times: 1,
        fault: Fault::Answer(503),
    });
    scene.trial.look(Loop::Writer);
    assert_eq!(
        scene.city(Side::HubSpot),
        "Bonn",
        "the write did not take effect"
    );
    scene.trial.clock.set_skew(0);
    scene.minutes(4);
    assert_eq!(scene.city(Side::HubSpot), "Cologne");
}
