//! The client: one method, one HTTP request.

use std::fmt;
use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::account::{self, Account, OwnersPage};
use super::associations::{
    self, ASSOCIATIONS_READ_MAX, ASSOCIATIONS_WRITE_MAX, AssociationsPage, Link, LinkOutcome,
};
use super::limits::{self, RecordsAtLimit};
use super::lists::{self, List, ListBy, MembersPage};
use super::pages::{self, ListPage, Search, SearchPage};
use super::paths::ApiVersion;
use super::read::{self, HISTORY_MAX, Keys, READ_MAX, Read};
use super::write::{self, HubSpotOperation, HubSpotRow, RowOutcome};
use super::{answer, pipelines, schema};
use crate::crm::http::{CallError, HttpRequest, HttpResponse, Method, Reply, Transport};
use crate::crm::source::Source;
use crate::crm::token::{Secret, Shared};
use crate::crm::values::percent;
use crate::domain::record::{FieldName, RecordId, Side, Timestamp};
use crate::domain::schema::{Choice, ObjectSchema};

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

    /// How many records of a type there are, or have a value in the property `having`, archived ones
    /// left out, as far as the search's index knows.
    pub async fn count(
        &self,
        type_: &str,
        having: Option<&FieldName>,
    ) -> Result<Reply<u64>, CallError> {
        let mut body = json!({ "limit": 1, "properties": ["hs_object_id"] });
        if let Some(name) = having {
            let filter = json!({ "propertyName": name.as_str(), "operator": "HAS_PROPERTY" });
            body["filterGroups"] = json!([{ "filters": [filter] }]);
        }
        let path = self.settings.api_version.objects(type_);
        let response = self.post_to(&format!("{path}/search"), &body).await?;
        let total = response.json()?["total"]
            .as_u64()
            .ok_or_else(|| CallError::unreadable("the search's total"))?;
        Ok(reply(&response, total))
    }

    /// Whether the token may write records of a type, found out by a batch of nothing: it writes
    /// nothing either way. HubSpot refuses it for a missing scope before it looks into it (taken for
    /// certain from the order in which its answers are documented, not tried on a live account).
    pub async fn may_write(&self, type_: &str) -> Result<Reply<bool>, CallError> {
        let path = self.settings.api_version.objects(type_);
        let url = format!("{}{path}/batch/update", self.settings.base);
        let request = HttpRequest::get(Side::HubSpot, url, self.headers());
        let request = request.with_json(Method::Post, &json!({ "inputs": [] }));
        let response = self.transport.send(request).await?;
        match answer::accepted(response.clone(), self.zone.get().as_deref()) {
            Ok(_) | Err(CallError::Rejected { status: 400, .. }) => Ok(reply(&response, true)),
            Err(CallError::Rejected { status: 403, .. }) => Ok(reply(&response, false)),
            Err(error) => Err(error),
        }
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

    /// A page of the records whose `field` has one of `values`, in small letters: ids and stamps
    /// alone, as the search's index knew them.
    pub async fn search_values(
        &self,
        source: &Source<'_>,
        field: &FieldName,
        values: &[String],
        after: Option<&str>,
    ) -> Result<Reply<SearchPage>, CallError> {
        let body = pages::values_body(source, field, values, after);
        let response = self.post(source, "search", &body).await?;
        let bare = Source {
            fields: &[],
            ..*source
        };
        let page = pages::search_page(&response.json()?, &bare, false)
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

    /// Reads those of 1 to [`READ_MAX`] ids whose records lie in the archive.
    pub async fn read_archived(
        &self,
        source: &Source<'_>,
        ids: &[RecordId],
    ) -> Result<Reply<Read>, CallError> {
        within(ids.len(), READ_MAX)?;
        let keys = Keys::Ids(ids);
        let body = read::body(source, keys, &[]);
        let response = self.post(source, "batch/read?archived=true", &body).await?;
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
        let outcomes = if *operation == HubSpotOperation::Archive {
            write::archived(rows)
        } else {
            write::outcomes(&response.json()?, source, operation, rows)
        };
        let outcomes =
            outcomes.ok_or_else(|| CallError::unreadable("a part of the records written"))?;
        Ok(reply(&response, outcomes))
    }

    /// A page of the associations of records of type `from` with records of type `to`; of each
    /// record from where the page before ended. 1 to [`ASSOCIATIONS_READ_MAX`] records.
    pub async fn associations(
        &self,
        from: &str,
        to: &str,
        asked: &[(RecordId, Option<String>)],
    ) -> Result<Reply<AssociationsPage>, CallError> {
        within(asked.len(), ASSOCIATIONS_READ_MAX)?;
        let body = associations::read_body(asked);
        let response = self.post_links(from, to, "batch/read", &body).await?;
        let page = associations::page(&response.json()?)
            .ok_or_else(|| CallError::unreadable("a part of the associations"))?;
        Ok(reply(&response, page))
    }

    /// Associates 1 to [`ASSOCIATIONS_WRITE_MAX`] pairs of records, as primary where the two types
    /// know that label; the outcomes stand in the order sent.
    pub async fn associate(
        &self,
        from: &str,
        to: &str,
        links: &[Link],
    ) -> Result<Reply<Vec<LinkOutcome>>, CallError> {
        within(links.len(), ASSOCIATIONS_WRITE_MAX)?;
        let kind = associations::kind(from, to);
        let body = associations::write_body(kind, links);
        let resource = associations::resource(kind);
        let response = self.post_links(from, to, resource, &body).await?;
        let outcomes = associations::outcomes(&response.json()?, links)
            .ok_or_else(|| CallError::unreadable("a part of the associations set"))?;
        Ok(reply(&response, outcomes))
    }

    /// Takes away every association between 1 to [`ASSOCIATIONS_WRITE_MAX`] pairs of records.
    pub async fn dissociate(
        &self,
        from: &str,
        to: &str,
        links: &[Link],
    ) -> Result<Reply<()>, CallError> {
        within(links.len(), ASSOCIATIONS_WRITE_MAX)?;
        let body = associations::archive_body(links);
        let response = self.post_links(from, to, "batch/archive", &body).await?;
        Ok(reply(&response, ()))
    }

    /// The stages of all pipelines of a type, as choices.
    pub async fn stages(&self, type_: &str) -> Result<Reply<Vec<Choice>>, CallError> {
        let path = self.settings.api_version.pipelines(type_);
        let response = self.get(&path).await?;
        let stages = pipelines::stages(&response.json()?)
            .ok_or_else(|| CallError::unreadable("the list of pipelines"))?;
        Ok(reply(&response, stages))
    }

    /// A list of records. One that we may not see, or that is gone, is [`CallError::Rejected`].
    pub async fn list_of_records(&self, by: ListBy<'_>) -> Result<Reply<List>, CallError> {
        let path = format!("{}/{}", self.settings.api_version.lists(), by.path());
        let response = self.get_one(&path).await?;
        let list =
            lists::list(&response.json()?).ok_or_else(|| CallError::unreadable("a list's id"))?;
        Ok(reply(&response, list))
    }

    /// A page of a list's members, at most [`super::MEMBERS_MAX`], those who joined last at the
    /// end.
    pub async fn list_members(
        &self,
        list: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Reply<MembersPage>, CallError> {
        let by = ListBy::Id(list).path();
        let query = lists::members_query(after, limit);
        let lists = self.settings.api_version.lists();
        let path = format!("{lists}/{by}/memberships/join-order?{query}");
        let response = self.get_one(&path).await?;
        let page = lists::members(&response.json()?)
            .ok_or_else(|| CallError::unreadable("a part of the list's members"))?;
        Ok(reply(&response, page))
    }

    /// The ids of the types (`0-2`) that have records with as many associations as they may have. A
    /// report that is closed to us is [`CallError::Rejected`], as are the two that follow.
    pub async fn types_at_limit(&self) -> Result<Reply<Vec<String>>, CallError> {
        let path = format!("{}/from", self.settings.api_version.limits());
        let response = self.get_one(&path).await?;
        let types = limits::types(&response.json()?)
            .ok_or_else(|| CallError::unreadable("the list of types at their limits"))?;
        Ok(reply(&response, types))
    }

    /// The records of one type that have as many associations with another one as they may have.
    pub async fn records_at_limit(
        &self,
        from: &str,
        to: &str,
    ) -> Result<Reply<RecordsAtLimit>, CallError> {
        let limits = self.settings.api_version.limits();
        let path = format!("{limits}/{}/{}", percent(from), percent(to));
        let response = self.get_one(&path).await?;
        let records = limits::records(&response.json()?)
            .ok_or_else(|| CallError::unreadable("a limit and how many records are at it"))?;
        Ok(reply(&response, records))
    }

    /// How many records of one type an administrator lets one of another have, where anybody set
    /// that.
    pub async fn own_limit(&self, from: &str, to: &str) -> Result<Reply<Option<u64>>, CallError> {
        let path = self.settings.api_version.own_limits(from, to);
        let response = self.get_one(&path).await?;
        let own = limits::own(&response.json()?)
            .ok_or_else(|| CallError::unreadable("the list of limits"))?;
        Ok(reply(&response, own.into_iter().min()))
    }

    async fn get_one(&self, path: &str) -> Result<HttpResponse, CallError> {
        let url = format!("{}{path}", self.settings.base);
        let request = HttpRequest::get(Side::HubSpot, url, self.headers());
        let response = self.transport.send(request).await?;
        answer::accepted_of_one(response, self.zone.get().as_deref())
    }

    async fn post_links(
        &self,
        from: &str,
        to: &str,
        action: &str,
        body: &Json,
    ) -> Result<HttpResponse, CallError> {
        let path = self.settings.api_version.associations(from, to);
        self.post_to(&format!("{path}/{action}"), body).await
    }

    async fn get(&self, path: &str) -> Result<HttpResponse, CallError> {
        let url = format!("{}{path}", self.settings.base);
        self.send(HttpRequest::get(Side::HubSpot, url, self.headers()))
            .await
    }

    pub(super) async fn get_property(
        &self,
        type_: &str,
        name: &str,
    ) -> Result<HttpResponse, CallError> {
        let path = self.settings.api_version.properties(type_);
        self.get(&format!("{path}/{name}")).await
    }

    pub(super) async fn post_property(
        &self,
        type_: &str,
        body: &Json,
    ) -> Result<HttpResponse, CallError> {
        let path = self.settings.api_version.properties(type_);
        self.post_to(&path, body).await
    }

    async fn post(
        &self,
        source: &Source<'_>,
        action: &str,
        body: &Json,
    ) -> Result<HttpResponse, CallError> {
        let path = self.settings.api_version.objects(&source.schema.api_name);
        self.post_to(&format!("{path}/{action}"), body).await
    }

    async fn post_to(&self, path: &str, body: &Json) -> Result<HttpResponse, CallError> {
        let url = format!("{}{path}", self.settings.base);
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

/// A call that would be refused is not sent.
fn within(records: usize, most: usize) -> Result<(), CallError> {
    if (1..=most).contains(&records) {
        return Ok(());
    }
    let why = format!("a call takes 1 to {most} records, not {records}");
    Err(CallError::NotSent(why))
}

pub(super) fn reply<T>(response: &HttpResponse, value: T) -> Reply<T> {
    Reply::of(response, answer::usage(response), value).paced(answer::burst(response))
}
