//! The simulated HubSpot answers as the reference says the real one does.
#![expect(
    clippy::needless_pass_by_value,
    reason = "tests build their data where they use it"
)]
#![expect(
    clippy::unwrap_used,
    reason = "a missing value fails the test, as it should"
)]

mod access;
mod associations;
mod batches;
mod deals;
mod door;
mod labels;
mod lists;
mod owners;
mod portal;
mod records;
mod searches;
mod types;

use serde_json::{Map, Value, json};
use syncline::simulator::hubspot::{HubSpot, Settings};
use syncline::simulator::wire::{Request, Response};

const NOON: i64 = 1_790_000_000_000;
const OBJECTS: &str = "/crm/objects/2026-09";

struct Desk {
    hubspot: HubSpot,
    now: i64,
}

impl Desk {
    fn new() -> Desk {
        Desk::with(Settings {
            shuffle_batches: false,
            ..Settings::default()
        })
    }

    fn with(settings: Settings) -> Desk {
        Desk {
            hubspot: HubSpot::new(settings),
            now: NOON,
        }
    }

    fn raw(&mut self, method: &str, address: &str, body: Vec<u8>) -> Response {
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let bearer = (
            "authorization".to_owned(),
            "Bearer pat-eu1-simulated".to_owned(),
        );
        let request = Request {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: vec![bearer],
            body,
        };
        self.hubspot.handle(&request, self.now)
    }

    fn get(&mut self, address: &str) -> (u16, Value) {
        parsed(&self.raw("GET", address, Vec::new()))
    }

    fn post(&mut self, address: &str, body: &Value) -> (u16, Value) {
        parsed(&self.raw("POST", address, body.to_string().into_bytes()))
    }

    fn patch(&mut self, address: &str, body: &Value) -> (u16, Value) {
        parsed(&self.raw("PATCH", address, body.to_string().into_bytes()))
    }

    fn put(&mut self, address: &str, body: &Value) -> (u16, Value) {
        parsed(&self.raw("PUT", address, body.to_string().into_bytes()))
    }

    fn delete(&mut self, address: &str) -> u16 {
        self.raw("DELETE", address, Vec::new()).status
    }

    // A record made by a person, so that no required value stands in the way.
    fn have(&mut self, object: &str, properties: Value) -> String {
        let properties = map(properties);
        self.hubspot
            .put(object, None, &properties, self.now)
            .unwrap()
    }

    fn create(&mut self, properties: Value) -> String {
        let (status, body) = self.post(
            &format!("{OBJECTS}/contacts"),
            &json!({ "properties": properties }),
        );
        assert_eq!(status, 201, "{body}");
        text(&body["id"])
    }

    fn search(&mut self, body: &Value) -> (u16, Value) {
        self.post(&format!("{OBJECTS}/contacts/search"), body)
    }
}

fn parsed(response: &Response) -> (u16, Value) {
    (
        response.status,
        serde_json::from_slice(&response.body).unwrap_or(Value::Null),
    )
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn map(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}
