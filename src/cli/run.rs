//! `syncline run`: the daemon in the foreground.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::args::{Arguments, LogForm};
use crate::clock::SystemClock;
use crate::config::{self, Config, Credentials, Place};
use crate::control::request::Refusal;
use crate::daemon::{self, Daemon, Reread};
use crate::domain::catalogue::Catalogue;
use crate::logging;
use crate::store::{Access, Store, StoreError};

/// Runs until a signal stops it.
pub(super) fn run(arguments: &Arguments) -> Result<u8, Refusal> {
    let path = arguments
        .config
        .clone()
        .unwrap_or_else(|| PathBuf::from(config::PATH));
    let (mut config, credentials) = read(&path).map_err(|message| Refusal { exit: 78, message })?;
    if let Some(store) = &arguments.store {
        config.store.clone_from(store);
    }
    let zone = TimeZone::get(&config.zone).unwrap_or(TimeZone::UTC);
    let _verbosity = start_log(arguments.log, zone)?;
    let clock = Arc::new(SystemClock::new());
    let access = Access::Write {
        unit: daemon::unit(),
    };
    let catalogue = Arc::new(catalogue(&path)?);
    let store = Store::open(&config.store, access, catalogue, clock.clone())
        .map_err(|error| refused(&error))?;
    tracing::info!(
        "syncline {} starts, store {}",
        env!("CARGO_PKG_VERSION"),
        config.store.display()
    );
    let named = arguments.store.clone();
    let reload = move || {
        let mut reread = reread(&path);
        // The command line's word stands; the file's own is compared with what runs.
        if let (Some(store), Ok((config, _))) = (&named, &mut reread.settings) {
            config.store.clone_from(store);
        }
        reread
    };
    let daemon = Daemon {
        store: Arc::new(store),
        clock,
        config,
        credentials,
        reload: Box::new(reload),
        stop: None,
    };
    runtime()?
        .block_on(daemon.run())
        .map(|()| 0)
        .map_err(Refusal::from)
}

/// Starts the log on standard error, in the form that suits what reads it. `RUST_LOG` filters; a
/// filter that makes no sense is said and ignored.
pub(super) fn start_log(form: LogForm, zone: TimeZone) -> Result<logging::Verbosity, Refusal> {
    let form = match form {
        LogForm::Text => logging::Form::suiting_stderr(),
        LogForm::Json => logging::Form::Json,
    };
    let filter = std::env::var("RUST_LOG").unwrap_or_else(|_| logging::FILTER.to_owned());
    let clock = Arc::new(SystemClock::new());
    let (verbosity, complaint) =
        logging::start(form, &filter, clock, zone).map_err(Refusal::usage)?;
    if let Some(complaint) = complaint {
        tracing::warn!("{complaint}");
    }
    Ok(verbosity)
}

/// The configuration and its credentials, or every mistake in words.
pub(super) fn read(path: &Path) -> Result<(Config, Credentials), String> {
    let config = config::load(path).map_err(|mistakes| mistakes.to_string())?;
    let credentials =
        Credentials::load(&Place::find(path), &config).map_err(|mistakes| mistakes.to_string())?;
    daemon::usable(&config, &credentials)?;
    Ok((config, credentials))
}

/// Everything that a reload reads.
pub(super) fn reread(path: &Path) -> Reread {
    Reread {
        settings: read(path),
        catalogue: config::catalogue(path),
    }
}

/// The catalogue for the configuration at `path`.
pub(super) fn catalogue(path: &Path) -> Result<Catalogue, Refusal> {
    config::catalogue(path).map_err(|mistakes| Refusal {
        exit: 78,
        message: mistakes.join("\n"),
    })
}

/// A runtime for one command.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime, Refusal> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Refusal {
            exit: 71,
            message: format!("cannot start threads: {error}"),
        })
}

/// A store that does not open, with its exit code.
pub(super) fn refused(error: &StoreError) -> Refusal {
    Refusal {
        exit: error.exit_code(),
        message: error.to_string(),
    }
}
