//! How long the simulator takes for what the daemon asks of it. Run with `--ignored --nocapture`.
#![expect(
    clippy::unwrap_used,
    reason = "a missing value fails the test, as it should"
)]
#![expect(
    clippy::print_stdout,
    reason = "the figures are what the test is run for"
)]

use serde_json::{Map, Value, json};
use std::time::{Duration, Instant};
use syncline::simulator::hubspot::{self, HubSpot};
use syncline::simulator::salesforce::{self, Salesforce};
use syncline::simulator::wire::{Request, Response};
use syncline::simulator::{Outcome, Server, Simulator, demo};

const NOON: i64 = 1_790_000_000_000;
const LIMIT: Duration = Duration::from_millis(100);

struct Desk {
    simulator: Simulator,
    token: String,
    now: i64,
    slow: Vec<String>,
}

impl Desk {
    #[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
    fn new() -> Desk {
        let salesforce = Salesforce::new(salesforce::Settings::default());
        let portal = HubSpot::new(hubspot::Settings::default());
        let mut desk = Desk {
            simulator: Simulator::new(portal, salesforce, 1),
            token: String::new(),
            now: NOON,
            slow: Vec::new(),
        };
        let begun = Instant::now();
        demo::fill(&mut desk.simulator, NOON);
        println!("filled in {:?}", begun.elapsed());
        for number in 0..10_000 {
            let contact = contact(number);
            let at = NOON - 30_000 + number;
            desk.simulator
                .hubspot
                .put("contacts", None, &contact, at)
                .unwrap();
        }
        println!("10,000 contacts more: {:?}", begun.elapsed());
        let form =
            "grant_type=client_credentials&client_id=syncline-key&client_secret=syncline-secret";
        let answer = desk.send("POST", Server::Salesforce, "/services/oauth2/token", form);
        let answer: Value = serde_json::from_slice(&answer.body).unwrap();
        let token = answer["access_token"].as_str().unwrap();
        token.clone_into(&mut desk.token);
        desk
    }

    fn send(&mut self, method: &str, server: Server, path: &str, body: &str) -> Response {
        let bearer = match server {
            Server::HubSpot => "Bearer pat-eu1-simulated".to_owned(),
            Server::Salesforce => format!("Bearer {}", self.token),
        };
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let request = Request {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: vec![("authorization".to_owned(), bearer)],
            body: body.as_bytes().to_vec(),
        };
        // A second each, so that no limit of a portal is met.
        self.now += 1_000;
        match self.simulator.handle(server, &request, self.now) {
            Outcome::Answered(response) => response,
            other @ (Outcome::Lost | Outcome::Reset | Outcome::Refused | Outcome::Hung { .. }) => {
                panic!("no fault was ordered: {other:?}")
            }
        }
    }

    /// Sends one request, prints how long the answer took and notes when it was too long.
    #[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
    fn time(&mut self, what: &str, method: &str, server: Server, path: &str, body: &str) -> Value {
        // The best of three: what else the machine does is not the simulator's slowness.
        let mut took = Duration::MAX;
        let mut answer = None;
        for _ in 0..3 {
            let begun = Instant::now();
            answer = Some(self.send(method, server, path, body));
            took = took.min(begun.elapsed());
        }
        let answer = answer.unwrap();
        println!(
            "{what:<42} {:>7.1} ms  {} bytes",
            took.as_secs_f64() * 1e3,
            answer.body.len()
        );
        assert!(
            answer.status < 300,
            "{}",
            String::from_utf8_lossy(&answer.body)
        );
        if took > LIMIT {
            self.slow.push(format!("{what}: {took:?}"));
        }
        serde_json::from_slice(&answer.body).unwrap()
    }
}

fn contact(number: i64) -> Map<String, Value> {
    let contact = json!({
        "email": format!("crowd.{number}@crowd.example"), "firstname": "Crowd",
        "lastname": format!("Member {number}"), "phone": format!("+39 02 555 {number:05}"),
        "jobtitle": "Member", "city": "Rome", "country": "Italy", "hubspot_owner_id": "41629779",
    });
    contact.as_object().unwrap().clone()
}

fn rows(from: i64) -> String {
    let rows: Vec<Value> = (from..from + 200)
        .map(|number| {
            json!({
                "attributes": { "type": "Contact" },
                "Syncline_HubSpot_Id__c": format!("146812345-{number}"),
                "Email": format!("crowd.{number}@crowd.example"), "FirstName": "Crowd",
                "LastName": format!("Member {number}"), "MobilePhone": format!("+39 348 {number}"),
                "Phone": format!("+39 02 555 {number:05}"), "Title": "Member",
                "MailingCity": "Rome", "MailingCountry": "Italy", "Tier__c": "Gold",
            })
        })
        .collect();
    json!({ "allOrNone": false, "records": rows }).to_string()
}

