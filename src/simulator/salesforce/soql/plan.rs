//! Syntax to a plan: names resolved to columns, literals to values of the column's type. Reads no row.

use std::collections::HashSet;

use super::Fault;
use super::lexer::Token;
use super::parser::{Condition, Literal, Name, Operator, Query, Selected};
use crate::simulator::salesforce::cell::Cell;
use crate::simulator::salesforce::ids;
use crate::simulator::salesforce::problem::Problem;
use crate::simulator::salesforce::rows::{Table, Tables};
use crate::simulator::salesforce::schema::{self, Field, Flag, Kind};

const LENGTH_MAX: usize = 100_000;
const OFFSET_MAX: usize = 2000;

#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) object: String,
    pub(crate) output: Output,
    pub(crate) filter: Option<Filter>,
    pub(crate) order: Vec<SortKey>,
    pub(crate) limit: usize,
    pub(crate) offset: usize,
}

#[derive(Debug, Clone)]
pub(crate) enum Output {
    Rows(Vec<Route>),
    Count,
    CountOf(Route),
}

/// The way from a row to one of its cells, over lookups if need be.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    pub(crate) hops: Vec<Hop>,
    pub(crate) column: usize,
}

/// One lookup on the way: its column, its relationship, and the object at its end.
#[derive(Debug, Clone)]
pub(crate) struct Hop {
    pub(crate) column: usize,
    pub(crate) relationship: String,
    pub(crate) object: String,
}

impl Route {
    pub(crate) fn is(&self, column: usize) -> bool {
        self.hops.is_empty() && self.column == column
    }
}

#[derive(Debug)]
pub(crate) enum Filter {
    All(Vec<Filter>),
    Any(Vec<Filter>),
    Not(Box<Filter>),
    Test(Route, Test),
}

#[derive(Debug)]
pub(crate) enum Test {
    /// Keys as [`Cell::key`] makes them; the empty key stands for null.
    OneOf(HashSet<String>),
    NoneOf(HashSet<String>),
    Compare(Operator, Cell),
    /// A pattern in lower case.
    Like(Vec<Piece>),
}

/// One place of a LIKE pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece {
    Exactly(char),
    One,
    Any,
}

#[derive(Debug)]
pub(crate) struct SortKey {
    pub(crate) route: Route,
    pub(crate) by_bytes: bool,
    pub(crate) descending: bool,
    pub(crate) nulls_last: bool,
}

/// The plan of `query`, or the answer of 400 it gets.
pub(crate) fn plan(query: &str, tables: &Tables) -> Result<Plan, Problem> {
    if query.len() > LENGTH_MAX {
        let message = "SOQL statements cannot be longer than 100000 characters.";
        return Err(Problem::new(400, "MALFORMED_QUERY", message));
    }
    super::parser::parse(query)
        .and_then(|parsed| resolve(&parsed, tables))
        .map_err(|fault| fault.over(query))
}

fn resolve(query: &Query, tables: &Tables) -> Result<Plan, Fault> {
    let table = tables.get(&query.from.text).ok_or_else(|| Fault {
        at: query.from.at,
        code: "INVALID_TYPE",
        message: unsupported(&query.from.text),
    })?;
    if query.offset > OFFSET_MAX {
        return Err(Fault {
            at: 0,
            code: "NUMBER_OUTSIDE_VALID_RANGE",
            message: "Maximum SOQL offset allowed is 2000".to_owned(),
        });
    }
    let scope = Scope { tables, table };
    let filter = query
        .condition
        .as_ref()
        .map(|condition| scope.filter(condition))
        .transpose()?;
    Ok(Plan {
        object: table.schema.name.clone(),
        output: scope.output(&query.select)?,
        filter,
        order: query
            .order
            .iter()
            .map(|key| scope.sort_key(key))
            .collect::<Result<_, _>>()?,
        limit: query.limit.unwrap_or(usize::MAX),
        offset: query.offset,
    })
}

/// What is said of an object that does not exist or is not seen.
pub(crate) fn unsupported(object: &str) -> String {
    format!(
        "sObject type '{object}' is not supported. If you are attempting to use a custom object, \
         be sure to append the '__c' after the entity name. Please reference your WSDL or the \
         describe call for the appropriate names."
    )
}

struct Scope<'a> {
    tables: &'a Tables,
    table: &'a Table,
}

