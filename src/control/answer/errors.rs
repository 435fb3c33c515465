//! Current errors by cause, one by one, and what types mean.

use super::listing::known_object;
use super::{refuse, remarks};
use crate::annex;
use crate::control::report::{
    CauseLine, CauseStory, Causes, ErrorLine, Errors, KindStory, Report, Sheet, Trend, Tried,
};
use crate::control::request::{Refusal, Which};
use crate::domain::catalogue::{Found, Slug, Type};
use crate::domain::record::{PairNumber, Timestamp};
use crate::domain::retry::RetryClass;
use crate::projections::causes::{self, Cause};
use crate::projections::errors::{self, Filter, Mark, OpenError, Order, Place};
use crate::projections::forecasts::{self, Forecast};
use crate::projections::{handover, pairs, wording};
use crate::store::View;

const HOUR_MS: i64 = 3_600_000;

/// Records shown as examples.
const EXAMPLES: u32 = 5;

pub(super) fn causes(view: &View<'_>, now: Timestamp) -> anyhow::Result<Report> {
    let totals = errors::totals(view)?;
    Ok(Report::Causes(Causes {
        at: now,
        errors: totals.errors,
        records: totals.records,
        several: totals.several,
        predicted: totals.predicted,
        tried: tried(view)?,
        causes: lines(view)?,
        many: totals.causes,
        waiting: totals.waiting,
        next: None,
    }))
}

/// How predictions fared whose writes were sent all the same.
fn tried(view: &View<'_>) -> anyhow::Result<Vec<Tried>> {
    let forecasts = forecasts::all(view)?.into_iter();
    let line = |one: Forecast| Tried {
        to: one.to,
        object: one.object,
        code: one.code,
        field: one.field.map(|field| field.to_string()).unwrap_or_default(),
        sent: one.sent,
        accepted: one.accepted,
    };
    Ok(forecasts.map(line).collect())
}

/// Open causes in the order of their records, however many there are.
pub(super) fn lines(view: &View<'_>) -> anyhow::Result<Vec<CauseLine>> {
    let open = causes::open(view)?;
    open.iter().map(|cause| line(view, cause)).collect()
}

/// One cause as lists show it.
fn line(view: &View<'_>, cause: &Cause) -> anyhow::Result<CauseLine> {
    let slug = cause.slug.clone().unwrap_or_else(Slug::other);
    let kind = wording::kind(view, cause);
    Ok(CauseLine {
        number: cause.number,
        records: cause.records,
        since: cause.since().at,
        back: cause.back.is_some(),
        trend: trend(view, cause)?,
        kind: slug.as_str().to_owned(),
        what: wording::sentence(view, cause)?,
        who_fixes: kind
            .map(|kind| kind.who_fixes.title().to_owned())
            .unwrap_or_default(),
        remarks: remarks::lines(view, cause)?,
    })
}

/// Records that joined an open cause within the last hour.
pub(super) fn joined_in_the_last_hour(view: &View<'_>, cause: i64) -> anyhow::Result<u64> {
    errors::joined(view, cause, view.now().plus(-HOUR_MS))
}

fn trend(view: &View<'_>, cause: &Cause) -> anyhow::Result<Trend> {
    Ok(if cause.since().at >= view.now().plus(-HOUR_MS) {
        if cause.back.is_some() {
            Trend::Back
        } else {
            Trend::New
        }
    } else if errors::has_joined(view, cause.number, view.now().plus(-HOUR_MS))? {
        Trend::Up
    } else {
        Trend::Flat
    })
}

