//! Addresses of servers: HTTPS everywhere, plain text only to this machine itself.

use std::fmt;
use std::net::IpAddr;

use super::mistakes::{Unfit, shown};

/// An `https://` address, or an `http://` one of a literal loopback address; without user, query,
/// fragment or a slash at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl(String);

impl BaseUrl {
    /// Reads an address as people write it.
    pub fn parse(text: &str) -> Result<Self, Unfit> {
        let example = "write https://host";
        let (scheme, rest) = text
            .split_once("://")
            .ok_or_else(|| Unfit::new(format!("{} is no address", shown(text)), example))?;
        if rest.contains(['?', '#', '@', '\\']) || text.contains(char::is_whitespace) {
            return Err(Unfit::new(
                "has a user, a query or a blank in it",
                "write the scheme, the host and nothing else",
            ));
        }
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let place = Place::parse(authority)?;
        match scheme {
            "https" => {}
            "http" if place.is_loopback() => {}
            "http" => {
                return Err(Unfit::new(
                    "http:// is accepted for literal loopback addresses only",
                    format!("write https://{authority}"),
                ));
            }
            other => {
                return Err(Unfit::new(
                    format!("{} is no scheme for it", shown(other)),
                    example,
                ));
            }
        }
        let path = path.trim_end_matches('/');
        let slash = if path.is_empty() { "" } else { "/" };
        Ok(Self(format!(
            "{scheme}://{}{slash}{path}",
            authority.to_ascii_lowercase()
        )))
    }

    /// The address, without a slash at the end.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// How the way to the mail server is kept private.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Security {
    /// TLS from the first byte (`smtps://`, port 465).
    Tls,
    /// TLS after a greeting, and never without it (`smtp+starttls://`, port 587).
    StartTls,
    /// None: this machine itself only (`smtp://127.0.0.1`).
    Loopback,
}

/// Where mail is handed in. Holds no password: that is a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmtpUrl {
    /// How the way there is kept private.
    pub security: Security,
    /// Who logs in, when anybody does.
    pub user: Option<String>,
    /// Name or address of the server, without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
}

impl SmtpUrl {
    /// Reads `smtps://user@host[:port]`, `smtp+starttls://user@host[:port]` or
    /// `smtp://127.0.0.1:port`. The user may hold an `@`, plain or as `%40`.
    pub fn parse(text: &str) -> Result<Self, Unfit> {
        let example = "write smtps://user@host, smtp+starttls://user@host or smtp://127.0.0.1:port";
        let (scheme, rest) = text
            .split_once("://")
            .ok_or_else(|| Unfit::new("is no address of a mail server", example))?;
        let (security, standard_port) = match scheme {
            "smtps" => (Security::Tls, 465),
            "smtp+starttls" => (Security::StartTls, 587),
            "smtp" => (Security::Loopback, 25),
            other => {
                return Err(Unfit::new(
                    format!("{} is no scheme for mail", shown(other)),
                    example,
                ));
            }
        };
        let (user, authority) = match rest.rsplit_once('@') {
            Some((user, authority)) => (Some(user), authority),
            None => (None, rest),
        };
        let user = user.map(read_user).transpose()?;
        let place = Place::parse(authority.trim_end_matches('/'))?;
        if security == Security::Loopback && !place.is_loopback() {
            return Err(Unfit::new(
                "smtp:// is accepted for literal loopback addresses only",
                "write smtps:// or smtp+starttls://",
            ));
        }
        if security == Security::Loopback && user.is_some() {
            return Err(Unfit::new(
                "a login needs TLS",
                "write smtp:// without a user",
            ));
        }
        Ok(Self {
            security,
            user,
            host: place.host,
            port: place.port.unwrap_or(standard_port),
        })
    }
}

impl fmt::Display for SmtpUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.security {
            Security::Tls => "smtps",
            Security::StartTls => "smtp+starttls",
            Security::Loopback => "smtp",
        };
        let user = self
            .user
            .as_ref()
            .map_or(String::new(), |user| format!("{user}@"));
        write!(out, "{scheme}://{user}{}:{}", self.host, self.port)
    }
}

/// The user of an address. A password behind it is refused, and never repeated in the message.
fn read_user(text: &str) -> Result<String, Unfit> {
    if text.contains(':') {
        return Err(Unfit::new(
            "holds a password",
            "secrets are never in the configuration: put it into the file credentials/smtp_password, mode 600",
        ));
    }
    let user = text.replace("%40", "@");
    let fits = !user.is_empty()
        && user
            .chars()
            .all(|c| c.is_ascii_graphic() && !"/?#%".contains(c));
    if fits {
        Ok(user)
    } else {
        Err(Unfit::new(
            "the user is not readable",
            "write letters, digits and @ . _ + -",
        ))
    }
}

/// A host and the port, when one is written.
struct Place {
    host: String,
    port: Option<u16>,
}

impl Place {
    fn parse(authority: &str) -> Result<Self, Unfit> {
        let (host, port) = match authority
            .strip_prefix('[')
            .and_then(|rest| rest.split_once(']'))
        {
            Some((host, "")) => (host, None),
            Some((host, port)) => (host, port.strip_prefix(':')),
            None => match authority.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (authority, None),
            },
        };
        let port = port.map(read_port).transpose()?;
        let is_name = !host.is_empty()
            && host.len() <= 253
            && host.split('.').all(|label| {
                !label.is_empty()
                    && !label.starts_with('-')
                    && !label.ends_with('-')
                    && label
                        .chars()
                        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
            });
        if is_name || host.parse::<IpAddr>().is_ok() {
            Ok(Self {
                host: host.to_ascii_lowercase(),
                port,
            })
        } else {
            Err(Unfit::new(
                format!("{} is no host name", shown(host)),
                "write the name as DNS knows it (xn--… for names beyond ASCII)",
            ))
        }
    }

    fn is_loopback(&self) -> bool {
        self.host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
    }
}

fn read_port(text: &str) -> Result<u16, Unfit> {
    text.parse().ok().filter(|port| *port > 0).ok_or_else(|| {
        Unfit::new(
            format!("{} is no port", shown(text)),
            "write a port from 1 to 65535",
        )
    })
}
