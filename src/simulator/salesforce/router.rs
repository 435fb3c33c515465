//! From a request to the part of the model that answers it: sessions, limits and counting on the way.

use serde_json::{Value, json};

use super::Salesforce;
use super::call::{Answer, Body, Call};
use super::composite;
use super::problem::Problem;
use super::settings::Switch;
use crate::simulator::wire;

const OLDEST: u32 = 31;
const NEWEST: u32 = 67;
const URI_MAX: usize = 16_384;

impl Salesforce {
    /// The answer, and whether it tells how much of the limit is used.
    pub(crate) fn answer(&mut self, request: &wire::Request) -> Answer {
        if request.path.len() + request.query.len() > URI_MAX {
            return Problem::new(414, "URI_TOO_LONG", "The URI is longer than 16384 bytes").into();
        }
        let path = request.path.trim_end_matches('/');
        match (request.method.as_str(), path) {
            ("POST", "/services/oauth2/token") => return self.token(request),
            ("POST", "/services/oauth2/revoke") => return self.revoke(request),
            ("GET", "/services/data") => return versions(),
            ("GET" | "POST", path) if is_identity(path) => {
                return match self.authenticate(request) {
                    Ok(()) => self.identity(request),
                    Err(problem) => problem.into(),
                };
            }
            _ => {}
        }
        let Some(mut call) = Call::parse(&request.method, path, &request.query) else {
            return Problem::not_found().into();
        };
        if !(OLDEST..=NEWEST).contains(&call.major()) || !call.version.ends_with(".0") {
            return Problem::not_found().into();
        }
        call.headers.clone_from(&request.headers);
        call.body = Body::Raw(request.body.clone());
        let refused = self
            .authenticate(request)
            .and_then(|()| self.admit(&call))
            .err();
        let authenticated = refused.as_ref().is_none_or(|problem| problem.status != 401);
        let answer = match refused {
            Some(problem) => problem.into(),
            None => self.dispatch(&call),
        };
        let quiet = answer.is_error() && self.is_on(Switch::NoLimitInfoOnErrors);
        if !authenticated || quiet {
            return answer;
        }
        let told = self.settings.preload_used
            + self
                .usage
                .told(self.clock - self.settings.limit_info_lag_ms);
        let info = format!("api-usage={told}/{}", self.settings.org_limit);
        answer.with("sforce-limit-info", info)
    }

    fn authenticate(&mut self, request: &wire::Request) -> Result<(), Problem> {
        let header = request
            .headers
            .iter()
            .find(|(name, _)| name == "authorization");
        let token = header.and_then(|(_, value)| {
            value
                .strip_prefix("Bearer ")
                .or_else(|| value.strip_prefix("OAuth "))
        });
        let life = self.settings.session_seconds * 1000;
        if token.is_some_and(|token| self.sessions.touch(token.trim(), self.clock, life)) {
            return Ok(());
        }
        Err(Problem::new(
            401,
            "INVALID_SESSION_ID",
            "Session expired or invalid",
        ))
    }

    /// Counts the call, unless the org refuses it.
    fn admit(&mut self, call: &Call) -> Result<(), Problem> {
        let refuse = |message: &str| Problem::new(403, "REQUEST_LIMIT_EXCEEDED", message);
        if self.is_on(Switch::ApiDisabled) {
            let message = "API is not enabled for this Organization or Partner";
            return Err(Problem::new(403, "API_DISABLED_FOR_ORG", message));
        }
        if self.is_on(Switch::ConcurrentLimit) {
            return Err(refuse(
                "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
            ));
        }
        let cost = composite::cost(call);
        let used = self.settings.preload_used + self.usage.used(self.clock);
        if used + cost > self.settings.org_limit {
            return Err(refuse("TotalRequests Limit exceeded."));
        }
        self.usage.count(self.clock, cost);
        Ok(())
    }

    /// Answers a call that was counted, or a part of one.
    pub(crate) fn dispatch(&mut self, call: &Call) -> Answer {
        let path: Vec<&str> = call.segments.iter().map(String::as_str).collect();
        match (call.method.as_str(), path.as_slice()) {
            ("GET", []) => self.resources(call),
            ("GET", ["limits"]) => self.limits(),
            ("GET", ["query"]) => self.query(call, false),
            ("GET", ["queryAll"]) => self.query(call, true),
            ("GET", ["query" | "queryAll", locator]) => self.more(call, locator),
            ("GET", ["sobjects"]) => self.sobjects(call, &[]),
            (_, ["sobjects", rest @ ..]) if !rest.is_empty() => self.sobjects(call, rest),
            ("POST", ["composite"]) => self.composite(call),
            ("POST", ["composite", "batch"]) => self.batch(call),
            (_, ["composite", "sobjects", rest @ ..]) => self.collections(call, rest),
            (_, ["jobs", rest @ ..]) => self.bulk(call, rest),
            (_, ["ui-api", rest @ ..]) => self.object_info(call, rest),
            (_, ["tooling", rest @ ..]) => self.tooling(call, rest),
            (
                method,
                [
                    "limits" | "query" | "queryAll" | "composite" | "sobjects",
                    ..,
                ],
            ) => {
                let message = format!("HTTP Method '{method}' not allowed.");
                Problem::new(405, "METHOD_NOT_ALLOWED", message).into()
            }
            _ => Problem::not_found().into(),
        }
    }

    fn resources(&self, call: &Call) -> Answer {
        let at = |name: &str| format!("/services/data/v{}/{name}", call.version);
        let (org, user) = (&self.settings.org_id, &self.settings.user_id);
        let identity = format!("{}/id/{org}/{user}", self.instance_url(&call.headers));
        Answer::ok(json!({
            "sobjects": at("sobjects"), "query": at("query"), "queryAll": at("queryAll"),
            "limits": at("limits"), "composite": at("composite"), "jobs": at("jobs"), "tooling": at("tooling"), "identity": identity,
        }))
    }

    fn limits(&mut self) -> Answer {
        let max = self.settings.org_limit;
        let used = self.settings.preload_used
            + self
                .usage
                .told(self.clock - self.settings.limit_info_lag_ms);
        let full = |max: u64| json!({"Max": max, "Remaining": max});
        let left = |max: u64, used: u64| json!({"Max": max, "Remaining": max.saturating_sub(used)});
        let batches = self.jobs.batches_used(self.clock);
        let queries = self.jobs.queries_used(self.clock);
        Answer::ok(json!({
            "DailyApiRequests": {"Max": max, "Remaining": max.saturating_sub(used)},
            "DailyBulkApiBatches": left(self.settings.bulk_batches, batches),
            "DailyBulkV2QueryJobs": left(self.settings.bulk_query_jobs, queries),
            "DailyBulkV2QueryFileStorageMB": full(976_562),
            "DailyDeliveredPlatformEvents": full(10_000),
            "DataStorageMB": full(1024),
        }))
    }
}

fn is_identity(path: &str) -> bool {
    path.starts_with("/id/") || path == "/services/oauth2/userinfo"
}

fn versions() -> Answer {
    let list: Vec<Value> = (OLDEST..=NEWEST)
        .map(|major| {
            // Three releases a year, 66 being the spring of 2026; winter is named after its January.
            let season = ["Spring", "Summer", "Winter"][(major % 3) as usize];
            let year = (major + u32::from(major % 3 == 2)) / 3 + 4;
            json!({"label": format!("{season} '{year:02}"), "version": format!("{major}.0"),
                   "url": format!("/services/data/v{major}.0")})
        })
        .collect();
    Answer::ok(Value::Array(list))
}
