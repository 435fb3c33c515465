//! Both CRMs as a pure model: a request, the time and the faults in, an outcome out.
//!
//! Shares no wire type with the clients, so that a mistake made there cannot cancel itself out here.

pub mod admin;
pub mod broken;
pub mod crowd;
pub mod demo;
pub mod faults;
pub mod hubspot;
pub mod luck;
pub mod salesforce;
pub mod shell;
pub mod smtp;
pub mod stamp;
pub mod wire;

pub use faults::{Fault, Faults, OneShot, Rates, Server};
use hubspot::HubSpot;
use salesforce::Salesforce;
use wire::{Request, Response};

const DAY_MS: i64 = 86_400_000;

/// Both CRMs and the network between them and a client.
#[derive(Debug)]
pub struct Simulator {
    /// The portal.
    pub hubspot: HubSpot,
    /// The org.
    pub salesforce: Salesforce,
    /// What goes wrong.
    pub faults: Faults,
    /// Calls that reached Salesforce's door and were answered, or not, before the model saw them.
    faulted_calls: Vec<i64>,
}

/// What a client gets for a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// An answer. When [`Response::is_cut`], its body broke off on the way.
    Answered(Response),
    /// It took effect, and the connection died without an answer.
    Lost,
    /// Its bytes arrived, nothing took place, and the connection died.
    Reset,
    /// The connection was refused: no byte left the client.
    Refused,
    /// No answer ever comes; the client's deadline decides.
    Hung {
        /// Whether it took effect.
        effect: bool,
    },
}

impl Simulator {
    /// Both CRMs, with faults from `seed` once rates are set.
    pub fn new(hubspot: HubSpot, salesforce: Salesforce, seed: u64) -> Simulator {
        Simulator {
            hubspot,
            salesforce,
            faults: Faults::new(seed),
            faulted_calls: Vec::new(),
        }
    }

    /// What becomes of a request at `now` (Unix ms).
    pub fn handle(&mut self, server: Server, request: &Request, now: i64) -> Outcome {
        match self.faults.draw(server, request) {
            None => Outcome::Answered(self.serve(server, request, now)),
            Some(Fault::Refused) => Outcome::Refused,
            Some(Fault::Reset) => {
                self.note_arrival(server, request, now);
                Outcome::Reset
            }
            Some(Fault::Hung) => {
                self.note_arrival(server, request, now);
                Outcome::Hung { effect: false }
            }
            Some(Fault::Answer(status)) => {
                self.note_arrival(server, request, now);
                Outcome::Answered(broken::answer(server, status, now))
            }
            Some(Fault::Lost) => {
                self.serve(server, request, now);
                Outcome::Lost
            }
            Some(Fault::HungAfter) => {
                self.serve(server, request, now);
                Outcome::Hung { effect: true }
            }
            Some(Fault::AnswerAfter(status)) => {
                self.serve(server, request, now);
                Outcome::Answered(broken::answer(server, status, now))
            }
            Some(Fault::Truncated) => Outcome::Answered(cut(self.serve(server, request, now))),
        }
    }

    /// Calls Salesforce has counted, those among them that a fault kept from the model.
    pub fn salesforce_calls_counted(&self) -> u64 {
        self.salesforce.calls_counted() + self.faulted_calls.len() as u64
    }

    /// The most calls Salesforce has counted within any 24 hours.
    pub fn salesforce_worst_window(&self) -> u64 {
        let mut log: Vec<(i64, u64)> = self.salesforce.call_log().to_vec();
        log.extend(self.faulted_calls.iter().map(|at| (*at, 1)));
        log.sort_unstable();
        let (mut first, mut sum, mut worst) = (0, 0, 0);
        for (at, calls) in &log {
            sum += calls;
            while log[first].0 <= at - DAY_MS {
                sum -= log[first].1;
                first += 1;
            }
            worst = worst.max(sum);
        }
        worst
    }

    fn serve(&mut self, server: Server, request: &Request, now: i64) -> Response {
        match server {
            Server::HubSpot => self.hubspot.handle(request, now),
            Server::Salesforce => self.salesforce.handle(request, now),
        }
    }

    fn note_arrival(&mut self, server: Server, request: &Request, now: i64) {
        if server == Server::Salesforce && costs_a_call(request) {
            self.faulted_calls.push(now);
        }
    }
}

// Salesforce counts neither tokens nor the list of versions.
fn costs_a_call(request: &Request) -> bool {
    let path = request.path.trim_end_matches('/');
    !path.starts_with("/services/oauth2") && path != "/services/data"
}

// Says its full length and carries half; an answer without a body cannot break off.
fn cut(mut response: Response) -> Response {
    let length = response.body.len();
    if length > 1 {
        response
            .headers
            .retain(|(name, _)| name != "content-length");
        response
            .headers
            .push(("content-length".to_owned(), length.to_string()));
        response.body.truncate(length / 2);
    }
    response
}
