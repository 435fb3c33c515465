//! CSV, written and read strictly: what is not whole is an error and never a shorter table.
//!
//! Not the crate of that name: it takes a file that breaks off inside a quoted cell for a good one.

/// Why a text is no table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Flaw {
    /// The bytes are no UTF-8.
    #[error("the table is not UTF-8")]
    Encoding,
    /// A quoted cell has no end: the answer broke off.
    #[error("the table breaks off")]
    Cut,
    /// Something stands beside a quoted cell, or a quote inside a plain one.
    #[error("the table has a stray quote")]
    Quote,
    /// A row has more or fewer cells than the header.
    #[error("a row of the table has another width than its header")]
    Width,
}

/// Appends a cell, in quotes where it needs them. A delimiter is the caller's part.
pub(super) fn write_cell(out: &mut String, cell: &str) {
    let bare = !cell.contains(['"', ',', '\n', '\r'])
        && !cell.starts_with(char::is_whitespace)
        && !cell.ends_with(char::is_whitespace);
    if bare {
        out.push_str(cell);
        return;
    }
    out.push('"');
    for part in cell.split_inclusive('"') {
        out.push_str(part);
        if part.ends_with('"') {
            out.push('"');
        }
    }
    out.push('"');
}

/// A table read row by row: one row is in memory at a time.
#[derive(Debug)]
pub(super) struct Table<'a> {
    header: Vec<String>,
    rest: &'a str,
}

impl<'a> Table<'a> {
    /// Reads the header; a text without any row has an empty one.
    pub(super) fn open(bytes: &'a [u8]) -> Result<Table<'a>, Flaw> {
        let text = std::str::from_utf8(bytes).map_err(|_| Flaw::Encoding)?;
        let mut table = Table {
            header: Vec::new(),
            rest: text.strip_prefix('\u{feff}').unwrap_or(text),
        };
        if !table.rest.is_empty() {
            table.header = record(&mut table.rest)?;
        }
        Ok(table)
    }

    /// Goes on where a table with this header was left.
    pub(super) fn resume(header: Vec<String>, rest: &'a str) -> Table<'a> {
        Table { header, rest }
    }

    /// What was not read yet.
    pub(super) fn rest(&self) -> &'a str {
        self.rest
    }

    /// The names of the columns.
    pub(super) fn header(&self) -> &[String] {
        &self.header
    }

    /// The column of that name, whatever its case.
    pub(super) fn column(&self, name: &str) -> Option<usize> {
        self.header
            .iter()
            .position(|own| own.eq_ignore_ascii_case(name))
    }
}

impl Iterator for Table<'_> {
    type Item = Result<Vec<String>, Flaw>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let row = record(&mut self.rest).and_then(|row| {
            let fits = row.len() == self.header.len();
            fits.then_some(row).ok_or(Flaw::Width)
        });
        if row.is_err() {
            // After a flaw nobody knows where the next row begins.
            self.rest = "";
        }
        Some(row)
    }
}

fn record(rest: &mut &str) -> Result<Vec<String>, Flaw> {
    let mut cells = Vec::new();
    loop {
        let cell = match rest.strip_prefix('"') {
            Some(quoted) => {
                *rest = quoted;
                quoted_cell(rest)?
            }
            None => plain_cell(rest)?,
        };
        cells.push(cell);
        let Some(more) = rest.strip_prefix(',') else {
            break;
        };
        *rest = more;
    }
    let end = ["\r\n", "\n"].iter().find_map(|end| rest.strip_prefix(end));
    match end {
        Some(next) => *rest = next,
        None if rest.is_empty() => {}
        None => return Err(Flaw::Quote),
    }
    Ok(cells)
}

fn quoted_cell(rest: &mut &str) -> Result<String, Flaw> {
    let mut cell = String::new();
    loop {
        let (part, after) = rest.split_once('"').ok_or(Flaw::Cut)?;
        cell.push_str(part);
        let Some(more) = after.strip_prefix('"') else {
            *rest = after;
            return Ok(cell);
        };
        cell.push('"');
        *rest = more;
    }
}

fn plain_cell(rest: &mut &str) -> Result<String, Flaw> {
    let end = rest.find([',', '\n', '\r']).unwrap_or(rest.len());
    let (cell, after) = rest.split_at(end);
    if cell.contains('"') {
        return Err(Flaw::Quote);
    }
    *rest = after;
    Ok(cell.to_owned())
}
