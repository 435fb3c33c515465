//! How the domain's words stand in columns: names and ids as text, numbers and instants as integers.

use rusqlite::ToSql;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};

use crate::domain::call::{Lane, Operation};
use crate::domain::catalogue::Slug;
use crate::domain::event::{Action, Excluded, Known, Mode, Remark, Stage, ValuePrint};
use crate::domain::failure::TextKey;
use crate::domain::load::{LoadOperation, LoadState};
use crate::domain::record::{FieldName, ObjectName, PairNumber, RecordId, Side, Timestamp};
use crate::domain::schedule::Frequency;

macro_rules! integers {
    ($($name:ident),*) => {$(
        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(self.0.into())
            }
        }
        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                value.as_i64().map(Self)
            }
        }
    )*};
}
integers!(Timestamp, PairNumber, ValuePrint);

macro_rules! parsed {
    ($($name:ident),*) => {$(
        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(self.as_str().into())
            }
        }
        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                Self::parse(value.as_str()?).map_err(FromSqlError::other)
            }
        }
    )*};
}
parsed!(ObjectName, FieldName, RecordId, Slug);

/// A key that this program does not know: a newer one wrote it, or the file is damaged.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no word this program knows")]
pub(crate) struct UnknownWord(pub(crate) String);

/// Lets enums with stable keys stand in columns as these.
macro_rules! words {
    ($($name:ident),*) => {$(
        impl rusqlite::ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
                Ok(self.key().into())
            }
        }
        impl rusqlite::types::FromSql for $name {
            fn column_result(
                value: rusqlite::types::ValueRef<'_>,
            ) -> rusqlite::types::FromSqlResult<Self> {
                let word = value.as_str()?;
                Self::from_key(word).ok_or_else(|| {
                    let unknown = $crate::store::columns::UnknownWord(word.to_owned());
                    rusqlite::types::FromSqlError::other(unknown)
                })
            }
        }
    )*};
}
words!(
    Side,
    Lane,
    Operation,
    Action,
    Excluded,
    Known,
    Mode,
    Remark,
    Stage,
    Frequency,
    LoadOperation,
    LoadState
);
pub(crate) use words;

impl ToSql for TextKey {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.as_str().into())
    }
}

impl FromSql for TextKey {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str().map(|text| Self(text.to_owned()))
    }
}

/// A count as SQLite keeps it; no count of ours reaches 2^63.
pub(crate) fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A count as SQLite gives it; a negative one would be a fault of ours and reads as 0.
pub(crate) fn counted(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
