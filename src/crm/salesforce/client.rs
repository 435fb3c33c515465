//! The client: one method, one HTTP request.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::batch::{Batch, RowOutcome};
use super::composite::{self, BATCHES_MAX, Part, QUERIES_MAX};
use super::query::{self, Locator, Query, QueryPage};
use super::{answer, describe};
use crate::crm::http::{CallError, HttpRequest, HttpResponse, Method, Reply, Transport, Usage};
use crate::crm::token::{SalesforceCredentials, Secret, Shared};
use crate::crm::values;
use crate::domain::failure::{Failure, RawFailure, System};
use crate::domain::record::{FieldName, RecordId, Side, Timestamp};
use crate::domain::schema::ObjectSchema;

/// The version spoken unless the settings name another one.
pub const API_VERSION: &str = "66.0";

/// Assignment rules must not give our records to somebody else (Salesforce's default is TRUE).
const AUTO_ASSIGN: (&str, &str) = ("sforce-auto-assign", "FALSE");
/// Duplicates are refused with the records they resemble.
const DUPLICATES: (&str, &str) = (
    "sforce-duplicate-rule-header",
    "allowSave=false; includeRecordDetails=true; runAsCurrentUser=true",
);
/// Records we touch stay out of people's lists of recently viewed ones.
const MRU: (&str, &str) = ("sforce-mru", "updateMru=false");
/// The largest page.
const PAGE: (&str, &str) = ("sforce-query-options", "batchSize=2000");
/// The name that Salesforce's logs show.
const CLIENT: (&str, &str) = ("sforce-call-options", "client=syncline");

/// What a conditional request is answered with when nothing changed.
const NOT_MODIFIED: u16 = 304;

/// How to reach an org.
#[derive(Debug)]
pub struct SalesforceSettings {
    /// Where tokens come from: `https://login.salesforce.com`, or the org's My Domain.
    pub login: String,
    /// `66.0`; `None` takes [`API_VERSION`].
    pub api_version: Option<String>,
    /// The app's consumer key.
    pub client_id: String,
    /// The proof.
    pub credentials: SalesforceCredentials,
}

/// Who we are in which org.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The org.
    pub org: RecordId,
    /// Our user there: its changes may be our own echo.
    pub user: RecordId,
    /// Base address of all later calls; may change with every token.
    pub instance_url: String,
}

/// Salesforce. Every method but [`Salesforce::fetch_token`] and [`Salesforce::versions`] needs a
/// token and answers `NotSent` without one.
pub struct Salesforce {
    transport: Arc<dyn Transport>,
    settings: SalesforceSettings,
    token: Shared<Secret>,
    // Outlives the token: whose echo a change is does not depend on the session.
    identity: Shared<Identity>,
}

impl fmt::Debug for Salesforce {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Salesforce({})", self.settings.login)
    }
}

impl Salesforce {
    /// A client without a token yet.
    pub fn new(transport: Arc<dyn Transport>, mut settings: SalesforceSettings) -> Self {
        let trimmed = settings.login.trim_end_matches('/').len();
        settings.login.truncate(trimmed);
        Self {
            transport,
            settings,
            token: Shared::empty(),
            identity: Shared::empty(),
        }
    }

    /// Whether there is a token to send.
    pub fn has_token(&self) -> bool {
        self.token.get().is_some()
    }

    /// Forgets the token, so that nobody sends it again.
    pub fn forget_token(&self) {
        self.token.clear();
    }

    /// Our user, once a token was fetched in this run.
    pub fn our_user(&self) -> Option<RecordId> {
        self.identity.get().map(|identity| identity.user)
    }

    /// The org's address for calls and for people, once a token was fetched in this run.
    pub fn instance_url(&self) -> Option<String> {
        self.identity.get().map(|identity| identity.instance_url)
    }

