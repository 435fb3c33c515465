//! A plan to rows: picks the cheapest index, filters, sorts, and writes records as JSON.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::parser::Operator;
use super::plan::{Filter, Piece, Plan, Route, SortKey, Test};
use crate::simulator::salesforce::cell::Cell;
use crate::simulator::salesforce::rows::{Row, Table, Tables};
use crate::simulator::salesforce::schema::{self, Kind};

/// The rows one query may see.
pub(crate) struct Reader<'a> {
    pub(crate) tables: &'a Tables,
    /// Ids that sharing keeps from the integration user.
    pub(crate) unseen: &'a BTreeSet<String>,
    /// `queryAll`: deleted rows too.
    pub(crate) with_deleted: bool,
}

impl Reader<'_> {
    /// Ids of the matching rows in order, limit and offset applied.
    pub(crate) fn run(&self, plan: &Plan) -> Vec<String> {
        let Some(table) = self.tables.get(&plan.object) else {
            return Vec::new();
        };
        let wanted = plan.limit.saturating_add(plan.offset);
        let found = plan
            .filter
            .as_ref()
            .and_then(|filter| candidates(table, filter));
        let bound = plan.filter.as_ref().and_then(Filter::stamp_bound);
        let rows: Vec<&Row> = match (&found, bound) {
            (Some(ids), _) => self
                .matching(plan, table, ids.iter().filter_map(|id| table.row(id)))
                .collect(),
            (None, bound) if in_stamp_order(&plan.order) => self
                .matching(plan, table, table.rows_since(bound.unwrap_or(i64::MIN)))
                .take(wanted)
                .collect(),
            (None, Some(bound)) => self
                .matching(plan, table, table.rows_since(bound))
                .collect(),
            (None, None) => self.matching(plan, table, table.rows()).collect(),
        };
        let by_stamp = found.is_none() && in_stamp_order(&plan.order);
        let rows = if by_stamp {
            rows
        } else {
            self.sorted(plan, rows)
        };
        rows.into_iter()
            .skip(plan.offset)
            .take(plan.limit)
            .map(|row| row.id.clone())
            .collect()
    }

    fn matching<'r>(
        &'r self,
        plan: &'r Plan,
        table: &'r Table,
        rows: impl Iterator<Item = &'r Row> + 'r,
    ) -> impl Iterator<Item = &'r Row> + 'r {
        rows.filter(move |row| {
            (self.with_deleted || !row.is_deleted())
                && !self.unseen.contains(&row.id)
                && plan
                    .filter
                    .as_ref()
                    .is_none_or(|filter| self.admits(filter, table, row))
        })
    }

    fn admits(&self, filter: &Filter, table: &Table, row: &Row) -> bool {
        match filter {
            Filter::All(parts) => parts.iter().all(|part| self.admits(part, table, row)),
            Filter::Any(parts) => parts.iter().any(|part| self.admits(part, table, row)),
            Filter::Not(part) => !self.admits(part, table, row),
            Filter::Test(route, test) => {
                let by_bytes = route.hops.is_empty()
                    && matches!(
                        table.schema.fields[route.column].kind,
                        Kind::Id | Kind::Reference
                    );
                test.admits(self.cell(route, row), by_bytes)
            }
        }
    }

    /// The cell at the end of a route; null when a lookup on the way is empty.
    pub(crate) fn cell<'r>(&'r self, route: &Route, row: &'r Row) -> &'r Cell {
        let mut row = row;
        for hop in &route.hops {
            let parent = row
                .cell(hop.column)
                .text()
                .and_then(|id| self.parent(&hop.object, id));
            match parent {
                Some(parent) => row = parent,
                None => return &Cell::Null,
            }
        }
        row.cell(route.column)
    }

    fn parent(&self, object: &str, id: &str) -> Option<&Row> {
        self.tables
            .get(object)?
            .row(id)
            .filter(|row| !self.unseen.contains(&row.id))
    }

    fn sorted<'r>(&'r self, plan: &Plan, mut rows: Vec<&'r Row>) -> Vec<&'r Row> {
        if plan.order.is_empty() {
            rows.sort_by(|left, right| left.id.cmp(&right.id));
            return rows;
        }
        rows.sort_by(|left, right| {
            plan.order
                .iter()
                .map(|key| {
                    ordered(
                        key,
                        self.cell(&key.route, left),
                        self.cell(&key.route, right),
                    )
                })
                .find(|order| order.is_ne())
                .unwrap_or_else(|| left.id.cmp(&right.id))
        });
        rows
    }

    /// A record with the cells of `routes`, parents nested under their relationship.
    pub(crate) fn record(
        &self,
        table: &Table,
        row: &Row,
        routes: &[Route],
        version: &str,
    ) -> Value {
        let mut record = Map::new();
        record.insert("attributes".to_owned(), attributes(table, &row.id, version));
        for route in routes {
            self.insert(&mut record, table, row, route, 0, version);
        }
        Value::Object(record)
    }

    fn insert(
        &self,
        record: &mut Map<String, Value>,
        table: &Table,
        row: &Row,
        route: &Route,
        depth: usize,
        version: &str,
    ) {
        let Some(hop) = route.hops.get(depth) else {
            let field = &table.schema.fields[route.column];
            let value = row.cell(route.column).to_json(field.kind == Kind::Int);
            record.insert(field.name.clone(), value);
            return;
        };
        let parent = row
            .cell(hop.column)
            .text()
            .and_then(|id| self.parent(&hop.object, id));
        let (Some(parent), Some(table)) = (parent, self.tables.get(&hop.object)) else {
            record.insert(hop.relationship.clone(), Value::Null);
            return;
        };
        let nested = record
            .entry(hop.relationship.clone())
            .or_insert_with(|| json!({"attributes": attributes(table, &parent.id, version)}));
        if let Value::Object(nested) = nested {
            self.insert(nested, table, parent, route, depth + 1, version);
        }
    }
}