impl Scope<'_> {
    fn output(&self, select: &[Selected]) -> Result<Output, Fault> {
        match select {
            [Selected::Count] => return Ok(Output::Count),
            [Selected::CountOf(name)] => return Ok(Output::CountOf(self.route(name)?.0)),
            _ => {}
        }
        let mut routes = Vec::with_capacity(select.len());
        for selected in select {
            match selected {
                Selected::Field(name) => routes.push(self.route(name)?.0),
                Selected::Count => return Err(Fault::syntax(0, "unexpected token: 'COUNT'")),
                Selected::CountOf(name) => {
                    return Err(Fault::syntax(
                        name.at,
                        "Grouped query must be used with COUNT",
                    ));
                }
            }
        }
        Ok(Output::Rows(routes))
    }

    fn route(&self, name: &Name) -> Result<(Route, &Field), Fault> {
        let mut table = self.table;
        let mut hops = Vec::new();
        let mut parts: Vec<&str> = name.text.split('.').collect();
        if parts.len() > 1
            && parts[0].eq_ignore_ascii_case(&table.schema.name)
            && table.schema.relation(parts[0]).is_none()
        {
            parts.remove(0);
        }
        let last = parts.pop().unwrap_or_default();
        for part in parts {
            let target = table.schema.relation(part).and_then(|column| {
                let field = &table.schema.fields[column];
                let own = |object: &&String| *object == "User";
                let object = field
                    .reference_to
                    .iter()
                    .find(own)
                    .or(field.reference_to.first())?;
                Some((column, self.tables.get(object)?))
            });
            let Some((column, next)) = target else {
                let message = format!(
                    "Didn't understand relationship '{part}' in field path. If you are attempting \
                     to use a custom relationship, be sure to append the '__r' after the custom \
                     relationship name. Please reference your WSDL or the describe call for the \
                     appropriate names."
                );
                return Err(Fault::field(name.at, message));
            };
            let relationship = table.schema.fields[column]
                .relationship
                .clone()
                .unwrap_or_default();
            hops.push(Hop {
                column,
                relationship,
                object: next.schema.name.clone(),
            });
            table = next;
        }
        let column = table.schema.visible(last).ok_or_else(|| {
            let message = format!(
                "No such column '{last}' on entity '{}'. If you are attempting to use a custom \
                 field, be sure to append the '__c' after the custom field name. Please reference \
                 your WSDL or the describe call for the appropriate names.",
                table.schema.name
            );
            Fault::field(name.at, message)
        })?;
        Ok((Route { hops, column }, &table.schema.fields[column]))
    }

    fn sort_key(&self, key: &super::parser::Ordering) -> Result<SortKey, Fault> {
        let (route, field) = self.route(&key.name)?;
        if !field.has(Flag::Sortable) {
            let message = format!("field '{}' can not be sorted in a query call", field.name);
            return Err(Fault::field(key.name.at, message));
        }
        let by_bytes = matches!(field.kind, Kind::Id | Kind::Reference);
        let (descending, nulls_last) = (key.descending, key.nulls_last);
        Ok(SortKey {
            route,
            by_bytes,
            descending,
            nulls_last,
        })
    }

    fn filter(&self, condition: &Condition) -> Result<Filter, Fault> {
        let all = |parts: &[Condition]| -> Result<Vec<Filter>, Fault> {
            parts.iter().map(|part| self.filter(part)).collect()
        };
        Ok(match condition {
            Condition::All(parts) => Filter::All(all(parts)?),
            Condition::Any(parts) => Filter::Any(all(parts)?),
            Condition::Not(part) => Filter::Not(Box::new(self.filter(part)?)),
            Condition::In(name, literals) => {
                let (route, keys) = self.keys(name, literals)?;
                Filter::Test(route, Test::OneOf(keys))
            }
            Condition::NotIn(name, literals) => {
                let (route, keys) = self.keys(name, literals)?;
                Filter::Test(route, Test::NoneOf(keys))
            }
            Condition::Compare(name, operator, literal) => {
                let (route, field) = self.filterable(name)?;
                Filter::Test(route, test(field, *operator, literal)?)
            }
        })
    }

    fn keys(&self, name: &Name, literals: &[Literal]) -> Result<(Route, HashSet<String>), Fault> {
        let (route, field) = self.filterable(name)?;
        let keys = literals
            .iter()
            .map(|literal| operand(field, literal).map(|cell| cell.key()))
            .collect::<Result<_, _>>()?;
        Ok((route, keys))
    }

    fn filterable(&self, name: &Name) -> Result<(Route, &Field), Fault> {
        let (route, field) = self.route(name)?;
        if !field.has(Flag::Filterable) {
            let message = format!("field '{}' can not be filtered in a query call", field.name);
            return Err(Fault::field(name.at, message));
        }
        Ok((route, field))
    }
}