    /// The file of the credentials folder that the login is made from.
    pub fn credential_file(&self) -> &'static str {
        match self.settings.credentials {
            SalesforceCredentials::Jwt { .. } => "salesforce_key",
            SalesforceCredentials::ClientCredentials { .. } => "salesforce_secret",
        }
    }

    /// Asks for a token and keeps it for all later calls. Costs no call. `now` dates the assertion.
    pub async fn fetch_token(&self, now: Timestamp) -> Result<Reply<Identity>, CallError> {
        let login = &self.settings.login;
        let form = self
            .settings
            .credentials
            .form(&self.settings.client_id, login, now)
            .map_err(|error| CallError::NotSent(error.to_string()))?;
        let pairs: Vec<(&str, &str)> = form
            .iter()
            .map(|(key, value)| (*key, value.reveal()))
            .collect();
        let url = format!("{login}/services/oauth2/token");
        let request = HttpRequest::get(Side::Salesforce, url, headers()).with_form(&pairs);
        let response = answer::token_granted(self.transport.send(request).await?)?;
        let body = response.json()?;
        let token = body["access_token"]
            .as_str()
            .ok_or_else(|| CallError::unreadable("access_token"))?;
        let identity =
            identity(&body).ok_or_else(|| CallError::unreadable("id or instance_url"))?;
        self.identity.set(identity.clone());
        self.token.set(Secret::new(token));
        Ok(Reply::of(&response, None, identity))
    }

    /// The versions this server speaks. Costs no call and needs no token; its `Date` tells the
    /// server's clock.
    pub async fn versions(&self) -> Result<Reply<Vec<String>>, CallError> {
        let base = self.identity.get().map(|identity| identity.instance_url);
        let base = base.as_ref().unwrap_or(&self.settings.login);
        let url = format!("{base}/services/data/");
        let request = HttpRequest::get(Side::Salesforce, url, headers());
        let response = answer::accepted(self.transport.send(request).await?)?;
        let body = response.json()?;
        let versions = body
            .as_array()
            .ok_or_else(|| CallError::unreadable("the list of versions"))?
            .iter()
            .filter_map(|one| one["version"].as_str().map(str::to_owned))
            .collect();
        Ok(Reply::of(&response, answer::usage(&response), versions))
    }

    /// Describes an object. `now` dates the schema by our clock.
    pub async fn describe(
        &self,
        api_name: &str,
        now: Timestamp,
    ) -> Result<Reply<ObjectSchema>, CallError> {
        let response = self.get(&self.describe_path(api_name)).await?;
        let schema = describe::schema(&response, now)?;
        Ok(reply(&response, schema))
    }

    /// Describes an object once more; `known` as of `now` when Salesforce says that nothing changed
    /// (304 to `If-Modified-Since`, salesforce.md §2.2: it costs a call all the same).
    pub async fn describe_again(
        &self,
        known: &ObjectSchema,
        now: Timestamp,
    ) -> Result<Reply<ObjectSchema>, CallError> {
        let mut request = self.request(&self.describe_path(&known.api_name))?;
        let since = known.modified.clone().map(|at| ("if-modified-since", at));
        request.headers.extend(since);
        let response = self.transport.send(request).await?;
        if response.status == NOT_MODIFIED {
            let read_at = now;
            let schema = known.clone();
            return Ok(reply(&response, ObjectSchema { read_at, ..schema }));
        }
        let response = answer::accepted(response)?;
        let schema = describe::schema(&response, now)?;
        Ok(reply(&response, schema))
    }

    /// The values that a record type of an object offers, by field: one call.
    pub async fn offered(
        &self,
        api_name: &str,
        record_type: &str,
    ) -> Result<Reply<BTreeMap<FieldName, BTreeSet<String>>>, CallError> {
        let (object, record_type) = (values::percent(api_name), values::percent(record_type));
        let path = format!("ui-api/object-info/{object}/picklist-values/{record_type}");
        let response = self.get(&self.versioned(&path)).await?;
        let offered = describe::offered(&response.json()?)
            .ok_or_else(|| CallError::unreadable("the values of the lists"))?;
        Ok(reply(&response, offered))
    }

    fn describe_path(&self, api_name: &str) -> String {
        self.versioned(&format!("sobjects/{}/describe", values::percent(api_name)))
    }

    /// Asks 1 to [`QUERIES_MAX`] queries in one call; the results stand in the same order.
    pub async fn query(
        &self,
        queries: &[Query],
    ) -> Result<Reply<Vec<Result<QueryPage, Vec<RawFailure>>>>, CallError> {
        fits(queries.len(), QUERIES_MAX, "queries")?;
        let parts = queries
            .iter()
            .map(|query| Part {
                method: "GET",
                url: format!(
                    "{}?q={}",
                    self.versioned(query.resource()),
                    values::percent(query.soql())
                ),
                headers: part_headers(&[PAGE]),
                body: None,
            })
            .collect();
        let response = self.composite(parts).await?;
        let pages = composite::answers(&response, queries.len())?
            .into_iter()
            .zip(queries)
            .map(|(answer, query)| query::page(&answer?, query.shape()).map_err(unreadable))
            .collect();
        Ok(reply(&response, pages))
    }

    /// Fetches a further page. A locator that is gone is `Rejected` with `INVALID_QUERY_LOCATOR`:
    /// begin again from the cursor.
    pub async fn next_page(&self, locator: &Locator) -> Result<Reply<QueryPage>, CallError> {
        if !locator.path.starts_with("/services/data/") {
            return Err(CallError::NotSent("the locator is no path".to_owned()));
        }
        let response = self.get(&locator.path).await?;
        let page = query::page(&response.json()?, &locator.shape).map_err(CallError::unreadable)?;
        Ok(reply(&response, page))
    }

    /// Writes 1 to [`BATCHES_MAX`] batches in one call; the results stand in the same order, and
    /// a batch's rows in its own. A batch refused with a status of 500 or more may have taken
    /// effect; any other refusal saved nothing of it.
    pub async fn write(
        &self,
        batches: &[Batch<'_>],
    ) -> Result<Reply<Vec<Result<Vec<RowOutcome>, Vec<RawFailure>>>>, CallError> {
        fits(batches.len(), BATCHES_MAX, "batches")?;
        if let Some(flaw) = batches.iter().find_map(Batch::flaw) {
            return Err(CallError::NotSent(flaw.to_owned()));
        }
        if let [batch] = batches {
            let path = self.versioned(&batch.path());
            let mut request = self.request(&path)?;
            request.method = batch.method();
            if let Some(body) = batch.body() {
                request = request.with_json(batch.method(), &body);
            }
            let response = self.send(request).await?;
            let outcomes = batch.outcomes(&response.json()?)?;
            return Ok(reply(&response, vec![Ok(outcomes)]));
        }
        let parts = batches
            .iter()
            .map(|batch| Part {
                method: batch.method().name(),
                url: self.versioned(&batch.path()),
                headers: write_headers(),
                body: batch.body(),
            })
            .collect();
        let response = self.composite(parts).await?;
        let outcomes = composite::answers(&response, batches.len())?
            .into_iter()
            .zip(batches)
            .map(|(answer, batch)| match answer {
                Ok(body) => batch.outcomes(&body).map(Ok),
                Err(failures) => Ok(Err(failures)),
            })
            .collect::<Result<Vec<_>, CallError>>()?;
        Ok(reply(&response, outcomes))
    }

    /// The org's use of calls as its own page of limits tells it: exact within five minutes.
    pub async fn limits(&self) -> Result<Reply<Usage>, CallError> {
        let response = self.get(&self.versioned("limits")).await?;
        let body = response.json()?;
        let daily = &body["DailyApiRequests"];
        let (Some(limit), Some(remaining)) = (daily["Max"].as_u64(), daily["Remaining"].as_u64())
        else {
            return Err(CallError::unreadable("DailyApiRequests"));
        };
        let usage = Usage {
            used: limit.saturating_sub(remaining),
            limit,
        };
        Ok(reply(&response, usage))
    }

    pub(super) async fn composite(&self, parts: Vec<Part>) -> Result<HttpResponse, CallError> {
        let request = self.request(&self.versioned("composite"))?;
        self.send(request.with_json(Method::Post, &composite::body(parts)))
            .await
    }

    pub(super) async fn get(&self, path: &str) -> Result<HttpResponse, CallError> {
        self.send(self.request(path)?).await
    }

    pub(super) async fn send(&self, request: HttpRequest) -> Result<HttpResponse, CallError> {
        answer::accepted(self.transport.send(request).await?)
    }

    /// A resource's path with the version in front.
    pub(super) fn versioned(&self, resource: &str) -> String {
        let version = self.settings.api_version.as_deref().unwrap_or(API_VERSION);
        format!("/services/data/v{version}/{resource}")
    }

    /// A request to `path` at the org's address, with the token.
    pub(super) fn request(&self, path: &str) -> Result<HttpRequest, CallError> {
        let (Some(token), Some(identity)) = (self.token.get(), self.identity.get()) else {
            return Err(CallError::NotSent("no token yet".to_owned()));
        };
        let mut headers = headers();
        headers.push(("authorization", format!("Bearer {}", token.reveal())));
        let url = format!("{}{path}", identity.instance_url);
        Ok(HttpRequest::get(Side::Salesforce, url, headers))
    }
}

