//! Every way the simulated HubSpot says no, as the JSON that travels.
//!
//! Holds texts and shapes of errors; decides nothing.

use super::settings::{ErrorStyle, Settings};
use serde_json::{Map, Value, json};

/// A refused call, or one refused input of a batch.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// HTTP status it has when it stands alone.
    pub status: u16,
    body: Map<String, Value>,
}

/// One property that cannot take its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadProperty {
    /// The property's name.
    pub name: String,
    /// `INVALID_EMAIL`, `INVALID_OPTION`, …
    pub code: String,
    /// What a person reads.
    pub message: String,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = self
            .body
            .get("message")
            .and_then(Value::as_str)
            .unwrap_or("no message");
        write!(out, "{} {text}", self.status)
    }
}

impl std::error::Error for Refusal {}

impl From<Refusal> for String {
    fn from(refusal: Refusal) -> String {
        refusal.to_string()
    }
}

impl Refusal {
    /// A refusal with status, category and message.
    pub fn new(status: u16, category: &str, message: &str) -> Refusal {
        let mut body = Map::new();
        body.insert("status".to_owned(), json!("error"));
        body.insert("message".to_owned(), json!(message));
        body.insert("category".to_owned(), json!(category));
        Refusal { status, body }
    }

    /// 400 `VALIDATION_ERROR` with a message alone.
    pub fn invalid(message: &str) -> Refusal {
        Refusal::new(400, "VALIDATION_ERROR", message)
    }

    /// A refusal with one more member in its body.
    #[must_use]
    pub fn with(mut self, name: &str, value: Value) -> Refusal {
        self.body.insert(name.to_owned(), value);
        self
    }

    /// A refusal without category, as rate limits and crashes come.
    #[must_use]
    pub fn without_category(mut self) -> Refusal {
        self.body.remove("category");
        self
    }

    /// 404: no such record, or an archived one.
    pub fn not_found() -> Refusal {
        Refusal::new(404, "OBJECT_NOT_FOUND", "resource not found")
    }

    /// 409: the e-mail address belongs to another contact.
    pub fn conflict(existing: u64) -> Refusal {
        let message = format!("Contact already exists. Existing ID: {existing}");
        Refusal::new(409, "CONFLICT", &message)
    }

    /// 400: the value of a unique property belongs to another record.
    pub fn taken(place: &Place<'_>, value: &str, existing: u64) -> Refusal {
        let Place {
            portal_id,
            caps,
            property,
            id,
        } = place;
        Refusal::invalid(&format!(
            "Cannot set PropertyValueCoordinates{{portalId={portal_id}, \
             objectTypeId=ObjectTypeId{{legacyObjectType={caps}}}, propertyName={property}, \
             value={value}}} on {id}. {existing} already has that value."
        ))
    }

    /// 400: all properties that cannot take their values, in the style the portal has today.
    pub fn bad_properties(bad: &[BadProperty], settings: &Settings) -> Refusal {
        let embedded: Vec<Value> = bad
            .iter()
            .map(|one| one.embedded(settings.portal_id))
            .collect();
        let listed: Vec<Value> = bad.iter().map(BadProperty::listed).collect();
        let long = format!("Property values were not valid: {}", Value::Array(embedded));
        match settings.error_style {
            ErrorStyle::Both => Refusal::invalid(&long).with("errors", Value::Array(listed)),
            ErrorStyle::Embedded => Refusal::invalid(&long),
            ErrorStyle::Listed => Refusal::invalid("Property values were not valid")
                .with("errors", Value::Array(listed)),
        }
    }

    /// 400: values an administrator demands are not there; only the 2026-09 paths say so.
    pub fn values_demanded(names: &[&str]) -> Refusal {
        let item = |name: &&str| {
            json!({
                "message": format!("A value for {name} must be provided"),
                "code": "MISSING_REQUIRED_PROPERTY",
                "context": { "propertyName": [name] },
            })
        };
        let items: Vec<Value> = names.iter().map(item).collect();
        Refusal::invalid("The property values provided are invalid")
            .with("errors", Value::Array(items))
    }