fn test(field: &Field, operator: Operator, literal: &Literal) -> Result<Test, Fault> {
    let cell = operand(field, literal)?;
    Ok(match (operator, cell) {
        (Operator::Equal, cell) => Test::OneOf(HashSet::from([cell.key()])),
        (Operator::NotEqual, cell) => Test::NoneOf(HashSet::from([cell.key()])),
        (Operator::Like, Cell::Text(pattern)) => Test::Like(pieces(&pattern.to_lowercase())),
        (Operator::Like, _) => {
            let message = format!("invalid operator on {} field", field.kind.name());
            return Err(Fault {
                at: literal.at,
                code: "INVALID_QUERY_FILTER_OPERATOR",
                message,
            });
        }
        (operator, cell) => Test::Compare(operator, cell),
    })
}

fn pieces(pattern: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut chars = pattern.chars();
    while let Some(char) = chars.next() {
        pieces.push(match char {
            '%' => Piece::Any,
            '_' => Piece::One,
            '\\' => Piece::Exactly(chars.next().unwrap_or('\\')),
            other => Piece::Exactly(other),
        });
    }
    pieces
}

/// The literal as a value of the field's type; Salesforce converts nothing.
fn operand(field: &Field, literal: &Literal) -> Result<Cell, Fault> {
    if matches!(&literal.value, Token::Word(word) if word.eq_ignore_ascii_case("null")) {
        return Ok(Cell::Null);
    }
    let (quoted, cell) = match (field.kind, &literal.value) {
        (Kind::Id | Kind::Reference, Token::Text(text)) => return id(literal.at, text),
        (Kind::Boolean, Token::Word(word)) => {
            (false, Some(Cell::Bool(word.eq_ignore_ascii_case("true"))))
        }
        (Kind::Date, Token::Day(day)) => (false, Some(Cell::Text(day.clone()))),
        (Kind::DateTime, Token::Moment(at)) => (false, Some(Cell::Moment(*at))),
        (kind, Token::Number(number)) if kind.is_number() => (false, Some(Cell::Number(*number))),
        (Kind::Boolean | Kind::Date | Kind::DateTime, _) => (false, None),
        (kind, _) if kind.is_number() => (false, None),
        (_, Token::Text(text)) if text.is_empty() => (true, Some(Cell::Null)),
        (_, Token::Text(text)) => (true, Some(Cell::Text(text.clone()))),
        (_, _) => (true, None),
    };
    cell.ok_or_else(|| {
        let wanted = match (field.kind, quoted) {
            (Kind::DateTime, _) => "dateTime",
            (Kind::Id, _) => "id",
            (_, true) => "string",
            (kind, false) => kind.name(),
        };
        let how = if quoted {
            "should be enclosed in quotes"
        } else {
            "should not be enclosed in quotes"
        };
        let message = format!(
            "value of filter criterion for field '{}' must be of type {wanted} and {how}",
            field.name
        );
        Fault::field(literal.at, message)
    })
}

fn id(at: usize, text: &str) -> Result<Cell, Fault> {
    ids::parse(text).map(Cell::Text).ok_or_else(|| Fault {
        at,
        code: "INVALID_QUERY_FILTER_OPERATOR",
        message: format!("invalid ID field: {text}"),
    })
}

impl Filter {
    /// The earliest stamp a matching row can have, if the filter says so.
    pub(crate) fn stamp_bound(&self) -> Option<i64> {
        match self {
            Filter::All(parts) => parts.iter().filter_map(Filter::stamp_bound).max(),
            Filter::Any(parts) => parts
                .iter()
                .map(Filter::stamp_bound)
                .collect::<Option<Vec<_>>>()?
                .into_iter()
                .min(),
            Filter::Test(route, test) if route.is(schema::STAMP) => test.least_moment(),
            Filter::Not(_) | Filter::Test(..) => None,
        }
    }
}

impl Test {
    fn least_moment(&self) -> Option<i64> {
        match self {
            Test::OneOf(keys) => keys.iter().filter_map(|key| key.parse().ok()).min(),
            Test::Compare(Operator::Greater | Operator::GreaterOrEqual, Cell::Moment(at)) => {
                Some(*at)
            }
            Test::Compare(..) | Test::NoneOf(_) | Test::Like(_) => None,
        }
    }
}
