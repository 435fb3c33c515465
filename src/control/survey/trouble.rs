//! A call that brought no answer, in words, and what the process ends with because of it.

use super::{Item, State, menu};
use crate::config::Config;
use crate::crm::http::CallError;
use crate::domain::record::Side;
use crate::sync::Missed;

/// A mistake of the configuration or of the credentials: only a person mends it.
pub(super) const MISTAKE: u8 = 78;
/// A side that is not there.
const UNAVAILABLE: u8 = 69;
/// A side that did not answer this time.
const PASSING: u8 = 75;

/// Why `what` is not known. `file` is the credential that the side is asked with.
pub(super) fn missed(side: Side, what: &str, missed: &Missed, config: &Config) -> Item {
    let mut item = Item::new(Some(side), what, State::Unknown, String::new());
    let file = match (side, config.salesforce.auth) {
        (Side::HubSpot, _) => "hubspot_token",
        (Side::Salesforce, crate::config::Auth::Jwt) => "salesforce_key",
        (Side::Salesforce, crate::config::Auth::ClientCredentials) => "salesforce_secret",
    };
    match missed {
        Missed::NotAsked => {
            "not asked, because of what is missing above".clone_into(&mut item.said);
        }
        Missed::NotBefore(_) => {
            "not asked: the allocation has no call left for it now; see \"syncline budget\""
                .clone_into(&mut item.said);
            item.exit = PASSING;
        }
        Missed::Store(error) => {
            item.said = format!("not asked: {error:#}");
            item.exit = 74;
        }
        Missed::Call(error) => {
            (item.said, item.exit) = spoken(side, error);
            if item.exit == MISTAKE {
                item.state = State::Missing;
                item.click = Some(clicked(side, error, file, config));
            }
        }
    }
    item
}

fn clicked(side: Side, error: &CallError, file: &str, config: &Config) -> String {
    match (error, side) {
        (CallError::ApiDisabled { .. }, _) => menu::api(),
        (_, Side::HubSpot) => format!(
            "{}: copy the key into credentials/{file}",
            menu::service_key()
        ),
        (_, Side::Salesforce) => {
            format!("credentials/{file}; {}", menu::app(config.salesforce.auth))
        }
    }
}

/// What went wrong in a few words, and the exit code it deserves.
pub(super) fn spoken(side: Side, error: &CallError) -> (String, u8) {
    match error {
        CallError::NotSent(why) => (format!("no connection to {side}: {why}"), UNAVAILABLE),
        CallError::Unknown(why) => (format!("{side} gave no answer to use: {why}"), PASSING),
        CallError::SessionExpired => (format!("{side} ended the session"), PASSING),
        CallError::Unauthorized { status, code } => (
            format!("{side} refused the credentials ({status} {code})"),
            MISTAKE,
        ),
        CallError::ApiDisabled { code } => (
            format!("{side} has switched the API off for us ({code})"),
            MISTAKE,
        ),
        CallError::OrgLimit => (
            format!("{side}'s own daily limit is used up; it frees within 24 h"),
            PASSING,
        ),
        CallError::Slowed { .. } => (format!("{side} asks to be left alone for a while"), PASSING),
        CallError::Unavailable { status } => {
            (format!("{side} is not available (HTTP {status})"), PASSING)
        }
        CallError::Rejected { status, failures } => {
            let codes: Vec<&str> = failures
                .iter()
                .map(|one| one.failure.code.as_str())
                .collect();
            let said = format!("{side} refused to answer ({status} {})", codes.join(", "));
            // A bare refusal without a readable code comes from a gateway, not from the side.
            let bare = codes.iter().all(|code| code.starts_with("HTTP_"));
            (said, if bare { PASSING } else { MISTAKE })
        }
    }
}
