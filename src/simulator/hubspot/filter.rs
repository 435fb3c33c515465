//! The filters of a search: groups joined by OR, filters within a group by AND.

use super::call::{text_member, words_member};
use super::object::ObjectType;
use super::property::{Kind, Property};
use super::record::Record;
use super::refusal::Refusal;
use crate::simulator::stamp;
use serde_json::{Map, Value};
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

const GROUPS_MAX: usize = 5;
const FILTERS_MAX: usize = 6;
const FILTERS_IN_ALL_MAX: usize = 18;

/// All groups of one search; no group accepts everything.
#[derive(Debug, Default)]
pub struct Query {
    groups: Vec<Vec<Clause>>,
}

/// One filter.
#[derive(Debug)]
pub struct Clause {
    property: String,
    kind: Kind,
    multiple: bool,
    test: Test,
}

#[derive(Debug)]
enum Test {
    Equal(String),
    NotEqual(String),
    Less(String),
    LessOrEqual(String),
    Greater(String),
    GreaterOrEqual(String),
    Between(String, String),
    In(Vec<String>),
    NotIn(Vec<String>),
    Known,
    Unknown,
    Token(String),
    NoToken(String),
    OneOf(BTreeSet<u64>),
}

/// Finds the ids of the records that are associated with a record: (name of its type, its id).
pub type TiedTo<'a> = &'a dyn Fn(&str, &str) -> Result<BTreeSet<u64>, Refusal>;

impl Query {
    /// Reads `filterGroups`, or the shorthand `filters`.
    pub fn read(
        body: &Map<String, Value>,
        kept: &ObjectType,
        tied_to: TiedTo<'_>,
    ) -> Result<Query, Refusal> {
        let list = |value: Option<&Value>| value.and_then(Value::as_array).cloned();
        let mut groups: Vec<Vec<Value>> = list(body.get("filterGroups"))
            .unwrap_or_default()
            .iter()
            .map(|group| list(group.get("filters")).unwrap_or_default())
            .collect();
        groups.extend(list(body.get("filters")).filter(|filters| !filters.is_empty()));
        let total: usize = groups.iter().map(Vec::len).sum();
        let widest = groups.iter().map(Vec::len).max().unwrap_or(0);
        if groups.len() > GROUPS_MAX || widest > FILTERS_MAX || total > FILTERS_IN_ALL_MAX {
            return Err(Refusal::invalid(&format!(
                "A search takes at most {GROUPS_MAX} filter groups, {FILTERS_MAX} filters in a \
                 group and {FILTERS_IN_ALL_MAX} filters in all"
            )));
        }
        let read = |filters: Vec<Value>| -> Result<Vec<Clause>, Refusal> {
            filters
                .iter()
                .map(|filter| Clause::read(filter, kept, tied_to))
                .collect()
        };
        Ok(Query {
            groups: groups.into_iter().map(read).collect::<Result<_, _>>()?,
        })
    }

    /// Whether a record is found.
    pub fn accepts(&self, kept: &ObjectType, record: &Record) -> bool {
        self.groups.is_empty()
            || self
                .groups
                .iter()
                .any(|group| group.iter().all(|one| one.accepts(kept, record)))
    }

    /// The times of last change outside of which nothing can be found; `None` when there are no such bounds.
    pub fn modified_bounds(&self, modified: &str) -> Option<RangeInclusive<i64>> {
        let [group] = self.groups.as_slice() else {
            return None;
        };
        let mut bounds = i64::MIN..=i64::MAX;
        let mut bounded = false;
        for clause in group.iter().filter(|clause| clause.property == modified) {
            let Some(narrower) = clause.bounds() else {
                continue;
            };
            bounds = *bounds.start().max(narrower.start())..=*bounds.end().min(narrower.end());
            bounded = true;
        }
        bounded.then_some(bounds)
    }
}

impl Clause {
    fn read(filter: &Value, kept: &ObjectType, tied_to: TiedTo<'_>) -> Result<Clause, Refusal> {
        let empty = Map::new();
        let filter = filter.as_object().unwrap_or(&empty);
        let name = text_member(filter, "propertyName").unwrap_or_default();
        if let Some(other) = name.strip_prefix("associations.") {
            let id = text_member(filter, "value").unwrap_or_default();
            return Ok(Clause {
                kind: Kind::Number,
                multiple: false,
                test: Test::OneOf(tied_to(other, &id)?),
                property: name,
            });
        }
        let property = kept
            .property(&name)
            .ok_or_else(|| Refusal::invalid(&format!("Property \"{name}\" does not exist")))?;
        let test = Test::read(filter, property)?;
        Ok(Clause {
            kind: property.kind,
            multiple: property.is_multiple(),
            property: name,
            test,
        })
    }

    /// Orders two values of a kind; `None` when one of them is not of that kind.
    pub fn compare(kind: Kind, one: &str, other: &str) -> Option<Ordering> {
        match kind {
            Kind::Number => one
                .parse::<f64>()
                .ok()?
                .partial_cmp(&other.parse::<f64>().ok()?),
            Kind::Date | Kind::DateTime => Some(stamp::parse(one)?.cmp(&stamp::parse(other)?)),
            Kind::Enumeration => Some(one.cmp(other)),
            Kind::Bool | Kind::Text => Some(one.to_lowercase().cmp(&other.to_lowercase())),
        }
    }

