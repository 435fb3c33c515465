//! A subset of SOQL: text to syntax, syntax to a plan over the tables, a plan to rows.

pub(crate) mod lexer;
pub(crate) mod parser;
pub(crate) mod plan;
pub(crate) mod run;

use super::problem::Problem;

/// Where in a query something is wrong, and what.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) at: usize,
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl Fault {
    pub(crate) fn syntax(at: usize, message: impl Into<String>) -> Self {
        Fault {
            at,
            code: "MALFORMED_QUERY",
            message: message.into(),
        }
    }

    pub(crate) fn field(at: usize, message: impl Into<String>) -> Self {
        Fault {
            at,
            code: "INVALID_FIELD",
            message: message.into(),
        }
    }

    /// The message with a piece of the query, a caret under the place, and the place in numbers.
    pub(crate) fn over(self, query: &str) -> Problem {
        let before = query.get(..self.at).unwrap_or(query);
        let row = before.matches('\n').count() + 1;
        let line = before.rfind('\n').map_or(0, |at| at + 1);
        let column = before[line..].chars().count();
        let text: Vec<char> = query[line..]
            .chars()
            .take_while(|char| *char != '\n')
            .collect();
        let from = column.saturating_sub(40);
        let piece: String = text.iter().skip(from).take(80).collect();
        let caret = " ".repeat(column - from);
        let message = format!(
            "\n{piece}\n{caret}^\nERROR at Row:{row}:Column:{}\n{}",
            column + 1,
            self.message
        );
        Problem::new(400, self.code, message)
    }
}