#[test]
#[ignore = "measures; other tests would disturb it"]
fn no_question_of_the_daemon_takes_a_tenth_of_a_second() {
    let mut desk = Desk::new();
    let properties = [
        "email",
        "firstname",
        "lastname",
        "phone",
        "jobtitle",
        "city",
        "country",
    ];
    let search = json!({
        "filterGroups": [{ "filters": [{
            "propertyName": "lastmodifieddate", "operator": "GTE", "value": (NOON - 40_000).to_string(),
        }] }],
        "sorts": [{ "propertyName": "lastmodifieddate", "direction": "ASCENDING" }],
        "properties": properties, "limit": 200,
    });
    let contacts = "/crm/objects/2026-09/contacts";
    let body = search.to_string();
    let path = format!("{contacts}/search");
    desk.time(
        "HubSpot: first search after the puts",
        "POST",
        Server::HubSpot,
        &path,
        &body,
    );
    desk.time(
        "HubSpot: search page of 200",
        "POST",
        Server::HubSpot,
        &path,
        &body,
    );
    let drain = search.to_string().replace("GTE", "GT");
    desk.time(
        "HubSpot: search page, GT",
        "POST",
        Server::HubSpot,
        &path,
        &drain,
    );
    let inputs: Vec<Value> = (0..100)
        .map(|n| json!({ "id": format!("crowd.{n}@crowd.example") }))
        .collect();
    let body = json!({ "idProperty": "email", "properties": properties, "inputs": inputs });
    let path = format!("{contacts}/batch/read");
    desk.time(
        "HubSpot: batch read of 100 by e-mail",
        "POST",
        Server::HubSpot,
        &path,
        &body.to_string(),
    );
    let path = "/services/data/v66.0/composite/sobjects/Contact/Syncline_HubSpot_Id__c";
    for part in 0..50 {
        let body = rows(part * 200);
        if matches!(part, 0 | 1 | 25 | 49) {
            let what = format!("Salesforce: upsert of 200, {} there", part * 200);
            desk.time(&what, "PATCH", Server::Salesforce, path, &body);
        } else {
            desk.send("PATCH", Server::Salesforce, path, &body);
        }
    }
    desk.time(
        "Salesforce: upsert of 200 known",
        "PATCH",
        Server::Salesforce,
        path,
        &rows(0),
    );
    let fields = "Id,SystemModstamp,LastModifiedById,Email,FirstName,LastName,Phone,Title,\
                  MailingCity,MailingCountry,OwnerId,Tier__c,Syncline_HubSpot_Id__c";
    let keyset = format!(
        "SELECT {fields} FROM Contact WHERE (SystemModstamp = 2026-09-21T14:13:20Z AND \
         Id > '003000000000000AAA') OR SystemModstamp > 2020-01-01T00:00:00Z \
         ORDER BY SystemModstamp, Id LIMIT 2000"
    );
    let answer = desk.query("Salesforce: query of 2,000 by keyset", &keyset);
    assert_eq!(answer["records"].as_array().unwrap().len(), 2_000);
    let emails: Vec<String> = (0..500)
        .map(|n| format!("'crowd.{n}@crowd.example'"))
        .collect();
    let list = format!(
        "SELECT {fields} FROM Contact WHERE Email IN ({})",
        emails.join(",")
    );
    let answer = desk.query("Salesforce: query IN 500 e-mails", &list);
    assert_eq!(answer["records"].as_array().unwrap().len(), 500);
    assert!(desk.slow.is_empty(), "{:#?}", desk.slow);
}

impl Desk {
    /// Asks as the daemon does: in a Composite, because a list of 500 addresses fits no URL.
    fn query(&mut self, what: &str, soql: &str) -> Value {
        let encoded: String = soql
            .bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
                other => format!("%{other:02X}"),
            })
            .collect();
        let url = format!("/services/data/v66.0/query?q={encoded}");
        let body = json!({ "compositeRequest": [
            { "method": "GET", "url": url, "referenceId": "page" },
        ]});
        let path = "/services/data/v66.0/composite";
        let answer = self.time(what, "POST", Server::Salesforce, path, &body.to_string());
        answer["compositeResponse"][0]["body"].clone()
    }
}