    fn accepts(&self, kept: &ObjectType, record: &Record) -> bool {
        if let Test::OneOf(ids) = &self.test {
            return ids.contains(&record.id);
        }
        if self.property == kept.modified
            && let Some(bounds) = self.bounds()
        {
            return bounds.contains(&record.updated_at);
        }
        let value = kept.value(record, &self.property);
        let Some(value) = value.as_deref() else {
            return match &self.test {
                Test::Unknown | Test::NotEqual(_) | Test::NotIn(_) | Test::NoToken(_) => true,
                Test::Equal(_)
                | Test::Less(_)
                | Test::LessOrEqual(_)
                | Test::Greater(_)
                | Test::GreaterOrEqual(_)
                | Test::Between(..)
                | Test::In(_)
                | Test::Known
                | Test::Token(_)
                | Test::OneOf(_) => false,
            };
        };
        let order = |other: &str| Clause::compare(self.kind, value, other);
        match &self.test {
            Test::Equal(other) => self.equals(value, other),
            Test::NotEqual(other) => !self.equals(value, other),
            Test::Less(other) => order(other) == Some(Ordering::Less),
            Test::LessOrEqual(other) => order(other).is_some_and(Ordering::is_le),
            Test::Greater(other) => order(other) == Some(Ordering::Greater),
            Test::GreaterOrEqual(other) => order(other).is_some_and(Ordering::is_ge),
            Test::Between(low, high) => {
                order(low).is_some_and(Ordering::is_ge) && order(high).is_some_and(Ordering::is_le)
            }
            Test::In(others) => others.iter().any(|other| self.equals(value, other)),
            Test::NotIn(others) => !others.iter().any(|other| self.equals(value, other)),
            Test::Known => true,
            Test::Unknown | Test::OneOf(_) => false,
            Test::Token(token) => has_token(value, token),
            Test::NoToken(token) => !has_token(value, token),
        }
    }

    fn equals(&self, value: &str, other: &str) -> bool {
        if self.multiple {
            return value == other || value.split(';').any(|one| one == other);
        }
        Clause::compare(self.kind, value, other) == Some(Ordering::Equal)
    }

    // Only for stamps: the instants a test leaves possible.
    fn bounds(&self) -> Option<RangeInclusive<i64>> {
        match &self.test {
            Test::Equal(at) => stamp::parse(at).map(|at| at..=at),
            Test::Less(at) => stamp::parse(at).map(|at| i64::MIN..=at - 1),
            Test::LessOrEqual(at) => stamp::parse(at).map(|at| i64::MIN..=at),
            Test::Greater(at) => stamp::parse(at).map(|at| at + 1..=i64::MAX),
            Test::GreaterOrEqual(at) => stamp::parse(at).map(|at| at..=i64::MAX),
            Test::Between(low, high) => Some(stamp::parse(low)?..=stamp::parse(high)?),
            Test::NotEqual(_)
            | Test::In(_)
            | Test::NotIn(_)
            | Test::Known
            | Test::Unknown
            | Test::Token(_)
            | Test::NoToken(_)
            | Test::OneOf(_) => None,
        }
    }
}

impl Test {
    fn read(filter: &Map<String, Value>, property: &Property) -> Result<Test, Refusal> {
        let operator = filter
            .get("operator")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let wanted = |name: &str| {
            let value = text_member(filter, name)
                .ok_or_else(|| Refusal::invalid(&format!("operator {operator} requires {name}")))?;
            let readable = match property.kind {
                Kind::Number => value.parse::<f64>().is_ok(),
                Kind::Date | Kind::DateTime => stamp::parse(&value).is_some(),
                Kind::Bool | Kind::Enumeration | Kind::Text => true,
            };
            if readable {
                return Ok(value);
            }
            let kind = property.kind.name();
            Err(Refusal::invalid(&format!(
                "{value} is not a valid {kind} for {}",
                property.name
            )))
        };
        let several = || match words_member(filter, "values") {
            values if values.is_empty() => Err(Refusal::invalid(&format!(
                "operator {operator} requires values"
            ))),
            values => Ok(values),
        };
        match operator {
            "EQ" => wanted("value").map(Test::Equal),
            "NEQ" => wanted("value").map(Test::NotEqual),
            "LT" => wanted("value").map(Test::Less),
            "LTE" => wanted("value").map(Test::LessOrEqual),
            "GT" => wanted("value").map(Test::Greater),
            "GTE" => wanted("value").map(Test::GreaterOrEqual),
            "BETWEEN" => Ok(Test::Between(wanted("value")?, wanted("highValue")?)),
            "IN" => several().map(Test::In),
            "NOT_IN" => several().map(Test::NotIn),
            "HAS_PROPERTY" => Ok(Test::Known),
            "NOT_HAS_PROPERTY" => Ok(Test::Unknown),
            "CONTAINS_TOKEN" => wanted("value").map(Test::Token),
            "NOT_CONTAINS_TOKEN" => wanted("value").map(Test::NoToken),
            other => Err(Refusal::invalid(&format!(
                "{other} is not a valid filter operator"
            ))),
        }
    }
}

// A token is a word of the value, or the whole of it; `*` stands for any letters at either end.
fn has_token(value: &str, token: &str) -> bool {
    let (value, token) = (value.to_lowercase(), token.to_lowercase());
    let core = token.trim_matches('*');
    let fits = |word: &str| match (token.starts_with('*'), token.ends_with('*')) {
        (true, true) => word.contains(core),
        (true, false) => word.ends_with(core),
        (false, true) => word.starts_with(core),
        (false, false) => word == core,
    };
    fits(&value)
        || value
            .split(|letter: char| !letter.is_alphanumeric())
            .any(fits)
}
