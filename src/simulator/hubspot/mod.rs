//! The simulated HubSpot: one portal as a pure model, a request and the time in, an answer out.
//!
//! No I/O, no clock, no luck but a seed. Shares nothing with the client that talks to it.

pub mod account;
pub mod admin;
pub mod association;
pub mod auth;
pub mod batch;
pub mod call;
pub mod check;
pub mod filter;
pub mod index;
pub mod limits;
pub mod list;
pub mod merge;
pub mod meta;
pub mod object;
pub mod owner;
pub mod pipeline;
pub mod property;
pub mod record;
pub mod refusal;
pub mod render;
pub mod route;
pub mod rule;
pub mod schema;
pub mod search;
pub mod settings;
pub mod single;
pub mod standard;
pub mod table;
pub mod validate;
pub mod workflow;
pub mod write;

use super::luck::Luck;
use super::stamp;
use super::wire::{Request, Response};
use association::Associations;
use association::label::Labels;
use auth::Gate;
use call::{Answer, Call};
use limits::{Limits, Meter};
use list::Lists;
use object::ObjectType;
use owner::Owners;
use refusal::Refusal;
use route::{Ask, Batch, Route};
pub use settings::Settings;
use std::collections::BTreeMap;

/// Where the portal's record ids start: beyond 32 bits, as real ones are.
const FIRST_ID: u64 = 210_000_000_000;

/// One portal.
#[derive(Debug)]
pub struct HubSpot {
    settings: Settings,
    objects: Vec<ObjectType>,
    associations: Associations,
    lists: Lists,
    owners: Owners,
    gate: Gate,
    limits: Limits,
    luck: Luck,
    last_id: u64,
    workflows: BTreeMap<(i64, u64), workflow::Workflow>,
    workflows_started: u64,
}

impl HubSpot {
    /// A portal without records.
    pub fn new(settings: Settings) -> HubSpot {
        let objects = ObjectType::standard(&settings);
        let names: Vec<&str> = objects
            .iter()
            .map(|object| object.plural.as_str())
            .collect();
        let associations = Associations {
            labels: Labels::standard(&names),
            ..Associations::default()
        };
        HubSpot {
            objects,
            associations,
            lists: Lists::default(),
            owners: Owners::standard(),
            gate: Gate::new(&settings),
            limits: Limits::new(&settings),
            luck: Luck::new(settings.seed),
            last_id: FIRST_ID,
            workflows: BTreeMap::new(),
            workflows_started: 0,
            settings,
        }
    }

    /// Answers one request at `now` (Unix ms). Every answer carries `date`.
    pub fn handle(&mut self, request: &Request, now: i64) -> Response {
        self.advance(now);
        let (meter, answer) = self.admit(request, now);
        let mut response = match answer {
            Ok(answer) => answer.into_response(),
            Err(refusal) => self.refuse(&refusal),
        };
        if meter == Some(Meter::Burst) {
            response.headers.extend(self.limits.headers(
                now,
                &self.settings,
                self.gate.is_oauth(request),
            ));
        }
        response
            .headers
            .push(("date".to_owned(), stamp::http_date(now)));
        response
    }

    /// Calls that were let in and so count for the day; not those for a token, nor refused by a limit.
    pub fn calls_counted(&self) -> u64 {
        self.limits.counted()
    }

    /// Runs the workflows that are due and lets search see what it should by now.
    pub fn advance(&mut self, now: i64) {
        self.run_workflows(now);
        for object in &mut self.objects {
            object.index.catch_up(now);
        }
    }

    fn admit(&mut self, request: &Request, now: i64) -> (Option<Meter>, Result<Answer, Refusal>) {
        let Some((generation, route)) = route::parse(&request.path) else {
            return (None, Ok(Answer::PageNotFound));
        };
        let call = Call::new(request, generation, now);
        if route == Route::Token {
            return (None, self.gate.token(&call, &self.settings, &mut self.luck));
        }
        if let Err(refusal) = self.gate.let_in(request, &route, &self.objects, now) {
            return (None, Err(refusal));
        }
        let searches = matches!(route, Route::Objects(_, Ask::Search));
        let meter = if searches {
            Meter::Search
        } else {
            Meter::Burst
        };
        let request_id = self.luck.uuid();
        if let Err(refusal) = self.limits.take(meter, now, &self.settings, &request_id) {
            return (Some(meter), Err(refusal));
        }
        (Some(meter), self.answer(&call, &route))
    }

    fn answer(&mut self, call: &Call<'_>, route: &Route) -> Result<Answer, Refusal> {
        match route {
            Route::Objects(name, ask) => {
                let object = self.object_named(name)?;
                self.answer_objects(call, object, ask)
            }
            Route::Associations(address) => self.answer_associations(call, address),
            Route::Properties(name, property) => {
                let object = self.object_named(name)?;
                self.answer_properties(call, object, property.as_deref())
            }
            Route::Pipelines(name, ask) => {
                let object = self.object_named(name)?;
                self.answer_pipelines(call, object, ask)
            }
            Route::Schemas(name) => self.answer_schemas(call, name.as_deref()),
            Route::Lists(address) => self.answer_lists(call, address),
            Route::Owners(id) => self.answer_owners(call, id.as_deref()),
            Route::AccountDetails => Ok(self.account_details(call.now)),
            Route::DailyUsage => Ok(self.daily_usage(call.now)),
            Route::Token => Ok(Answer::PageNotFound),
        }
    }

    fn answer_objects(
        &mut self,
        call: &Call<'_>,
        object: usize,
        ask: &Ask,
    ) -> Result<Answer, Refusal> {
        match (call.method(), ask) {
            ("GET", Ask::Collection) => self.list(call, object),
            ("POST", Ask::Collection) => self.create_one(call, object),
            ("GET", Ask::One(id)) => self.read_one(call, object, id),
            ("PATCH", Ask::One(id)) => self.update_one(call, object, id),
            ("DELETE", Ask::One(id)) => Ok(self.archive_one(call, object, id)),
            ("POST", Ask::Batch(Batch::Read)) => self.batch_read(call, object),
            ("POST", Ask::Batch(Batch::Archive)) => self.batch_archive(call, object),
            ("POST", Ask::Batch(kind)) => self.batch_write(call, object, *kind),
            ("POST", Ask::Search) => self.search(call, object),
            ("POST", Ask::Merge) => self.merge_asked(call, object),
            _ => Ok(Answer::MethodNotAllowed),
        }
    }

    fn object_named(&self, name: &str) -> Result<usize, Refusal> {
        let found = self.objects.iter().position(|object| object.is_named(name));
        found.ok_or_else(|| Refusal::invalid(&format!("Unable to infer object type from: {name}")))
    }

    fn refuse(&mut self, refusal: &Refusal) -> Response {
        let id = self.luck.uuid();
        Answer::Json(
            refusal.status,
            refusal.clone().with("correlationId", id.into()).to_json(),
        )
        .into_response()
    }
}
