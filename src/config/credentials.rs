//! Secrets, one file each. They leave this module only through [`Secret::expose`], and never by `Debug`.

use std::fmt;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::mistakes::{Mistake, Mistakes};
use super::{Auth, Config};

/// No credential is longer; a longer file is not one.
const BYTES_MAX: u64 = 64 * 1024;

/// A text that nobody may see.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a secret into keeping.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself, for the request that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Secret")
    }
}

/// Where the files stand, and who keeps others from reading them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// systemd's folder for this unit: its modes are systemd's business.
    Unit(PathBuf),
    /// A folder of the operator's: each file must be closed to group and world.
    Folder(PathBuf),
}

impl Place {
    /// `$CREDENTIALS_DIRECTORY` when systemd set it, else `credentials` beside the configuration.
    pub fn find(configuration: &Path) -> Self {
        match std::env::var_os("CREDENTIALS_DIRECTORY").filter(|dir| !dir.is_empty()) {
            Some(dir) => Self::Unit(PathBuf::from(dir)),
            None => Self::Folder(configuration.with_file_name("credentials")),
        }
    }

    fn dir(&self) -> &Path {
        match self {
            Self::Unit(dir) | Self::Folder(dir) => dir,
        }
    }
}

/// The secrets that a configuration calls for.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// HubSpot's private-app token (`hubspot_token`).
    pub hubspot_token: Secret,
    /// Salesforce's credential: a PEM private key (`salesforce_key`) for [`Auth::Jwt`], the app's
    /// secret (`salesforce_secret`) for [`Auth::ClientCredentials`].
    pub salesforce: Secret,
    /// The mail server's password (`smtp_password`), when the configuration names a user for it.
    pub smtp_password: Option<Secret>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Credentials")
    }
}

impl Credentials {
    /// Reads the files that `config` needs, or names every one that is missing or unfit.
    pub fn load(place: &Place, config: &Config) -> Result<Self, Mistakes> {
        let mut found = Vec::new();
        let hubspot_token = read(place, "hubspot_token", Shape::Word, &mut found);
        let salesforce = match config.salesforce.auth {
            Auth::Jwt => read(place, "salesforce_key", Shape::PrivateKey, &mut found),
            Auth::ClientCredentials => read(place, "salesforce_secret", Shape::Word, &mut found),
        };
        let user = config
            .mail
            .as_ref()
            .and_then(|mail| mail.smtp.user.as_ref());
        let smtp_password = user.map(|_| read(place, "smtp_password", Shape::Line, &mut found));
        let credentials = hubspot_token
            .zip(salesforce)
            .map(|(hubspot_token, salesforce)| Self {
                hubspot_token,
                salesforce,
                smtp_password: smtp_password.flatten(),
            });
        Mistakes::unless_none(found, credentials)
    }
}

/// What a secret looks like, as far as that can be told without knowing it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// Visible ASCII without blanks.
    Word,
    /// One line.
    Line,
    /// PEM with a private key in it.
    PrivateKey,
}

impl Shape {
    fn fault(self, text: &str) -> Option<(&'static str, &'static str)> {
        if text.is_empty() {
            return Some(("is empty", "put the secret into it"));
        }
        match self {
            Self::Word if !text.chars().all(|c| c.is_ascii_graphic()) => Some((
                "holds blanks or letters beyond ASCII",
                "put nothing but the secret into it",
            )),
            Self::Line if text.chars().any(char::is_control) => Some((
                "holds more than one line",
                "put nothing but the secret into it",
            )),
            Self::PrivateKey if !text.contains("PRIVATE KEY-----") => Some((
                "holds no private key",
                "put the PEM file into it that begins with -----BEGIN PRIVATE KEY-----",
            )),
            Self::Word | Self::Line | Self::PrivateKey => None,
        }
    }
}

fn read(place: &Place, name: &str, shape: Shape, found: &mut Vec<Mistake>) -> Option<Secret> {
    let path = place.dir().join(name);
    let mut note = |wrong: String, remedy: String| {
        found.push(Mistake {
            file: path.display().to_string(),
            line: 0,
            key: String::new(),
            wrong,
            remedy,
        });
    };
    match read_file(place, &path) {
        Ok(text) => match shape.fault(&text) {
            None => Some(Secret(text)),
            Some((wrong, remedy)) => {
                note(wrong.to_owned(), remedy.to_owned());
                None
            }
        },
        Err((wrong, remedy)) => {
            note(wrong, remedy);
            None
        }
    }
}

fn read_file(place: &Place, path: &Path) -> Result<String, (String, String)> {
    let about = std::fs::metadata(path).map_err(|error| {
        let remedy = match place {
            Place::Unit(_) => "name it in the unit with LoadCredential=, then restart".to_owned(),
            Place::Folder(_) => "create it with the secret in it, mode 600".to_owned(),
        };
        (format!("cannot be read ({error})"), remedy)
    })?;
    let mode = about.permissions().mode() & 0o777;
    if matches!(place, Place::Folder(_)) && mode & 0o077 != 0 {
        let wrong = format!("can be read by others (mode {mode:o})");
        return Err((wrong, format!("chmod 600 {}", path.display())));
    }
    if !about.is_file() || about.len() > BYTES_MAX {
        let wrong = "is no file of at most 64 KiB".to_owned();
        return Err((wrong, "put nothing but the secret into it".to_owned()));
    }
    let bytes = std::fs::read(path).map_err(|error| {
        (
            format!("cannot be read ({error})"),
            "it must belong to the user syncline".to_owned(),
        )
    })?;
    let text = String::from_utf8(bytes).map_err(|_| {
        (
            "is not text".to_owned(),
            "put nothing but the secret into it".to_owned(),
        )
    })?;
    Ok(text.trim().to_owned())
}
