//! Records by the state they are in, each with what is the matter and what settles it.

use super::refuse;
use crate::annex;
use crate::control::reason::reason;
use crate::control::report::{RecordLine, Records, Report};
use crate::control::request::Refusal;
use crate::domain::event::Excluded;
use crate::domain::record::{ObjectName, Side};
use crate::inbox::selection::{self, Trouble};
use crate::projections::records::{self, Filter, Place, Record, State};
use crate::projections::{errors, settings};
use crate::store::View;

/// Causes named for one record.
const CAUSES: usize = 3;

pub(super) fn records(
    view: &View<'_>,
    filter: &Filter,
    limit: u32,
    after: Option<(i64, i64)>,
) -> anyhow::Result<Report> {
    if limit == 0 {
        let said = format!(
            "a list of 0 records shows nothing; give a limit from 1 to {}",
            u32::MAX
        );
        return Err(refuse(Refusal::usage(said)));
    }
    if let Some(object) = &filter.object {
        known_object(view, object)?;
    }
    let total = match after {
        None => Some(records::count(view, filter)?),
        Some(_) => None,
    };
    let start = Place::start_of(filter.order);
    let place = after.map_or(start, |(number, row)| Place { number, row });
    let mut page = records::list(view, filter, place)?;
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let is_more = page.len() > wanted || page.len() == view.page_max() as usize;
    page.truncate(wanted);
    let last = page.last().filter(|_| is_more);
    let next = last.map(|last| (last.place.number, last.place.row));
    let records = page
        .iter()
        .map(|record| line(view, record))
        .collect::<anyhow::Result<_>>()?;
    Ok(Report::Records(Records {
        total,
        records,
        next,
    }))
}

/// Refuses an object that is not kept in step, naming those that are.
pub(super) fn known_object(view: &View<'_>, object: &ObjectName) -> anyhow::Result<()> {
    let known: Vec<String> = settings::objects(view)?
        .iter()
        .map(ToString::to_string)
        .collect();
    // Before the first start nothing is configured yet, and nothing is there to be listed.
    if known.is_empty() || known.iter().any(|name| name == object.as_str()) {
        return Ok(());
    }
    Err(refuse(Refusal::usage(format!(
        "{object:?} is not kept in step; there are: {}",
        known.join(", "),
        object = object.as_str()
    ))))
}

fn line(view: &View<'_>, record: &Record) -> anyhow::Result<RecordLine> {
    let (says, settle) = words(view, record)?;
    Ok(RecordLine {
        record: record.number.map(|number| number.0),
        object: record.ids.object.clone(),
        hubspot: record.ids.id(Side::HubSpot).map(ToString::to_string),
        salesforce: record.ids.id(Side::Salesforce).map(ToString::to_string),
        label: annex::name(view, &record.ids)?,
        state: record.state,
        why: record.why,
        says,
        settle,
        due: record.not_before.filter(|at| *at > view.now()),
        synced_at: record.synced_at,
    })
}

/// What is the matter with a record, and what a person can do about it.
fn words(view: &View<'_>, record: &Record) -> anyhow::Result<(Option<String>, Option<String>)> {
    let said = |says: &str, settle: &str| (Some(says.to_owned()), Some(settle.to_owned()));
    Ok(match record.state {
        State::InSync => (None, None),
        State::Failing => failing(view, record)?,
        State::Waiting if record.is_new => (Some("read, not yet tried".to_owned()), None),
        State::Waiting => (Some("its parent is not linked yet".to_owned()), None),
        State::Deferred => deferred(view, record)?,
        State::Held => {
            let hold = record.hold.unwrap_or_default();
            let settle = format!("syncline approve H-{hold} --show");
            (Some(format!("H-{hold}")), Some(settle))
        }
        State::WouldWrite => said(
            "the mode is observe",
            "set mode = \"sync\" in the configuration, then reload",
        ),
        State::Excluded => {
            let words = reason(record.why.unwrap_or(Excluded::Operator));
            said(words.says, words.settle)
        }
    })
}

/// What a deferred record waits for.
fn deferred(view: &View<'_>, record: &Record) -> anyhow::Result<(Option<String>, Option<String>)> {
    let troubles = selection::troubles(view)?;
    let is_its = |(object, _): &(ObjectName, Trouble)| *object == record.ids.object;
    Ok(if troubles.iter().any(is_its) {
        let says = "waits until its list or condition is read again, or for its next try";
        (Some(says.to_owned()), Some("syncline status".to_owned()))
    } else {
        let says = "waits for calls, or for its next try";
        (Some(says.to_owned()), None)
    })
}

/// The causes a record fails by.
fn failing(view: &View<'_>, record: &Record) -> anyhow::Result<(Option<String>, Option<String>)> {
    let Some(number) = record.number else {
        return Ok((None, None));
    };
    let mut causes: Vec<i64> = errors::of_record(view, number)?
        .into_iter()
        .map(|error| error.cause)
        .collect();
    causes.sort_unstable();
    causes.dedup();
    let more = causes.len().saturating_sub(CAUSES);
    let named = causes.iter().take(CAUSES);
    let mut says: Vec<String> = named.map(|cause| format!("C-{cause}")).collect();
    if more > 0 {
        says.push(format!("{more} more"));
    }
    let settle = causes.first();
    let settle = settle.map(|cause| format!("syncline errors show C-{cause}"));
    Ok((Some(says.join(", ")), settle))
}
