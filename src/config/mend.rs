//! Finds every line that is no TOML, instead of the first.
//!
//! Knows lines and bytes, not keys.

use toml::de::DeTable;

/// A text with more lines that are no TOML is something else altogether.
const SYNTAX_ERRORS_MAX: usize = 30;

/// `text` with every line blanked that is no TOML, and what was wrong with each; places stay the
/// same. toml stops at the first such line, and whoever mends a file wants to see the others too.
pub(super) fn mend(text: &str) -> (String, Vec<toml::de::Error>) {
    let mut mended = text.to_owned();
    let mut errors = Vec::new();
    while let Err(error) = DeTable::parse(&mended) {
        let place = error.span().map_or(0, |span| span.start);
        errors.push(error);
        let Some(blanked) = blank(&mended, place).filter(|_| errors.len() < SYNTAX_ERRORS_MAX)
        else {
            return (String::new(), errors);
        };
        mended = blanked;
    }
    (mended, errors)
}

/// `text` without the line at `place`; without the whole table when that line is its head. `None`
/// when there is nothing left to blank.
fn blank(text: &str, place: usize) -> Option<String> {
    let bytes = text.as_bytes();
    let place = place.min(bytes.len());
    let start = bytes[..place]
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |at| at + 1);
    let line_end = |from: usize| {
        bytes[from..]
            .iter()
            .position(|byte| *byte == b'\n')
            .map_or(bytes.len(), |at| from + at)
    };
    let mut end = line_end(start);
    if bytes[start..end].trim_ascii_start().starts_with(b"[") {
        while end < bytes.len() && !bytes[end + 1..].trim_ascii_start().starts_with(b"[") {
            end = line_end(end + 1);
        }
    }
    if bytes[start..end].trim_ascii().is_empty() {
        return None;
    }
    let spaced = |(at, byte): (usize, &u8)| match byte {
        b'\n' => b'\n',
        _ if (start..end).contains(&at) => b' ',
        other => *other,
    };
    String::from_utf8(bytes.iter().enumerate().map(spaced).collect()).ok()
}
