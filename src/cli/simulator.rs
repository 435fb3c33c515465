//! `syncline simulator`: both simulated CRMs over HTTP, for other programs to try themselves on.

use std::sync::{Arc, Mutex};

use futures_util::StreamExt;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook_tokio::Signals;

use super::args::Simulated;
use super::{out, run};
use crate::clock::{Clock, SystemClock};
use crate::control::request::Refusal;
use crate::simulator::hubspot::{self, HubSpot};
use crate::simulator::salesforce::{self, Salesforce};
use crate::simulator::shell::{self, Now, Ports, ShellError};
use crate::simulator::{Simulator, demo};

/// Serves until SIGINT or SIGTERM. Prints where, one address a line, once all three listen.
pub(super) fn run(simulated: &Simulated) -> Result<u8, Refusal> {
    let clock = SystemClock::new();
    let now: Now = Arc::new(move || clock.now().0);
    let mut simulator = empty(simulated.seed);
    if simulated.filled {
        demo::fill(&mut simulator, now());
    }
    let ports = Ports {
        hubspot: simulated.hubspot,
        salesforce: simulated.salesforce,
        admin: simulated.admin,
        ..Ports::default()
    };
    run::runtime()?.block_on(serve(simulator, &ports, now))?;
    Ok(0)
}

/// A portal and an org without records; the org tells clients to come back where they came from.
fn empty(seed: u64) -> Simulator {
    let portal = HubSpot::new(hubspot::Settings {
        seed,
        ..hubspot::Settings::default()
    });
    let org = Salesforce::new(salesforce::Settings {
        seed,
        instance_url: String::new(),
        ..salesforce::Settings::default()
    });
    Simulator::new(portal, org, seed)
}

async fn serve(simulator: Simulator, ports: &Ports, now: Now) -> Result<(), Refusal> {
    // Listens for signals first: one that comes while the ports open must not be lost.
    let mut signals = Signals::new([SIGINT, SIGTERM]).map_err(|error| Refusal {
        exit: 71,
        message: format!("cannot listen for signals: {error}"),
    })?;
    let running = shell::serve(Arc::new(Mutex::new(simulator)), ports, now)
        .await
        .map_err(refused)?;
    let told = out::text(&format!(
        "hubspot http://{}\nsalesforce http://{}\nadmin http://{}\n",
        running.hubspot, running.salesforce, running.admin
    ));
    if told.is_ok() {
        signals.next().await;
    }
    running.stop().await;
    told
}

fn refused(error: ShellError) -> Refusal {
    match error {
        ShellError::NotLoopback(_) => Refusal::usage(error.to_string()),
        ShellError::Listen { address, source } => Refusal {
            exit: 69,
            message: format!("cannot listen on {address}: {source}; choose another port"),
        },
    }
}
