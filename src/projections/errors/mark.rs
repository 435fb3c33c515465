//! A place in a list of errors, short enough to be typed: `12.1` is behind the first error of record
//! 12, and in a list by age `12.1-mzp1zc0a` also says when that was first seen.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::OpenError;
use super::listing::of_record;
use super::page::{Order, Place};
use crate::domain::record::{PairNumber, Timestamp};
use crate::store::View;

const RADIX: u32 = 36;
const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// A place as people copy it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Mark {
    record: PairNumber,
    /// How many of the record's errors stand before the place.
    nth: usize,
    /// When that error was first seen, where the list goes by age.
    first_at: Option<Timestamp>,
}

/// A text that names no place.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no place in a list; copy what the list before ended with")]
pub struct Malformed(String);

impl Mark {
    /// Just behind `error` in a list of that order.
    pub fn behind(view: &View<'_>, error: &OpenError, order: Order) -> anyhow::Result<Self> {
        let all = of_record(view, error.record)?;
        let place = Place::behind(error);
        let before = all.iter().position(|one| Place::behind(one) == place);
        Ok(Self {
            record: error.record,
            nth: before.map_or(all.len(), |before| before + 1),
            first_at: match order {
                Order::Record => None,
                Order::Oldest | Order::Newest => Some(error.first_at),
            },
        })
    }

    /// Behind all errors of a record, where they are listed by record.
    pub fn behind_record(record: PairNumber) -> Self {
        Self {
            record,
            nth: usize::MAX,
            first_at: None,
        }
    }

    /// Where a list of that order goes on. An error that is over meanwhile leaves its place behind;
    /// none where it was copied from a list by record, and this one goes by age.
    pub fn place(self, view: &View<'_>, order: Order) -> anyhow::Result<Option<Place>> {
        let all = of_record(view, self.record)?;
        let named = self.nth.checked_sub(1).and_then(|before| all.get(before));
        let named = named.filter(|one| self.first_at.is_none_or(|at| one.first_at == at));
        Ok(match (named, self.first_at, order) {
            (Some(error), _, _) => Some(Place::behind(error)),
            (None, _, Order::Record) => Some(Place::behind_record(self.record)),
            (None, Some(at), Order::Oldest | Order::Newest) => {
                Some(Place::behind_aged(order, at, self.record))
            }
            (None, None, Order::Oldest | Order::Newest) => None,
        })
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.record.0, self.nth)?;
        match self.first_at {
            Some(at) => write!(f, "-{}", short(at)),
            None => Ok(()),
        }
    }
}

/// An instant in few letters.
fn short(at: Timestamp) -> String {
    let mut left = at.0.unsigned_abs();
    let mut letters = Vec::new();
    loop {
        let digit = usize::try_from(left % u64::from(RADIX)).unwrap_or(0);
        letters.push(char::from(DIGITS[digit]));
        left /= u64::from(RADIX);
        if left == 0 {
            return letters.into_iter().rev().collect();
        }
    }
}

impl FromStr for Mark {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let malformed = || Malformed(text.to_owned());
        let (place, at) = match text.split_once('-') {
            Some((place, at)) => (place, Some(at)),
            None => (text, None),
        };
        let (record, nth) = place.split_once('.').ok_or_else(malformed)?;
        let at = at.map(|at| i64::from_str_radix(at, RADIX)).transpose();
        Ok(Self {
            record: PairNumber(record.parse().map_err(|_| malformed())?),
            nth: nth.parse().map_err(|_| malformed())?,
            first_at: at.map_err(|_| malformed())?.map(Timestamp),
        })
    }
}

impl TryFrom<String> for Mark {
    type Error = Malformed;

    fn try_from(text: String) -> Result<Self, Malformed> {
        text.parse()
    }
}

impl From<Mark> for String {
    fn from(mark: Mark) -> Self {
        mark.to_string()
    }
}
