//! Who is let in: the static token, OAuth tokens and their scopes.

use super::call::{Answer, Call};
use super::object::ObjectType;
use super::refusal::Refusal;
use super::route::{Ask, Batch, Route};
use super::settings::Settings;
use crate::simulator::luck::Luck;
use crate::simulator::wire::{Request, form_pairs};
use serde_json::json;
use std::collections::BTreeMap;

/// The portal's door.
#[derive(Debug)]
pub struct Gate {
    token: String,
    scopes: Option<Vec<String>>,
    token_ok: bool,
    portal_open: bool,
    refresh_ok: bool,
    /// Access tokens that were given out, and when each runs out (Unix ms).
    given: BTreeMap<String, i64>,
}

impl Gate {
    /// An open door for the settings' token.
    pub fn new(settings: &Settings) -> Gate {
        Gate {
            token: settings.token.clone(),
            scopes: settings.scopes.clone(),
            token_ok: true,
            portal_open: true,
            refresh_ok: true,
            given: BTreeMap::new(),
        }
    }

    /// Takes the static token out of use, or back into it.
    pub fn set_token_ok(&mut self, ok: bool) {
        self.token_ok = ok;
    }

    /// Switches the whole portal off or on.
    pub fn set_portal_open(&mut self, open: bool) {
        self.portal_open = open;
    }

    /// Revokes the refresh token with all access tokens, or takes it back into use.
    pub fn set_refresh_ok(&mut self, ok: bool) {
        self.refresh_ok = ok;
        if !ok {
            self.given.clear();
        }
    }

    /// Lets every access token that was given out run out now.
    pub fn expire_access_tokens(&mut self, now: i64) {
        for ends in self.given.values_mut() {
            *ends = (*ends).min(now);
        }
    }

    /// Grants these scopes and no others; `None` grants everything.
    pub fn grant(&mut self, scopes: Option<Vec<String>>) {
        self.scopes = scopes;
    }

    /// Whether the call came with a token of an OAuth application, which has no daily limit.
    pub fn is_oauth(&self, request: &Request) -> bool {
        bearer(request).is_some_and(|token| self.given.contains_key(token))
    }

    /// Refuses a call without a good token or without the scope it needs.
    pub fn let_in(
        &self,
        request: &Request,
        route: &Route,
        objects: &[ObjectType],
        now: i64,
    ) -> Result<(), Refusal> {
        let token = bearer(request).ok_or_else(Refusal::unauthenticated)?;
        match self.given.get(token) {
            Some(ends) if *ends <= now => {
                return Err(Refusal::token_expired((now - ends) / 1000));
            }
            Some(_) => {}
            None if token == self.token && self.token_ok => {}
            None => return Err(Refusal::unauthenticated()),
        }
        if !self.portal_open {
            return Err(Refusal::new(403, "BANNED", "This account is disabled"));
        }
        match (&self.scopes, scope_for(&request.method, route, objects)) {
            (Some(scopes), Some(needed)) if !scopes.contains(&needed) => {
                Err(Refusal::scope_missing(&needed))
            }
            _ => Ok(()),
        }
    }

    /// The token endpoint: a refresh token for an access token.
    pub fn token(
        &mut self,
        call: &Call<'_>,
        settings: &Settings,
        luck: &mut Luck,
    ) -> Result<Answer, Refusal> {
        if call.method() != "POST" {
            return Ok(Answer::MethodNotAllowed);
        }
        let form = form_pairs(&String::from_utf8_lossy(call.body()));
        let field = |name: &str| {
            form.iter()
                .find(|(have, _)| have == name)
                .map_or("", |(_, value)| value.as_str())
        };
        let oauth = &settings.oauth;
        if field("grant_type") != "refresh_token" {
            return Err(no(
                "BAD_GRANT_TYPE",
                "unsupported_grant_type",
                "unsupported grant type",
            ));
        }
        if field("client_id") != oauth.client_id {
            return Err(no(
                "BAD_CLIENT_ID",
                "invalid_client",
                "missing or unknown client id",
            ));
        }
        if field("client_secret") != oauth.client_secret {
            return Err(no(
                "BAD_CLIENT_SECRET",
                "invalid_client",
                "missing or invalid client secret",
            ));
        }
        if !self.refresh_ok || field("refresh_token") != oauth.refresh_token {
            let message = "refresh token is invalid, expired or revoked";
            return Err(no("BAD_REFRESH_TOKEN", "invalid_grant", message));
        }
        let access = format!("CN{:016x}{:016x}", luck.draw(), luck.draw());
        self.given
            .insert(access.clone(), call.now + oauth.access_life_s * 1000);
        Ok(Answer::Json(
            200,
            json!({
                "token_type": "bearer", "access_token": access,
                "refresh_token": oauth.refresh_token, "expires_in": oauth.access_life_s,
                "hub_id": settings.portal_id, "scopes": self.scopes.clone().unwrap_or_default(),
                "token_use": "access_token", "user_id": 9_586_504,
            }),
        ))
    }
}

fn no(status: &str, error: &str, message: &str) -> Refusal {
    Refusal::new(400, "", message)
        .without_category()
        .with("status", json!(status))
        .with("error", json!(error))
        .with("error_description", json!(message))
}

fn bearer(request: &Request) -> Option<&str> {
    let (scheme, token) = request.header("authorization")?.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then_some(token.trim())
}

// Tasks are covered by the contacts scopes; custom types share one.
fn scope_for(method: &str, route: &Route, objects: &[ObjectType]) -> Option<String> {
    let family = |name: &str| match objects.iter().find(|object| object.is_named(name)) {
        Some(object) if object.plural == "tasks" => "contacts".to_owned(),
        Some(object) if object.type_id.starts_with("0-") => object.plural.clone(),
        _ => "custom".to_owned(),
    };
    match route {
        Route::Objects(name, ask) => {
            let reads = match ask {
                Ask::Search | Ask::Batch(Batch::Read) => true,
                Ask::Collection | Ask::One(_) => method == "GET",
                Ask::Merge
                | Ask::Batch(Batch::Create | Batch::Update | Batch::Upsert | Batch::Archive) => {
                    false
                }
            };
            let right = if reads { "read" } else { "write" };
            Some(format!("crm.objects.{}.{right}", family(name)))
        }
        Route::Associations(address) => {
            let right = if address.reads(method) {
                "read"
            } else {
                "write"
            };
            let name = address.from()?;
            Some(format!("crm.objects.{}.{right}", family(name)))
        }
        Route::Properties(name, _) => {
            let right = if method == "GET" { "read" } else { "write" };
            Some(format!("crm.schemas.{}.{right}", family(name)))
        }
        Route::Pipelines(name, _) => Some(format!("crm.objects.{}.read", family(name))),
        Route::Schemas(name) => {
            let name = name.as_deref().map_or("custom".to_owned(), family);
            Some(format!("crm.schemas.{name}.read"))
        }
        Route::Lists(address) => {
            let right = if address.reads(method) {
                "read"
            } else {
                "write"
            };
            Some(format!("crm.lists.{right}"))
        }
        Route::Owners(_) => Some("crm.objects.owners.read".to_owned()),
        Route::AccountDetails | Route::DailyUsage | Route::Token => None,
    }
}
