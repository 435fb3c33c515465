//! The troubled part of a trial: people, admins, misfortune, and loops in any order.

use syncline::domain::record::Side;
use syncline::simulator::faults::{OneShot, Rates};
use syncline::simulator::salesforce::{FieldChange, Injected, InjectedKind, Op, Predicate};
use syncline::simulator::{Fault, Server};

use super::driver::{DAY, HOUR, MINUTE, SECOND, Trial};
use super::people::{Place, records};
use super::plan::pick;
use super::running::Loop;
use super::world::{Crash, MailFault};

/// Where records are created.
const UPSERT: &str = "/crm/objects/2026-09/contacts/batch/upsert";
const UPSERT_COMPANIES: &str = "/crm/objects/2026-09/companies/batch/upsert";
const COMPOSITE: &str = "/services/data/v66.0/composite";

/// Where contacts are associated with companies.
const ASSOCIATE: &str = "/crm/associations/2026-09/contacts/companies/batch/create";

impl Trial {
    pub(super) fn trouble(&mut self, actions: u32) {
        for server in [Server::HubSpot, Server::Salesforce] {
            let rates = Rates::everything(self.plan.faults);
            self.network.simulator().faults.set_rates(server, rates);
        }
        if self.plan.faults > 0 {
            // The answers of a creation on each side are lost, whatever the rates say.
            let skip = u32::try_from(self.luck.below(4)).unwrap();
            self.strike(Server::HubSpot, UPSERT, skip / 3, Fault::Lost);
            self.strike(Server::Salesforce, COMPOSITE, skip, Fault::HungAfter);
            self.strike(Server::HubSpot, ASSOCIATE, skip / 3, Fault::Lost);
        }
        for _ in 0..actions {
            match self.luck.below(100) {
                0..=59 => {
                    let which = Loop::ALL[pick(&mut self.luck, Loop::ALL.len())];
                    self.look(which);
                }
                60..=76 => self.time_passes(),
                77..=93 => self.people_act(),
                94..=96 => self.admins_act(),
                _ => self.misfortune(),
            }
            self.loads_act();
        }
    }

    fn time_passes(&mut self) {
        let most =
            [SECOND, 5 * SECOND, 70 * SECOND, 20 * MINUTE, 3 * HOUR][pick(&mut self.luck, 5)];
        self.clock
            .pass(self.luck.below(most.unsigned_abs()).cast_signed());
    }

    /// Some record of a side that is alive.
    fn someone(&mut self, side: Side) -> Option<Place> {
        let records = records(&self.network.simulator(), side, false);
        let one = records.get(pick(&mut self.luck, records.len()))?;
        Some((side, one.id.clone()))
    }