pub(super) fn list(
    view: &View<'_>,
    which: &Which,
    order: Option<Order>,
    limit: u32,
    after: Option<Mark>,
) -> anyhow::Result<Report> {
    if limit == 0 {
        let said = format!(
            "a list of 0 errors shows nothing; give a limit from 1 to {}",
            u32::MAX
        );
        return Err(refuse(Refusal::usage(said)));
    }
    let mut filter = filter(view, which)?;
    filter.order = order.unwrap_or(filter.order);
    let total = errors::count(view, &filter)?;
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut lines = Vec::new();
    let mut place = match after {
        Some(mark) => mark.place(view, filter.order)?.ok_or_else(|| gone(mark))?,
        None => Place::start_of(filter.order),
    };
    let mut last_shown = None;
    while lines.len() < wanted {
        let page = errors::list(view, &filter, &place)?;
        let Some(last) = page.last() else { break };
        place = Place::behind(last);
        let room = wanted - lines.len();
        for error in page.iter().take(room) {
            lines.push(error_line(view, error)?);
        }
        last_shown = page.into_iter().take(room).next_back();
    }
    let last_shown = last_shown.filter(|_| lines.len() == wanted);
    let next = last_shown.map(|error| Mark::behind(&error, filter.order));
    Ok(Report::Errors(Errors {
        total,
        next,
        errors: lines,
    }))
}

/// The refusal of a place that a list by age cannot find any more.
fn gone(mark: Mark) -> anyhow::Error {
    refuse(Refusal::usage(format!(
        "{mark} is a place in a list by record, and its error is over; begin this list anew"
    )))
}

/// A page of errors as rows of a sheet.
pub(super) fn sheet(
    view: &View<'_>,
    which: &Which,
    after: Option<Place>,
) -> anyhow::Result<Report> {
    let filter = filter(view, which)?;
    let page = errors::list(
        view,
        &filter,
        &after.unwrap_or_else(|| Place::start_of(filter.order)),
    )?;
    let mut sheet = errors::Rows::of(view, true)?;
    let rows = page
        .iter()
        .map(|error| sheet.row(error))
        .collect::<anyhow::Result<_>>()?;
    let next = page.last().map(Place::behind);
    Ok(Report::Sheet(Sheet { rows, next }))
}

/// What is asked for, when there is such a cause, type and object.
pub(super) fn filter(view: &View<'_>, which: &Which) -> anyhow::Result<Filter> {
    let kind = which.kind.as_deref();
    let slug = kind.map(|word| exactly(view, word)).transpose()?;
    if let Some(number) = which.cause {
        known_cause(view, number)?;
    }
    if let Some(object) = &which.object {
        known_object(view, object)?;
    }
    let hours = which.older_h.map(i64::from);
    Ok(Filter {
        cause: which.cause,
        slug: slug.map(|kind| kind.slug.clone()),
        object: which.object.clone(),
        to: which.to,
        first_before: hours.map(|hours| view.now().plus(-hours * HOUR_MS)),
        order: match hours {
            Some(_) => Order::Oldest,
            None => Order::Record,
        },
        ..Filter::default()
    })
}

/// One open error as lists show it.
pub(super) fn error_line(view: &View<'_>, error: &OpenError) -> anyhow::Result<ErrorLine> {
    let ids = pairs::get(view, error.record)?.map(|pair| pair.ids);
    let id = |side| {
        ids.as_ref()
            .and_then(|ids| ids.id(side))
            .map(ToString::to_string)
    };
    let message = match &error.text {
        Some(key) => annex::text(view, key)?,
        None => None,
    };
    let label = match &ids {
        Some(ids) => annex::name(view, ids)?,
        None => None,
    };
    Ok(ErrorLine {
        label,
        record: error.record.0,
        object: error.object.clone(),
        hubspot: id(crate::domain::record::Side::HubSpot),
        salesforce: id(crate::domain::record::Side::Salesforce),
        to: error.to,
        field: error
            .field
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        code: error.code.clone(),
        kind: error.slug.as_str().to_owned(),
        cause: error.cause,
        known: error.known,
        since: error.first_at,
        attempts: error.attempts.into(),
        message,
    })
}

/// The cause of that number; the refusal of an unknown one names the nearest.
pub(super) fn known_cause(view: &View<'_>, number: i64) -> anyhow::Result<Cause> {
    if let Some(cause) = causes::get(view, number)? {
        return Ok(cause);
    }
    let near: Vec<String> = causes::nearest(view, number)?
        .iter()
        .map(|number| format!("C-{number}"))
        .collect();
    let hint = if near.is_empty() {
        "no error was ever seen".to_owned()
    } else {
        format!("the nearest: {}; see \"syncline errors\"", near.join(", "))
    };
    Err(refuse(Refusal::usage(format!(
        "there is no cause C-{number}; {hint}"
    ))))
}

