//! A mail server on loopback that keeps every mail and delivers none.
//!
//! Speaks enough SMTP for a real client, and can be told to fail at any stage of the dialogue.

mod dialogue;
mod shelf;

pub use shelf::Mail;

use dialogue::Dialogue;
use shelf::Shelf;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

const STOP_PATIENCE: Duration = Duration::from_secs(1);

/// A point of the dialogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The server's first line.
    Greeting,
    /// EHLO or HELO.
    Hello,
    /// MAIL FROM.
    Sender,
    /// RCPT TO.
    Recipient,
    /// DATA, before the mail's bytes.
    Data,
    /// After the mail's bytes.
    Body,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// The stage is answered with this code, 4xx or 5xx, and text; a refused mail is not kept.
    Refuse {
        /// Where.
        stage: Stage,
        /// Reply code.
        code: u16,
        /// Words behind it.
        text: String,
    },
    /// The mail is kept, and the connection dies before the client hears of it.
    KeepAndDrop,
    /// The mail is kept, and no reply ever comes.
    KeepAndHang,
    /// The connection dies at the stage; nothing is kept.
    Drop(Stage),
    /// No reply ever comes at the stage; nothing is kept.
    Hang(Stage),
}

impl Trouble {
    fn stage(&self) -> Stage {
        match self {
            Trouble::Refuse { stage, .. } | Trouble::Drop(stage) | Trouble::Hang(stage) => *stage,
            Trouble::KeepAndDrop | Trouble::KeepAndHang => Stage::Body,
        }
    }
}

/// Trouble for mails to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// What goes wrong.
    pub trouble: Trouble,
    /// Only with this recipient (at [`Stage::Recipient`] the one just named, later any of the mail's).
    pub recipient: Option<String>,
    /// How often.
    pub times: u32,
}

/// Where to listen and where to keep.
#[derive(Debug, Clone)]
pub struct SinkSettings {
    /// A loopback address; port 0 takes any free one.
    pub listen: SocketAddr,
    /// Each mail is also stored here, as `0001.eml` and so on; the name shows when the bytes are safe.
    pub directory: Option<PathBuf>,
}

/// What every connection shares.
#[derive(Debug)]
struct Desk {
    shelf: Shelf,
    plans: Vec<Plan>,
}

impl Desk {
    /// Takes the first planned trouble that fits, and uses it up by one.
    fn trouble_at(&mut self, stage: Stage, recipients: &[String]) -> Option<Trouble> {
        let fits = |plan: &Plan| {
            plan.trouble.stage() == stage
                && plan
                    .recipient
                    .as_ref()
                    .is_none_or(|one| recipients.contains(one))
        };
        let place = self.plans.iter().position(fits)?;
        let plan = &mut self.plans[place];
        let trouble = plan.trouble.clone();
        plan.times = plan.times.saturating_sub(1);
        if plan.times == 0 {
            self.plans.remove(place);
        }
        Some(trouble)
    }
}

type SharedDesk = Arc<Mutex<Desk>>;

fn lock(desk: &SharedDesk) -> MutexGuard<'_, Desk> {
    desk.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A running mail server.
#[derive(Debug)]
pub struct Sink {
    address: SocketAddr,
    desk: SharedDesk,
    stopping: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Sink {
    /// Starts to listen; the error of a foreign address is `InvalidInput`.
    pub async fn start(settings: SinkSettings) -> io::Result<Sink> {
        if !settings.listen.ip().is_loopback() {
            let message = format!("{} is not a loopback address", settings.listen);
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        let listener = TcpListener::bind(settings.listen).await?;
        let address = listener.local_addr()?;
        let shelf = Shelf::open(settings.directory)?;
        let desk = Arc::new(Mutex::new(Desk {
            shelf,
            plans: Vec::new(),
        }));
        let (stopping, stopped) = watch::channel(false);
        let task = spawn(accept(listener, Arc::clone(&desk), stopped));
        Ok(Sink {
            address,
            desk,
            stopping,
            task,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Every mail kept so far, oldest first.
    pub fn mails(&self) -> Vec<Mail> {
        lock(&self.desk).shelf.mails().to_vec()
    }

    /// Plans trouble; plans are used up first come, first served.
    pub fn plan(&self, plan: Plan) {
        lock(&self.desk).plans.push(plan);
    }

    /// Forgets all planned trouble.
    pub fn calm(&self) {
        lock(&self.desk).plans.clear();
    }

    /// Stops listening and closes every connection.
    pub async fn stop(mut self) {
        self.stopping.send_replace(true);
        if timeout(STOP_PATIENCE, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the sink has one task of its own and stops it in Sink::stop"
)]
fn spawn(task: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
    tokio::spawn(task)
}

#[expect(
    clippy::disallowed_methods,
    reason = "dropping the set ends the connections with the sink"
)]
async fn accept(listener: TcpListener, desk: SharedDesk, mut stopping: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            _ = stopping.wait_for(|stop| *stop) => return,
            Some(_) = connections.join_next() => (),
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    connections.spawn(talk(stream, Arc::clone(&desk)));
                }
            }
        }
    }
}

// A client that goes away mid-sentence is its own business.
async fn talk(stream: TcpStream, desk: SharedDesk) {
    let _ = Dialogue::new(stream, desk).run().await;
}
