//! The ways that deals go, stage by stage, and whether a deal may stand where a write puts it.

pub mod admin;
pub mod answer;

use super::object::ObjectType;
use super::record::Record;
use super::refusal::BadProperty;
use crate::simulator::stamp;
use serde_json::{Value, json};

/// The property that holds a deal's pipeline.
pub const PIPELINE: &str = "pipeline";
/// The property that holds a deal's stage.
pub const STAGE: &str = "dealstage";
/// When a portal's own pipeline and stages were made: long ago.
const MADE: i64 = 1_704_067_200_000;
const STANDARD: [(&str, &str, &str); 7] = [
    ("appointmentscheduled", "Appointment Scheduled", "0.2"),
    ("qualifiedtobuy", "Qualified To Buy", "0.4"),
    ("presentationscheduled", "Presentation Scheduled", "0.6"),
    ("decisionmakerboughtin", "Decision Maker Bought-In", "0.8"),
    ("contractsent", "Contract Sent", "0.9"),
    ("closedwon", "Closed Won", "1.0"),
    ("closedlost", "Closed Lost", "0.0"),
];

/// Whether deals in a stage are still worked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// They are.
    Open,
    /// They are won or lost: the stage's probability says which.
    Closed,
}

/// One stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// The value of `dealstage`.
    pub id: String,
    /// What people read.
    pub label: String,
    /// `0.0` to `1.0`
    pub probability: String,
    /// Whether it ends a deal.
    pub outcome: Outcome,
}

/// One pipeline with the stages in it, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pipeline {
    /// The value of `pipeline`.
    pub id: String,
    /// What people read.
    pub label: String,
    /// Its stages; one that was archived is not among them.
    pub stages: Vec<Stage>,
}

impl Stage {
    /// A stage; a probability of `1.0` or `0.0` ends the deal.
    pub fn new(id: &str, label: &str, probability: &str) -> Stage {
        let ends = matches!(probability, "0.0" | "1.0");
        Stage {
            id: id.to_owned(),
            label: label.to_owned(),
            probability: probability.to_owned(),
            outcome: if ends { Outcome::Closed } else { Outcome::Open },
        }
    }

    /// Whether deals that end here are won.
    pub fn is_won(&self) -> bool {
        self.outcome == Outcome::Closed && self.probability == "1.0"
    }

    fn to_json(&self, place: usize) -> Value {
        let closed = self.outcome == Outcome::Closed;
        json!({
            "id": self.id, "label": self.label, "displayOrder": place,
            "metadata": { "isClosed": closed.to_string(), "probability": self.probability },
            "archived": false, "createdAt": stamp::iso(MADE), "updatedAt": stamp::iso(MADE),
            "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
        })
    }
}

impl Pipeline {
    /// The one pipeline a portal starts with (the guides).
    pub fn standard() -> Pipeline {
        let stages = STANDARD.map(|(id, label, probability)| Stage::new(id, label, probability));
        Pipeline {
            id: "default".to_owned(),
            label: "Sales Pipeline".to_owned(),
            stages: stages.to_vec(),
        }
    }

    /// The stage of that id.
    pub fn stage(&self, id: &str) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.id == id)
    }

    fn to_json(&self, place: usize) -> Value {
        json!({
            "id": self.id, "label": self.label, "displayOrder": place, "archived": false,
            "createdAt": stamp::iso(MADE), "updatedAt": stamp::iso(MADE),
            "stages": self.stages_json(),
        })
    }

    fn stages_json(&self) -> Vec<Value> {
        let stages = self.stages.iter().enumerate();
        stages.map(|(place, stage)| stage.to_json(place)).collect()
    }
}

/// The stage a record of this type stands in.
pub fn stage_of<'a>(kept: &'a ObjectType, record: &Record) -> Option<&'a Stage> {
    let pipeline = record.value(PIPELINE)?;
    let pipeline = kept.pipelines.iter().find(|one| one.id == pipeline)?;
    pipeline.stage(record.value(STAGE)?)
}

/// What is wrong with the pipeline or the stage a write leaves behind (E5); `after` is a property's value
/// then. A stage must be one of the record's pipeline, and that is the first one where none is said.
pub fn misplaced<'a>(
    kept: &ObjectType,
    touched: impl Fn(&str) -> bool,
    after: impl Fn(&str) -> &'a str,
) -> Option<BadProperty> {
    let first = kept.pipelines.first()?;
    if !touched(PIPELINE) && !touched(STAGE) {
        return None;
    }
    let (pipeline, stage) = (after(PIPELINE), after(STAGE));
    let found = match pipeline {
        "" => Some(first),
        id => kept.pipelines.iter().find(|one| one.id == id),
    };
    let Some(found) = found else {
        let ids: Vec<&str> = kept.pipelines.iter().map(|one| one.id.as_str()).collect();
        // The reference has the text for stages only; this one is made after it.
        let message = format!(
            "{pipeline} is not a valid pipeline ID. Valid options are: [{}]",
            ids.join(", ")
        );
        return Some(BadProperty::new(PIPELINE, "INVALID_OPTION", message));
    };
    if stage.is_empty() || found.stage(stage).is_some() {
        return None;
    }
    let ids: Vec<&str> = found.stages.iter().map(|one| one.id.as_str()).collect();
    let message = format!(
        "{stage} is not a valid pipeline stage ID. Valid options are: pipelineId={} : [{}]",
        found.id,
        ids.join(", ")
    );
    Some(BadProperty::new(STAGE, "INVALID_OPTION", message))
}