    /// 400: properties without which the type cannot be created.
    pub fn required_missing(caps: &str, names: &[&String]) -> Refusal {
        let message = format!("Error creating {caps}. Some required properties were not set.");
        Refusal::invalid(&message).with("context", json!({ "properties": names }))
    }

    /// 404 inside a 207, one for all ids that were not found.
    pub fn some_missing(caps: &str, ids: &[String]) -> Refusal {
        let message = format!(
            "Could not get some {caps} objects, they may be deleted or not exist. \
             Check that ids are valid."
        );
        Refusal::new(404, "OBJECT_NOT_FOUND", &message).with("context", json!({ "ids": ids }))
    }

    /// 401 for a token that is missing or unknown.
    pub fn unauthenticated() -> Refusal {
        let message = "Authentication credentials not found. This API supports OAuth 2.0 \
                       authentication and you can find more details at \
                       https://developers.hubspot.com/docs/methods/auth/oauth-overview";
        Refusal::new(401, "INVALID_AUTHENTICATION", message)
    }

    /// 401 for an OAuth token that ran out.
    pub fn token_expired(seconds_ago: i64) -> Refusal {
        let message =
            format!("The OAuth token used to make this call expired {seconds_ago} second(s) ago.");
        Refusal::new(401, "EXPIRED_AUTHENTICATION", &message)
    }

    /// 403 for a scope that was not granted.
    pub fn scope_missing(scope: &str) -> Refusal {
        let page = "https://developers.hubspot.com/scopes";
        let message = format!(
            "This app hasn't been granted all required scopes to make this call. \
             Read more about required scopes here: {page}."
        );
        Refusal::new(403, "MISSING_SCOPES", &message)
            .with(
                "errors",
                json!([{
                    "message": "One or more of the following scopes are required.",
                    "context": { "requiredGranularScopes": [scope] },
                }]),
            )
            .with("links", json!({ "scopes": page }))
    }

    /// 429: `policy` is the wire's name of the limit, `limit` the word in the message.
    pub fn rate_limited(policy: &str, limit: &str, request_id: &str) -> Refusal {
        Refusal::new(
            429,
            "RATE_LIMITS",
            &format!("You have reached your {limit} limit."),
        )
        .without_category()
        .with("errorType", json!("RATE_LIMIT"))
        .with("policyName", json!(policy))
        .with("requestId", json!(request_id))
    }

    /// The body without its correlation id.
    pub fn to_json(&self) -> Value {
        Value::Object(self.body.clone())
    }

    /// The same refusal as one error of a 207, naming the input by its trace.
    #[must_use]
    pub fn traced(self, trace: &str) -> Value {
        let mut context = self
            .body
            .get("context")
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default();
        context.insert("objectWriteTraceId".to_owned(), json!([trace]));
        self.with("context", Value::Object(context)).to_json()
    }
}

/// Where a unique value could not be put.
#[derive(Debug)]
pub struct Place<'a> {
    /// The portal.
    pub portal_id: u64,
    /// The type's name in capitals.
    pub caps: &'a str,
    /// The unique property.
    pub property: &'a str,
    /// The record that should have had it.
    pub id: u64,
}

impl BadProperty {
    /// A property, why, and in which words.
    pub fn new(name: &str, code: &str, message: String) -> BadProperty {
        BadProperty {
            name: name.to_owned(),
            code: code.to_owned(),
            message,
        }
    }

    fn embedded(&self, portal_id: u64) -> Value {
        json!({
            "isValid": false, "message": self.message, "error": self.code, "name": self.name,
            "localizedErrorMessage": self.message, "portalId": portal_id,
        })
    }

    fn listed(&self) -> Value {
        json!({
            "message": self.message, "code": self.code,
            "context": { "propertyName": [self.name] },
        })
    }
}