fn headers() -> Vec<(&'static str, String)> {
    [CLIENT, AUTO_ASSIGN, DUPLICATES, MRU, PAGE]
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()))
        .chain([("accept", "application/json".to_owned())])
        .collect()
}

/// What a part that writes carries.
pub(super) fn write_headers() -> Json {
    part_headers(&[AUTO_ASSIGN, DUPLICATES, MRU])
}

// The outer request's headers are not promised to reach its parts, so each part carries its own.
fn part_headers(headers: &[(&str, &str)]) -> Json {
    headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), json!(value)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// Reads org and user from the identity address, which ends in `/<org>/<user>`.
fn identity(body: &Json) -> Option<Identity> {
    let mut parts = body["id"].as_str()?.trim_end_matches('/').rsplit('/');
    let user = RecordId::parse(parts.next()?).ok()?;
    let org = RecordId::parse(parts.next()?).ok()?;
    let instance_url = body["instance_url"].as_str()?.trim_end_matches('/');
    Some(Identity {
        org,
        user,
        instance_url: instance_url.to_owned(),
    })
}

fn fits(count: usize, most: usize, what: &str) -> Result<(), CallError> {
    if (1..=most).contains(&count) {
        Ok(())
    } else {
        Err(CallError::NotSent(format!(
            "a call takes 1 to {most} {what}, not {count}"
        )))
    }
}

pub(super) fn reply<T>(response: &HttpResponse, value: T) -> Reply<T> {
    Reply::of(response, answer::usage(response), value)
}

/// One part of a good answer that cannot be read; its siblings can.
fn unreadable(what: &'static str) -> Vec<RawFailure> {
    vec![RawFailure {
        failure: Failure::of(System::Syncline, "unreadable_answer"),
        message: format!("answer lacks {what}"),
        value: None,
        rule: None,
    }]
}