    /// Somebody edits a record: these fields, or any when there are none; returns which.
    fn edit(&mut self, place: &Place, these: &[&'static str]) -> Vec<&'static str> {
        let (now, seq) = (self.clock.true_ms(), self.seq());
        let mut simulator = self.network.simulator();
        self.people
            .edit(&mut simulator, &mut self.luck, place, these, now, seq)
    }

    fn people_act(&mut self) {
        if self.plan.several {
            self.kin_act();
            return;
        }
        let side = Side::BOTH[pick(&mut self.luck, 2)];
        match self.luck.below(20) {
            0..=9 => {
                if let Some(place) = self.someone(side) {
                    self.edit(&place, &[]);
                }
            }
            // Both sides of one pair, mostly in the same fields, within one millisecond, one second, or a minute.
            10..=13 => {
                let Some(place) = self.someone(Side::HubSpot) else {
                    return;
                };
                let records = records(&self.network.simulator(), Side::HubSpot, false);
                let across = records.iter().find(|one| one.id == place.1);
                let across = across.and_then(|one| one.mark.clone());
                let mut fields = self.edit(&place, &[]);
                if self.luck.below(4) == 0 {
                    fields.clear();
                }
                let wait = [0, 0, 700, 30 * SECOND][pick(&mut self.luck, 4)];
                self.clock.pass(wait);
                if let Some(id) = across {
                    self.edit(&(Side::Salesforce, id), &fields);
                }
            }
            14 => {
                if let Some(place) = self.someone(side) {
                    let now = self.clock.true_ms();
                    let mut simulator = self.network.simulator();
                    self.people.delete(&mut simulator, &place, now);
                }
            }
            15 => {
                let late = self.luck.below(200).cast_signed() * SECOND + 1;
                let email = format!("late{}@people.example", self.people.made.len());
                self.make(Side::Salesforce, &email, Some(late));
            }
            16 => {
                // A second Salesforce record with an e-mail that is known already.
                let known = records(&self.network.simulator(), Side::Salesforce, false);
                let email = known
                    .first()
                    .and_then(|one| one.fields.get("email").cloned());
                if let Some(email) = email.filter(|_| self.luck.below(3) == 0) {
                    self.people.doubled.insert(email.clone());
                    self.make(Side::Salesforce, &email, None);
                }
            }
            _ => {
                let email = format!("new{}@people.example", self.people.made.len());
                self.make(side, &email, None);
            }
        }
    }

    fn admins_act(&mut self) {
        if self.plan.several {
            self.settle_holds();
            return;
        }
        let mut simulator = self.network.simulator();
        let org = &mut simulator.salesforce;
        match self.luck.below(5) {
            0 => org.inject(phone_rule()),
            1 => {
                org.remove_rule("Phone_Format");
            }
            2 => {
                let change = FieldChange::RemoveValue("Bronze".to_owned());
                org.change_field("Contact", "Tier__c", change).unwrap();
            }
            3 => {
                for value in ["Bronze", "Platinum"] {
                    let change = FieldChange::AddValue(value.to_owned());
                    org.change_field("Contact", "Tier__c", change).unwrap();
                }
            }
            _ => {
                drop(simulator);
                self.settle_holds();
            }
        }
    }

    /// Admins put right what made records fail.
    pub(super) fn mend(&mut self) {
        let mut simulator = self.network.simulator();
        let org = &mut simulator.salesforce;
        org.remove_rule("Phone_Format");
        org.remove_rule("Account_Phone");
        for value in ["Bronze", "Platinum"] {
            let change = FieldChange::AddValue(value.to_owned());
            org.change_field("Contact", "Tier__c", change).unwrap();
        }
    }

    fn misfortune(&mut self) {
        let luck = &mut self.luck;
        match luck.below(8) {
            0 | 1 if self.plan.crashes && self.crashes_left > 0 => {
                let crash = Crash {
                    after: u32::try_from(luck.below(5)).unwrap(),
                    with_effect: luck.below(2) == 0,
                };
                self.network.plan_crash(Some(crash));
            }
            2 if self.plan.crashes => {
                let crash = Crash {
                    after: 0,
                    with_effect: luck.below(2) == 0,
                };
                self.mailroom.plan_crash(Some(crash));
            }
            3 if self.plan.jumps => {
                let most = [2 * MINUTE, 2 * HOUR, 3 * DAY][pick(luck, 3)];
                let by = luck.below(2 * most.unsigned_abs()).cast_signed() - most;
                self.clock.set_skew(by);
            }
            4 if self.plan.lapses => {
                let mut simulator = self.network.simulator();
                match luck.below(3) {
                    0 => simulator.hubspot.set_token_ok(false),
                    1 => {
                        simulator.salesforce.set_credentials_ok(false);
                        simulator.salesforce.expire_sessions();
                    }
                    _ => {
                        simulator.hubspot.set_token_ok(true);
                        simulator.salesforce.set_credentials_ok(true);
                    }
                }
            }
            5 => self.network.simulator().salesforce.expire_sessions(),
            6 => {
                let fault = [MailFault::Greylisted, MailFault::Ambiguous][pick(luck, 2)];
                self.mailroom.faults.lock().unwrap().push(fault);
            }
            _ => {
                let fault = [Fault::Lost, Fault::HungAfter, Fault::AnswerAfter(503)][pick(luck, 3)];
                let places = [
                    (Server::HubSpot, UPSERT),
                    (Server::Salesforce, COMPOSITE),
                    (Server::HubSpot, ASSOCIATE),
                    (Server::HubSpot, UPSERT_COMPANIES),
                ];
                let most = if self.plan.several { 4 } else { 2 };
                let (server, path) = places[pick(luck, most)];
                self.strike(server, path, 0, fault);
            }
        }
    }

    /// `fault` strikes the next POST but `skip` at `path`.
    pub(super) fn strike(&self, server: Server, path: &str, skip: u32, fault: Fault) {
        self.network.simulator().faults.order(OneShot {
            server,
            method: Some("POST".to_owned()),
            path: path.to_owned(),
            skip,
            times: 1,
            fault,
        });
    }
}

pub(super) fn phone_rule() -> Injected {
    Injected {
        name: "Phone_Format".to_owned(),
        object: "Contact".to_owned(),
        kind: InjectedKind::ValidationRule,
        when: vec![Predicate {
            field: "Phone".to_owned(),
            op: Op::NotStartsWith,
            value: "+".to_owned(),
        }],
        message: "Phone must start with + and the country code.".to_owned(),
        fields: vec!["Phone".to_owned()],
        active: true,
    }
}
