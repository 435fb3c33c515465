//! The simulator's network: faults that replay, and the HTTP shell as a real client meets it.
#![expect(
    clippy::unwrap_used,
    reason = "a missing value fails the test, as it should"
)]

use serde_json::{Value, json};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use syncline::simulator::hubspot::{HubSpot, Settings};
use syncline::simulator::salesforce::{self, Salesforce};
use syncline::simulator::shell::{self, Now, Ports, Running, ShellError};
use syncline::simulator::wire::Request;
use syncline::simulator::{Fault, OneShot, Outcome, Rates, Server, Simulator};

const NOON: i64 = 1_790_000_000_000;
const CONTACTS: &str = "/crm/objects/2026-09/contacts";

fn simulator(seed: u64) -> Simulator {
    let salesforce = Salesforce::new(salesforce::Settings::default());
    Simulator::new(HubSpot::new(Settings::default()), salesforce, seed)
}

fn request(method: &str, path: &str, body: &str) -> Request {
    Request {
        method: method.to_owned(),
        path: path.to_owned(),
        query: String::new(),
        headers: vec![(
            "authorization".to_owned(),
            "Bearer pat-eu1-simulated".to_owned(),
        )],
        body: body.as_bytes().to_vec(),
    }
}

fn order(simulator: &mut Simulator, server: Server, fault: Fault) {
    simulator.faults.order(OneShot {
        server,
        method: Some("POST".to_owned()),
        path: "/".to_owned(),
        skip: 0,
        times: 1,
        fault,
    });
}

/// Strikes one creating POST with `fault`; expects the outcome's name and how many contacts there are then.
fn check(fault: Fault, outcome: &str, contacts: usize) {
    let mut simulator = simulator(1);
    order(&mut simulator, Server::HubSpot, fault);
    assert!(
        matches!(
            simulator.handle(Server::HubSpot, &request("GET", CONTACTS, ""), NOON),
            Outcome::Answered(_)
        ),
        "a request that does not fit passes"
    );
    let create = request(
        "POST",
        CONTACTS,
        r#"{"properties":{"email":"a@example.com"}}"#,
    );
    let got = match simulator.handle(Server::HubSpot, &create, NOON) {
        Outcome::Answered(response) if response.is_cut() => {
            format!(
                "{} cut, JSON {}",
                response.status,
                serde_json::from_slice::<Value>(&response.body).is_ok()
            )
        }
        Outcome::Answered(response) => {
            let kind = response.header("content-type").unwrap_or_default();
            assert!(response.header("date").is_some());
            format!(
                "{} {}",
                response.status,
                kind.split(';').next().unwrap_or_default()
            )
        }
        Outcome::Lost => "lost".to_owned(),
        Outcome::Reset => "reset".to_owned(),
        Outcome::Refused => "refused".to_owned(),
        Outcome::Hung { effect } => format!("hung, effect {effect}"),
    };
    assert_eq!(
        (got.as_str(), simulator.hubspot.records("contacts").len()),
        (outcome, contacts)
    );
}

#[test]
fn a_fault_strikes_before_or_after_the_effect() {
    check(Fault::Refused, "refused", 0);
    check(Fault::Reset, "reset", 0);
    check(Fault::Lost, "lost", 1);
    check(Fault::Hung, "hung, effect false", 0);
    check(Fault::HungAfter, "hung, effect true", 1);
    check(Fault::Answer(500), "500 application/json", 0);
    check(Fault::Answer(502), "502 text/html", 0);
    check(Fault::Answer(429), "429 application/json", 0);
    check(Fault::AnswerAfter(503), "503 application/json", 1);
    check(Fault::Truncated, "201 cut, JSON false", 1);
}

#[test]
fn the_same_seed_brings_the_same_faults_and_an_order_moves_none() {
    let run = |seed: u64, ordered: bool| {
        let mut simulator = simulator(seed);
        simulator
            .faults
            .set_rates(Server::HubSpot, Rates::everything(300));
        if ordered {
            order(&mut simulator, Server::HubSpot, Fault::Reset);
        }
        let ask = request("POST", "/crm/objects/2026-09/contacts/search", "{}");
        (0..500)
            .map(|n| {
                simulator.faults.draw(
                    Server::HubSpot,
                    &Request {
                        query: n.to_string(),
                        ..ask.clone()
                    },
                )
            })
            .collect::<Vec<Option<Fault>>>()
    };
    let first = run(7, false);
    assert_eq!(first, run(7, false));
    assert_ne!(first, run(8, false));
    assert_eq!(first[1..], run(7, true)[1..]);
    let struck = first.iter().flatten().count();
    assert!((100..200).contains(&struck), "{struck} of 500");
}

