//! What a snapshot answers, and whether it can answer for what is to be planned.

use crate::domain::call::Lane;
use crate::domain::record::{ObjectName, Record, RecordId, RecordKey};
use crate::inbox;
use crate::inbox::snapshot::{self, Found, Names, Tie};
use crate::sync::context::Context;
use crate::sync::cycle::LOADED;
use crate::sync::forms::Forms;
use crate::sync::partner::Wanted;
use crate::sync::roles::JunctionObject;

impl Context {
    /// The records of these ids that the snapshot answers for.
    pub(in crate::sync) async fn ahead(
        &self,
        forms: &Forms,
        keys: Vec<RecordKey>,
        lane: Lane,
    ) -> anyhow::Result<Vec<Record>> {
        if keys.is_empty() || !self.snapshot_answers(forms.object(), lane) {
            return Ok(Vec::new());
        }
        self.store
            .read(move |view| {
                let mut records = Vec::new();
                for key in keys {
                    records.extend(snapshot::of_id(view, &key.object, &key.id)?);
                }
                Ok(records)
            })
            .await
    }

    /// Partners that the snapshot answers for; what is left of `wanted` has to be asked for.
    pub(in crate::sync) async fn partners_ahead(
        &self,
        forms: &Forms,
        wanted: Vec<Wanted>,
        lane: Lane,
    ) -> anyhow::Result<(Vec<Record>, Vec<Wanted>)> {
        if !self.snapshot_answers(forms.object(), lane) {
            return Ok((Vec::new(), wanted));
        }
        let object = forms.object().clone();
        self.store
            .read(move |view| {
                let (mut records, mut left) = (Vec::new(), Vec::new());
                for one in wanted {
                    let names = Names {
                        mark: one.mark.as_ref().map(|mark| mark.to_lowercase()),
                        key: one.key.clone(),
                    };
                    match snapshot::find(view, &object, one.id.as_ref(), &names)? {
                        Found::All(found) => records.extend(found),
                        Found::Moved => left.push(one),
                    }
                }
                Ok((records, left))
            })
            .await
    }

    /// What ties these records that the snapshot answers for, and the records left to be asked for.
    pub(in crate::sync) async fn ties_ahead(
        &self,
        forms: &Forms,
        junction: &JunctionObject,
        ids: &[RecordId],
        lane: Lane,
    ) -> anyhow::Result<(Vec<Tie>, Vec<RecordId>)> {
        let object = forms.object().clone();
        if !self.snapshot_answers(&object, lane) {
            return Ok((Vec::new(), ids.to_vec()));
        }
        let (junction, ids) = (junction.name.clone(), ids.to_vec());
        self.store
            .read(move |view| {
                let (mut ties, mut left) = (Vec::new(), Vec::new());
                for id in ids {
                    match snapshot::ties(view, (&object, &junction), &id)? {
                        Some(found) => ties.extend(found),
                        None => left.push(id),
                    }
                }
                Ok((ties, left))
            })
            .await
    }

    /// Whether rows of this lane wait until the snapshot is taken anew: it cannot answer for as many
    /// of them as make one worth while. It is taken once what is on its way by jobs has arrived.
    pub(in crate::sync) async fn outlived(
        &self,
        object: &ObjectName,
        lane: Lane,
    ) -> anyhow::Result<bool> {
        if !LOADED.contains(&lane) || !self.is_read_ahead(object) {
            return Ok(false);
        }
        let (of_object, least) = (object.clone(), self.settings.bounds.snapshot_rows);
        let outlived = self.store.read(move |view| {
            if snapshot::unanswered(view, &of_object, lane)? <= least {
                return Ok(false);
            }
            // What else is under way may take long: then lists bring what is missing.
            let is_busy = snapshot::load(view, &of_object)?.is_busy;
            Ok(!is_busy || inbox::carries_any(view, &of_object)?)
        });
        let outlived = outlived.await?;
        if outlived && let Some(one) = self.shared().snapshots.standing.get_mut(object) {
            one.is_outdated = true;
        }
        Ok(outlived)
    }
}
