//! Makes the two id fields, and shows Salesforce's to the integration user.
//!
//! Asked twice it does a thing once: every step looks before it makes, a name that is taken is a
//! thing that is there, and after a lost answer the step is looked at again before it is repeated.

use std::future::Future;

use super::gate::Errand;
use super::inspect::{Inspection, Missed};
use crate::crm::http::{CallError, Reply};
use crate::domain::call::Operation;
use crate::domain::record::{FieldName, RecordId, Side};

/// The permission set that shows the fields.
pub const PERMISSION_SET: &str = "Syncline";

/// How often a step is tried whose answer is lost.
const TRIES: u32 = 3;

/// What both sides answer when a name is taken (hubspot.md section 4.1; salesforce.md section 6.2;
/// Salesforce's code for a field is assumed).
const PROPERTY_TAKEN: &str = "OBJECT_ALREADY_EXISTS";
const FIELD_TAKEN: &str = "DUPLICATE_DEVELOPER_NAME";
const ROW_TAKEN: &str = "DUPLICATE_VALUE";

/// A field that is missing, or that we may not write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Where.
    pub side: Side,
    /// The type there: `contacts`, `Contact`.
    pub type_: String,
    /// Its name.
    pub field: FieldName,
    /// Whether the sync goes on without it: not every org takes a unique field on activities.
    pub optional: bool,
}

/// What became of one step.
#[derive(Debug)]
pub enum Made {
    /// It was made now.
    Now,
    /// It was there already.
    Before,
    /// It could not be made, and the sync goes on without it.
    Dispensable(Missed),
    /// It could not be made.
    Refused(Missed),
}

/// One step in words, with what became of it.
#[derive(Debug)]
pub struct Step {
    /// Whose setup it changed.
    pub side: Side,
    /// What was to be there: `field Contact.Syncline_HubSpot_Id__c`.
    pub what: String,
    /// What became of it.
    pub made: Made,
}

impl Inspection {
    /// Makes what is wanted, as `user` of Salesforce. A look at the account must have come before.
    pub async fn create_fields(&self, wanted: &[Wanted], user: Option<&RecordId>) -> Vec<Step> {
        let mut steps = Vec::new();
        for one in wanted.iter().filter(|one| one.side == Side::HubSpot) {
            let made = self.property(one).await;
            steps.push(step(
                one.side,
                format!("property {}.{}", one.type_, one.field),
                made,
            ));
        }
        let fields: Vec<&Wanted> = wanted
            .iter()
            .filter(|one| one.side == Side::Salesforce)
            .collect();
        let mut there = Vec::new();
        for one in fields {
            let made = self.key_field(one).await;
            if made.is_ok() {
                there.push(one);
            }
            let what = format!("field {}.{}", one.type_, one.field);
            let mut done = step(one.side, what, made);
            done.made = match done.made {
                Made::Refused(error) if one.optional => Made::Dispensable(error),
                made @ (Made::Now | Made::Before | Made::Dispensable(_) | Made::Refused(_)) => made,
            };
            steps.push(done);
        }
        if let (false, Some(user)) = (there.is_empty(), user) {
            self.show(&there, user, &mut steps).await;
        }
        steps
    }

    async fn property(&self, wanted: &Wanted) -> Result<bool, Missed> {
        let errand = Errand::about_account(Side::HubSpot, Operation::Describe);
        let hubspot = &self.context().hubspot;
        let group = || hubspot.property_group(&wanted.type_);
        let group = self.ask(&errand, group).await?.value;
        self.make(&errand, PROPERTY_TAKEN, || {
            hubspot.make_property(&wanted.type_, &wanted.field, &group)
        })
        .await
    }

    async fn key_field(&self, wanted: &Wanted) -> Result<bool, Missed> {
        let errand = Errand::about_account(Side::Salesforce, Operation::Describe);
        // Tasks and events share their custom fields, which are those of an Activity.
        let holder = match wanted.type_.as_str() {
            "Task" => "Activity",
            other => other,
        };
        let salesforce = &self.context().salesforce;
        self.make(&errand, FIELD_TAKEN, || {
            salesforce.make_key_field(holder, &wanted.field)
        })
        .await
    }

