//! What every benchmark needs: a clock that is set by hand, a store on it, and the time that work took.

#![allow(
    dead_code,
    reason = "each benchmark is built with the parts that it uses, and warned of the others"
)]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use syncline::clock::Clock;
use syncline::domain::catalogue::Catalogue;
use syncline::domain::record::Timestamp;
use syncline::store::{Access, Options, Store};

/// A clock that goes on when it is set, in Unix ms.
pub(crate) struct Ticking(pub(crate) AtomicI64);

impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }

    fn monotonic_ms(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    fn sleep_until(&self, _: Timestamp) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async {})
    }
}

/// A new store in this folder.
pub(crate) fn open(folder: &Path, clock: Arc<dyn Clock>) -> Store {
    let options = Options {
        ballast_bytes: 0,
        ..Options::default()
    };
    let (catalogue, access) = (Arc::new(Catalogue::shipped()), Access::Write { unit: None });
    Store::open_with(folder, access, catalogue, clock, options).unwrap()
}

/// A number that the environment sets, or the usual one.
pub(crate) fn number(name: &str, usual: usize) -> usize {
    let set = std::env::var(name).ok();
    set.map_or(usual, |text| text.parse().unwrap())
}

/// How long it takes.
#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
pub(crate) fn time(work: impl FnOnce()) -> Duration {
    let began = Instant::now();
    work();
    began.elapsed()
}

/// A length of time in milliseconds.
pub(crate) fn ms(took: Duration) -> f64 {
    took.as_secs_f64() * 1_000.0
}

/// A figure of a process in kB, of those that its `status` file names; 0 when it is gone.
pub(crate) fn memory_kb(status: &str, name: &str) -> u64 {
    let text = std::fs::read_to_string(status).unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with(name));
    let kb = line.and_then(|line| line.split_whitespace().nth(1));
    kb.and_then(|kb| kb.parse().ok()).unwrap_or(0)
}
