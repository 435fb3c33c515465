//! The part of `check` that asks both sides.

use std::io::IsTerminal as _;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::Path;
use std::sync::Arc;

use super::super::args::Check;
use super::super::out;
use super::super::render::counted;
use super::super::render::survey::Surveyed;
use super::super::run::{refused, runtime};
use crate::clock::{Clock, SystemClock};
use crate::config::{Config, Credentials};
use crate::control::request::Refusal;
use crate::control::survey;
use crate::daemon;
use crate::domain::catalogue::Catalogue;
use crate::store::{Access, Store, StoreError};
use crate::sync::Wanted;

/// Asks both sides, with every call asked of the budget and journaled in the store of `folder`,
/// which is made if there is none: a call that nobody counts would break the allocation's promise.
/// While a daemon holds the store nothing is asked, and what it read last is judged.
pub(super) fn survey(
    folder: &Path,
    config: &Config,
    credentials: &Credentials,
    check: &Check,
) -> Result<Surveyed, Refusal> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let access = Access::Write { unit: None };
    let catalogue = Arc::new(Catalogue::shipped());
    match Store::open(folder, access, Arc::clone(&catalogue), Arc::clone(&clock)) {
        Ok(store) => {
            let store = Arc::new(store);
            let runtime = runtime()?;
            let inspection = daemon::inspection(&store, clock, config, credentials);
            let inspection = runtime.block_on(inspection)?;
            let mut sight = runtime.block_on(inspection.look());
            let mut steps = Vec::new();
            if check.create_fields {
                let wanted = survey::wanted_fields(config, &sight);
                if !wanted.is_empty() && is_wanted(&wanted, check)? {
                    let user = sight.identity.as_ref().ok().map(|one| &one.user);
                    let made = runtime.block_on(inspection.create_fields(&wanted, user));
                    steps = made
                        .iter()
                        .map(|step| survey::step_line(step, config))
                        .collect();
                    // What was made shows, or does not, in what both sides say now.
                    sight = runtime.block_on(inspection.look());
                }
            }
            let calls = inspection.calls();
            drop((inspection, store));
            hand_over(folder)?;
            let items = survey::survey(config, &sight);
            Ok(Surveyed {
                next: survey::next_step(&items),
                items,
                steps,
                calls,
                looking: config.looking_calls(),
                beside: None,
            })
        }
        Err(StoreError::Locked { pid, .. }) if check.create_fields => {
            let process = pid
                .map(|pid| format!(" (process {pid})"))
                .unwrap_or_default();
            Err(Refusal {
                exit: 75,
                message: format!(
                    "nothing was made: the daemon runs{process} and alone spends calls; stop it, then \
                     ask again"
                ),
            })
        }
        Err(StoreError::Locked { pid, .. }) => {
            let store = Store::open(folder, Access::Read, catalogue, clock);
            let store = store.map_err(|error| refused(&error))?;
            let kept = daemon::kept_schemas(&store, config)?;
            let items = survey::mappings(config, &kept);
            Ok(Surveyed {
                next: survey::next_step(&items),
                items,
                steps: Vec::new(),
                calls: 0,
                looking: config.looking_calls(),
                beside: Some(pid.unwrap_or_default()),
            })
        }
        Err(error) => Err(refused(&error)),
    }
}

/// What root made in a folder of the daemon's user would be closed to the daemon.
fn hand_over(folder: &Path) -> Result<(), Refusal> {
    if !rustix::process::getuid().is_root() {
        return Ok(());
    }
    let handed = || {
        let owner = std::fs::metadata(folder)?;
        for file in std::fs::read_dir(folder)? {
            chown(file?.path(), Some(owner.uid()), Some(owner.gid()))?;
        }
        Ok(())
    };
    handed().map_err(|error: std::io::Error| Refusal {
        exit: 74,
        message: format!(
            "the store in {} cannot be handed to its folder's owner: {error}; chown it",
            folder.display()
        ),
    })
}

/// Asks on a terminal; where nobody can be asked, nothing is made without `--yes`.
fn is_wanted(wanted: &[Wanted], check: &Check) -> Result<bool, Refusal> {
    if check.yes {
        return Ok(true);
    }
    let names: Vec<String> = wanted
        .iter()
        .map(|one| format!("{}.{} in {}", one.type_, one.field, one.side))
        .collect();
    let said = format!(
        "{} to be made: {}",
        counted(names.len() as u64, "field"),
        names.join(", ")
    );
    if !std::io::stdin().is_terminal() {
        return Err(Refusal::usage(format!(
            "nothing was made: {said}; say --yes to make them"
        )));
    }
    Ok(out::is_confirmed(&format!("{said}. Make them?")))
}
