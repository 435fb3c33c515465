//! `syncline records list` as it is typed, page by page.

use super::args::RecordsVerb;
use super::ask::{self, object_named, word};
use crate::control::report::{Records, Report};
use crate::control::request::{Refusal, Request};
use crate::domain::event::Excluded;
use crate::projections::records::{Order, Place, State};

/// What a place among records without a number begins with.
const ROW: char = '+';

/// What a verb of `records` asks.
pub(super) fn listing(verb: &RecordsVerb) -> Result<Request, Refusal> {
    Ok(match verb {
        RecordsVerb::Show { id } => Request::Record { id: id.clone() },
        RecordsVerb::List {
            state,
            object,
            why,
            name,
            limit,
            sort,
            after,
        } => {
            let why = why
                .as_deref()
                .map(|text| word("reason", text, Excluded::ALL, Excluded::key))
                .transpose()?;
            let state = state
                .as_deref()
                .map(|text| word("state", text, State::ALL, State::key))
                .transpose()?;
            if let (Some(why), Some(state)) = (why, state.filter(|one| *one != State::Excluded)) {
                return Err(Refusal::usage(format!(
                    "only excluded records have a reason, and --why {} asks for {} ones; leave \
                     one of them out",
                    why.key().replace('_', "-"),
                    state.key().replace('_', "-")
                )));
            }
            Request::Records {
                state: state.or(why.map(|_| State::Excluded)),
                object: object.as_deref().map(object_named).transpose()?,
                why,
                name: name.clone(),
                order: sort
                    .as_deref()
                    .map(|text| word("order", text, Order::ALL, Order::key))
                    .transpose()?
                    .unwrap_or_default(),
                limit: *limit,
                after: after.as_deref().map(place).transpose()?,
            }
        }
    })
}

/// Fetches pages of records until as many are there as were asked for.
pub(super) fn further(
    asked: &ask::Place,
    request: &Request,
    list: &mut Records,
) -> Result<(), Refusal> {
    let mut next = request.clone();
    loop {
        let Request::Records { limit, after, .. } = &mut next else {
            return Ok(());
        };
        let so_far = u32::try_from(list.records.len()).unwrap_or(u32::MAX);
        let Request::Records { limit: wanted, .. } = request else {
            return Ok(());
        };
        *limit = wanted.saturating_sub(so_far);
        if list.next.is_none() || *limit == 0 {
            return Ok(());
        }
        *after = list.next;
        let Report::Records(page) = asked.ask(&next)? else {
            return Ok(());
        };
        list.records.extend(page.records);
        list.next = page.next;
    }
}

/// A place in a list as people copy it: the number of the last record, or that of its row.
pub(super) fn token((number, row): (i64, i64)) -> String {
    if (Place::behind_row(row) == Place { number, row }) {
        format!("{ROW}{row}")
    } else {
        number.to_string()
    }
}

fn place(text: &str) -> Result<(i64, i64), Refusal> {
    let place = match text.strip_prefix(ROW) {
        Some(row) => row.parse().map(Place::behind_row),
        None => text
            .trim_start_matches('#')
            .parse()
            .map(Place::behind_number),
    };
    let place = place.map_err(|_| {
        Refusal::usage(format!(
            "{text:?} is no place in a list; copy what the list before ended with"
        ))
    })?;
    Ok((place.number, place.row))
}
