//! What administrators do to pipelines. Records keep the stage they stand in, whatever becomes of it.

use super::super::HubSpot;
use super::super::refusal::Refusal;
use super::{Pipeline, Stage};

impl HubSpot {
    /// The pipelines of a type; nothing for a type without.
    pub fn pipelines(&self, object_type: &str) -> &[Pipeline] {
        self.object_named(object_type)
            .map_or(&[], |object| &self.objects[object].pipelines)
    }

    /// Adds a pipeline, or replaces the one of the same id with all its stages.
    pub fn put_pipeline(&mut self, object_type: &str, pipeline: Pipeline) -> Result<(), Refusal> {
        let pipelines = self.pipelines_of(object_type)?;
        match pipelines.iter_mut().find(|one| one.id == pipeline.id) {
            Some(one) => *one = pipeline,
            None => pipelines.push(pipeline),
        }
        Ok(())
    }

    /// Archives a pipeline; one that is not there is no error.
    pub fn remove_pipeline(&mut self, object_type: &str, id: &str) -> Result<(), Refusal> {
        self.pipelines_of(object_type)?.retain(|one| one.id != id);
        Ok(())
    }

    /// Adds a stage at the end of a pipeline, or replaces the one of the same id where it stands.
    pub fn put_stage(
        &mut self,
        object_type: &str,
        pipeline: &str,
        stage: Stage,
    ) -> Result<(), Refusal> {
        let stages = &mut self.pipeline_of(object_type, pipeline)?.stages;
        match stages.iter_mut().find(|one| one.id == stage.id) {
            Some(one) => *one = stage,
            None => stages.push(stage),
        }
        Ok(())
    }

    /// Archives a stage; one that is not there is no error.
    pub fn remove_stage(
        &mut self,
        object_type: &str,
        pipeline: &str,
        id: &str,
    ) -> Result<(), Refusal> {
        let pipeline = self.pipeline_of(object_type, pipeline)?;
        pipeline.stages.retain(|one| one.id != id);
        Ok(())
    }

    // Only deals have pipelines here.
    fn pipelines_of(&mut self, object_type: &str) -> Result<&mut Vec<Pipeline>, Refusal> {
        let object = self.object_named(object_type)?;
        let kept = &mut self.objects[object];
        if kept.plural == "deals" {
            Ok(&mut kept.pipelines)
        } else {
            let message = format!("{} have no pipelines", kept.plural);
            Err(Refusal::invalid(&message))
        }
    }

    fn pipeline_of(&mut self, object_type: &str, id: &str) -> Result<&mut Pipeline, Refusal> {
        let pipelines = self.pipelines_of(object_type)?;
        let found = pipelines.iter_mut().find(|one| one.id == id);
        found.ok_or_else(Refusal::not_found)
    }
}
