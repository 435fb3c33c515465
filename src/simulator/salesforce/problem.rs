//! A refusal in the shapes the REST API has for it. Decides nothing.

use serde_json::{Value, json};

/// One error: what a row endpoint, an item of a collection or an administrator is told.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// HTTP status where the error is the whole answer.
    pub status: u16,
    /// Salesforce's `errorCode` or `statusCode`.
    pub code: &'static str,
    /// The message, values HTML-escaped as Salesforce does.
    pub message: String,
    /// The fields named, `None` where the real answer has no such key.
    pub fields: Option<Vec<String>>,
    /// What a duplicate rule found, for row endpoints only.
    pub duplicates: Option<Value>,
}

impl Problem {
    pub(crate) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Problem {
            status,
            code,
            message: message.into(),
            fields: None,
            duplicates: None,
        }
    }

    /// A data error naming its fields, possibly none.
    pub(crate) fn data(code: &'static str, message: impl Into<String>, fields: &[&str]) -> Self {
        let fields = fields.iter().map(|field| (*field).to_owned()).collect();
        Problem {
            fields: Some(fields),
            ..Problem::new(400, code, message)
        }
    }

    pub(crate) fn not_found() -> Self {
        Problem::new(404, "NOT_FOUND", "The requested resource does not exist")
    }

    pub(crate) fn with_status(self, status: u16) -> Self {
        Problem { status, ..self }
    }

    /// An element of a row endpoint's error array.
    pub(crate) fn row(&self) -> Value {
        let mut body = json!({"message": self.message, "errorCode": self.code});
        if let Some(fields) = &self.fields {
            body["fields"] = json!(fields);
        }
        if let Some(found) = &self.duplicates {
            body["duplicateResult"] = found.clone();
        }
        body
    }

    /// An element of `errors` in an item of a collection.
    pub(crate) fn item(&self) -> Value {
        let fields = self.fields.clone().unwrap_or_default();
        json!({"statusCode": self.code, "message": self.message, "fields": fields})
    }
}

/// Values in messages are escaped for HTML, also where nobody shows them as HTML.
pub(crate) fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for char in value.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}
