//! SIGTERM and SIGINT stop, SIGHUP reloads.

use futures_util::StreamExt;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Stop after draining.
    Stop,
    /// Read the configuration and the credentials again.
    Reload,
}

/// The signals as they come.
pub(super) struct Signals(signal_hook_tokio::Signals);

impl Signals {
    /// Begins to listen. Needs a running runtime.
    pub(super) fn new() -> std::io::Result<Self> {
        signal_hook_tokio::Signals::new([SIGHUP, SIGINT, SIGTERM]).map(Self)
    }

    /// The next signal.
    pub(super) async fn next(&mut self) -> Signal {
        match self.0.next().await {
            Some(SIGHUP) => Signal::Reload,
            Some(_) | None => Signal::Stop,
        }
    }
}