pub(super) fn cause(view: &View<'_>, number: i64) -> anyhow::Result<Report> {
    let cause = known_cause(view, number)?;
    let slug = cause.slug.clone().unwrap_or_else(Slug::other);
    let kind = view
        .catalogue()
        .get(&slug)
        .map(|kind| kind_story(view, kind))
        .transpose()?;
    let Some(kind) = kind else {
        anyhow::bail!("the catalogue lacks {slug}")
    };
    let message = wording::message(view, &cause)?;
    let filter = Filter {
        cause: Some(number),
        ..Filter::default()
    };
    let known = errors::first(view, &filter, EXAMPLES as usize)?;
    let examples = known
        .iter()
        .map(|error| error_line(view, error))
        .collect::<anyhow::Result<_>>()?;
    Ok(Report::Cause(Box::new(CauseStory {
        line: line(view, &cause)?,
        to: cause.fingerprint.side,
        object: cause.fingerprint.object.clone(),
        field: cause
            .fingerprint
            .field
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        code: cause.fingerprint.code.clone(),
        answered: errors::is_answered(view, number)?,
        message,
        kind,
        examples,
    })))
}

/// One cause as a ticket.
pub(super) fn ticket(view: &View<'_>, number: i64) -> anyhow::Result<Report> {
    let cause = known_cause(view, number)?;
    let ticket = handover::hand_over(view, &cause)?;
    Ok(Report::HandOver(Box::new(ticket)))
}

pub(super) fn kind(view: &View<'_>, word: &str) -> anyhow::Result<Report> {
    Ok(Report::Kind(kind_story(view, exactly(view, word)?)?))
}

fn exactly<'v>(view: &'v View<'_>, word: &str) -> anyhow::Result<&'v Type> {
    match view.catalogue().find(word) {
        Found::Exactly(kind) => Ok(kind),
        Found::Nearest(near) => {
            let names: Vec<&str> = near.iter().map(|kind| kind.slug.as_str()).collect();
            let hint = if names.is_empty() {
                "see \"syncline errors\"".to_owned()
            } else {
                format!("did you mean {}?", names.join(", "))
            };
            Err(refuse(Refusal::usage(format!(
                "there is no type {word:?}; {hint}"
            ))))
        }
    }
}

pub(super) fn kind_story(view: &View<'_>, kind: &Type) -> anyhow::Result<KindStory> {
    let counts = errors::by_type(view)?;
    let of = counts.iter().filter(|count| count.slug == kind.slug);
    Ok(KindStory {
        slug: kind.slug.as_str().to_owned(),
        name: kind.name.clone(),
        category: kind.category.title().to_owned(),
        meaning: kind.meaning.clone(),
        fix: kind.fix.clone(),
        who_fixes: kind.who_fixes.title().to_owned(),
        retry: kind
            .retry
            .iter()
            .map(|class| spoken(*class).to_owned())
            .collect(),
        errors: of.clone().map(|count| count.errors).sum(),
        records: of.map(|count| count.records).sum(),
    })
}

fn spoken(class: RetryClass) -> &'static str {
    match class {
        RetryClass::Transient => "by itself, a little later each time, at most 8 times",
        RetryClass::Data => "when the record changes",
        RetryClass::Config => {
            "when schema or mapping changes, and one record every few hours as a probe"
        }
        RetryClass::Dep => "when its parent is linked",
        RetryClass::Human => "when a person asks",
    }
}

/// Errors of one pair.
pub(super) fn of_record(view: &View<'_>, record: PairNumber) -> anyhow::Result<Vec<ErrorLine>> {
    errors::of_record(view, record)?
        .iter()
        .map(|error| error_line(view, error))
        .collect()
}
