//! The catalogue in force: the shipped one, and what the site keeps in `catalogue.d` beside its
//! configuration.
//!
//! Reads files; refuses to know what stands in them.

use std::io;
use std::path::{Path, PathBuf};

use super::BYTES_MAX;
use crate::domain::catalogue::Catalogue;

/// The folder of a site's own rules and texts.
pub const SITE: &str = "catalogue.d";

/// The catalogue for the configuration at `config`: the files of its [`SITE`] folder are laid over
/// the shipped one, in the order of their names. Without the folder it is the shipped one.
///
/// # Errors
/// Every mistake of every file, each a line that names file, line and rule.
pub fn catalogue(config: &Path) -> Result<Catalogue, Vec<String>> {
    let folder = config
        .parent()
        .map_or_else(|| PathBuf::from(SITE), |parent| parent.join(SITE));
    let paths = match files(&folder) {
        Ok(paths) => paths,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => {
            return Err(vec![format!(
                "{} cannot be read ({error}); it must be a folder that the user syncline can read",
                folder.display()
            )]);
        }
    };
    let (mut texts, mut mistakes) = (Vec::new(), Vec::new());
    for path in paths {
        match text(&path) {
            Ok(text) => texts.push((path.display().to_string(), text)),
            Err(why) => mistakes.push(format!("{} {why}", path.display())),
        }
    }
    match Catalogue::shipped().with_site(&texts) {
        Ok(catalogue) if mistakes.is_empty() => Ok(catalogue),
        Ok(_) => Err(mistakes),
        Err(told) => {
            mistakes.extend(told);
            Err(mistakes)
        }
    }
}

/// The files that count: an editor's copies and hidden ones do not.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.ends_with(".toml") && !name.starts_with('.') {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn text(path: &Path) -> Result<String, String> {
    let bytes = std::fs::read(path)
        .map_err(|error| format!("cannot be read ({error}); the daemon's user must be able to"))?;
    if bytes.len() > BYTES_MAX {
        return Err(format!(
            "is {} bytes long; a file of the catalogue has at most 1 MiB",
            bytes.len()
        ));
    }
    String::from_utf8(bytes).map_err(|_| "is not UTF-8; save it as UTF-8".to_owned())
}
