//! What goes wrong between a client and a server: drawn from a seed, or ordered for the next requests.
//!
//! Decides which fault strikes; what a fault does is the simulator's part.

use super::luck::Luck;
use super::wire::Request;
use std::collections::BTreeMap;

/// Which simulated server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Server {
    /// The portal.
    HubSpot,
    /// The org.
    Salesforce,
}

impl Server {
    /// Its name in commands.
    pub fn name(self) -> &'static str {
        match self {
            Server::HubSpot => "hubspot",
            Server::Salesforce => "salesforce",
        }
    }
}

/// One way a request can go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// Nobody listens: no byte leaves the client.
    Refused,
    /// The request arrives, nothing happens, the connection dies.
    Reset,
    /// The request takes effect, the connection dies before the answer.
    Lost,
    /// The request arrives, nothing happens, no answer comes.
    Hung,
    /// The request takes effect, no answer comes.
    HungAfter,
    /// The server answers with this status before anything happens.
    Answer(u16),
    /// The request takes effect, and the answer is this status all the same.
    AnswerAfter(u16),
    /// The request takes effect, the answer breaks off halfway.
    Truncated,
}

impl Fault {
    /// Reads `refused`, `reset`, `lost`, `hung`, `hung_after`, `truncated`, `503` or `503_after`.
    pub fn parse(text: &str) -> Option<Fault> {
        let status = |text: &str| text.parse().ok().filter(|code| (400..=599).contains(code));
        match text {
            "refused" => Some(Fault::Refused),
            "reset" => Some(Fault::Reset),
            "lost" => Some(Fault::Lost),
            "hung" => Some(Fault::Hung),
            "hung_after" => Some(Fault::HungAfter),
            "truncated" => Some(Fault::Truncated),
            text => match text.strip_suffix("_after") {
                Some(code) => status(code).map(Fault::AnswerAfter),
                None => status(text).map(Fault::Answer),
            },
        }
    }

    /// The text that [`Fault::parse`] reads.
    pub fn name(self) -> String {
        match self {
            Fault::Refused => "refused".to_owned(),
            Fault::Reset => "reset".to_owned(),
            Fault::Lost => "lost".to_owned(),
            Fault::Hung => "hung".to_owned(),
            Fault::HungAfter => "hung_after".to_owned(),
            Fault::Truncated => "truncated".to_owned(),
            Fault::Answer(status) => status.to_string(),
            Fault::AnswerAfter(status) => format!("{status}_after"),
        }
    }
}

/// How often faults strike a server by themselves: of a thousand requests, so many each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rates(pub Vec<(Fault, u16)>);

impl Rates {
    /// Every kind of fault, equally often; together about `per_thousand` of a thousand requests.
    pub fn everything(per_thousand: u16) -> Rates {
        let kinds = [
            Fault::Refused,
            Fault::Reset,
            Fault::Lost,
            Fault::Hung,
            Fault::HungAfter,
            Fault::Answer(500),
            Fault::Answer(502),
            Fault::Answer(503),
            Fault::AnswerAfter(500),
            Fault::AnswerAfter(503),
            Fault::Answer(429),
            Fault::Truncated,
        ];
        let each = per_thousand / 12;
        let odd = per_thousand % 12;
        Rates(
            kinds
                .into_iter()
                .zip(0..)
                .map(|(kind, n)| (kind, each + u16::from(n < odd)))
                .collect(),
        )
    }
}

/// A fault for the next requests that fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneShot {
    /// Where.
    pub server: Server,
    /// Only requests of this method, if given.
    pub method: Option<String>,
    /// Only paths that start so; empty fits all.
    pub path: String,
    /// Fitting requests to let pass first.
    pub skip: u32,
    /// How many requests it strikes after that.
    pub times: u32,
    /// What happens.
    pub fault: Fault,
}

/// All faults of both servers.
#[derive(Debug)]
pub struct Faults {
    luck: BTreeMap<Server, Luck>,
    rates: BTreeMap<Server, Rates>,
    ordered: Vec<OneShot>,
    down: Vec<Server>,
    struck: BTreeMap<(Server, Fault), u64>,
}

impl Faults {
    /// No faults; those that rates bring later follow from the seed.
    pub fn new(seed: u64) -> Faults {
        let luck = [
            (Server::HubSpot, Luck::new(seed ^ 0x4855)),
            (Server::Salesforce, Luck::new(seed ^ 0x5346)),
        ];
        Faults {
            luck: luck.into_iter().collect(),
            rates: BTreeMap::new(),
            ordered: Vec::new(),
            down: Vec::new(),
            struck: BTreeMap::new(),
        }
    }

    /// From now on these strike by themselves.
    pub fn set_rates(&mut self, server: Server, rates: Rates) {
        self.rates.insert(server, rates);
    }

    /// Orders a fault for requests to come; orders are served first come, first served.
    pub fn order(&mut self, one: OneShot) {
        self.ordered.push(one);
    }

    /// Takes a server off the network: every connection is refused.
    pub fn take_down(&mut self, server: Server) {
        if !self.is_down(server) {
            self.down.push(server);
        }
    }

    /// Brings a server back.
    pub fn bring_up(&mut self, server: Server) {
        self.down.retain(|one| *one != server);
    }

    /// Whether a server is off the network.
    pub fn is_down(&self, server: Server) -> bool {
        self.down.contains(&server)
    }

    /// Ends all faults: no rates, nothing ordered, both servers up.
    pub fn calm(&mut self) {
        self.rates.clear();
        self.ordered.clear();
        self.down.clear();
    }

    /// How often each fault struck, to prove that a trial met it.
    pub fn struck(&self) -> &BTreeMap<(Server, Fault), u64> {
        &self.struck
    }

    /// What goes wrong with this request. Luck is drawn for every request, ordered fault or not, so that
    /// an order changes no later draw.
    pub fn draw(&mut self, server: Server, request: &Request) -> Option<Fault> {
        let lot = self
            .luck
            .get_mut(&server)
            .map_or(0, |luck| luck.below(1000));
        let fault = if self.is_down(server) {
            Some(Fault::Refused)
        } else {
            self.ordered_for(server, request)
                .or_else(|| self.by_rate(server, lot))
        };
        if let Some(fault) = fault {
            *self.struck.entry((server, fault)).or_default() += 1;
        }
        fault
    }

    fn ordered_for(&mut self, server: Server, request: &Request) -> Option<Fault> {
        let fits = |one: &OneShot| {
            one.server == server
                && request.path.starts_with(&one.path)
                && one
                    .method
                    .as_ref()
                    .is_none_or(|method| *method == request.method)
        };
        let place = self.ordered.iter().position(fits)?;
        let one = &mut self.ordered[place];
        if one.skip > 0 {
            one.skip -= 1;
            return None;
        }
        let fault = one.fault;
        one.times = one.times.saturating_sub(1);
        if one.times == 0 {
            self.ordered.remove(place);
        }
        Some(fault)
    }

    fn by_rate(&self, server: Server, lot: u64) -> Option<Fault> {
        let mut below = 0;
        self.rates.get(&server)?.0.iter().find_map(|(fault, rate)| {
            below += u64::from(*rate);
            (lot < below).then_some(*fault)
        })
    }
}
