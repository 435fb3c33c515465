//! One record's whole story.

use super::{entry_line, errors, refuse};
use crate::annex;
use crate::control::report::{RecordStory, Report};
use crate::control::request::Refusal;
use crate::domain::digest::thousands;
use crate::domain::record::{PairNumber, RecordId, RecordKey, Side};
use crate::inbox;
use crate::projections::pairs::{self, Pair};
use crate::projections::records::Named;
use crate::projections::settings;
use crate::store::View;

/// Records named where several begin so, and where none does.
const SEVERAL: u32 = 5;
const NEAREST: u32 = 3;

/// Letters that what is near must share at least.
const BEGINNING_MIN: usize = 2;

/// Names looked through for one list.
const NAMED_MAX: u32 = 10_000;

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
        label: annex::name(view, &pair.ids)?,
        state: format!("{}{why}", pair.state),
        errors: errors::of_record(view, pair.number)?,
        entries,
    })))
}

/// By pair number (`#12`), by an id of either side, or by how its name or e-mail begins.
pub(super) fn find(view: &View<'_>, id: &str) -> anyhow::Result<Pair> {
    if let Some(pair) = by_id(view, id)? {
        return Ok(pair);
    }
    let called = called(view, id, SEVERAL + 1)?;
    if let [number] = called.as_slice()
        && let Some(pair) = pairs::get(view, *number)?
    {
        return Ok(pair);
    }
    let refusal = if called.is_empty() {
        let near = nearest(view, id)?;
        let hint = if near.is_empty() {
            String::new()
        } else {
            format!("; the nearest: {}", listed(view, &near)?)
        };
        format!(
            "no record {id:?} is known; give a HubSpot id, a Salesforce id, a pair number such as \
             #12, or how a name or an e-mail begins{hint}"
        )
    } else {
        let more = if called.len() > SEVERAL as usize {
            ", and more"
        } else {
            ""
        };
        let shown = listed(view, &called[..called.len().min(SEVERAL as usize)])?;
        format!("several records begin with {id:?}: {shown}{more}; give one's number")
    };
    Err(refuse(Refusal::usage(refusal)))
}

fn by_id(view: &View<'_>, id: &str) -> anyhow::Result<Option<Pair>> {
    if let Some(number) = id.strip_prefix('#').and_then(|digits| digits.parse().ok())
        && let Some(pair) = pairs::resolve(view, PairNumber(number))?
    {
        return Ok(Some(pair));
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
                if let Some(number) = pairs::by_key(view, &key)? {
                    return pairs::get(view, number);
                }
            }
        }
    }
    Ok(None)
}

/// Numbers of the pairs whose name or e-mail begins so, in the order of the names, each once.
fn called(view: &View<'_>, start: &str, most: u32) -> anyhow::Result<Vec<PairNumber>> {
    let mut numbers = Vec::new();
    if start.trim().is_empty() {
        return Ok(numbers);
    }
    // Both halves of a pair have a name.
    for key in annex::labelled(view, start, 2 * most)? {
        let number = pairs::by_key(view, &key)?;
        numbers.extend(number.filter(|number| !numbers.contains(number)));
    }
    numbers.truncate(most as usize);
    Ok(numbers)
}

/// Records whose names share the longest beginning with what was asked for.
fn nearest(view: &View<'_>, start: &str) -> anyhow::Result<Vec<PairNumber>> {
    let mut start = start.to_owned();
    while start.pop().is_some() && start.chars().count() >= BEGINNING_MIN {
        let called = called(view, &start, NEAREST)?;
        if !called.is_empty() {
            return Ok(called);
        }
    }
    Ok(Vec::new())
}

/// `#12 Anna Rossi, #15 Anna Verdi`
fn listed(view: &View<'_>, numbers: &[PairNumber]) -> anyhow::Result<String> {
    let mut listed = Vec::new();
    for number in numbers {
        if let Some(pair) = pairs::get(view, *number)? {
            let name = annex::name(view, &pair.ids)?.unwrap_or_default();
            listed.push(format!("#{} {name}", number.0));
        }
    }
    Ok(listed.join(", "))
}

/// All records whose name or e-mail begins so, those without a number too.
pub(super) fn named(view: &View<'_>, start: &str) -> anyhow::Result<Named> {
    if start.trim().is_empty() {
        return Err(refuse(Refusal::usage("a name has at least one letter")));
    }
    let keys = annex::labelled(view, start, NAMED_MAX + 1)?;
    if keys.len() > NAMED_MAX as usize {
        return Err(refuse(Refusal::usage(format!(
            "more than {} names begin with {start:?}; write more of the one you look for",
            thousands(NAMED_MAX.into())
        ))));
    }
    let mut named = Named::default();
    for key in keys {
        if let Some(number) = pairs::by_key(view, &key)? {
            named.numbers.push(number);
        } else {
            let row = inbox::of_record(view, &key)?;
            named.rows.extend(row.map(|row| row.number));
        }
    }
    Ok(named)
}
