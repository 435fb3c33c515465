//! A place in a list of errors, short enough to be typed: `12.k3f9` is behind that error of record
//! 12, and in a list by age `12.k3f9-mzp1zc0a` also says when it was first seen.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::OpenError;
use super::listing::of_record;
use super::page::{Order, Place};
use crate::domain::record::{PairNumber, Timestamp};
use crate::store::View;

const RADIX: u32 = 36;
/// As many as four letters can tell apart: people type them.
const SUMS: u32 = RADIX.pow(4);
const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// A place as people copy it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Mark {
    record: PairNumber,
    /// Which of the record's errors it stands behind: a sum of what tells them apart. Their number
    /// would name another one as soon as one of them is over.
    error: u32,
    /// When that error was first seen, where the list goes by age.
    first_at: Option<Timestamp>,
}

/// A text that names no place.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no place in a list; copy what the list before ended with")]
pub struct Malformed(String);

impl Mark {
    /// Just behind `error` in a list of that order.
    pub fn behind(error: &OpenError, order: Order) -> Self {
        Self {
            record: error.record,
            error: sum(error),
            first_at: match order {
                Order::Record => None,
                Order::Oldest | Order::Newest => Some(error.first_at),
            },
        }
    }

    /// Behind all errors of a record, where they are listed by record.
    pub fn behind_record(record: PairNumber) -> Self {
        Self {
            record: PairNumber(record.0.saturating_add(1)),
            error: 0,
            first_at: None,
        }
    }

    /// Where a list of that order goes on. Where the error is over meanwhile nobody knows which
    /// others of its record were shown: they come again, rather than not at all. None where it was
    /// copied from a list by record, and this one goes by age.
    pub fn place(self, view: &View<'_>, order: Order) -> anyhow::Result<Option<Place>> {
        let mut all = of_record(view, self.record)?.into_iter();
        let is_named = |one: &OpenError| {
            sum(one) == self.error && self.first_at.is_none_or(|at| one.first_at == at)
        };
        Ok(match (all.find(is_named), self.first_at, order) {
            (Some(error), _, _) => Some(Place::behind(&error)),
            (None, _, Order::Record) => {
                let before = self.record.0.saturating_sub(1);
                Some(Place::behind_record(PairNumber(before)))
            }
            (None, Some(at), Order::Oldest | Order::Newest) => {
                Some(Place::before_aged(order, at, self.record))
            }
            (None, None, Order::Oldest | Order::Newest) => None,
        })
    }
}

/// Differs for the errors of one record, of which there are few.
fn sum(error: &OpenError) -> u32 {
    let field = error.field.as_ref().map_or("", |field| field.as_str());
    let rule = error.rule.as_ref().map_or("", |rule| rule.0.as_str());
    let parts = [error.to.key(), field, &error.code, rule];
    crc32c::crc32c(parts.join("\n").as_bytes()) % SUMS
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.record.0, short(self.error.into()))?;
        match self.first_at {
            Some(at) => write!(f, "-{}", short(at.0.unsigned_abs())),
            None => Ok(()),
        }
    }
}

/// A number in few letters.
fn short(mut left: u64) -> String {
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
        let (record, error) = place.split_once('.').ok_or_else(malformed)?;
        let at = at.map(|at| i64::from_str_radix(at, RADIX)).transpose();
        Ok(Self {
            record: PairNumber(record.parse().map_err(|_| malformed())?),
            error: u32::from_str_radix(error, RADIX).map_err(|_| malformed())?,
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
