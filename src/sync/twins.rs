//! Writes that carry one value into a property in which no two records may share one: they never go
//! to HubSpot together, which would refuse the whole call, and nobody could say which of them.
//! Salesforce answers for each row, and a call for each of a thousand would be wasted there.

use std::collections::BTreeSet;

use super::conclude;
use super::context::Context;
use super::cycle::Cycle;
use super::decision::Planned;
use super::forms::Form;
use crate::domain::convert::canonical;
use crate::domain::merge::Write;
use crate::domain::record::{FieldName, Side};
use crate::inbox::{self, Rest};

/// A value that only one record may have: in which property, and which.
type Claim = (FieldName, String);

impl Context {
    /// Of planned writes that claim the same value in HubSpot the first goes; the others are planned
    /// again once it is answered.
    pub(super) async fn part_twins(
        &self,
        cycle: &Cycle<'_>,
        planned: Vec<Planned>,
    ) -> anyhow::Result<Vec<Planned>> {
        let mut claimed: BTreeSet<Claim> = BTreeSet::new();
        let (mut free, mut twins) = (Vec::with_capacity(planned.len()), Vec::new());
        for one in planned {
            let form = cycle.forms.at(one.form);
            let claims: BTreeSet<Claim> = one
                .writes
                .iter()
                .filter(|write| write.to == Side::HubSpot)
                .flat_map(|write| claims(form, write))
                .collect();
            if claims.is_disjoint(&claimed) {
                claimed.extend(claims);
                free.push(one);
            } else {
                twins.push(one.row);
            }
        }
        if !twins.is_empty() {
            self.store
                .write(move |tx| {
                    let rest = Rest::Deferred(tx.now().plus(conclude::AGAIN_MS));
                    twins
                        .iter()
                        .try_for_each(|row| inbox::put_back(tx, row, &rest))
                })
                .await?;
        }
        Ok(free)
    }
}

/// What a write claims; case is left out of account, as HubSpot does.
fn claims<'a>(form: &'a Form, write: &'a Write) -> impl Iterator<Item = Claim> + 'a {
    let schema = form.schemas.on(write.to);
    let id_field = form.mapping.id_field_on(write.to);
    write.fields.iter().filter_map(move |(name, value)| {
        let field = schema.field(name).filter(|field| field.unique)?;
        if name == id_field || value.is_blank() {
            return None;
        }
        Some((name.clone(), canonical(value, field).to_lowercase()))
    })
}
