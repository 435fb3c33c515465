//! Counts API calls in a rolling 24 hours, exactly. Knows neither what a call does nor who may make it.

const DAY_MS: i64 = 86_400_000;

/// Every counted call, and two windows that slide over them: one for now, one for what is reported.
#[derive(Debug, Default)]
pub(crate) struct Usage {
    log: Vec<(i64, u64)>,
    now: Window,
    reported: Window,
}

#[derive(Debug, Default)]
struct Window {
    from: usize,
    to: usize,
    sum: u64,
}

impl Window {
    /// Holds the calls after `at` - 24 h and up to `at`; times do not run backwards.
    fn slide(&mut self, log: &[(i64, u64)], at: i64) -> u64 {
        while let Some((_, calls)) = log.get(self.to).filter(|(time, _)| *time <= at) {
            self.sum += calls;
            self.to += 1;
        }
        while self.from < self.to && log[self.from].0 <= at - DAY_MS {
            self.sum -= log[self.from].1;
            self.from += 1;
        }
        self.sum
    }
}

impl Usage {
    pub(crate) fn count(&mut self, now: i64, calls: u64) {
        if calls > 0 {
            self.log.push((now, calls));
        }
    }

    pub(crate) fn used(&mut self, now: i64) -> u64 {
        self.now.slide(&self.log, now)
    }

    /// What the org says was used, which lags.
    pub(crate) fn told(&mut self, at: i64) -> u64 {
        self.reported.slide(&self.log, at)
    }

    pub(crate) fn total(&self) -> u64 {
        self.log.iter().map(|(_, calls)| calls).sum()
    }

    pub(crate) fn log(&self) -> &[(i64, u64)] {
        &self.log
    }

    /// The fullest 24 hours there ever were; a fullest window always ends at some call.
    pub(crate) fn worst(&self) -> u64 {
        let mut window = Window::default();
        self.log
            .iter()
            .map(|(at, _)| window.slide(&self.log, *at))
            .max()
            .unwrap_or(0)
    }
}
