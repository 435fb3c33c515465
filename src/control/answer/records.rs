//! One record's whole story.

use super::{entry_line, errors, refuse};
use crate::control::report::{RecordStory, Report};
use crate::control::request::Refusal;
use crate::domain::record::{PairNumber, RecordId, RecordKey, Side};
use crate::projections::pairs::{self, Pair};
use crate::projections::settings;
use crate::store::View;

/// Entries shown at most; a record that has more is told so by its last seq.
const ENTRIES_MAX: usize = 500;

pub(super) fn story(view: &View<'_>, id: &str) -> anyhow::Result<Report> {
    let pair = find(view, id)?;
    let mut entries = Vec::new();
    let mut after = 0;
    while entries.len() < ENTRIES_MAX {
        let page = pairs::history(view, pair.number, after)?;
        let Some(last) = page.last() else { break };
        after = last.seq;
        for entry in &page {
            entries.push(entry_line(entry)?);
        }
    }
    let why = pair.why.map(|why| format!(" ({why})")).unwrap_or_default();
    Ok(Report::Record(Box::new(RecordStory {
        record: pair.number.0,
        object: pair.ids.object.clone(),
        hubspot: pair.ids.hubspot.as_ref().map(ToString::to_string),
        salesforce: pair.ids.salesforce.as_ref().map(ToString::to_string),
        state: format!("{}{why}", pair.state),
        errors: errors::of_record(view, pair.number)?,
        entries,
    })))
}

/// By pair number (`#12`), or by an id of either side.
pub(super) fn find(view: &View<'_>, id: &str) -> anyhow::Result<Pair> {
    if let Some(number) = id.strip_prefix('#').and_then(|digits| digits.parse().ok())
        && let Some(pair) = pairs::resolve(view, PairNumber(number))?
    {
        return Ok(pair);
    }
    let long = crate::domain::convert::long_id(id);
    for text in [id, long.as_str()] {
        let Ok(parsed) = RecordId::parse(text) else {
            continue;
        };
        for object in settings::objects(view)? {
            for side in Side::BOTH {
                let key = RecordKey {
                    side,
                    object: object.clone(),
                    id: parsed.clone(),
                };
                if let Some(number) = pairs::by_key(view, &key)?
                    && let Some(pair) = pairs::get(view, number)?
                {
                    return Ok(pair);
                }
            }
        }
    }
    Err(refuse(Refusal::usage(format!(
        "no record {id:?} is known; give a HubSpot id, a Salesforce id, or a pair number such as #12"
    ))))
}
