//! People who work with records that belong together: companies, contacts that are leads or not,
//! and deals, on both sides.

mod checks;
mod people;
mod shown;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};
use syncline::domain::record::Side;
use syncline::simulator::Simulator;
use syncline::simulator::hubspot::association::admin::Tie;
use syncline::simulator::luck::Luck;
use syncline::simulator::salesforce::{
    Conversion, Injected, InjectedKind, NewQueue, Op, Predicate,
};

use super::people::Place;
use super::plan::pick;
pub(super) use shown::{One, all};

/// What people did to records that belong together.
#[derive(Debug, Default)]
pub(crate) struct Kin {
    /// When people last said to whom a record belongs, as the journal's end then.
    pub(crate) placed: BTreeMap<Place, i64>,
    /// When they last gave a record a free value.
    pub(crate) edited: BTreeMap<Place, i64>,
    /// Records people took away.
    pub(crate) deleted: BTreeSet<Place>,
    /// Leads, and the contacts they became.
    pub(crate) converted: BTreeMap<String, String>,
    /// Rare states that people brought about.
    pub(crate) met: BTreeMap<&'static str, u64>,
    counter: u64,
    queue: Option<String>,
}

/// A moment in a trial.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) now: i64,
    /// The journal's end.
    pub(crate) seq: i64,
}

fn map(value: Json) -> Map<String, Json> {
    match value {
        Json::Object(map) => map,
        other => panic!("{other} is no record"),
    }
}

/// The names of a type's free field, by the type's name.
fn free_field(kind: &str) -> &'static str {
    match kind {
        "companies" | "contacts" => "city",
        "deals" => "dealname",
        "Account" => "BillingCity",
        "Contact" => "MailingCity",
        "Lead" => "City",
        _ => "Name",
    }
}

