//! The only place that reads the time, and the only one that waits.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::domain::record::Timestamp;

/// What a clock is asked for; trials bring their own.
pub trait Clock: Send + Sync {
    /// The wall's time. It may jump either way.
    fn now(&self) -> Timestamp;

    /// Milliseconds since some fixed instant of this process. Never runs backwards.
    fn monotonic_ms(&self) -> i64;

    /// Returns when the wall shows `instant`, or at once when it already does.
    fn sleep_until(&self, instant: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// Longest single wait: after it the wall is read again, because machines suspend and clocks jump.
const STEP_MAX: Duration = Duration::from_secs(30);

/// The machine's clock.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// Begins counting monotonic time.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the time"
    )]
    #[expect(
        clippy::new_without_default,
        reason = "a default that reads the clock would surprise"
    )]
    pub fn new() -> Self {
        Self {
            started: Instant::now(),
        }
    }
}

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the time"
    )]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    fn monotonic_ms(&self) -> i64 {
        i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that waits"
    )]
    fn sleep_until(&self, instant: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            loop {
                let left = instant.since(self.now());
                if left <= 0 {
                    return;
                }
                let left = Duration::from_millis(left.unsigned_abs());
                tokio::time::sleep(left.min(STEP_MAX)).await;
            }
        })
    }
}
