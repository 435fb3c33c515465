//! The three limits on calls: ten seconds, one second of searching, the portal's day.

use super::refusal::Refusal;
use super::settings::Settings;
use std::collections::VecDeque;

const BURST_MS: i64 = 10_000;
const SEARCH_MS: i64 = 1_000;

/// Which limit, besides the day's, a call falls under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meter {
    /// Calls per ten seconds.
    Burst,
    /// Searches per second; its answers carry no rate-limit headers.
    Search,
}

/// What was used.
#[derive(Debug)]
pub struct Limits {
    zone: jiff::tz::TimeZone,
    calls: VecDeque<i64>,
    searches: VecDeque<i64>,
    day: std::ops::Range<i64>,
    used_today: u64,
    counted: u64,
}

impl Limits {
    /// Nothing used; an unknown time zone is read as UTC.
    pub fn new(settings: &Settings) -> Limits {
        let zone = jiff::tz::TimeZone::get(&settings.time_zone).unwrap_or(jiff::tz::TimeZone::UTC);
        Limits {
            zone,
            calls: VecDeque::new(),
            searches: VecDeque::new(),
            day: 0..0,
            used_today: 0,
            counted: 0,
        }
    }

    /// Takes one call, or says which limit is reached. A refused call uses nothing.
    pub fn take(
        &mut self,
        meter: Meter,
        now: i64,
        settings: &Settings,
        request_id: &str,
    ) -> Result<(), Refusal> {
        self.turn_day(now);
        if self.used_today >= settings.daily_limit {
            return Err(Refusal::rate_limited("DAILY", "daily", request_id));
        }
        let (log, limit, width, policy, word) = match meter {
            Meter::Burst => {
                let rolling = "ten_secondly_rolling";
                (
                    &mut self.calls,
                    settings.burst_limit,
                    BURST_MS,
                    "TEN_SECONDLY_ROLLING",
                    rolling,
                )
            }
            Meter::Search => (
                &mut self.searches,
                settings.search_limit,
                SEARCH_MS,
                "SECONDLY",
                "secondly",
            ),
        };
        while log.front().is_some_and(|at| *at <= now - width) {
            log.pop_front();
        }
        if log.len() >= limit as usize {
            return Err(Refusal::rate_limited(policy, word, request_id));
        }
        log.push_back(now);
        self.used_today += 1;
        self.counted += 1;
        Ok(())
    }

    /// The headers that tell what is left; the day's only where a daily limit holds.
    pub fn headers(&self, now: i64, settings: &Settings, oauth: bool) -> Vec<(String, String)> {
        let recent = self.calls.iter().filter(|at| **at > now - BURST_MS).count();
        let left = (settings.burst_limit as usize).saturating_sub(recent);
        let second = settings.burst_limit / 10;
        let mut headers = vec![
            ("x-hubspot-ratelimit-max", settings.burst_limit.to_string()),
            ("x-hubspot-ratelimit-remaining", left.to_string()),
            (
                "x-hubspot-ratelimit-interval-milliseconds",
                BURST_MS.to_string(),
            ),
            ("x-hubspot-ratelimit-secondly", second.to_string()),
            (
                "x-hubspot-ratelimit-secondly-remaining",
                second.saturating_sub(1).to_string(),
            ),
        ];
        if !oauth {
            let left_today = settings.daily_limit.saturating_sub(self.used_today);
            headers.push((
                "x-hubspot-ratelimit-daily",
                settings.daily_limit.to_string(),
            ));
            headers.push((
                "x-hubspot-ratelimit-daily-remaining",
                left_today.to_string(),
            ));
        }
        headers
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }

    /// Calls let in since the beginning.
    pub fn counted(&self) -> u64 {
        self.counted
    }

    /// Calls of the portal's day, and when (Unix ms) the next one starts.
    pub fn today(&mut self, now: i64) -> (u64, i64) {
        self.turn_day(now);
        (self.used_today, self.day.end)
    }

    /// Makes it look as if others had used that many calls today.
    pub fn preload_day(&mut self, used: u64, now: i64) {
        self.turn_day(now);
        self.used_today = used;
    }

    fn turn_day(&mut self, now: i64) {
        if self.day.contains(&now) {
            return;
        }
        self.used_today = 0;
        let day = jiff::Timestamp::from_millisecond(now)
            .map(|at| self.zone.to_datetime(at).date())
            .and_then(|date| {
                let start = self.zone.to_timestamp(date.at(0, 0, 0, 0))?;
                let end = self.zone.to_timestamp(date.tomorrow()?.at(0, 0, 0, 0))?;
                Ok(start.as_millisecond()..end.as_millisecond())
            });
        self.day = day.unwrap_or(now..now + 86_400_000);
    }
}