#[test]
fn a_fault_counts_as_a_call_to_salesforce_unless_no_byte_left() {
    let mut simulator = simulator(1);
    let query = request("POST", "/services/data/v66.0/composite", "{}");
    for fault in [
        Fault::Refused,
        Fault::Reset,
        Fault::Hung,
        Fault::Answer(503),
    ] {
        order(&mut simulator, Server::Salesforce, fault);
        simulator.handle(Server::Salesforce, &query, NOON);
    }
    order(&mut simulator, Server::Salesforce, Fault::Reset);
    let token = request("POST", "/services/oauth2/token", "");
    simulator.handle(Server::Salesforce, &token, NOON);
    assert_eq!(simulator.salesforce_calls_counted(), 3);
    order(&mut simulator, Server::Salesforce, Fault::Reset);
    simulator.handle(Server::Salesforce, &query, NOON + 86_400_000);
    assert_eq!(simulator.salesforce_calls_counted(), 4);
    assert_eq!(simulator.salesforce_worst_window(), 3);
}

#[test]
fn a_server_taken_down_refuses_until_it_is_brought_up() {
    let mut simulator = simulator(1);
    let ask = request("GET", CONTACTS, "");
    simulator.faults.take_down(Server::HubSpot);
    assert_eq!(
        simulator.handle(Server::HubSpot, &ask, NOON),
        Outcome::Refused
    );
    simulator.faults.bring_up(Server::HubSpot);
    assert!(matches!(
        simulator.handle(Server::HubSpot, &ask, NOON),
        Outcome::Answered(_)
    ));
}

#[test]
fn commands_do_in_process_what_they_do_over_http() {
    let mut simulator = simulator(1);
    let mut run = |command: Value| simulator.command(&command, NOON);
    let put = json!({
        "do": "put", "side": "hubspot", "object": "contacts", "id": "51",
        "properties": { "email": "a@example.com", "score": 3 },
    });
    assert_eq!(run(put), Ok(json!({ "id": "51" })));
    let rule = json!({
        "do": "add_rule", "side": "hubspot", "object": "contacts", "id": "r1", "property": "city",
        "contains": "Ulm", "message": "not there",
    });
    assert_eq!(run(rule), Ok(json!({ "ok": true })));
    let get = json!({ "do": "get", "side": "hubspot", "object": "contacts", "id": "51" });
    assert_eq!(run(get).unwrap()["properties"]["score"], "3");
    let count = json!({ "do": "count", "side": "hubspot", "object": "contacts" });
    assert_eq!(run(count), Ok(json!({ "count": 1 })));
    for (command, error) in [
        (json!([]), "a command is a JSON object"),
        (
            json!({ "do": "dance", "side": "hubspot" }),
            "hubspot knows no command dance",
        ),
        (json!({ "do": "put" }), "\"side\" must be a text"),
        (
            json!({ "do": "put", "side": "both" }),
            "\"side\" is hubspot or salesforce, not both",
        ),
        (
            json!({ "do": "rates", "server": "hubspot", "rates": 1001 }),
            "a rate is a number from 0 to 1000",
        ),
    ] {
        assert_eq!(run(command), Err(error.to_owned()));
    }
}

