//! The scene of these tests: both simulated CRMs and a mail server on loopback, a folder with a
//! configuration, and the real binary in it. What is judged is what a person at a terminal sees.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Map, Value, json};
use syncline::clock::{Clock, SystemClock};
use syncline::simulator::hubspot::{self, HubSpot};
use syncline::simulator::salesforce::{self, Salesforce};
use syncline::simulator::shell::{self, Ports, Running};
use syncline::simulator::smtp::{Mail, Sink, SinkSettings};
use syncline::simulator::{Server, Simulator};

/// Where a configuration says that its own keys go.
pub(crate) const CONFIGURATION: &str = "syncline.toml";

/// How often a condition is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(40);

/// Everything outside of the daemon.
pub(crate) struct Scene {
    #[expect(dead_code, reason = "it serves as long as it lives")]
    runtime: tokio::runtime::Runtime,
    simulator: Arc<Mutex<Simulator>>,
    pub(crate) servers: Running,
    sink: Sink,
    folder: tempfile::TempDir,
    clock: SystemClock,
}

/// What a verb said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) exit: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    /// Standard output as the one JSON object it is.
    pub(crate) fn json(&self) -> Value {
        let value: Value =
            serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error} in {self:?}"));
        assert!(value.is_object(), "no object: {self:?}");
        value
    }
}

