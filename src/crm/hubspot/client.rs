//! The client: one method, one HTTP request.

use std::fmt;
use std::sync::Arc;

use serde_json::Value as Json;

use super::account::{self, Account, OwnersPage};
use super::pages::{self, ListPage, Search, SearchPage};
use super::paths::ApiVersion;
use super::read::{self, HISTORY_MAX, Keys, READ_MAX, Read};
use super::write::{self, HubSpotOperation, HubSpotRow, RowOutcome};
use super::{answer, schema};
use crate::crm::http::{CallError, HttpRequest, HttpResponse, Method, Reply, Transport};
use crate::crm::source::Source;
use crate::crm::token::{Secret, Shared};
use crate::crm::values::percent;
use crate::domain::record::{FieldName, Side, Timestamp};
use crate::domain::schema::ObjectSchema;

/// Owners on one page.
const OWNERS_MAX: u32 = 100;

/// How to reach an account.
#[derive(Debug, Clone)]
pub struct HubSpotSettings {
    /// [`super::BASE`], or a simulator's address.
    pub base: String,
    /// The version spoken.
    pub api_version: ApiVersion,
    /// A private app's token or a service key.
    pub token: Secret,
}

/// HubSpot.
pub struct HubSpot {
    transport: Arc<dyn Transport>,
    settings: HubSpotSettings,
    // The daily quota begins anew at midnight there.
    zone: Shared<String>,
}

impl fmt::Debug for HubSpot {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "HubSpot({})", self.settings.base)
    }
}

impl HubSpot {
    /// A client.
    pub fn new(transport: Arc<dyn Transport>, mut settings: HubSpotSettings) -> Self {
        let trimmed = settings.base.trim_end_matches('/').len();
        settings.base.truncate(trimmed);
        Self {
            transport,
            settings,
            zone: Shared::empty(),
        }
    }

    /// Whose token it is. From then on a daily limit is waited out until midnight there.
    pub async fn account(&self) -> Result<Reply<Account>, CallError> {
        let response = self.get(&self.settings.api_version.account()).await?;
        let account =
            account::account(&response.json()?).ok_or_else(|| CallError::unreadable("portalId"))?;
        self.zone.set(account.time_zone.clone());
        Ok(reply(&response, account))
    }

    /// The properties of a type. `now` dates the schema by our clock.
    pub async fn properties(
        &self,
        type_: &str,
        now: Timestamp,
    ) -> Result<Reply<ObjectSchema>, CallError> {
        let path = self.settings.api_version.properties(type_);
        let response = self.get(&path).await?;
        let schema = schema::schema(type_, &response.json()?, now)
            .ok_or_else(|| CallError::unreadable("the list of properties"))?;
        Ok(reply(&response, schema))
    }

    /// A page of the owners who may own records now, from `after` of the page before.
    pub async fn owners(&self, after: Option<&str>) -> Result<Reply<OwnersPage>, CallError> {
        let after = after.map_or_else(String::new, |after| format!("&after={}", percent(after)));
        let path = format!(
            "{}?limit={OWNERS_MAX}&archived=false{after}",
            self.settings.api_version.owners()
        );
        let response = self.get(&path).await?;
        let page = account::owners(&response.json()?)
            .ok_or_else(|| CallError::unreadable("the list of owners"))?;
        Ok(reply(&response, page))
    }

    /// A page of changed records. A search has a limit of its own, five a second.
    pub async fn search_changes(
        &self,
        source: &Source<'_>,
        search: &Search,
    ) -> Result<Reply<SearchPage>, CallError> {
        let body = pages::search_body(source, search);
        let response = self.post(source, "search", &body.json).await?;
        let page = pages::search_page(&response.json()?, source, body.with_fields)
            .ok_or_else(|| CallError::unreadable("a part of the search's page"))?;
        Ok(reply(&response, page))
    }

    /// A page of all records by id, either the live ones or those in the archive.
    pub async fn list(
        &self,
        source: &Source<'_>,
        after: Option<&str>,
        archived: bool,
    ) -> Result<Reply<ListPage>, CallError> {
        let path = self.settings.api_version.objects(&source.schema.api_name);
        let query = pages::list_query(source, after, archived);
        let response = self.get(&format!("{path}?{query}")).await?;
        let page = pages::list_page(&response.json()?, source)
            .ok_or_else(|| CallError::unreadable("a part of the list's page"))?;
        Ok(reply(&response, page))
    }

    /// Reads 1 to [`READ_MAX`] live records, or to [`HISTORY_MAX`] with the history of some
    /// properties. Reads what was written the moment before, unlike a search.
    pub async fn read(
        &self,
        source: &Source<'_>,
        keys: Keys<'_>,
        with_history: &[FieldName],
    ) -> Result<Reply<Read>, CallError> {
        let most = if with_history.is_empty() {
            READ_MAX
        } else {
            HISTORY_MAX
        };
        if !(1..=most).contains(&keys.len()) {
            let why = format!("a call reads 1 to {most} records, not {}", keys.len());
            return Err(CallError::NotSent(why));
        }
        let body = read::body(source, keys, with_history);
        let response = self.post(source, "batch/read", &body).await?;
        let read = read::read(&response.json()?, source, keys)
            .ok_or_else(|| CallError::unreadable("a part of the records read"))?;
        Ok(reply(&response, read))
    }

    /// Writes 1 to [`super::WRITE_MAX`] rows; each outcome stands beside its row's trace, in the
    /// order sent.
    pub async fn write(
        &self,
        source: &Source<'_>,
        operation: &HubSpotOperation,
        rows: &[HubSpotRow],
    ) -> Result<Reply<Vec<(String, RowOutcome)>>, CallError> {
        if let Some(flaw) = write::flaw(rows) {
            return Err(CallError::NotSent(flaw.to_owned()));
        }
        let body = write::body(operation, rows);
        let response = self.post(source, write::resource(operation), &body).await?;
        let outcomes = write::outcomes(&response.json()?, source, operation, rows)
            .ok_or_else(|| CallError::unreadable("a part of the records written"))?;
        Ok(reply(&response, outcomes))
    }

    async fn get(&self, path: &str) -> Result<HttpResponse, CallError> {
        let url = format!("{}{path}", self.settings.base);
        self.send(HttpRequest::get(Side::HubSpot, url, self.headers()))
            .await
    }

    async fn post(
        &self,
        source: &Source<'_>,
        action: &str,
        body: &Json,
    ) -> Result<HttpResponse, CallError> {
        let path = self.settings.api_version.objects(&source.schema.api_name);
        let url = format!("{}{path}/{action}", self.settings.base);
        let request = HttpRequest::get(Side::HubSpot, url, self.headers());
        self.send(request.with_json(Method::Post, body)).await
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, CallError> {
        let response = self.transport.send(request).await?;
        answer::accepted(response, self.zone.get().as_deref())
    }

    fn headers(&self) -> Vec<(&'static str, String)> {
        let token = self.settings.token.reveal();
        vec![
            ("authorization", format!("Bearer {token}")),
            ("accept", "application/json".to_owned()),
        ]
    }
}

fn reply<T>(response: &HttpResponse, value: T) -> Reply<T> {
    Reply::of(response, answer::usage(response), value)
}