#[test]
fn the_org_takes_the_same_language() {
    let mut simulator = simulator(1);
    let mut run = |command: Value| simulator.command(&command, NOON);
    let put = json!({
        "do": "put", "side": "salesforce", "object": "Contact",
        "fields": { "LastName": "Olsen", "Email": "a@example.com" },
    });
    let id = run(put).unwrap()["id"].clone();
    let get = json!({ "do": "get", "side": "salesforce", "object": "Contact", "id": id });
    assert_eq!(run(get).unwrap()["LastName"], "Olsen");
    let rule = json!({
        "do": "add_rule", "side": "salesforce", "rule": {
            "name": "No golf", "object": "Contact", "kind": "validation_rule",
            "when": [{ "field": "Title", "op": "contains", "value": "golf" }],
        },
    });
    assert_eq!(run(rule), Ok(json!({ "ok": true })));
    let golf = json!({
        "do": "put", "side": "salesforce", "object": "Contact", "id": id,
        "fields": { "Title": "golf pro" },
    });
    let error = run(golf).unwrap_err();
    assert!(
        error.starts_with("FIELD_CUSTOM_VALIDATION_EXCEPTION"),
        "{error}"
    );
    for command in [
        json!({ "do": "change_field", "side": "salesforce", "object": "Contact", "field": "Title", "change": { "set_length": 10 } }),
        json!({ "do": "object_access", "side": "salesforce", "object": "Contact", "verb": "delete", "allowed": false }),
        json!({ "do": "record_access", "side": "salesforce", "id": id, "access": "read_only" }),
        json!({ "do": "automate", "side": "salesforce", "object": "Contact", "field": "Title", "rewrite": "upper_case" }),
        json!({ "do": "switch", "side": "salesforce", "switch": "storage_full", "on": true }),
        json!({ "do": "usage", "side": "salesforce", "used": 5 }),
        json!({ "do": "expire_sessions", "side": "salesforce" }),
        json!({ "do": "delete", "side": "salesforce", "object": "Contact", "id": id }),
    ] {
        assert_eq!(run(command.clone()), Ok(json!({ "ok": true })), "{command}");
    }
    let late = json!({
        "do": "late_commit", "side": "salesforce", "object": "Contact",
        "fields": { "LastName": "Late" }, "visible_in_ms": 1,
    });
    assert!(run(late).is_ok());
    let count = json!({ "do": "count", "side": "salesforce", "object": "Contact" });
    assert_eq!(run(count), Ok(json!({ "count": 0 })));
}

struct House {
    running: Running,
    simulator: Arc<Mutex<Simulator>>,
    client: reqwest::Client,
    time: Arc<AtomicI64>,
}

impl House {
    async fn open() -> House {
        let simulator = Arc::new(Mutex::new(simulator(1)));
        let time = Arc::new(AtomicI64::new(NOON));
        let told = Arc::clone(&time);
        let now: Now = Arc::new(move || told.load(Ordering::SeqCst));
        let ports = Ports {
            hang_limit: Duration::from_millis(50),
            ..Ports::default()
        };
        let running = shell::serve(Arc::clone(&simulator), &ports, now)
            .await
            .unwrap();
        // Whoever comes second finds it installed.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .tls_certs_only(std::iter::empty())
            .no_proxy()
            .retry(reqwest::retry::never())
            .build()
            .unwrap();
        House {
            running,
            simulator,
            client,
            time,
        }
    }

    fn contacts(&self) -> String {
        format!("http://{}{CONTACTS}", self.running.hubspot)
    }

    async fn create(&self, email: &str) -> reqwest::Result<(u16, String)> {
        let body = json!({ "properties": { "email": email } });
        let request = self
            .client
            .post(self.contacts())
            .bearer_auth("pat-eu1-simulated")
            .json(&body);
        let response = request.send().await?;
        Ok((response.status().as_u16(), response.text().await?))
    }

    async fn command(&self, command: Value) -> (u16, Value) {
        let address = format!("http://{}/", self.running.admin);
        let response = self
            .client
            .post(address)
            .json(&command)
            .send()
            .await
            .unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    fn records(&self) -> usize {
        self.simulator
            .lock()
            .unwrap()
            .hubspot
            .records("contacts")
            .len()
    }
}

#[tokio::test]
async fn over_http_answers_are_packed_dated_and_read_by_a_real_client() {
    let house = House::open().await;
    house.time.store(NOON + 1_000, Ordering::SeqCst);
    assert_eq!(house.create("a@example.com").await.unwrap().0, 201);
    let request = house
        .client
        .get(house.contacts())
        .bearer_auth("pat-eu1-simulated");
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()["date"], "Mon, 21 Sep 2026 14:13:21 GMT");
    assert_eq!(response.headers()["x-hubspot-ratelimit-max"], "190");
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["results"][0]["properties"]["email"], "a@example.com");
    let plain = house
        .client
        .get(house.contacts())
        .header("accept-encoding", "identity");
    let plain = plain.bearer_auth("wrong").send().await.unwrap();
    assert!(plain.headers().get("content-encoding").is_none());
    assert_eq!(plain.status(), 401);
    house.running.stop().await;
}

