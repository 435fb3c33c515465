//! One function per request: reads the store, or journals what a person decided.

mod attention;
mod budget;
mod deeds;
mod errors;
mod listing;
mod loads;
mod notify;
mod plan;
mod records;
mod remarks;
mod resync;
mod settle;
mod status;

use std::collections::BTreeMap;

use super::report::{Done, Entries, EntryLine, Report};
use super::request::{Refusal, Request};
use super::vantage::Vantage;
use crate::domain::digest::thousands;
use crate::domain::event::{By, Entry};
use crate::domain::record::{Side, Timestamp};
use crate::journal;
use crate::notifier::Post;
use crate::projections::records::Filter;
use crate::projections::{self, calls, errors as open_errors, figures as sums};
use crate::store::{Store, View};

/// [`answer_with`] where nothing can be mailed.
pub async fn answer(
    store: &Store,
    request: &Request,
    user: u32,
    now: Timestamp,
    vantage: Vantage,
) -> Result<Report, Refusal> {
    answer_with(store, request, user, now, vantage, None).await
}

/// Answers `request`, asked by the user of that id at `now`, with what `vantage` knows beside the
/// store, and with what mails are written and sent by.
pub async fn answer_with(
    store: &Store,
    request: &Request,
    user: u32,
    now: Timestamp,
    vantage: Vantage,
    post: Option<&Post>,
) -> Result<Report, Refusal> {
    let by = By::Operator(user);
    match request.clone() {
        Request::Status => ask(store, move |view| status::status(view, now, &vantage)).await,
        Request::Causes => ask(store, move |view| errors::causes(view, now)).await,
        Request::Errors {
            which,
            order,
            limit,
            after,
        } => {
            ask(store, move |view| {
                errors::list(view, &which, order, limit, after)
            })
            .await
        }
        Request::Sheet { which, after } => {
            ask(store, move |view| errors::sheet(view, &which, after)).await
        }
        Request::Cause { number } => ask(store, move |view| errors::cause(view, number)).await,
        Request::HandOver { number } => ask(store, move |view| errors::ticket(view, number)).await,
        Request::Kind { slug } => ask(store, move |view| errors::kind(view, &slug)).await,
        Request::Records {
            state,
            object,
            why,
            name,
            order,
            limit,
            after,
        } => {
            let filter = Filter {
                state,
                object,
                why,
                named: None,
                order,
            };
            ask(store, move |view| {
                let named = name.map(|name| records::named(view, &name)).transpose()?;
                listing::records(view, &Filter { named, ..filter }, limit, after)
            })
            .await
        }
        Request::Record { id } => ask(store, move |view| records::story(view, &id)).await,
        Request::Budget => ask(store, move |view| budget::used(view, now, &vantage)).await,
        Request::Plan { examples } => ask(store, move |view| plan::plan(view, examples)).await,
        Request::Hold { number, after } => {
            ask(store, move |view| settle::story(view, number, after)).await
        }
        Request::Tail { lines, after } => ask(store, move |view| tail(view, lines, after)).await,
        Request::Say { number, saying } => remarks::say(store, number, saying, by).await,
        Request::TakeBack { number, remark } => remarks::take_back(store, number, remark, by).await,
        Request::SetBudget { calls } => settle::set_budget(store, calls, by).await,
        Request::SetBackfill { when } => settle::set_backfill(store, when, by).await,
        Request::AcceptList { object } => settle::list(store, &object, by).await,
        Request::SettleHold { number, approve } => settle::hold(store, number, approve, by).await,
        Request::Decide {
            deed,
            records,
            sure,
        } => deeds::decide(store, deed, records, sure, by, &vantage).await,
        Request::Resync {
            which,
            records,
            everything,
            sure,
        } => {
            let what = resync::What {
                which,
                records,
                everything,
            };
            if sure {
                resync::ask(store, what, by, vantage.runs()).await
            } else {
                ask(store, move |view| resync::priced(view, &what, &vantage)).await
            }
        }
        Request::Resynced { ask: seq } => {
            ask(store, move |view| resync::stands(view, seq, vantage.runs())).await
        }
        Request::Readers => ask(store, notify::readers).await,
        Request::SetReader { address, wish } => notify::set(store, address, wish, by).await,
        Request::PreviewMail { address, frequency } => {
            notify::preview(store, post, address, frequency).await
        }
        Request::TestMail { address } => notify::test(post, &address, now).await,
        Request::Pause => settle::pause(store, by).await,
        Request::Resume => settle::resume(store, by).await,
        Request::Rebuild => {
            let entries = store.write(projections::rebuild).await?;
            Ok(done(format!(
                "projections built anew from {} entries",
                thousands(entries)
            )))
        }
    }
}

/// A refusal that travels through `anyhow` out of a reading job.
fn refuse(refusal: Refusal) -> anyhow::Error {
    anyhow::Error::new(refusal)
}

fn done(said: impl Into<String>) -> Report {
    Report::Done(Done { said: said.into() })
}

async fn ask<F>(store: &Store, job: F) -> Result<Report, Refusal>
where
    F: FnOnce(&View<'_>) -> anyhow::Result<Report> + Send + 'static,
{
    store.read(job).await.map_err(unwrap)
}

/// The refusal inside an error, or an internal one.
fn unwrap(error: anyhow::Error) -> Refusal {
    match error.downcast::<Refusal>() {
        Ok(refusal) => refusal,
        Err(error) => error.into(),
    }
}

fn tail(view: &View<'_>, lines: u32, after: Option<i64>) -> anyhow::Result<Report> {
    let entries = match after {
        Some(after) => journal::read(view, after, lines)?,
        None => last(view, lines)?,
    };
    let entries = entries
        .iter()
        .map(entry_line)
        .collect::<anyhow::Result<_>>()?;
    Ok(Report::Entries(Entries { entries }))
}

/// The first page of the last `lines` entries: whoever asks comes back for the rest with its last
/// seq.
fn last(view: &View<'_>, lines: u32) -> anyhow::Result<Vec<Entry>> {
    let tail = journal::tail(view, lines)?;
    let first = journal::last_seq(view)? - i64::from(lines);
    // A fold leaves gaps: then the tail already begins before.
    if lines > view.page_max() && tail.first().is_some_and(|entry| entry.seq > first + 1) {
        return journal::read(view, first, lines);
    }
    Ok(tail)
}

/// An entry as reports show it.
fn entry_line(entry: &Entry) -> anyhow::Result<EntryLine> {
    Ok(EntryLine {
        seq: entry.seq,
        at: entry.at,
        kind: entry.event.kind().to_owned(),
        record: entry.record.map(|record| record.0),
        payload: serde_json::from_str(&entry.event.payload()?)?,
    })
}

/// The sums that the demo ends with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// Changes written since the store was made, both ways.
    pub synced: u64,
    /// Salesforce calls by the journal, those given back left out.
    pub calls_spent: u64,
    /// Open errors by type.
    pub types: BTreeMap<String, u64>,
}

/// Adds up a whole store.
pub fn figures(view: &View<'_>) -> anyhow::Result<Figures> {
    let synced = sums::synced_between(view, 0, journal::last_seq(view)?)?
        .values()
        .sum();
    let calls_spent = calls::used_since(view, Side::Salesforce, Timestamp(i64::MIN))?
        .iter()
        .map(|one| one.calls)
        .sum();
    let mut types: BTreeMap<String, u64> = BTreeMap::new();
    for one in open_errors::by_type(view)? {
        *types.entry(one.slug.as_str().to_owned()).or_default() += one.errors;
    }
    Ok(Figures {
        synced,
        calls_spent,
        types,
    })
}
