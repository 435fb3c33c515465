//! `syncline simulator`: both simulated CRMs for other programs, on loopback only.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use futures_util::StreamExt;
use signal_hook::consts::{SIGINT, SIGTERM};

use super::args::Simulated;
use super::out;
use super::run::runtime;
use crate::clock::{Clock, SystemClock};
use crate::control::request::Refusal;
use crate::simulator::crowd::{self, Crowd};
use crate::simulator::hubspot::{self, HubSpot};
use crate::simulator::salesforce::{self, Salesforce};
use crate::simulator::shell::{self, Ports, Running};
use crate::simulator::{Server, Simulator, demo};

/// A simulator that answers for the address it is asked at, with the demo's switches.
pub(super) fn simulator(seed: u64) -> Simulator {
    let hubspot = HubSpot::new(hubspot::Settings {
        seed,
        ..hubspot::Settings::default()
    });
    let mut settings = salesforce::Settings {
        instance_url: String::new(),
        seed,
        ..salesforce::Settings::default()
    };
    settings
        .switches
        .insert(salesforce::Switch::StateCountryPicklists);
    Simulator::new(hubspot, Salesforce::new(settings), seed)
}

/// Serves until SIGINT or SIGTERM.
pub(super) fn run(simulated: &Simulated) -> Result<u8, Refusal> {
    for address in [simulated.hubspot, simulated.salesforce, simulated.admin] {
        refuse_strangers(address)?;
    }
    let clock = Arc::new(SystemClock::new());
    let mut simulator = simulator(simulated.seed);
    if simulated.filled {
        demo::fill(&mut simulator, clock.now().0);
    }
    if let Some(side) = &simulated.crowd {
        let side = match side.as_str() {
            "hubspot" => Server::HubSpot,
            _ => Server::Salesforce,
        };
        let (firms, people, deals) = (simulated.firms, simulated.people, simulated.deals);
        let crowd = Crowd {
            firms,
            people,
            deals,
        };
        crowd::fill(&mut simulator, side, crowd, clock.now().0).map_err(Refusal::usage)?;
    }
    let ports = Ports {
        hubspot: simulated.hubspot,
        salesforce: simulated.salesforce,
        admin: simulated.admin,
        ..Ports::default()
    };
    runtime()?.block_on(async {
        let now = Arc::clone(&clock);
        let time = Arc::new(move || now.now().0);
        let running = shell::serve(Arc::new(Mutex::new(simulator)), &ports, time)
            .await
            .map_err(|error| Refusal {
                exit: 69,
                message: error.to_string(),
            })?;
        out::text(&places(&running))?;
        let mut signals =
            signal_hook_tokio::Signals::new([SIGINT, SIGTERM]).map_err(|error| Refusal {
                exit: 71,
                message: error.to_string(),
            })?;
        signals.next().await;
        running.stop().await;
        Ok(0)
    })
}

/// Where it answers, and everything that a configuration and its credentials need to reach it: the
/// values are the same for everybody and open nothing else.
fn places(running: &Running) -> String {
    let (portal, org) = (
        hubspot::Settings::default(),
        salesforce::Settings::default(),
    );
    format!(
        "hubspot http://{}\nsalesforce http://{}\nadmin http://{}\n\n\
         hubspot.portal         {}\n\
         salesforce.org         {}\n\
         salesforce.client_id   {}\n\
         salesforce.user        {}   (auth = \"jwt\": any private key will do)\n\
         credentials/hubspot_token       {}\n\
         credentials/salesforce_secret   {}   (auth = \"client-credentials\")\n\n\
         records, rules and faults       curl http://{}/ tells the language\n",
        running.hubspot,
        running.salesforce,
        running.admin,
        portal.portal_id,
        org.org_id,
        org.client_id,
        org.user,
        portal.token,
        org.client_secret,
        running.admin
    )
}

/// The simulator has no passwords worth the name: nobody else may reach it.
fn refuse_strangers(address: SocketAddr) -> Result<(), Refusal> {
    if address.ip().is_loopback() {
        return Ok(());
    }
    Err(Refusal::usage(format!(
        "{address} is no loopback address; use 127.0.0.1:PORT"
    )))
}
