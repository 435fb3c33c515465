//! The secrets: read from files, from standard input or from a terminal that shows nothing, and
//! written for their owner alone.

use std::io::{BufRead as _, Read as _};
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};

use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

use super::super::args::Init;
use super::super::out;
use super::{make_folder, write_new};
use crate::config::{Auth, Config, Secret};
use crate::control::request::Refusal;

/// No secret is longer; a longer file is none.
const BYTES_MAX: u64 = 64 * 1024;

/// Each file of the credentials folder, with what goes into it.
pub(super) struct Secrets(Vec<(&'static str, Option<Secret>)>);

impl Secrets {
    /// What the configuration calls for, as far as it was given.
    pub(super) fn gather(init: &Init, config: &Config, asks: bool) -> Result<Self, Refusal> {
        let salesforce = match config.salesforce.auth {
            Auth::Jwt => "salesforce_key",
            Auth::ClientCredentials => "salesforce_secret",
        };
        let has_user = |mail: &crate::config::Mail| mail.smtp.user.is_some();
        let mut wanted = vec![
            (
                "hubspot_token",
                "HubSpot's service key",
                &init.hubspot_token,
            ),
            (salesforce, "the app's secret", &init.salesforce_secret),
        ];
        if config.mail.as_ref().is_some_and(has_user) {
            let password = (
                "smtp_password",
                "the mail server's password",
                &init.smtp_password,
            );
            wanted.push(password);
        }
        let from_stdin = |file: &&Option<PathBuf>| file.as_deref() == Some(Path::new("-"));
        if wanted
            .iter()
            .filter(|(_, _, file)| from_stdin(file))
            .count()
            > 1
        {
            return Err(Refusal::usage(
                "standard input can be one secret only; name files for the others",
            ));
        }
        let mut secrets = Vec::new();
        for (name, what, file) in wanted {
            let secret = match file {
                Some(file) => Some(read(file)?),
                // A key of many lines is no answer to a question: its file is named or filled later.
                None if asks && name != "salesforce_key" => ask(what),
                None => None,
            };
            secrets.push((name, secret));
        }
        Ok(Self(secrets))
    }

    /// Writes each into a file of its own; what is there already stays. Says what was done.
    pub(super) fn write(&self, folder: &Path) -> Result<Vec<String>, Refusal> {
        make_folder(folder, 0o700)?;
        let mut said = Vec::new();
        for (name, secret) in &self.0 {
            let path = folder.join(name);
            let shown = path.display();
            if path.exists() {
                said.push(format!("kept {shown}, which was there already"));
                continue;
            }
            write_new(&path, secret.as_ref().map_or("", Secret::expose), 0o600)?;
            said.push(match secret {
                Some(_) => format!("wrote {shown}, mode 600"),
                None => format!("made {shown}, mode 600, still empty"),
            });
        }
        Ok(said)
    }

    /// The files that hold nothing yet.
    pub(super) fn empty_in(&self, folder: &Path) -> Vec<String> {
        let paths = self.0.iter().map(|(name, _)| folder.join(name));
        let empty = |path: &PathBuf| std::fs::metadata(path).is_ok_and(|about| about.len() == 0);
        paths
            .filter(empty)
            .map(|path| path.display().to_string())
            .collect()
    }
}

fn read(file: &Path) -> Result<Secret, Refusal> {
    let mut text = String::new();
    let read = if file == Path::new("-") {
        std::io::stdin()
            .lock()
            .take(BYTES_MAX)
            .read_to_string(&mut text)
    } else {
        std::fs::File::open(file).and_then(|file| file.take(BYTES_MAX).read_to_string(&mut text))
    };
    read.map_err(|error| Refusal {
        exit: 66,
        message: format!("{} cannot be read: {error}", file.display()),
    })?;
    Ok(Secret::new(text.trim()))
}

/// Asks without showing what is typed; nothing typed leaves the file empty.
fn ask(what: &str) -> Option<Secret> {
    out::question(&format!(
        "{what} (not shown; empty to fill the file later): "
    ));
    let stdin = std::io::stdin();
    let before = tcgetattr(stdin.as_fd()).ok()?;
    let mut quiet = before.clone();
    quiet.local_modes.remove(LocalModes::ECHO);
    tcsetattr(stdin.as_fd(), OptionalActions::Flush, &quiet).ok()?;
    let mut line = String::new();
    let read = stdin.lock().read_line(&mut line);
    // A terminal that stays silent would be worse than a secret that was not read.
    let _ = tcsetattr(stdin.as_fd(), OptionalActions::Flush, &before);
    out::aside("");
    let line = line.trim();
    (read.is_ok() && !line.is_empty()).then(|| Secret::new(line))
}
