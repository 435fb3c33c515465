//! Credentials, and the one token all calls share.
//!
//! Nothing here can be printed: `Debug` shows no secret, and no error carries one.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;

use crate::domain::record::Timestamp;

/// Seconds a signed assertion is good for. Salesforce refuses long ones; three minutes forgive
/// clocks that differ.
pub const ASSERTION_SECONDS: i64 = 180;

/// A password, key or token.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps `text`, without the white space that editors and `echo` leave around it.
    pub fn new(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Secret(..)")
    }
}

/// Why a private key cannot sign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// No PEM block of a private key.
    #[error("no private key in the file, give a PEM file with BEGIN PRIVATE KEY")]
    NotPem,
    /// A key of another kind.
    #[error("not an RSA key, Salesforce signs with RSA of 2048 bits or more")]
    NotRsa,
}

/// An RSA key that signs assertions.
pub struct SigningKey(Box<RsaKeyPair>);

impl fmt::Debug for SigningKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SigningKey(..)")
    }
}

impl SigningKey {
    /// Reads the first private key of a PEM text, PKCS#8 or PKCS#1.
    pub fn from_pem(pem: &[u8]) -> Result<Self, KeyError> {
        let der = PrivateKeyDer::from_pem_slice(pem).map_err(|_| KeyError::NotPem)?;
        let pair = match &der {
            PrivateKeyDer::Pkcs8(key) => RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(key) => RsaKeyPair::from_der(key.secret_pkcs1_der()),
            PrivateKeyDer::Sec1(_) | _ => return Err(KeyError::NotRsa),
        };
        pair.map(|pair| Self(Box::new(pair)))
            .map_err(|_| KeyError::NotRsa)
    }

    /// A JWT bearer assertion (RS256) for `user` of the app `client_id`, good for
    /// [`ASSERTION_SECONDS`] from `now`.
    pub(super) fn assertion(
        &self,
        client_id: &str,
        user: &str,
        audience: &str,
        now: Timestamp,
    ) -> Result<Secret, KeyError> {
        let claims = serde_json::json!({
            "iss": client_id,
            "sub": user,
            "aud": audience,
            "exp": now.0 / 1000 + ASSERTION_SECONDS,
        });
        let mut text = URL_SAFE_NO_PAD.encode(br#"{"alg":"RS256"}"#);
        text.push('.');
        text.push_str(&URL_SAFE_NO_PAD.encode(claims.to_string()));
        let mut signature = vec![0; self.0.public().modulus_len()];
        self.0
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                text.as_bytes(),
                &mut signature,
            )
            .map_err(|_| KeyError::NotRsa)?;
        text.push('.');
        text.push_str(&URL_SAFE_NO_PAD.encode(signature));
        Ok(Secret(text))
    }
}

/// How the daemon proves itself to Salesforce. Neither way knows refresh tokens: an expired token
/// is replaced by asking again.
#[derive(Debug)]
pub enum SalesforceCredentials {
    /// A signed assertion for a user whom an admin approved beforehand.
    Jwt {
        /// Signs the assertion; its certificate stands with the app.
        key: SigningKey,
        /// The integration user's name.
        user: String,
        /// Who the assertion is for; `None` derives it from the login address.
        audience: Option<String>,
    },
    /// The app's own secret; runs as the user the app names, and only on a My Domain address.
    ClientCredentials {
        /// The app's secret.
        secret: Secret,
    },
}

impl SalesforceCredentials {
    /// The form that asks `login` for a token.
    pub(super) fn form(
        &self,
        client_id: &str,
        login: &str,
        now: Timestamp,
    ) -> Result<Vec<(&'static str, Secret)>, KeyError> {
        let text = |text: &str| Secret(text.to_owned());
        match self {
            Self::Jwt {
                key,
                user,
                audience,
            } => {
                let audience = audience.as_deref().unwrap_or_else(|| audience_of(login));
                let assertion = key.assertion(client_id, user, audience, now)?;
                let grant = text("urn:ietf:params:oauth:grant-type:jwt-bearer");
                Ok(vec![("grant_type", grant), ("assertion", assertion)])
            }
            Self::ClientCredentials { secret } => Ok(vec![
                ("grant_type", text("client_credentials")),
                ("client_id", text(client_id)),
                ("client_secret", secret.clone()),
            ]),
        }
    }
}

/// The two audiences Salesforce knows; an address of neither kind, such as a site's or the
/// simulator's, is its own.
fn audience_of(login: &str) -> &str {
    if login.contains("//test.salesforce.com") || login.contains(".sandbox.my.salesforce.com") {
        "https://test.salesforce.com"
    } else if login.contains(".salesforce.com") {
        "https://login.salesforce.com"
    } else {
        login
    }
}

/// The value all calls share. A panic elsewhere leaves it as it was.
#[derive(Debug)]
pub(super) struct Shared<T>(Mutex<Option<T>>);

impl<T: Clone> Shared<T> {
    pub(super) fn empty() -> Self {
        Self(Mutex::new(None))
    }

    fn lock(&self) -> MutexGuard<'_, Option<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn get(&self) -> Option<T> {
        self.lock().clone()
    }

    pub(super) fn set(&self, value: T) {
        *self.lock() = Some(value);
    }

    pub(super) fn clear(&self) {
        *self.lock() = None;
    }
}
