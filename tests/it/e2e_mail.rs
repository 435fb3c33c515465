//! Mail servers that others wrote: Exim, and aiosmtpd where a server has to fail as none does of its
//! own accord.
//!
//! Needs `exim4`, `openssl`, and Python with `tests/e2e/requirements.txt`; `SYNCLINE_E2E_PYTHON` names
//! the interpreter.
#![expect(
    clippy::unwrap_used,
    reason = "a missing value fails the test, as it should"
)]

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use syncline::annex;
use syncline::config::{Secret, SmtpUrl};
use syncline::domain::event::Stage;
use syncline::mail::{Deadlines, MailError, Mailer, SmtpMailer};

use syncline::projections::slots;

use crate::mail::outgoing;
use crate::notifier::{HOUR, MINUTE, World, now};
use crate::process::scene::until;
use crate::store::options;

const READERS: [&str; 3] = [
    "revops@acme.example",
    "grey@acme.example",
    "ops@acme.example",
];

/// A program that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Patient enough for a busy machine, and no longer.
fn deadlines() -> Deadlines {
    let short = Duration::from_millis(1_500);
    Deadlines {
        connect: short,
        login: short,
        envelope: short,
        content: short,
        quit: Duration::from_millis(300),
    }
}

fn mailer(url: &str, password: Option<&str>, folder: &Path) -> SmtpMailer {
    let server = SmtpUrl::parse(url).unwrap();
    SmtpMailer::new(server, password.map(Secret::new))
        .with_ca(Some(folder.join("ca.pem")))
        .with_deadlines(deadlines())
}

fn run(program: &str, arguments: &[&str], folder: &Path) {
    let done = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("it can be started");
    assert!(done.status.success(), "{program}: {done:?}");
}

/// An authority, and certificates by it for this machine and for another name.
fn certificates(folder: &Path) {
    let new = |more: &[&str]| {
        let mut words = vec![
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
        ];
        words.extend(["-nodes", "-days", "2"]);
        words.extend(more);
        run("openssl", &words, folder);
    };
    new(&[
        "-keyout",
        "ca.key",
        "-out",
        "ca.pem",
        "-subj",
        "/CN=Acme authority",
    ]);
    for (file, name) in [("localhost", "localhost"), ("other", "mail.acme.example")] {
        let (key, pem) = (format!("{file}.key"), format!("{file}.pem"));
        let (subject, names) = (format!("/CN={name}"), format!("subjectAltName=DNS:{name}"));
        new(&[
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-keyout",
            &key,
            "-out",
            &pem,
            "-subj",
            &subject,
            "-addext",
            &names,
            "-addext",
            "basicConstraints=critical,CA:FALSE",
        ]);
    }
}

/// Ports that are free now: in the clear, STARTTLS, and TLS from the first byte.
fn free_ports() -> [u16; 3] {
    let taken = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    taken.map(|listener| listener.local_addr().unwrap().port())
}

/// An Exim with that certificate.
fn exim(folder: &Path, certificate: &str) -> (Running, [u16; 3]) {
    let ports = free_ports();
    let [plain, starttls, tls] = ports.map(|port| port.to_string());
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("e2e/exim.conf"));
    let text = text
        .unwrap()
        .replace("FOLDER", &folder.display().to_string())
        .replace("CERTIFICATE", certificate)
        .replace(
            "PLAIN : STARTTLS : TLS",
            &format!("{plain} : {starttls} : {tls}"),
        )
        .replace("{STARTTLS}", &format!("{{{starttls}}}"))
        .replace("{PLAIN}", &format!("{{{plain}}}"))
        .replace("ports = TLS", &format!("ports = {tls}"))
        .replace("USER", &rustix::process::getuid().as_raw().to_string())
        .replace("GROUP", &rustix::process::getgid().as_raw().to_string());
    let file = folder.join("exim.conf");
    fs::write(&file, text).unwrap();
    let child = Command::new("/usr/sbin/exim4")
        .args(["-C", file.to_str().unwrap(), "-bdf"])
        .stdout(Stdio::null())
        .spawn()
        .expect("exim4 can be started");
    let running = Running(child);
    for port in ports {
        until("Exim listens", 10, || {
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
    }
    (running, ports)
}

/// Mails in Exim's queue: the recipient, and how many.
fn queued(folder: &Path) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    let Ok(queue) = fs::read_dir(folder.join("spool/input")) else {
        return found;
    };
    for file in queue {
        let path = file.unwrap().path();
        if path.to_string_lossy().ends_with("-H") {
            let head = String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
            let to = head
                .lines()
                .find_map(|line| Some(line.split_once("To: ")?.1.to_owned()));
            *found.entry(to.unwrap()).or_default() += 1;
        }
    }
    found
}

async fn sent(mailer: &SmtpMailer) -> Result<(), MailError> {
    mailer.send(&outgoing()).await
}

#[tokio::test]
async fn e2e_exim_takes_mail_over_tls_for_the_right_password_only() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    certificates(folder);
    let (_exim, [_, starttls, tls]) = exim(folder, "localhost");
    let urls = [
        format!("smtps://syncline@localhost:{tls}"),
        format!("smtp+starttls://syncline@localhost:{starttls}"),
    ];
    for url in &urls {
        assert_eq!(
            sent(&mailer(url, Some("secret"), folder)).await,
            Ok(()),
            "{url}"
        );
        let error = sent(&mailer(url, Some("wrong"), folder)).await.unwrap_err();
        assert_eq!(
            (error.stage, error.code, error.permanent, error.ambiguous),
            (Stage::Hello, 535, false, false),
            "{url}: {error}"
        );
    }
    assert_eq!(
        queued(folder),
        BTreeMap::from([("revops@acme.example".to_owned(), 2)])
    );
}

