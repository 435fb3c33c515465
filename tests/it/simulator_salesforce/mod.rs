//! The simulated Salesforce, asked as a client would ask it: what it answers is the real protocol.

mod bulk;
mod commands;
mod composites;
mod connection;
mod conversions;
mod objects;
mod org;
mod queries;
mod rows;
mod setup;

use serde_json::{Map, Value, json};
use syncline::simulator::salesforce::{Salesforce, Settings};
use syncline::simulator::wire::{Request, Response};

/// 5 January 2026, 10:11:12 UTC.
const NOW: i64 = 1_767_607_872_000;
const DAY: i64 = 86_400_000;
/// An org and a session in it.
struct Org {
    model: Salesforce,
    token: String,
    now: i64,
}

fn org() -> Org {
    org_with(Settings::default())
}

fn org_with(settings: Settings) -> Org {
    let mut org = Org {
        model: Salesforce::new(settings),
        token: String::new(),
        now: NOW,
    };
    org.log_in();
    org
}

impl Org {
    fn log_in(&mut self) {
        let form =
            "grant_type=client_credentials&client_id=syncline-key&client_secret=syncline-secret";
        let body = body(&self.send("POST", "/services/oauth2/token", &[], form.as_bytes()));
        self.token = body["access_token"]
            .as_str()
            .map(str::to_owned)
            .expect("a token");
    }

    fn send(&mut self, method: &str, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Response {
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let mut all = vec![("authorization".to_owned(), format!("Bearer {}", self.token))];
        all.retain(|_| !headers.iter().any(|(name, _)| *name == "authorization"));
        all.extend(
            headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        let request = Request {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: all,
            body: body.to_vec(),
        };
        self.model.handle(&request, self.now)
    }

    fn call(&mut self, method: &str, path: &str, body: &Value) -> Response {
        let bytes = if body.is_null() {
            Vec::new()
        } else {
            body.to_string().into_bytes()
        };
        self.send(method, &format!("/services/data/v66.0/{path}"), &[], &bytes)
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "a test writes the value in place"
    )]
    fn create(&mut self, object: &str, fields: Value) -> String {
        let answer = self.call("POST", &format!("sobjects/{object}"), &fields);
        body(&answer)["id"]
            .as_str()
            .unwrap_or_else(|| panic!("{}", told(&answer)))
            .to_owned()
    }

    fn query(&mut self, soql: &str) -> Response {
        let text = soql
            .replace('%', "%25")
            .replace('+', "%2B")
            .replace('&', "%26");
        self.call(
            "GET",
            &format!("query?q={}", text.replace(' ', "+")),
            &Value::Null,
        )
    }

    /// The `LastName`s a query finds, in order, or what it is told.
    fn names(&mut self, soql: &str) -> String {
        let answer = self.query(soql);
        if answer.status != 200 {
            return told(&answer);
        }
        let found = body(&answer);
        let names = found["records"].as_array().expect("records").iter();
        names
            .filter_map(|record| record["LastName"].as_str())
            .collect::<Vec<_>>()
            .join(" ")
    }

    fn put(&mut self, object: &str, fields: Value) -> String {
        self.model
            .put(object, map(fields), self.now)
            .expect("a valid record")
    }
}

fn map(value: Value) -> Map<String, Value> {
    let Value::Object(map) = value else {
        panic!("no object: {value}")
    };
    map
}

fn body(answer: &Response) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or(Value::Null)
}

fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    answer
        .headers
        .iter()
        .find(|(own, _)| own == name)
        .map_or("", |(_, value)| value.as_str())
}

/// An answer in one line: the status, then codes, messages and fields of its errors.
fn told(answer: &Response) -> String {
    let body = body(answer);
    let errors: Vec<String> = body.as_array().into_iter().flatten().map(problem).collect();
    format!("{} {}", answer.status, errors.join(" | "))
        .trim_end()
        .to_owned()
}

/// The items of a collection in one line.
fn items(answer: &Response) -> String {
    let body = body(answer);
    let line = |item: &Value| {
        let errors: Vec<String> = item["errors"]
            .as_array()
            .into_iter()
            .flatten()
            .map(problem)
            .collect();
        match (errors.is_empty(), item["created"].as_bool()) {
            (true, Some(true)) => "created".to_owned(),
            (true, Some(false)) => "updated".to_owned(),
            (true, None) => "ok".to_owned(),
            (false, _) => errors.join(" | "),
        }
    };
    body.as_array().map_or_else(
        || told(answer),
        |all| all.iter().map(line).collect::<Vec<_>>().join("\n"),
    )
}

fn problem(error: &Value) -> String {
    let text = |key: &str| error[key].as_str().unwrap_or_default().to_owned();
    let code = text("errorCode") + &text("statusCode");
    let fields = error
        .get("fields")
        .map_or(String::new(), |fields| format!(" {fields}"));
    format!("{code}: {}{fields}", text("message"))
}

/// What creating a contact with these fields (and a last name) is answered.
fn check(fields: Value, expected: &str) {
    check_in(&mut org(), fields, expected);
}

fn check_in(org: &mut Org, fields: Value, expected: &str) {
    let mut contact = map(json!({"LastName": "Rossi"}));
    contact.extend(map(fields));
    let answer = org.call("POST", "sobjects/Contact", &Value::Object(contact));
    assert_eq!(told(&answer), expected);
}

fn record(object: &str, fields: Value) -> Value {
    let mut record = map(json!({"attributes": {"type": object}}));
    record.extend(map(fields));
    Value::Object(record)
}
