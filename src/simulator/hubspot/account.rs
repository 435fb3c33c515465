//! What the portal says about itself and its use.

use super::HubSpot;
use super::call::Answer;
use crate::simulator::stamp;
use serde_json::json;

impl HubSpot {
    pub(super) fn account_details(&self, now: i64) -> Answer {
        let zone = &self.settings.time_zone;
        let seconds = jiff::tz::TimeZone::get(zone)
            .ok()
            .zip(jiff::Timestamp::from_millisecond(now).ok())
            .map_or(0, |(zone, at)| zone.to_offset(at).seconds());
        let sign = if seconds < 0 { '-' } else { '+' };
        let (hours, minutes) = (seconds.abs() / 3600, seconds.abs() / 60 % 60);
        Answer::Json(
            200,
            json!({
                "portalId": self.settings.portal_id, "accountType": "STANDARD",
                "timeZone": zone, "companyCurrency": "EUR", "additionalCurrencies": ["USD"],
                "utcOffset": format!("{sign}{hours:02}:{minutes:02}"),
                "utcOffsetMilliseconds": i64::from(seconds) * 1000,
                "uiDomain": self.settings.ui_domain, "dataHostingLocation": "eu1",
            }),
        )
    }

    pub(super) fn daily_usage(&mut self, now: i64) -> Answer {
        let (used, resets_at) = self.limits.today(now);
        Answer::Json(
            200,
            json!({ "results": [{
                "name": "private-apps-api-calls-daily", "usageLimit": self.settings.daily_limit,
                "currentUsage": used, "collectedAt": stamp::iso(now), "fetchStatus": "SUCCESS",
                "resetsAt": stamp::iso(resets_at),
            }] }),
        )
    }
}
