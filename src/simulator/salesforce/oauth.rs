//! The token endpoint and the sessions it opens. Verifies assertions; knows nothing of objects.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use serde_json::{Value, json};

use super::Salesforce;
use super::call::{Answer, form};
use super::settings::{Settings, Switch};
use crate::simulator::wire;

const ASSERTION_GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// Tokens and when each was last used, in Unix ms.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    used: BTreeMap<String, i64>,
}

impl Sessions {
    /// Whether `token` is alive at `now`; using it keeps it alive.
    pub(crate) fn touch(&mut self, token: &str, now: i64, life_ms: i64) -> bool {
        let alive = self
            .used
            .get(token)
            .is_some_and(|used| now - used < life_ms);
        if alive {
            self.used.insert(token.to_owned(), now);
        } else {
            self.used.remove(token);
        }
        alive
    }

    pub(crate) fn clear(&mut self) {
        self.used.clear();
    }
}

/// An OAuth error and its description.
type Refusal = (&'static str, &'static str);

impl Salesforce {
    pub(crate) fn token(&mut self, request: &wire::Request) -> Answer {
        let form = form(&String::from_utf8_lossy(&request.body));
        let field = |name: &str| {
            form.iter()
                .find(|(own, _)| own == name)
                .map_or("", |(_, value)| value.as_str())
        };
        let outcome = match field("grant_type") {
            "" => Err(("invalid_request", "missing required parameter: grant_type")),
            "client_credentials" => {
                let basic = basic(request);
                let (id, secret) = basic.as_ref().map_or_else(
                    || (field("client_id"), field("client_secret")),
                    |(id, secret)| (id.as_str(), secret.as_str()),
                );
                self.check_client(id, secret)
            }
            "refresh_token" => self
                .check_client(field("client_id"), field("client_secret"))
                .and_then(|()| self.check_refresh(field("refresh_token"))),
            ASSERTION_GRANT => self.check_assertion(field("assertion")),
            _ => Err(("unsupported_grant_type", "grant type not supported")),
        };
        match outcome.and_then(|()| self.check_user()) {
            Ok(()) => self.opened(request),
            Err((error, description)) => Answer::new(
                400,
                json!({"error": error, "error_description": description}),
            ),
        }
    }

    fn check_client(&self, id: &str, secret: &str) -> Result<(), Refusal> {
        if id != self.settings.client_id {
            return Err(("invalid_client_id", "client identifier invalid"));
        }
        if secret != self.settings.client_secret || self.is_on(Switch::CredentialsRefused) {
            return Err(("invalid_client", "invalid client credentials"));
        }
        Ok(())
    }

    fn check_refresh(&self, token: &str) -> Result<(), Refusal> {
        if token == self.settings.refresh_token {
            return Ok(());
        }
        Err(("invalid_grant", "expired access/refresh token"))
    }

    fn check_user(&self) -> Result<(), Refusal> {
        if self.user_is_active(&self.settings.user_id) {
            return Ok(());
        }
        Err(("invalid_grant", "inactive user"))
    }

    fn check_assertion(&self, assertion: &str) -> Result<(), Refusal> {
        let claims =
            claims(assertion, &self.settings).ok_or(("invalid_grant", "invalid assertion"))?;
        let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
        if text("iss") != self.settings.client_id {
            return Err(("invalid_client_id", "client identifier invalid"));
        }
        if !self.is_audience(claims.get("aud")) {
            return Err(("invalid_grant", "audience is invalid"));
        }
        // Some clients send the number as a text.
        let expires = claims.get("exp").and_then(|exp| {
            exp.as_str()
                .map_or_else(|| exp.as_i64(), |text| text.parse().ok())
        });
        let left = expires
            .unwrap_or(0)
            .saturating_sub(self.clock.div_euclid(1000));
        if left <= 0 {
            return Err(("invalid_grant", "expired authorization code"));
        }
        if left > self.settings.assertion_seconds {
            return Err(("invalid_grant", "invalid assertion"));
        }
        if text("sub") != self.settings.user || self.is_on(Switch::CredentialsRefused) {
            return Err(("invalid_grant", "user hasn't approved this consumer"));
        }
        Ok(())
    }

