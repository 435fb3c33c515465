//! CSV as Bulk API 2.0 reads and writes it. Knows no object: a cell is a text.
//!
//! Rules from "Prepare CSV Files" (reference notes, 4.2); how a file that breaks them is refused is
//! assumed, but for the wording of a wrong line ending and of an unknown field.

/// Characters in one cell.
const CELL_CHARS_MAX: usize = 131_072;
/// Characters in one record.
const RECORD_CHARS_MAX: usize = 400_000;
/// Fields in one record.
const FIELDS_MAX: usize = 5_000;
/// Characters in the header row.
const HEADER_CHARS_MAX: usize = 32_000;

/// Delimiters by the name a job gives them.
const DELIMITERS: [(&str, char); 6] = [
    ("COMMA", ','),
    ("TAB", '\t'),
    ("PIPE", '|'),
    ("SEMICOLON", ';'),
    ("CARET", '^'),
    ("BACKQUOTE", '`'),
];

/// How one job's files are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dialect {
    pub(crate) delimiter: &'static str,
    pub(crate) ending: &'static str,
    separator: char,
    newline: &'static str,
}

/// A file taken apart; every row has as many cells as the header.
#[derive(Debug, Default)]
pub(crate) struct Sheet {
    pub(crate) header: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Dialect {
    /// The dialect of a job, by the names it uses; nothing for a name that there is not.
    pub(crate) fn named(delimiter: &str, ending: &str) -> Option<Dialect> {
        let (delimiter, separator) = DELIMITERS
            .into_iter()
            .find(|(name, _)| *name == delimiter)?;
        let (ending, newline) = [("LF", "\n"), ("CRLF", "\r\n")]
            .into_iter()
            .find(|(name, _)| *name == ending)?;
        Some(Dialect {
            delimiter,
            ending,
            separator,
            newline,
        })
    }

    /// Takes a file apart, or says what a failed job says.
    pub(crate) fn read(self, bytes: &[u8]) -> Result<Sheet, String> {
        let text = std::str::from_utf8(bytes)
            .map_err(|_| "InvalidBatch : The file is not encoded as UTF-8".to_owned())?;
        let mut scanner = Scanner {
            rest: text.strip_prefix('\u{feff}').unwrap_or(text),
            dialect: self,
        };
        let mut sheet = Sheet::default();
        while !scanner.rest.is_empty() {
            let record = scanner.record()?;
            if record.len() == 1 && record[0].is_empty() {
                continue;
            }
            let chars: usize = record.iter().map(|cell| cell.chars().count()).sum();
            if sheet.header.is_empty() {
                if chars > HEADER_CHARS_MAX || record.len() > FIELDS_MAX {
                    return Err("InvalidBatch : The header row is too long".to_owned());
                }
                sheet.header = record;
                continue;
            }
            if chars > RECORD_CHARS_MAX {
                return Err("InvalidBatch : A record is larger than 400000 characters".to_owned());
            }
            if record.len() != sheet.header.len() {
                return Err(format!(
                    "InvalidBatch : A row has {} columns, the header has {}",
                    record.len(),
                    sheet.header.len()
                ));
            }
            sheet.rows.push(record);
        }
        if sheet.header.is_empty() && !bytes.is_empty() {
            return Err("InvalidBatch : The file has no header row".to_owned());
        }
        Ok(sheet)
    }

    /// Appends one record, every cell in quotes.
    pub(crate) fn write<'a>(self, out: &mut String, cells: impl Iterator<Item = &'a str>) {
        for (place, cell) in cells.enumerate() {
            if place > 0 {
                out.push(self.separator);
            }
            out.push('"');
            out.push_str(&cell.replace('"', "\"\""));
            out.push('"');
        }
        out.push_str(self.newline);
    }
}

struct Scanner<'a> {
    rest: &'a str,
    dialect: Dialect,
}

impl Scanner<'_> {
    fn record(&mut self) -> Result<Vec<String>, String> {
        let mut cells = Vec::new();
        loop {
            let cell = if let Some(quoted) = self.rest.strip_prefix('"') {
                self.rest = quoted;
                self.quoted()?
            } else {
                self.plain()?
            };
            if cell.len() > CELL_CHARS_MAX && cell.chars().count() > CELL_CHARS_MAX {
                return Err("InvalidBatch : A field is larger than 131072 characters".to_owned());
            }
            cells.push(cell);
            match self.rest.strip_prefix(self.dialect.separator) {
                Some(rest) => self.rest = rest,
                None => break,
            }
        }
        self.line_end()?;
        Ok(cells)
    }

    /// What follows an opening quote, up to the closing one.
    fn quoted(&mut self) -> Result<String, String> {
        let mut cell = String::new();
        loop {
            let Some((part, rest)) = self.rest.split_once('"') else {
                return Err("InvalidBatch : A quoted field is not closed".to_owned());
            };
            cell.push_str(part);
            self.rest = rest;
            match rest.strip_prefix('"') {
                Some(rest) => {
                    cell.push('"');
                    self.rest = rest;
                }
                None => return Ok(cell),
            }
        }
    }

    fn plain(&mut self) -> Result<String, String> {
        let separator = self.dialect.separator;
        let end = self
            .rest
            .find([separator, '\n', '\r'])
            .unwrap_or(self.rest.len());
        let (cell, rest) = self.rest.split_at(end);
        // A blank before an opening quote makes the quote a part of the value.
        if cell.contains('"') {
            return Err("InvalidBatch : A quote stands inside a field without quotes".to_owned());
        }
        self.rest = rest;
        Ok(cell.to_owned())
    }

    fn line_end(&mut self) -> Result<(), String> {
        if self.rest.is_empty() {
            return Ok(());
        }
        if let Some(rest) = self.rest.strip_prefix(self.dialect.newline) {
            self.rest = rest;
            return Ok(());
        }
        if self.rest.starts_with(['\n', '\r']) {
            return Err(format!(
                "ClientInputError : LineEnding is invalid on user data. Current LineEnding \
                 setting is {}",
                self.dialect.ending
            ));
        }
        Err("InvalidBatch : A quoted field is followed by something else".to_owned())
    }
}
