//! Clients that others wrote, against the simulator over HTTP: it answers to the real protocol, not to ours.
//!
//! Needs Python with `tests/e2e/requirements.txt`; `SYNCLINE_E2E_PYTHON` names the interpreter.
#![expect(
    clippy::unwrap_used,
    reason = "a missing value fails the test, as it should"
)]

use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};
use syncline::clock::{Clock, SystemClock};
use syncline::simulator::Simulator;
use syncline::simulator::hubspot::{self, HubSpot};
use syncline::simulator::salesforce::{self, Salesforce};
use syncline::simulator::shell::{self, Now, Ports, Running};

/// Serves a fresh simulator in real time, without a lag that a script would have to wait for.
async fn serve() -> Running {
    let portal = HubSpot::new(hubspot::Settings {
        index_lag_ms: 0,
        ..hubspot::Settings::default()
    });
    let org = Salesforce::new(salesforce::Settings {
        instance_url: String::new(),
        ..salesforce::Settings::default()
    });
    let clock = SystemClock::new();
    let now: Now = Arc::new(move || clock.now().0);
    let simulator = Arc::new(Mutex::new(Simulator::new(portal, org, 1)));
    shell::serve(simulator, &Ports::default(), now)
        .await
        .unwrap()
}

fn python(script: &str, arguments: &[String]) -> Output {
    let interpreter = std::env::var("SYNCLINE_E2E_PYTHON");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("e2e");
    Command::new(interpreter.unwrap_or_else(|_| "python3".to_owned()))
        .arg(folder.join(script))
        .args(arguments)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .expect("SYNCLINE_E2E_PYTHON, or python3, can be started")
}

/// Runs a script and expects at least so many checks, all of them passed.
fn check(output: &Output, checks: usize) {
    let said = String::from_utf8_lossy(&output.stdout);
    let wrong = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{wrong}");
    let passed = said.lines().filter(|line| line.starts_with("ok  ")).count();
    assert!(passed >= checks, "only {passed} checks:\n{said}");
    assert!(said.ends_with("all checks passed\n"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e2e_simple_salesforce_works_with_the_simulated_org() {
    let running = serve().await;
    let addresses = [running.salesforce, running.admin].map(|at| format!("http://{at}"));
    let output = tokio::task::spawn_blocking(move || python("salesforce.py", &addresses));
    check(&output.await.unwrap(), 40);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e2e_simple_salesforce_loads_and_queries_in_bulk() {
    let running = serve().await;
    let address = [format!("http://{}", running.salesforce)];
    let output = tokio::task::spawn_blocking(move || python("salesforce_bulk.py", &address));
    check(&output.await.unwrap(), 18);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e2e_the_tap_of_warehouses_reads_the_simulated_org() {
    let running = serve().await;
    let address = [format!("http://{}", running.salesforce)];
    let output = tokio::task::spawn_blocking(move || python("singer_tap.py", &address));
    check(&output.await.unwrap(), 6);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e2e_the_hubspot_client_associates_records() {
    let running = serve().await;
    let address = [format!("http://{}", running.hubspot)];
    let output = tokio::task::spawn_blocking(move || python("hubspot_associations.py", &address));
    check(&output.await.unwrap(), 12);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e2e_the_hubspot_client_works_with_the_simulated_portal() {
    let running = serve().await;
    let addresses = [format!("http://{}", running.hubspot)];
    let output = tokio::task::spawn_blocking(move || python("hubspot_portal.py", &addresses));
    check(&output.await.unwrap(), 40);
    running.stop().await;
}
