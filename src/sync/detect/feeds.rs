//! What is read by one cursor in Salesforce: the records of one form of an object, or the records
//! of a junction object, which are changes of the records that they tie.

use super::tie::Tie;
use super::{Mark, Page, Sighted};
use crate::crm::salesforce::Query;
use crate::domain::event::Position;
use crate::domain::mapping::Mapping;
use crate::domain::record::{ObjectName, Record, RecordId, RecordKey, Side, Timestamp};
use crate::sync::context::Context;
use crate::sync::forms::Form;
use crate::sync::roles::JunctionObject;

/// One of them.
#[derive(Debug, Clone)]
pub(super) struct Feed {
    pub(super) mapping: Mapping,
    /// The junction object, where it is one that is read.
    pub(super) junction: Option<JunctionObject>,
}

/// Every feed: the records of all forms first, then what ties them.
pub(super) fn all(mappings: &[Mapping]) -> Vec<Feed> {
    let records = mappings.iter().map(|mapping| Feed {
        mapping: mapping.clone(),
        junction: None,
    });
    let junctions = mappings.iter().flat_map(|mapping| {
        let mapped = mapping.junctions();
        let of = mapped.filter_map(move |mapped| JunctionObject::of(mapping, mapped));
        of.map(move |junction| Feed {
            mapping: mapping.clone(),
            junction: Some(junction),
        })
    });
    records.chain(junctions).collect()
}

impl Feed {
    /// The name under which it is kept where reading stands.
    pub(super) fn name(&self) -> &ObjectName {
        match &self.junction {
            Some(junction) => &junction.name,
            None => self.mapping.name(),
        }
    }

    /// The name under which it is remembered what was read.
    pub(super) fn read_as(&self) -> &ObjectName {
        match &self.junction {
            Some(junction) => &junction.name,
            None => &self.mapping.object,
        }
    }

    /// The changes after `from`; `None` until the object is described.
    pub(super) fn changes(
        &self,
        context: &Context,
        from: &Position,
        until: Timestamp,
    ) -> Option<Query> {
        let page_max = context.settings.bounds.salesforce_page;
        let form = self.form(context)?;
        if let Some(junction) = &self.junction {
            let source = junction.source();
            return Some(Query::changes(&source, from, until, page_max));
        }
        let fields = form.fields(Side::Salesforce);
        let source = form.source(Side::Salesforce, &fields);
        Some(Query::changes(&source, from, until, page_max))
    }

    /// The query for the number of changes after `from`, and the one for all of them; `None` until
    /// the object is described.
    pub(super) fn backlog(
        &self,
        context: &Context,
        from: &Position,
        until: Timestamp,
    ) -> Option<(Query, Query)> {
        let form = self.form(context)?;
        let fields = form.fields(Side::Salesforce);
        let source = match &self.junction {
            Some(junction) => junction.source(),
            None => form.source(Side::Salesforce, &fields),
        };
        Some((
            Query::count_of_changes(&source, from, until),
            Query::all_changes(&source, from, until),
        ))
    }

    /// The ids and stamps of what changed between two instants.
    pub(super) fn listing(
        &self,
        context: &Context,
        since: Timestamp,
        until: Timestamp,
    ) -> Option<Query> {
        let form = self.form(context)?;
        Some(match &self.junction {
            Some(junction) => Query::listing(&junction.source(), since, until),
            None => Query::listing(&form.source(Side::Salesforce, &[]), since, until),
        })
    }

    /// The records of these ids.
    pub(super) fn by_ids(&self, context: &Context, ids: &[RecordId]) -> Vec<Query> {
        let Some(form) = self.form(context) else {
            return Vec::new();
        };
        if let Some(junction) = &self.junction {
            return Query::by_ids(&junction.source(), ids);
        }
        let fields = form.fields(Side::Salesforce);
        Query::by_ids(&form.source(Side::Salesforce, &fields), ids)
    }

    fn form(&self, context: &Context) -> Option<Form> {
        let schemas = context.schemas(self.mapping.name())?;
        let mapping = self.mapping.clone();
        Some(Form { mapping, schemas })
    }

    /// Notes records read by a request that began then, and the cursor at its end when it moves.
    pub(super) async fn note(
        &self,
        context: &Context,
        records: Vec<Record>,
        began: Option<i64>,
        (to, moves): (Position, bool),
    ) -> anyhow::Result<()> {
        let side = Side::Salesforce;
        let Some(junction) = &self.junction else {
            let page = Page { records, began };
            return context.note(side, &self.mapping, page, to, moves).await;
        };
        let object = &self.mapping.object;
        context.note_ties_read(object, junction, &records).await?;
        let (form, key) = (self.form(context), context.store.key());
        let us = context.salesforce.our_user();
        let sighted = records.iter().filter_map(|record| {
            let (here, _) = junction.ends(record)?;
            let is_ours = us.is_some() && record.modified_by == us;
            let form = form.as_ref().filter(|_| is_ours);
            Some(Sighted {
                read: record.key.clone(),
                row: RecordKey {
                    side,
                    object: object.clone(),
                    id: here,
                },
                stamp: record.modified_at,
                lane: None,
                tie: form.and_then(|form| Tie::of(record, junction, form, &key)),
            })
        });
        let mark = Mark {
            side,
            read_as: junction.name.clone(),
            to,
            moves,
        };
        context
            .note_sightings(sighted.collect(), Vec::new(), mark)
            .await
    }
}
