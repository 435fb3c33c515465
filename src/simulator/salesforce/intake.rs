//! Fields of a request body to cells: what can be read at all. Whether a value is allowed is decided later.

use serde_json::{Map, Value};

use super::Salesforce;
use super::cell::Cell;
use super::moments;
use super::problem::{Problem, escaped};
use super::rows::Table;
use super::save::Doer;
use super::schema::{Field, Kind};

impl Salesforce {
    /// Cells by column, or the first thing that cannot be read. `Id` and `attributes` are passed over.
    pub(crate) fn read_fields(
        &self,
        object: &str,
        fields: &Map<String, Value>,
        by: Doer,
    ) -> Result<Vec<(usize, Cell)>, Problem> {
        let table = self.tables.get(object).ok_or_else(Problem::not_found)?;
        let mut cells = Vec::with_capacity(fields.len());
        for (name, value) in fields {
            if name == "attributes" || name.eq_ignore_ascii_case("id") {
                continue;
            }
            let column = match by {
                Doer::Integration => table.schema.visible(name),
                Doer::Human => table.schema.column(name),
            };
            match (column, table.schema.relation(name), value) {
                (Some(column), _, value) => {
                    cells.push((column, cell_of(&table.schema.fields[column], value)?));
                }
                (None, Some(column), Value::Null) => cells.push((column, Cell::Null)),
                (None, Some(column), Value::Object(parent)) => {
                    let field = &table.schema.fields[column];
                    cells.push((column, self.parent_by_key(field, parent)?));
                }
                (None, _, _) => {
                    let message = format!(
                        "No such column '{name}' on sobject of type {}",
                        table.schema.name
                    );
                    return Err(Problem::new(400, "INVALID_FIELD", message));
                }
            }
        }
        Ok(cells)
    }

    /// `"Account": {"Ext__c": "123"}`: the parent by one of its external ids.
    fn parent_by_key(&self, field: &Field, parent: &Map<String, Value>) -> Result<Cell, Problem> {
        let key = parent.iter().find(|(name, _)| *name != "attributes");
        let named = parent
            .get("attributes")
            .and_then(|attributes| attributes.get("type"))
            .and_then(Value::as_str);
        let target = field
            .reference_to
            .iter()
            .find(|target| named.is_none_or(|named| target.eq_ignore_ascii_case(named)))
            .and_then(|object| self.tables.get(object));
        let (Some((name, value)), Some(table)) = (key, target) else {
            return Err(unreadable("reference", &Value::Object(parent.clone())));
        };
        let wanted = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        let found = table
            .schema
            .visible(name)
            .map(|column| live_ids(table, column, &wanted));
        match found.as_deref() {
            Some([id]) => Ok(Cell::Text(id.clone())),
            Some(_) | None => Err(Problem::data(
                "INVALID_FIELD",
                format!(
                    "Foreign key external ID: {} not found for field {name} in entity {}",
                    escaped(&wanted.to_lowercase()),
                    table.schema.name
                ),
                &[],
            )),
        }
    }
}

/// Ids of the rows, deleted ones left out, whose key field has this value.
pub(crate) fn live_ids(table: &Table, column: usize, value: &str) -> Vec<String> {
    table
        .ids_with(column, &value.to_lowercase())
        .filter(|id| table.row(id).is_some_and(|row| !row.is_deleted()))
        .cloned()
        .collect()
}

/// The value as the field's type.
fn cell_of(field: &Field, value: &Value) -> Result<Cell, Problem> {
    match field.kind {
        Kind::Boolean => boolean(field, value),
        Kind::Int | Kind::Double | Kind::Currency | Kind::Percent => number(field.kind, value),
        Kind::Date => date(value),
        Kind::DateTime => datetime(value),
        Kind::Id
        | Kind::Text
        | Kind::TextArea
        | Kind::Email
        | Kind::Phone
        | Kind::Url
        | Kind::Picklist
        | Kind::MultiPicklist
        | Kind::Reference => text(field, value),
    }
}

fn text(field: &Field, value: &Value) -> Result<Cell, Problem> {
    match value {
        Value::Null => Ok(Cell::Null),
        Value::String(text) if text.is_empty() => Ok(Cell::Null),
        Value::String(text) => Ok(Cell::Text(text.clone())),
        Value::Bool(_) | Value::Number(_) => Err(wrong_type(field, &value.to_string())),
        Value::Array(_) | Value::Object(_) => Err(unreadable("string", value)),
    }
}

fn date(value: &Value) -> Result<Cell, Problem> {
    let day = value.as_str().filter(|text| moments::is_day(text));
    match (value, day) {
        (Value::Null, _) => Ok(Cell::Null),
        (_, Some(day)) => Ok(Cell::Text(day.to_owned())),
        (_, None) => Err(unreadable("date", value)),
    }
}

fn datetime(value: &Value) -> Result<Cell, Problem> {
    match (value, value.as_str().and_then(moments::parse)) {
        (Value::Null, _) => Ok(Cell::Null),
        (_, Some(at)) => Ok(Cell::Moment(moments::whole_second(at))),
        (_, None) => Err(unreadable("datetime", value)),
    }
}

fn boolean(field: &Field, value: &Value) -> Result<Cell, Problem> {
    match value {
        Value::Bool(on) => Ok(Cell::Bool(*on)),
        Value::String(text) if text == "true" || text == "false" => Ok(Cell::Bool(text == "true")),
        Value::Null => Err(wrong_type(field, "null")),
        Value::String(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            Err(unreadable("boolean", value))
        }
    }
}

fn number(kind: Kind, value: &Value) -> Result<Cell, Problem> {
    let read = match value {
        Value::Null => return Ok(Cell::Null),
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    let whole_enough = |number: &f64| kind != Kind::Int || number.fract() == 0.0;
    read.filter(|number| number.is_finite() && whole_enough(number))
        .map(Cell::Number)
        .ok_or_else(|| unreadable(if kind == Kind::Int { "int" } else { "double" }, value))
}

pub(crate) fn wrong_type(field: &Field, value: &str) -> Problem {
    let message = format!(
        "{}: value not of required type: {}",
        field.label,
        escaped(value)
    );
    Problem::data("INVALID_TYPE_ON_FIELD_IN_RECORD", message, &[&field.name])
}

/// The parser's own complaint, which fails the whole request.
fn unreadable(wanted: &str, value: &Value) -> Problem {
    let (token, shown) = match value {
        Value::String(text) => ("VALUE_STRING", text.clone()),
        Value::Number(number) => ("VALUE_NUMBER_INT", number.to_string()),
        Value::Bool(on) => ("VALUE_TRUE", on.to_string()),
        Value::Array(_) => ("START_ARRAY", "[line:1, column:1]".to_owned()),
        Value::Object(_) => ("START_OBJECT", "[line:1, column:1]".to_owned()),
        Value::Null => ("VALUE_NULL", "null".to_owned()),
    };
    let message = format!(
        "Cannot deserialize instance of {wanted} from {token} value {shown} or request may be \
         missing a required field at [line:1, column:1]"
    );
    Problem::new(400, "JSON_PARSER_ERROR", message)
}
