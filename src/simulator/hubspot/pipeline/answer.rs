//! Pipelines as the API shows them. It is read here only: people change pipelines.

use super::super::HubSpot;
use super::super::call::{Answer, Call};
use super::super::refusal::Refusal;
use super::Pipeline;
use serde_json::{Value, json};

/// What is asked of a type's pipelines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// All of them.
    All,
    /// One, by id.
    One(String),
    /// The stages of one.
    Stages(String),
    /// One stage: the pipeline's id and its own.
    Stage(String, String),
}

impl Ask {
    /// Reads what follows the type in a path.
    pub fn parse(rest: &[&str]) -> Option<Ask> {
        match rest {
            [] => Some(Ask::All),
            [id] => Some(Ask::One((*id).to_owned())),
            [id, "stages"] => Some(Ask::Stages((*id).to_owned())),
            [id, "stages", stage] => Some(Ask::Stage((*id).to_owned(), (*stage).to_owned())),
            _ => None,
        }
    }
}

impl HubSpot {
    pub(in super::super) fn answer_pipelines(
        &self,
        call: &Call<'_>,
        object: usize,
        ask: &Ask,
    ) -> Result<Answer, Refusal> {
        if call.method() != "GET" {
            return Ok(Answer::MethodNotAllowed);
        }
        let pipelines = &self.objects[object].pipelines;
        let one = |id: &str| {
            let place = pipelines.iter().position(|pipeline| pipeline.id == id);
            place.ok_or_else(Refusal::not_found)
        };
        let body = match ask {
            Ask::All => {
                let all = pipelines.iter().enumerate();
                let shown: Vec<Value> = all.map(|(place, one)| one.to_json(place)).collect();
                json!({ "results": shown })
            }
            Ask::One(id) => {
                let place = one(id)?;
                pipelines[place].to_json(place)
            }
            Ask::Stages(id) => json!({ "results": pipelines[one(id)?].stages_json() }),
            Ask::Stage(id, stage) => stage_json(&pipelines[one(id)?], stage)?,
        };
        Ok(Answer::Json(200, body))
    }
}

fn stage_json(pipeline: &Pipeline, id: &str) -> Result<Value, Refusal> {
    let place = pipeline.stages.iter().position(|stage| stage.id == id);
    let place = place.ok_or_else(Refusal::not_found)?;
    Ok(pipeline.stages[place].to_json(place))
}