impl Scene {
    /// Two empty CRMs without delay, and a configuration for them.
    pub(crate) fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let clock = SystemClock::new();
        let simulator = Arc::new(Mutex::new(simulator()));
        let folder = tempfile::tempdir().expect("a temporary folder");
        let ports = Ports {
            hang_limit: Duration::from_secs(20),
            ..Ports::default()
        };
        let (servers, sink) = runtime.block_on(async {
            let shared = Arc::clone(&simulator);
            let servers = shell::serve(shared, &ports, Arc::new(move || clock.now().0)).await;
            let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
            let directory = None;
            let sink = Sink::start(SinkSettings { listen, directory }).await;
            (
                servers.expect("loopback ports"),
                sink.expect("a loopback port"),
            )
        });
        let scene = Self {
            runtime,
            simulator,
            servers,
            sink,
            folder,
            clock,
        };
        scene.configure("");
        scene.credential("hubspot_token", &hubspot::Settings::default().token);
        scene.credential(
            "salesforce_secret",
            &salesforce::Settings::default().client_secret,
        );
        scene
    }

    /// A file in the scene's folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes the configuration, with `more` behind the usual keys.
    pub(crate) fn configure(&self, more: &str) {
        let text = format!("{}{more}", self.configuration());
        fs::write(self.path(CONFIGURATION), text).expect("the folder takes files");
    }

    /// The usual configuration.
    pub(crate) fn configuration(&self) -> String {
        let org = salesforce::Settings::default();
        format!(
            r#"name = "scene"
zone = "UTC"
store = "{folder}/store"
control = "{folder}/control.sock"

[hubspot]
portal = {portal}
url = "http://{hubspot}"

[salesforce]
org = "{org}"
login = "http://{salesforce}"
auth = "client-credentials"
client_id = "{client}"

[budget]
allocation = 50_000

[sync]
mode = "sync"
poll_sec = 1

[guard]
percent = 100

[limits]
hubspot_index_lag_sec = 1
listing_sec = 10
guard_floor = 20

[mail]
smtp = "smtp://{mail}"
from = "Syncline <syncline@scene.example>"
gather_sec = 1

[[notify]]
to = "revops@scene.example"
immediately = true

[objects.contact]

[[objects.contact.fields]]
hubspot    = "phone"
salesforce = "Phone"
rule       = "two-way"

[[objects.contact.fields]]
hubspot    = "jobtitle"
salesforce = "Title"
rule       = "two-way"

[[objects.contact.fields]]
hubspot    = "hubspot_owner_id"
salesforce = "OwnerId"
rule       = "off"
owner      = true
"#,
            folder = self.folder.path().display(),
            portal = hubspot::Settings::default().portal_id,
            hubspot = self.servers.hubspot,
            org = org.org_id,
            salesforce = self.servers.salesforce,
            client = org.client_id,
            mail = self.sink.address(),
        )
    }

    /// Writes a secret, readable by its owner only.
    pub(crate) fn credential(&self, name: &str, secret: &str) {
        let folder = self.path("credentials");
        fs::create_dir_all(&folder).expect("the folder takes folders");
        let path = folder.join(name);
        fs::write(&path, secret).expect("the folder takes files");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("our own file");
    }

    /// The binary with the scene's configuration and `words`.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = bare(words);
        command.arg("--config").arg(self.path(CONFIGURATION));
        command
    }

    /// What the binary says to `words`.
    pub(crate) fn verb(&self, words: &[&str]) -> Said {
        said(&mut self.command(words))
    }

    /// Starts the daemon; its log goes on in the file `log`.
    pub(crate) fn start(&self) -> Daemon {
        let log = self.path("log");
        let file = File::options().create(true).append(true).open(&log);
        let child = self
            .command(&["run"])
            .stderr(file.expect("the folder takes files"))
            .spawn()
            .expect("the binary starts");
        Daemon { child, log }
    }

    /// Starts the daemon and waits until it answers at its socket.
    pub(crate) fn started(&self) -> Daemon {
        let mut daemon = self.start();
        let socket = self.path("control.sock");
        until("the daemon answers", 20, || {
            assert_eq!(
                daemon.child.try_wait().expect("our own child"),
                None,
                "{}",
                daemon.log()
            );
            std::os::unix::net::UnixStream::connect(&socket).is_ok()
        });
        daemon
    }

    /// `status --json`.
    pub(crate) fn status(&self) -> Value {
        self.verb(&["status", "--json"]).json()
    }

    /// Waits until everything is read and nothing is left to be done.
    pub(crate) fn settled(&self, records: u64) {
        until_ok(40, || {
            let status = self.status();
            let done = is_settled(&status, records);
            if done {
                Ok(())
            } else {
                Err(format!(
                    "{records} settled: {status:#}\n{}",
                    read(&self.path("log"))
                ))
            }
        });
    }

    /// Both CRMs.
    pub(crate) fn simulator(&self) -> MutexGuard<'_, Simulator> {
        self.simulator
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The mails that arrived.
    pub(crate) fn mails(&self) -> Vec<Mail> {
        self.sink.mails()
    }

    /// The subjects of the mails that arrived.
    pub(crate) fn subjects(&self) -> Vec<String> {
        let subject = |mail: &Mail| mail.header("subject").unwrap_or_default();
        self.mails().iter().map(subject).collect()
    }

    /// A contact in HubSpot, as a person there writes it; its id.
    pub(crate) fn hubspot(&self, id: Option<&str>, fields: Value) -> String {
        let now = self.clock.now().0;
        let put = self
            .simulator()
            .hubspot
            .put("contacts", id, &map(fields), now);
        put.expect("a portal takes this from a person")
    }

    /// A contact in Salesforce, as a person there writes it; its id.
    pub(crate) fn salesforce(&self, fields: Value) -> String {
        let now = self.clock.now().0;
        let put = self.simulator().salesforce.put("Contact", map(fields), now);
        put.expect("an org takes this from a person")
    }

    /// `count` people in HubSpot and as many others in Salesforce.
    pub(crate) fn people(&self, count: usize) {
        for n in 0..count {
            self.hubspot(
                None,
                json!({ "email": format!("h{n}@scene.example"),
                "firstname": "Hanna", "lastname": format!("Hub {n}") }),
            );
            self.salesforce(json!({ "Email": format!("s{n}@scene.example"),
                "FirstName": "Sven", "LastName": format!("Force {n}") }));
        }
    }

    /// Calls that Salesforce counted.
    pub(crate) fn calls_counted(&self) -> u64 {
        self.simulator().salesforce_calls_counted()
    }

    /// Faults of Salesforce and HubSpot alike.
    pub(crate) fn fault_rates(&self, rates: &syncline::simulator::Rates) {
        let mut simulator = self.simulator();
        for server in [Server::HubSpot, Server::Salesforce] {
            simulator.faults.set_rates(server, rates.clone());
        }
    }
}

