//! The stages that a deal goes through: choices that HubSpot keeps apart from the property.

use serde_json::Value as Json;

use crate::domain::schema::Choice;

/// Every stage of every pipeline, by id; `None` when the answer is no list of pipelines.
pub(super) fn stages(body: &Json) -> Option<Vec<Choice>> {
    let pipelines = body["results"].as_array()?;
    let live = |json: &&Json| !json["archived"].as_bool().unwrap_or(false);
    let stages = pipelines
        .iter()
        .filter(live)
        .flat_map(|pipeline| pipeline["stages"].as_array().into_iter().flatten())
        .filter(live);
    Some(
        stages
            .filter_map(|stage| {
                let value = stage["id"].as_str()?;
                Some(Choice {
                    value: value.to_owned(),
                    label: stage["label"].as_str().unwrap_or(value).to_owned(),
                    active: true,
                    of: Vec::new(),
                })
            })
            .collect(),
    )
}
