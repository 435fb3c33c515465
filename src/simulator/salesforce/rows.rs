//! The rows of every object, their indexes, and how to take writes back. Validates nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::cell::Cell;
use super::schema::{self, Schema};

/// One record; cells stand in the order of the schema's fields and may be fewer.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) id: String,
    cells: Vec<Cell>,
}

impl Row {
    pub(crate) fn new(id: String) -> Self {
        let cells = vec![Cell::Text(id.clone()), Cell::Bool(false)];
        Row { id, cells }
    }

    pub(crate) fn cell(&self, column: usize) -> &Cell {
        self.cells.get(column).unwrap_or(&Cell::Null)
    }

    pub(crate) fn set(&mut self, column: usize, cell: Cell) {
        if self.cells.len() <= column {
            self.cells.resize(column + 1, Cell::Null);
        }
        self.cells[column] = cell;
    }

    pub(crate) fn is_deleted(&self) -> bool {
        self.cell(schema::IS_DELETED).is_true()
    }

    pub(crate) fn stamp(&self) -> i64 {
        self.cell(schema::STAMP).moment()
    }
}

/// One object's rows by id, by stamp, and by the values of its key fields.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) schema: Schema,
    rows: BTreeMap<String, Row>,
    by_stamp: BTreeSet<(i64, String)>,
    by_value: HashMap<usize, HashMap<String, BTreeSet<String>>>,
    /// Columns that are no keys and are looked up by value all the same.
    watched: BTreeSet<usize>,
}

impl Table {
    fn new(schema: Schema) -> Self {
        Table {
            schema,
            rows: BTreeMap::new(),
            by_stamp: BTreeSet::new(),
            by_value: HashMap::new(),
            watched: BTreeSet::new(),
        }
    }

    /// Whether [`Table::ids_with`] knows this column.
    pub(crate) fn is_indexed(&self, column: usize) -> bool {
        self.watched.contains(&column) || self.schema.fields[column].is_indexed()
    }

    fn watch(&mut self, column: usize) {
        if self.is_indexed(column) {
            return;
        }
        self.watched.insert(column);
        let values = self.by_value.entry(column).or_default();
        for row in self.rows.values().filter(|row| !row.cell(column).is_null()) {
            let ids = values.entry(row.cell(column).key()).or_default();
            ids.insert(row.id.clone());
        }
    }

    pub(crate) fn row(&self, id: &str) -> Option<&Row> {
        self.rows.get(id)
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.values()
    }

    /// Rows in the order of (stamp, id), from `bound` on.
    pub(crate) fn rows_since(&self, bound: i64) -> impl Iterator<Item = &Row> {
        self.by_stamp
            .range((bound, String::new())..)
            .filter_map(|(_, id)| self.rows.get(id))
    }

    /// Ids of rows whose indexed `column` has this [`Cell::key`], deleted ones too.
    pub(crate) fn ids_with(&self, column: usize, key: &str) -> impl Iterator<Item = &String> {
        self.by_value
            .get(&column)
            .and_then(|values| values.get(key))
            .into_iter()
            .flatten()
    }

    fn put(&mut self, row: Row) -> Option<Row> {
        let previous = self.take(&row.id);
        self.index(&row, true);
        self.rows.insert(row.id.clone(), row);
        previous
    }

    fn take(&mut self, id: &str) -> Option<Row> {
        let row = self.rows.remove(id)?;
        self.index(&row, false);
        Some(row)
    }

    fn index(&mut self, row: &Row, on: bool) {
        let place = (row.stamp(), row.id.clone());
        if on {
            self.by_stamp.insert(place)
        } else {
            self.by_stamp.remove(&place)
        };
        for (column, field) in self.schema.fields.iter().enumerate() {
            let looked_up = field.is_indexed() || self.watched.contains(&column);
            if !looked_up || row.cell(column).is_null() {
                continue;
            }
            let values = self.by_value.entry(column).or_default();
            let ids = values.entry(row.cell(column).key()).or_default();
            if on {
                ids.insert(row.id.clone())
            } else {
                ids.remove(&row.id)
            };
        }
    }
}

/// All objects, with a log of what to restore when a transaction is rolled back.
#[derive(Debug)]
pub(crate) struct Tables {
    tables: BTreeMap<String, Table>,
    undo: Vec<(String, String, Option<Row>)>,
}

/// A place in the undo log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark(usize);

impl Tables {
    pub(crate) fn new(schemas: Vec<Schema>) -> Self {
        let tables = schemas
            .into_iter()
            .map(|schema| (schema.name.clone(), Table::new(schema)))
            .collect();
        Tables {
            tables,
            undo: Vec::new(),
        }
    }

    /// Adds an object.
    pub(crate) fn add(&mut self, schema: Schema) {
        let name = schema.name.clone();
        self.tables.insert(name, Table::new(schema));
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Table> {
        self.tables.values()
    }

    /// An object by its name, whatever its case.
    pub(crate) fn get(&self, object: &str) -> Option<&Table> {
        self.tables.get(object).or_else(|| {
            self.tables
                .values()
                .find(|table| table.schema.name.eq_ignore_ascii_case(object))
        })
    }

    pub(crate) fn schema_mut(&mut self, object: &str) -> Option<&mut Schema> {
        self.tables.get_mut(object).map(|table| &mut table.schema)
    }

    /// Keeps the values of a field findable from now on, as those of key fields are.
    pub(crate) fn watch(&mut self, object: &str, field: &str) {
        let table = self.tables.get_mut(object);
        if let Some((table, column)) =
            table.and_then(|table| table.schema.column(field).map(|column| (table, column)))
        {
            table.watch(column);
        }
    }

    /// The object whose ids begin like this one.
    pub(crate) fn of_id(&self, id: &str) -> Option<&Table> {
        let prefix = id.get(..3)?;
        self.tables
            .values()
            .find(|table| table.schema.prefix == prefix)
    }

    pub(crate) fn row(&self, id: &str) -> Option<&Row> {
        self.of_id(id)?.row(id)
    }

    pub(crate) fn write(&mut self, object: &str, row: Row) {
        let table = self
            .tables
            .get_mut(object)
            .expect("callers resolved the object's name");
        let id = row.id.clone();
        let previous = table.put(row);
        self.undo.push((object.to_owned(), id, previous));
    }

    pub(crate) fn mark(&self) -> Mark {
        Mark(self.undo.len())
    }

    /// Takes back every write since `mark`, the latest first.
    pub(crate) fn roll_back(&mut self, mark: Mark) {
        for (object, id, previous) in self.undo.split_off(mark.0).into_iter().rev() {
            let Some(table) = self.tables.get_mut(&object) else {
                continue;
            };
            table.take(&id);
            if let Some(row) = previous {
                table.put(row);
            }
        }
    }

    /// What was written stays: nothing before this can be rolled back any more.
    pub(crate) fn commit(&mut self) {
        self.undo.clear();
    }
}