    fn is_audience(&self, claim: Option<&Value>) -> bool {
        let known = |text: &str| {
            text == "https://login.salesforce.com"
                || text == "https://test.salesforce.com"
                || text.trim_end_matches('/') == self.settings.instance_url
                // An org without a fixed address is any loopback address it is asked at.
                || self.settings.instance_url.is_empty() && text.starts_with("http://")
        };
        match claim {
            Some(Value::String(text)) => known(text),
            Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).any(known),
            Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) | None => {
                false
            }
        }
    }

    fn opened(&mut self, request: &wire::Request) -> Answer {
        const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._";
        let secret: String = (0..72)
            .map(|_| char::from(LETTERS[self.luck.usize(..LETTERS.len())]))
            .collect();
        let token = format!("{}!AQ{secret}", &self.settings.org_id[..15]);
        self.sessions.used.insert(token.clone(), self.clock);
        let instance = self.instance_url(&request.headers);
        let id = format!(
            "{instance}/id/{}/{}",
            self.settings.org_id, self.settings.user_id
        );
        let signature = STANDARD.encode(&secret.as_bytes()[..32]);
        Answer::ok(json!({
            "access_token": token, "instance_url": instance, "id": id, "token_type": "Bearer",
            "scope": "api", "issued_at": self.clock.to_string(), "signature": signature,
        }))
        .with("cache-control", "no-store".to_owned())
    }

    /// The base of later calls: as set, or where this request came to.
    pub(crate) fn instance_url(&self, headers: &[(String, String)]) -> String {
        if !self.settings.instance_url.is_empty() {
            return self.settings.instance_url.clone();
        }
        let host = headers.iter().find(|(name, _)| name == "host");
        format!(
            "http://{}",
            host.map_or("localhost", |(_, host)| host.as_str())
        )
    }

    /// `/services/oauth2/revoke`: ends a session.
    pub(crate) fn revoke(&mut self, request: &wire::Request) -> Answer {
        let fields = form(&String::from_utf8_lossy(&request.body));
        if let Some((_, token)) = fields.iter().find(|(name, _)| name == "token") {
            self.sessions.used.remove(token);
        }
        Answer::empty(200)
    }

    /// Who the session belongs to, as the identity and userinfo addresses tell it.
    pub(crate) fn identity(&self, request: &wire::Request) -> Answer {
        let instance = self.instance_url(&request.headers);
        let (org, user) = (&self.settings.org_id, &self.settings.user_id);
        let name = &self.settings.user;
        let rest = format!("{instance}/services/data/v{{version}}/");
        Answer::ok(json!({
            "id": format!("{instance}/id/{org}/{user}"), "asserted_user": true,
            "sub": format!("{instance}/id/{org}/{user}"), "user_id": user,
            "organization_id": org, "username": name, "preferred_username": name,
            "display_name": "Syncline Integration", "name": "Syncline Integration",
            "nick_name": "syncline", "email": name, "user_type": "STANDARD", "active": true,
            "language": "en_US", "locale": "en_US", "utcOffset": 0,
            "urls": {"rest": rest, "sobjects": format!("{rest}sobjects/"),
                     "query": format!("{rest}query/")},
        }))
    }
}

fn basic(request: &wire::Request) -> Option<(String, String)> {
    let (_, header) = request
        .headers
        .iter()
        .find(|(name, _)| name == "authorization")?;
    let bytes = STANDARD
        .decode(header.strip_prefix("Basic ")?.trim())
        .ok()?;
    let text = String::from_utf8(bytes).ok()?;
    text.split_once(':')
        .map(|(id, secret)| (id.to_owned(), secret.to_owned()))
}

/// The claims of an assertion that is well formed and, where a key is known, signed by it.
fn claims(assertion: &str, settings: &Settings) -> Option<Value> {
    let (signed, signature) = assertion.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    let read = |part: &str| -> Option<Value> {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok()?).ok()
    };
    if read(header)?.get("alg")?.as_str()? != "RS256" {
        return None;
    }
    let signature = URL_SAFE_NO_PAD
        .decode(signature.trim_end_matches('='))
        .ok()?;
    if let Some(key) = &settings.public_key {
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, inner_key(key))
            .verify(signed.as_bytes(), &signature)
            .ok()?;
    }
    read(claims)
}

/// The PKCS#1 key inside an SPKI one: it is the bit string that ends it.
fn inner_key(der: &[u8]) -> &[u8] {
    const RSA_OID: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
    let Some(at) = der
        .windows(RSA_OID.len())
        .take(32)
        .position(|bytes| bytes == RSA_OID)
    else {
        return der;
    };
    // After the OID: NULL (two bytes), then tag 3, a length in one to three bytes, and a zero.
    let rest = der.get(at + RSA_OID.len() + 2..).unwrap_or_default();
    let length_bytes = match rest.get(1) {
        Some(byte) if byte & 0x80 != 0 => usize::from(byte & 0x7f),
        Some(_) | None => 0,
    };
    rest.get(2 + length_bytes + 1..).unwrap_or_default()
}