#[tokio::test]
async fn a_packed_request_is_unpacked() {
    use std::io::Write;
    let house = House::open().await;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder
        .write_all(br#"{"properties":{"email":"a@example.com"}}"#)
        .unwrap();
    let request = house
        .client
        .post(house.contacts())
        .bearer_auth("pat-eu1-simulated");
    let request = request
        .header("content-encoding", "gzip")
        .body(encoder.finish().unwrap());
    assert_eq!(request.send().await.unwrap().status(), 201);
    house.running.stop().await;
}

#[tokio::test]
async fn a_lost_answer_leaves_its_effect_and_a_reset_none() {
    let house = House::open().await;
    for (fault, records) in [
        ("reset", 0),
        ("refused", 0),
        ("lost", 1),
        ("hung", 1),
        ("hung_after", 2),
    ] {
        let command = json!({
            "do": "fault", "server": "hubspot", "fault": fault, "path": "/crm/", "method": "POST",
        });
        assert_eq!(house.command(command).await, (200, json!({ "ok": true })));
        let error = house
            .create(&format!("{fault}@example.com"))
            .await
            .unwrap_err();
        assert!(
            error.is_request() && error.status().is_none(),
            "{fault}: {error:?}"
        );
        assert_eq!(house.records(), records, "{fault}");
    }
    assert_eq!(house.create("next@example.com").await.unwrap().0, 201);
    house.running.stop().await;
}

#[tokio::test]
async fn a_truncated_answer_has_a_status_and_no_end() {
    let house = House::open().await;
    let command =
        json!({ "do": "fault", "server": "hubspot", "fault": "truncated", "path": "/crm/" });
    house.command(command).await;
    let request = house
        .client
        .get(house.contacts())
        .bearer_auth("pat-eu1-simulated");
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    let error = response.bytes().await.unwrap_err();
    assert!(error.is_body() || error.is_decode(), "{error:?}");
    house.running.stop().await;
}

#[tokio::test]
async fn a_server_that_is_down_refuses_connections_and_comes_back_at_its_address() {
    let house = House::open().await;
    house
        .command(json!({ "do": "down", "server": "hubspot" }))
        .await;
    let error = loop {
        // The listener closes at its next look; until then the connection is reset.
        let error = house.create("a@example.com").await.unwrap_err();
        if error.is_connect() {
            break error;
        }
    };
    assert!(error.is_connect());
    house
        .command(json!({ "do": "up", "server": "hubspot" }))
        .await;
    while house.create("a@example.com").await.is_err() {}
    assert_eq!(house.records(), 1);
    house.running.stop().await;
}

#[tokio::test]
async fn the_admin_door_tells_the_state_and_names_mistakes() {
    let house = House::open().await;
    house.create("a@example.com").await.unwrap();
    let address = format!("http://{}/state", house.running.admin);
    let state: Value = house
        .client
        .get(address)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(state["hubspot"]["records"]["contacts"], 1);
    assert_eq!(state["hubspot"]["calls"], 1);
    assert_eq!(state["salesforce"]["calls"], 0);
    let (status, error) = house.command(json!({ "do": "put" })).await;
    assert_eq!(
        (status, &error["error"]),
        (400, &json!("\"side\" must be a text"))
    );
    house.running.stop().await;
}

#[tokio::test]
async fn a_stop_ends_silence_and_frees_the_ports() {
    let house = House::open().await;
    let address = house.running.hubspot;
    house.running.stop().await;
    assert!(tokio::net::TcpListener::bind(address).await.is_ok());
}

#[tokio::test]
async fn only_loopback_addresses_are_listened_on() {
    let everywhere = Ports {
        salesforce: "0.0.0.0:0".parse().unwrap(),
        ..Ports::default()
    };
    let simulator = Arc::new(Mutex::new(simulator(1)));
    let refused = shell::serve(simulator, &everywhere, Arc::new(|| NOON))
        .await
        .unwrap_err();
    assert!(matches!(refused, ShellError::NotLoopback(_)), "{refused}");
}