/// A simulator that answers for the address it is asked at and whose search shows writes at once.
fn simulator() -> Simulator {
    let hubspot = HubSpot::new(hubspot::Settings {
        index_lag_ms: 0,
        ..hubspot::Settings::default()
    });
    let salesforce = Salesforce::new(salesforce::Settings {
        instance_url: String::new(),
        ..salesforce::Settings::default()
    });
    Simulator::new(hubspot, salesforce, 1)
}

pub(crate) fn map(value: Value) -> Map<String, Value> {
    let Value::Object(map) = value else {
        panic!("{value} is no object")
    };
    map
}

fn is_settled(status: &Value, records: u64) -> bool {
    let read = status["sides"]
        .as_array()
        .expect("sides")
        .iter()
        .all(|side| !side["read_at"].is_null());
    let line = &status["objects"][0];
    let of = |key: &str| line[key].as_u64().unwrap_or(u64::MAX);
    read && of("total") == records && of("waiting") + of("deferred") + of("held") == 0
}

/// The binary with nothing of our environment that it would listen to.
pub(crate) fn bare(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_syncline-under-test"));
    for name in [
        "SYNCLINE_CONFIG",
        "SYNCLINE_STORE",
        "RUST_LOG",
        "CREDENTIALS_DIRECTORY",
        "NOTIFY_SOCKET",
    ] {
        command.env_remove(name);
    }
    command
        .args(words)
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    command
}

/// What a command says until it ends.
pub(crate) fn said(command: &mut Command) -> Said {
    let output = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .output()
        .expect("the binary starts");
    Said {
        exit: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).expect("what is printed is UTF-8"),
        err: String::from_utf8(output.stderr).expect("what is printed is UTF-8"),
    }
}

/// A running daemon; killed when it is dropped.
pub(crate) struct Daemon {
    pub(crate) child: Child,
    log: PathBuf,
}

impl Daemon {
    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Everything that this daemon and those before it logged.
    pub(crate) fn log(&self) -> String {
        read(&self.log)
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.pid()).ok().and_then(Pid::from_raw);
        kill_process(pid.expect("a process id"), signal).expect("our own child");
    }

    /// Asks it to stop by `signal`; its exit code and how long it took, in ms.
    pub(crate) fn stop_by(&mut self, signal: Signal) -> (Option<i32>, i64) {
        let clock = SystemClock::new();
        self.signal(signal);
        let status = self.child.wait().expect("our own child");
        (status.code(), clock.monotonic_ms())
    }

    /// SIGTERM, and a clean end.
    pub(crate) fn stop(mut self) {
        let (exit, _) = self.stop_by(Signal::TERM);
        assert_eq!(exit, Some(0), "{}", self.log());
    }

    /// SIGKILL, at once.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("our own child");
        self.child.wait().expect("our own child");
    }

    /// Waits until the log says `words`.
    pub(crate) fn says(&self, words: &str) {
        until_ok(20, || {
            let log = self.log();
            if log.contains(words) {
                Ok(())
            } else {
                Err(format!("{words:?} in the log:\n{log}"))
            }
        });
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Waits `milliseconds`: only where passing time is what is tested.
#[expect(
    clippy::disallowed_methods,
    reason = "another process needs real time to do something"
)]
pub(crate) fn pause(milliseconds: u64) {
    std::thread::sleep(Duration::from_millis(milliseconds));
}

/// Waits until `done`, `seconds` at most.
pub(crate) fn until(what: &str, seconds: u64, mut done: impl FnMut() -> bool) {
    until_ok(
        seconds,
        || if done() { Ok(()) } else { Err(what.to_owned()) },
    );
}

/// Waits until `look` finds nothing missing, `seconds` at most; fails with what it missed last.
pub(crate) fn until_ok(seconds: u64, mut look: impl FnMut() -> Result<(), String>) {
    let clock = SystemClock::new();
    let limit = i64::try_from(seconds * 1_000).expect("a few seconds");
    while let Err(missing) = look() {
        assert!(
            clock.monotonic_ms() < limit,
            "not within {seconds} s: {missing}"
        );
        pause(u64::try_from(LOOK_EVERY.as_millis()).expect("a few ms"));
    }
}
