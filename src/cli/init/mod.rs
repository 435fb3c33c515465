//! `syncline init`: a commented configuration and the files for the secrets, from a few questions.
//!
//! Overwrites nothing, and what it writes is read back by the same reader as the daemon's before a
//! byte of it stands anywhere.

mod answers;
mod secrets;
mod text;

use std::fs::{DirBuilder, OpenOptions};
use std::io::{IsTerminal as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::args::{Arguments, Init};
use super::out;
use crate::config;
use crate::control::request::Refusal;
use answers::Answers;
use secrets::Secrets;

/// What a file ends with that may not be made.
const CANNOT_CREATE: u8 = 73;

/// Asks, writes, and says what to do next.
pub(super) fn run(arguments: &Arguments, init: &Init) -> Result<u8, Refusal> {
    let path = arguments
        .config
        .clone()
        .unwrap_or_else(|| PathBuf::from(config::PATH));
    if path.exists() {
        return Err(Refusal {
            exit: CANNOT_CREATE,
            message: format!(
                "{} is there already, and nothing is overwritten; edit it, or name another with \
                 --config",
                path.display()
            ),
        });
    }
    let asks = !init.yes && std::io::stdin().is_terminal();
    if !asks && !init.yes {
        return Err(Refusal::usage(
            "nobody is at a terminal to be asked: say --yes and give --portal, --login, --org, \
             --client-id and, where the login is by a user's key, --user",
        ));
    }
    let answers = Answers::of(init, asks)?;
    let file = path.display().to_string();
    let text = text::configuration(&answers, &file, arguments.store.as_deref());
    let config = config::parse(&text, &file).map_err(|mistakes| Refusal {
        exit: 64,
        message: format!("nothing was written, because it would not read:\n{mistakes}"),
    })?;
    let secrets = Secrets::gather(init, &config, asks)?;
    let folder = path.with_file_name("credentials");
    if let Some(parent) = folder.parent().filter(|one| !one.as_os_str().is_empty()) {
        // The daemon's user reads the configuration; the secrets beside it are systemd's to hand out.
        make_folder(parent, 0o755)?;
    }
    let mut said = secrets.write(&folder)?;
    write_new(&path, &text, 0o644)?;
    said.insert(
        0,
        format!("wrote {file}: mode \"observe\", which writes nothing to either side"),
    );
    said.push(next(&path, &secrets, &folder));
    out::text(&format!("{}\n", said.join("\n")))?;
    Ok(0)
}

fn next(path: &Path, secrets: &Secrets, folder: &Path) -> String {
    let named = if path == Path::new(config::PATH) {
        String::new()
    } else {
        format!(" --config {}", path.display())
    };
    let empty = secrets.empty_in(folder);
    if empty.is_empty() {
        return format!("next: syncline{named} check");
    }
    format!(
        "next: put the secrets into {}, then: syncline{named} check",
        empty.join(" and ")
    )
}

/// Makes a folder that is not there, for its owner alone or for all to read.
fn make_folder(folder: &Path, mode: u32) -> Result<(), Refusal> {
    let created = DirBuilder::new().recursive(true).mode(mode).create(folder);
    created.map_err(|error| Refusal {
        exit: CANNOT_CREATE,
        message: format!("the folder {} cannot be made: {error}", folder.display()),
    })
}

/// Writes a file that must not be there yet.
fn write_new(path: &Path, text: &str, mode: u32) -> Result<(), Refusal> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(mode);
    let written = options.open(path).and_then(|mut file| {
        file.write_all(text.as_bytes())
            .and_then(|()| file.sync_all())
    });
    written.map_err(|error| Refusal {
        exit: CANNOT_CREATE,
        message: format!("{} cannot be written: {error}", path.display()),
    })
}