impl Kin {
    fn count(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    /// A person does something on one of the sides.
    pub(crate) fn act(&mut self, crm: &mut Simulator, luck: &mut Luck, when: Moment) {
        match luck.below(30) {
            0..=3 => self.make_in_hubspot(crm, luck, when),
            4..=7 => self.make_in_salesforce(crm, luck, when),
            8..=10 => {
                let side = Side::BOTH[pick(luck, 2)];
                let known = all(crm, side, false);
                if let Some(one) = some(luck, &known) {
                    self.edit(crm, luck, one, when);
                }
            }
            11..=13 => self.associate(crm, luck, when),
            14 => self.dissociate(crm, luck, when),
            15..=17 => self.reassign(crm, luck, when),
            18..=20 => self.convert(crm, luck, when, None),
            21 => self.twin(crm, when),
            22 => self.delete(crm, luck, when),
            23 => rule(crm, luck),
            24..=26 => self.introduce(crm, luck, when),
            27..=28 => people::assign_role(crm, luck, when),
            _ => people::send_away(crm, luck, when),
        }
    }

    /// A person does something while a request with this body is on its way.
    pub(crate) fn meddle(
        &mut self,
        crm: &mut Simulator,
        luck: &mut Luck,
        body: &str,
        when: Moment,
    ) {
        let is_named = |one: &&One| {
            body.contains(&one.id) || one.mark.as_ref().is_some_and(|mark| body.contains(mark))
        };
        let leads = of_kind(crm, Side::Salesforce, "Lead");
        let lead = leads.iter().find(is_named).map(|one| one.id.clone());
        if let Some(lead) = lead.filter(|_| body.contains("\"records\"") && luck.below(2) == 0) {
            self.convert(crm, luck, when, Some(&lead));
            return;
        }
        let side = Side::BOTH[pick(luck, 2)];
        let known = all(crm, side, false);
        let named: Vec<One> = known.iter().filter(is_named).cloned().collect();
        match some(luck, &named) {
            Some(one) => self.edit(crm, luck, one, when),
            None => self.act(crm, luck, when),
        }
    }

    fn make_in_hubspot(&mut self, crm: &mut Simulator, luck: &mut Luck, when: Moment) {
        let number = self.count();
        let (token, city) = (format!("T{number}"), format!("City{number}"));
        let kind = ["companies", "contacts", "contacts", "deals"][pick(luck, 4)];
        let fields = match kind {
            "companies" => json!({ "name": format!("Company {number}"), "description": token,
                "domain": format!("d{number}.example"), "city": city, "phone": phone(luck, number) }),
            "contacts" => {
                let mut fields = json!({ "email": format!("p{number}@people.example"), "city": city,
                    "lastname": format!("Last{number}"), "jobtitle": token });
                if luck.below(5) > 0 {
                    fields["company"] = json!(format!("Employer {number}"));
                }
                fields
            }
            _ => {
                let mut fields = json!({ "dealname": format!("Deal {number}"), "description": token,
                    "dealstage": "contractsent", "pipeline": "default" });
                if luck.below(6) > 0 {
                    fields["closedate"] = json!("2026-12-31T00:00:00Z");
                }
                fields
            }
        };
        let made = crm.hubspot.put(kind, None, &map(fields), when.now);
        let Ok(id) = made else { return };
        if kind != "companies" && luck.below(2) == 0 {
            let companies = of_kind(crm, Side::HubSpot, "companies");
            if let Some(company) = some(luck, &companies) {
                let tied = crm.hubspot.associate(
                    kind,
                    &id,
                    "companies",
                    &company.id,
                    Tie::Primary,
                    when.now,
                );
                tied.unwrap_or_else(|refusal| panic!("{refusal:?}"));
            }
        }
        self.placed.insert((Side::HubSpot, id), when.seq);
    }

    fn make_in_salesforce(&mut self, crm: &mut Simulator, luck: &mut Luck, when: Moment) {
        let number = self.count();
        let (token, city) = (format!("T{number}"), format!("City{number}"));
        let kind = ["Account", "Contact", "Lead", "Opportunity"][pick(luck, 4)];
        let mut fields = match kind {
            "Account" => json!({ "Name": format!("Account {number}"), "Description": token,
                "Website": format!("http://www.d{number}.example/"), "BillingCity": city }),
            "Contact" => json!({ "LastName": format!("Last{number}"), "Title": token,
                "Email": format!("p{number}@people.example"), "MailingCity": city }),
            "Lead" => json!({ "LastName": format!("Last{number}"), "Title": token, "City": city,
                "Company": format!("Employer {number}"), "Email": format!("p{number}@people.example") }),
            _ => json!({ "Name": format!("Deal {number}"), "Description": token,
                "StageName": "Prospecting", "CloseDate": "2026-12-31" }),
        };
        if matches!(kind, "Contact" | "Opportunity") && luck.below(2) == 0 {
            let accounts = of_kind(crm, Side::Salesforce, "Account");
            if let Some(account) = some(luck, &accounts) {
                fields["AccountId"] = json!(account.id);
            }
        }
        if kind == "Lead" && luck.below(4) == 0 {
            let new = NewQueue {
                name: "Inbound".to_owned(),
                objects: vec!["Lead".to_owned()],
            };
            let queue = self
                .queue
                .get_or_insert_with(|| crm.salesforce.add_queue(&new));
            fields["OwnerId"] = json!(queue);
        }
        if let Ok(id) = crm.salesforce.put(kind, map(fields), when.now) {
            self.placed.insert((Side::Salesforce, id), when.seq);
        }
    }

    /// Gives the record's free field a value that nobody ever wrote.
    fn edit(&mut self, crm: &mut Simulator, luck: &mut Luck, one: &One, when: Moment) {
        let number = self.count();
        let mut fields = Map::new();
        fields.insert(
            free_field(one.kind).to_owned(),
            json!(format!("Edit{number}")),
        );
        if one.kind == "companies" && luck.below(3) == 0 {
            fields.insert("phone".to_owned(), json!(phone(luck, number)));
        }
        let done = match one.side {
            Side::HubSpot => {
                let id = Some(one.id.as_str());
                crm.hubspot.put(one.kind, id, &fields, when.now).is_ok()
            }
            Side::Salesforce => {
                fields.insert("Id".to_owned(), json!(one.id));
                crm.salesforce.put(one.kind, fields, when.now).is_ok()
            }
        };
        if done {
            self.edited.insert((one.side, one.id.clone()), when.seq);
        }
    }

    /// A child of HubSpot gets another primary company, and is saved.
    fn associate(&mut self, crm: &mut Simulator, luck: &mut Luck, when: Moment) {
        let known = all(crm, Side::HubSpot, false);
        let (companies, children): (Vec<One>, Vec<One>) =
            known.into_iter().partition(|one| one.kind == "companies");
        if let (Some(child), Some(company)) = (some(luck, &children), some(luck, &companies)) {
            let (kind, id) = (child.kind, company.id.as_str());
            let tied =
                crm.hubspot
                    .associate(kind, &child.id, "companies", id, Tie::Primary, when.now);
            tied.unwrap_or_else(|refusal| panic!("{refusal:?}"));
            self.edit(crm, luck, child, when);
            if child.parent.as_ref() != Some(&company.id) {
                self.placed
                    .insert((Side::HubSpot, child.id.clone()), when.seq);
            }
        }
    }

    /// A child of HubSpot is parted from its company, and is saved.
    fn dissociate(&mut self, crm: &mut Simulator, luck: &mut Luck, when: Moment) {
        let known = all(crm, Side::HubSpot, false);
        let children: Vec<One> = known
            .into_iter()
            .filter(|one| one.kind != "companies" && one.parent.is_some())
            .collect();
        let Some(child) = some(luck, &children) else {
            return;
        };
        let company = child.parent.clone().unwrap_or_default();
        let parted = crm.hubspot.dissociate(
            child.kind,
            &child.id,
            "companies",
            &company,
            Tie::Plain,
            when.now,
        );
        parted.unwrap_or_else(|refusal| panic!("{refusal:?}"));
        self.edit(crm, luck, child, when);
        self.placed
            .insert((Side::HubSpot, child.id.clone()), when.seq);
    }

    /// A child of Salesforce moves to another account, or to none.
    fn reassign(&mut self, crm: &mut Simulator, luck: &mut Luck, when: Moment) {
        let mut children = of_kind(crm, Side::Salesforce, "Contact");
        children.extend(of_kind(crm, Side::Salesforce, "Opportunity"));
        let accounts = of_kind(crm, Side::Salesforce, "Account");
        let (Some(child), Some(account)) = (some(luck, &children), some(luck, &accounts)) else {
            return;
        };
        let account = Some(account.id.clone()).filter(|_| luck.below(6) > 0);
        if account == child.parent {
            return;
        }
        let fields = map(json!({ "Id": child.id, "AccountId": account }));
        if crm.salesforce.put(child.kind, fields, when.now).is_ok() {
            self.placed
                .insert((Side::Salesforce, child.id.clone()), when.seq);
        }
    }

    /// Somebody converts a lead, this one or any: into new records, or into some that are there.
    fn convert(&mut self, crm: &mut Simulator, luck: &mut Luck, when: Moment, this: Option<&str>) {
        let leads = of_kind(crm, Side::Salesforce, "Lead");
        let mut open: Vec<One> = leads.into_iter().filter(|one| !one.converted).collect();
        open.retain(|one| this.is_none_or(|id| one.id == id));
        let Some(lead) = some(luck, &open) else {
            return;
        };
        let (mut into, mut was_of) = (Conversion::default(), None);
        match luck.below(4) {
            0 => {
                let contacts = of_kind(crm, Side::Salesforce, "Contact");
                let contact = some(luck, &contacts);
                into.contact = contact.map(|one| one.id.clone());
                was_of = contact.and_then(|one| one.parent.clone());
            }
            1 => {
                let accounts = of_kind(crm, Side::Salesforce, "Account");
                into.account = some(luck, &accounts).map(|one| one.id.clone());
            }
            _ => (),
        }
        let done = crm.salesforce.convert_lead_into(&lead.id, &into, when.now);
        if let Ok(became) = done {
            // A contact that had an account stays where it is.
            if was_of.as_ref() != Some(&became.account) {
                self.placed
                    .insert((Side::Salesforce, became.contact.clone()), when.seq);
            }
            self.converted.insert(lead.id.clone(), became.contact);
            if this.is_some() {
                *self
                    .met
                    .entry("a lead was converted while its write was in flight")
                    .or_default() += 1;
            }
        }
    }

    /// The same company is made on both sides by two people.
    fn twin(&mut self, crm: &mut Simulator, when: Moment) {
        let number = self.count();
        let company = json!({ "name": format!("Twin {number}"),
            "domain": format!("twin{number}.example") });
        let account = json!({ "Name": format!("Twin {number}"),
            "Website": format!("twin{number}.example") });
        let here = crm.hubspot.put("companies", None, &map(company), when.now);
        let there = crm.salesforce.put("Account", map(account), when.now);
        *self.met.entry("two made one company").or_default() +=
            u64::from(here.is_ok() && there.is_ok());
    }

    fn delete(&mut self, crm: &mut Simulator, luck: &mut Luck, when: Moment) {
        let side = Side::BOTH[pick(luck, 2)];
        let known = all(crm, side, false);
        let Some(one) = some(luck, &known) else {
            return;
        };
        let before: BTreeSet<Place> = known.iter().map(One::place).collect();
        let done = match side {
            Side::HubSpot => crm.hubspot.archive(one.kind, &one.id, when.now).is_ok(),
            Side::Salesforce => crm.salesforce.delete(one.kind, &one.id, when.now).is_ok(),
        };
        if done {
            // An account takes its contacts and opportunities with it.
            let left: BTreeSet<Place> = all(crm, side, false).iter().map(One::place).collect();
            self.deleted.extend(before.difference(&left).cloned());
        }
    }
}

/// One of these.
fn some<'a>(luck: &mut Luck, among: &'a [One]) -> Option<&'a One> {
    among.get(pick(luck, among.len()))
}

fn of_kind(crm: &Simulator, side: Side, kind: &str) -> Vec<One> {
    let known = all(crm, side, false).into_iter();
    known.filter(|one| one.kind == kind).collect()
}

fn phone(luck: &mut Luck, number: u64) -> String {
    match luck.below(4) {
        0 => format!("0{number}"),
        _ => format!("+49{number}"),
    }
}

/// An administrator makes the rule that accounts must satisfy, or takes it away.
fn rule(crm: &mut Simulator, luck: &mut Luck) {
    if luck.below(2) == 0 {
        crm.salesforce.remove_rule("Account_Phone");
        return;
    }
    crm.salesforce.inject(Injected {
        name: "Account_Phone".to_owned(),
        object: "Account".to_owned(),
        kind: InjectedKind::ValidationRule,
        when: vec![Predicate {
            field: "Phone".to_owned(),
            op: Op::NotStartsWith,
            value: "+".to_owned(),
        }],
        message: "Phone must start with + and the country code.".to_owned(),
        fields: vec!["Phone".to_owned()],
        active: true,
    });
}
