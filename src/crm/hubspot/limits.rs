//! Which records have as many associations as they may have, and who set that. Source: HubSpot,
//! "Limits tracking" and "Associations schema", as documented; not met on a live account.

use serde_json::Value as Json;

use crate::domain::record::RecordId;

/// The records of one type that have as many associations with another one as they may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordsAtLimit {
    /// Most associations one of them may have.
    pub limit: u64,
    /// How many records there are that have so many.
    pub total: u64,
    /// Some of them, not necessarily all.
    pub samples: Vec<RecordId>,
}

/// The ids of the types that have such records.
pub(super) fn types(body: &Json) -> Option<Vec<String>> {
    let results = body["results"].as_array()?.iter();
    let full = results.filter(|one| one["hasRecordsAtLimit"].as_bool().unwrap_or(false));
    let ids = full.filter_map(|one| one["objectTypeId"].as_str().map(str::to_owned));
    Some(ids.collect())
}

pub(super) fn records(body: &Json) -> Option<RecordsAtLimit> {
    let samples = body["atLimitFromRecordSamples"].as_array();
    let id = |sample: &Json| match &sample["objectId"] {
        Json::Number(number) => RecordId::parse(&number.to_string()).ok(),
        Json::String(text) => RecordId::parse(text).ok(),
        Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => None,
    };
    Some(RecordsAtLimit {
        limit: body["limit"].as_u64()?,
        total: body["totalRecordsAtLimit"].as_u64()?,
        samples: samples.into_iter().flatten().filter_map(id).collect(),
    })
}

/// The limits that administrators set for associations of any kind. Those of one label are not
/// meant.
pub(super) fn own(body: &Json) -> Option<Vec<u64>> {
    let results = body["results"].as_array()?.iter();
    let plain = results.filter(|one| one["label"].is_null());
    Some(
        plain
            .filter_map(|one| one["userEnforcedMaxToObjectIds"].as_u64())
            .collect(),
    )
}