    /// Shows the fields to `user` by the permission set, which is made if there is none.
    async fn show(&self, fields: &[&Wanted], user: &RecordId, steps: &mut Vec<Step>) {
        let side = Side::Salesforce;
        let errand = Errand::about_account(side, Operation::Describe);
        let salesforce = &self.context().salesforce;
        let (set, made) = match self.permission_set(&errand).await {
            Ok((set, made)) => (set, made),
            Err(error) => {
                let what = format!("permission set {PERMISSION_SET}");
                steps.push(step(side, what, Err(error)));
                return;
            }
        };
        steps.push(step(
            side,
            format!("permission set {PERMISSION_SET}"),
            Ok(made),
        ));
        let grants = self.ask(&errand, || salesforce.field_grants(&set)).await;
        let grants = grants.map(|reply| reply.value).unwrap_or_default();
        for one in fields {
            let name = format!("{}.{}", one.type_, one.field);
            let known = grants.iter().find(|grant| grant.field == name);
            let made = match known {
                Some(grant) if grant.edits => Ok(false),
                Some(grant) => {
                    self.make(&errand, ROW_TAKEN, || salesforce.widen_grant(grant))
                        .await
                }
                None => {
                    self.make(&errand, ROW_TAKEN, || {
                        salesforce.grant_field(&set, &one.type_, &one.field)
                    })
                    .await
                }
            };
            steps.push(step(side, format!("edit permission on {name}"), made));
        }
        let held = || salesforce.has_permission_set(&set, user);
        let made = match self.ask(&errand, held).await {
            Ok(reply) if reply.value => Ok(false),
            Ok(_) | Err(_) => {
                self.make(&errand, ROW_TAKEN, || {
                    salesforce.assign_permission_set(&set, user)
                })
                .await
            }
        };
        let what = format!("permission set {PERMISSION_SET} for user {user}");
        steps.push(step(side, what, made));
    }

    /// The permission set's id, and whether it was made now.
    async fn permission_set(&self, errand: &Errand) -> Result<(RecordId, bool), Missed> {
        let salesforce = &self.context().salesforce;
        let find = || salesforce.permission_set(PERMISSION_SET);
        if let Some(set) = self.ask(errand, find).await?.value {
            return Ok((set, false));
        }
        let make = || salesforce.make_permission_set(PERMISSION_SET);
        let is_new = self.make(errand, ROW_TAKEN, make).await?;
        match self.ask(errand, find).await?.value {
            Some(set) => Ok((set, is_new)),
            None => Err(CallError::Unknown("the permission set is not found".to_owned()).into()),
        }
    }

    /// Makes something whose name can be taken once: true when it was made now. A lost answer is
    /// asked after by the name, which the other side refuses to give twice with the code `taken`.
    async fn make<F, Sent>(&self, errand: &Errand, taken: &str, send: F) -> Result<bool, Missed>
    where
        F: Fn() -> Sent,
        Sent: Future<Output = Result<Reply<()>, CallError>>,
    {
        let mut lost = false;
        for _ in 0..TRIES {
            match self.ask(errand, &send).await {
                Ok(_) => return Ok(true),
                Err(Missed::Call(CallError::Rejected { failures, .. }))
                    if failures.iter().any(|one| one.failure.code == taken) =>
                {
                    // Taken after a lost answer: that was us.
                    return Ok(lost);
                }
                Err(Missed::Call(CallError::Unknown(_) | CallError::Unavailable { .. })) => {
                    lost = true;
                }
                Err(error) => return Err(error),
            }
        }
        Err(CallError::Unknown("no answer".to_owned()).into())
    }
}

fn step(side: Side, what: String, made: Result<bool, Missed>) -> Step {
    let made = match made {
        Ok(true) => Made::Now,
        Ok(false) => Made::Before,
        Err(error) => Made::Refused(error),
    };
    Step { side, what, made }
}