pub(crate) fn attributes(table: &Table, id: &str, version: &str) -> Value {
    let object = &table.schema.name;
    json!({"type": object, "url": format!("/services/data/v{version}/sobjects/{object}/{id}")})
}

/// The stamp index already has the rows in the order that is asked for.
fn in_stamp_order(order: &[SortKey]) -> bool {
    let columns = [schema::STAMP, schema::ID];
    !order.is_empty()
        && order.len() <= columns.len()
        && order
            .iter()
            .zip(columns)
            .all(|(key, column)| key.route.is(column) && !key.descending)
}

/// Ids that an index says are the only ones that can match, without doubles.
fn candidates(table: &Table, filter: &Filter) -> Option<BTreeSet<String>> {
    match filter {
        Filter::All(parts) => parts
            .iter()
            .filter_map(|part| candidates(table, part))
            .min_by_key(BTreeSet::len),
        Filter::Any(parts) => {
            let sets: Option<Vec<_>> = parts.iter().map(|part| candidates(table, part)).collect();
            Some(sets?.into_iter().flatten().collect())
        }
        Filter::Test(route, Test::OneOf(keys)) if !keys.contains("") => {
            if route.is(schema::ID) {
                // Keys are in lower case; the suffix of an id gives the case back.
                return Some(
                    keys.iter()
                        .filter_map(|key| super::super::ids::parse(key))
                        .collect(),
                );
            }
            let indexed = route.hops.is_empty() && table.schema.fields[route.column].is_indexed();
            indexed.then(|| {
                keys.iter()
                    .flat_map(|key| table.ids_with(route.column, key))
                    .cloned()
                    .collect()
            })
        }
        Filter::Not(_) | Filter::Test(..) => None,
    }
}

impl Test {
    fn admits(&self, cell: &Cell, by_bytes: bool) -> bool {
        match self {
            Test::OneOf(keys) => keys.contains(&cell.key()),
            Test::NoneOf(keys) => !keys.contains(&cell.key()),
            Test::Compare(operator, wanted) => {
                if cell.is_null() || wanted.is_null() {
                    return false;
                }
                let order = compared(cell, wanted, by_bytes);
                match operator {
                    Operator::Less => order.is_lt(),
                    Operator::LessOrEqual => order.is_le(),
                    Operator::Greater => order.is_gt(),
                    Operator::GreaterOrEqual => order.is_ge(),
                    Operator::Equal | Operator::Like => order.is_eq(),
                    Operator::NotEqual => order.is_ne(),
                }
            }
            Test::Like(pieces) => cell.text().is_some_and(|text| {
                let text: Vec<char> = text.to_lowercase().chars().collect();
                is_like(&text, pieces)
            }),
        }
    }
}

/// Greedy matching that goes back to the last `%` when it is stuck.
fn is_like(text: &[char], pieces: &[Piece]) -> bool {
    let (mut at, mut piece, mut retry) = (0, 0, None);
    while at < text.len() {
        match pieces.get(piece) {
            Some(Piece::Any) => {
                retry = Some((at, piece));
                piece += 1;
                continue;
            }
            Some(Piece::One) => {}
            Some(Piece::Exactly(char)) if *char == text[at] => {}
            Some(Piece::Exactly(_)) | None => {
                let Some((from, any)) = retry else {
                    return false;
                };
                retry = Some((from + 1, any));
                (at, piece) = (from + 1, any + 1);
                continue;
            }
        }
        at += 1;
        piece += 1;
    }
    pieces[piece..].iter().all(|piece| *piece == Piece::Any)
}

fn ordered(key: &SortKey, left: &Cell, right: &Cell) -> Ordering {
    let nulls = left.is_null().cmp(&right.is_null());
    if nulls.is_ne() || left.is_null() {
        return if key.nulls_last {
            nulls
        } else {
            nulls.reverse()
        };
    }
    let order = compared(left, right, key.by_bytes);
    if key.descending {
        order.reverse()
    } else {
        order
    }
}

/// Texts compare without case, ids by their bytes.
fn compared(left: &Cell, right: &Cell, by_bytes: bool) -> Ordering {
    match (left, right) {
        (Cell::Text(left), Cell::Text(right)) if by_bytes => left.cmp(right),
        (Cell::Text(left), Cell::Text(right)) => left.to_lowercase().cmp(&right.to_lowercase()),
        (Cell::Number(left), Cell::Number(right)) => left.total_cmp(right),
        (Cell::Moment(left), Cell::Moment(right)) => left.cmp(right),
        (Cell::Bool(left), Cell::Bool(right)) => left.cmp(right),
        (_, _) => Ordering::Equal,
    }
}