#[tokio::test]
async fn e2e_a_certificate_for_another_name_is_named_and_no_mail_leaves() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    certificates(folder);
    let (_exim, [_, starttls, tls]) = exim(folder, "other");
    for (url, port) in [
        (format!("smtps://syncline@localhost:{tls}"), tls),
        (
            format!("smtp+starttls://syncline@localhost:{starttls}"),
            starttls,
        ),
    ] {
        let error = sent(&mailer(&url, Some("secret"), folder))
            .await
            .unwrap_err();
        let named = format!(
            "the certificate of localhost:{port} does not fit, expected was one for localhost by an \
             authority this machine knows"
        );
        assert!(error.text.starts_with(&named), "{error}");
        assert!(error.text.contains("mail.acme.example"), "{error}");
        assert!(!error.permanent && !error.ambiguous, "{error:?}");
        // An authority that nobody knows is no better.
        let stranger = SmtpMailer::new(SmtpUrl::parse(&url).unwrap(), Some(Secret::new("secret")));
        let error = stranger
            .with_deadlines(deadlines())
            .send(&outgoing())
            .await
            .unwrap_err();
        assert!(error.text.starts_with(&named), "{error}");
    }
    // STARTTLS is not given up where the server does not offer it.
    let (_plain, [plain, _, _]) = exim(folder, "localhost");
    let url = format!("smtp+starttls://syncline@localhost:{plain}");
    let error = sent(&mailer(&url, Some("secret"), folder))
        .await
        .unwrap_err();
    assert!(error.text.to_lowercase().contains("starttls"), "{error}");
    assert_eq!(queued(folder), BTreeMap::new());
}

impl World {
    /// Another server takes the mails from now on.
    fn hand_to(&mut self, mailer: Arc<dyn Mailer>) {
        self.close();
        self.start_with_mailer(options(), mailer);
    }

    /// Mails that were given up: to whom, and where the dialogue ended.
    fn refused(&self) -> Vec<(String, Option<Stage>, u16)> {
        self.write(|tx| {
            let mut refused = Vec::new();
            for mail in slots::recent(tx)? {
                let address = annex::address(tx, mail.slot.recipient)?.unwrap_or_default();
                if mail.state == slots::State::Refused {
                    refused.push((address, mail.stage, mail.code));
                }
            }
            Ok(refused)
        })
    }
}

/// An installation whose readers are to be told, with a server of somebody else's.
fn world(readers: &[&'static str], url: &str) -> World {
    let mut world = World::loaded(readers.iter().map(|reader| (*reader, now())).collect());
    let server = SmtpUrl::parse(url).unwrap();
    let mailer = SmtpMailer::new(server, None).with_deadlines(deadlines());
    world.hand_to(Arc::new(mailer) as Arc<dyn Mailer>);
    world.fail(0..5, "STRING_TOO_LONG", "Title");
    world
}

#[test]
fn e2e_every_due_mail_gets_past_greylists_full_disks_and_strangers() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    certificates(folder);
    let (_exim, [plain, _, _]) = exim(folder, "localhost");
    fs::write(folder.join("full"), "").unwrap();
    let readers = [
        "revops@acme.example",
        "nobody@acme.example",
        "grey@acme.example",
    ];
    let mut world = world(&readers, &format!("smtp://127.0.0.1:{plain}"));
    world.pass(MINUTE);
    world.look();
    assert_eq!(
        queued(folder),
        BTreeMap::new(),
        "452 after DATA keeps nothing"
    );
    fs::remove_file(folder.join("full")).unwrap();
    for _ in 0..4 {
        world.pass(HOUR);
        world.look();
    }
    let expected = ["revops@acme.example", "grey@acme.example"].map(|to| (to.to_owned(), 1));
    assert_eq!(queued(folder), BTreeMap::from(expected));
    assert_eq!(
        world.refused(),
        [("nobody@acme.example".to_owned(), Some(Stage::Envelope), 550)]
    );
}

#[test]
fn e2e_a_second_copy_comes_only_where_the_answer_was_lost_and_is_the_same() {
    let interpreter = std::env::var("SYNCLINE_E2E_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("e2e/smtp_server.py");
    let cases = [
        ("none", 0),
        ("greeting", 0),
        ("ehlo", 0),
        ("mail", 0),
        ("rcpt", 0),
        ("data", 0),
        ("content", 1),
        ("lost", 1),
    ];
    for (stage, copies) in cases {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(&interpreter)
            .arg(&script)
            .arg(folder.path())
            .arg(stage)
            .stdout(Stdio::piped())
            .spawn()
            .expect("SYNCLINE_E2E_PYTHON, or python3, can be started");
        let mut line = String::new();
        let said = child.stdout.take().unwrap();
        let _server = Running(child);
        BufReader::new(said).read_line(&mut line).unwrap();
        let port = line
            .trim()
            .strip_prefix("listening ")
            .expect("a port")
            .to_owned();
        let mut world = world(&READERS, &format!("smtp://127.0.0.1:{port}"));
        for _ in 0..3 {
            world.pass(MINUTE);
            world.look();
        }
        let mut arrived: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
        for file in fs::read_dir(folder.path()).unwrap() {
            *arrived
                .entry(fs::read(file.unwrap().path()).unwrap())
                .or_default() += 1;
        }
        // As many different mails as readers, and the copies are copies.
        assert_eq!(
            arrived.len(),
            READERS.len(),
            "{stage}: {:?}",
            arrived.values()
        );
        let all: usize = arrived.values().sum();
        assert_eq!(all - arrived.len(), copies, "{stage}");
        assert_eq!(world.refused(), [], "{stage}");
    }
}
