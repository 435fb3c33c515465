//! Numbers, durations and foreign text as words of a mail.

/// The widest line of a text part.
pub(super) const COLUMNS: usize = 78;

/// `12846` as `12,846`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 record`, `2,000 records`: `noun` is the singular of a noun whose plural ends in s.
pub fn count(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", thousands(number))
}

/// Milliseconds in the two greatest units that say something: `3 min 10 s`, `2 d 5 h`.
pub fn duration(milliseconds: i64) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let seconds = milliseconds.max(0).unsigned_abs() / 1_000;
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (length, unit) in UNITS {
        let number = rest / length;
        rest %= length;
        if number > 0 {
            parts.push(format!("{number} {unit}"));
        } else if !parts.is_empty() {
            break;
        }
        if parts.len() == 2 {
            break;
        }
    }
    if parts.is_empty() {
        return "0 s".to_owned();
    }
    parts.join(" ")
}

/// `part` in percent of `whole`, rounded; `None` of nothing.
pub(super) fn percent(part: u64, whole: u64) -> Option<u64> {
    let (part, whole) = (u128::from(part), u128::from(whole));
    let rounded = (part * 100 + whole / 2).checked_div(whole)?;
    u64::try_from(rounded).ok()
}

/// Text that came from outside, fit for one line: no line break, no control or direction mark,
/// blanks collapsed, at most `max` characters.
pub(super) fn plain(text: &str, max: usize) -> String {
    let shown: String = text
        .chars()
        .map(|c| {
            if c.is_whitespace() || c.is_control() {
                ' '
            } else {
                c
            }
        })
        .filter(|c| !is_invisible(*c))
        .collect();
    let words: Vec<&str> = shown.split_whitespace().collect();
    shorten(&words.join(" "), max)
}

/// `text` cut to `max` characters, the last of them an ellipsis when something was cut.
pub(super) fn shorten(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let kept: String = text.chars().take(max.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// `command` that no line may break: a person copies it. [`loose`] makes it a command again.
pub(super) fn glued(command: &str) -> String {
    command.replace(' ', "\u{a0}")
}

/// `text` with its glue dissolved, as everything is that leaves this module's parent.
pub(super) fn loose(text: &str) -> String {
    text.replace('\u{a0}', " ")
}

/// Marks that change the direction of what follows, or take no room: they can make one text look
/// like another.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{061c}' | '\u{00ad}')
}

/// The lines of a text part.
#[derive(Debug, Default)]
pub(super) struct Lines(String);

impl Lines {
    /// One line as it is.
    pub(super) fn line(&mut self, text: &str) {
        self.0.push_str(&loose(text.trim_end()));
        self.0.push('\n');
    }

    /// An empty line, never two and never first.
    pub(super) fn gap(&mut self) {
        if !self.0.is_empty() && !self.0.ends_with("\n\n") {
            self.0.push('\n');
        }
    }

    /// `text` broken at blanks, its first line behind `first`, the others behind as many blanks as
    /// `indent`. A link longer than a line stands alone and whole.
    pub(super) fn wrapped(&mut self, first: &str, indent: usize, text: &str) {
        self.pieces(first, indent, " ", text.split(' '));
    }

    /// Pieces set side by side as far as they fit, each broken only when no line can hold it.
    pub(super) fn pieces<'a>(
        &mut self,
        first: &str,
        indent: usize,
        between: &str,
        pieces: impl IntoIterator<Item = &'a str>,
    ) {
        let whole = COLUMNS.saturating_sub(indent).max(1);
        let mut line = format!("{first:<indent$}");
        let mut empty = true;
        for piece in pieces.into_iter().filter(|piece| !piece.is_empty()) {
            for (place, part) in parts(piece, whole).into_iter().enumerate() {
                let between = if place == 0 { between } else { " " };
                let room = COLUMNS.saturating_sub(line.chars().count());
                if !empty && between.chars().count() + part.chars().count() > room {
                    self.line(&line);
                    line = " ".repeat(indent);
                    empty = true;
                }
                if !empty {
                    line.push_str(between);
                }
                line.push_str(&part);
                empty = false;
            }
        }
        if !empty || !first.is_empty() {
            self.line(&line);
        }
    }

    /// `left` with `right` at the end of the line; a long `left` goes on below.
    pub(super) fn two_ends(&mut self, first: &str, left: &str, right: &str) {
        let indent = first.chars().count();
        let room = COLUMNS.saturating_sub(indent + right.chars().count() + 2);
        let mut head = String::new();
        let words = left.split(' ').flat_map(|word| parts(word, room.max(1)));
        let mut rest = words.peekable();
        while let Some(word) = rest.peek() {
            let blank = usize::from(!head.is_empty());
            if !head.is_empty() && head.chars().count() + blank + word.chars().count() > room {
                break;
            }
            if blank == 1 {
                head.push(' ');
            }
            head.push_str(word);
            rest.next();
        }
        self.line(&format!("{first}{head:<room$}  {right}"));
        let rest: Vec<String> = rest.collect();
        if !rest.is_empty() {
            self.wrapped("", indent, &rest.join(" "));
        }
    }

    /// The whole text.
    pub(super) fn finish(self) -> String {
        self.0
    }
}

/// `piece` as it is, or when no line holds it, its words; a word that no line holds is cut, but for
/// a link, which would no longer lead anywhere.
fn parts(piece: &str, whole: usize) -> Vec<String> {
    if piece.chars().count() <= whole {
        return vec![piece.to_owned()];
    }
    let words = piece.split(' ').flat_map(|word| {
        if word.contains("://") {
            return vec![word.to_owned()];
        }
        let letters: Vec<char> = word.chars().collect();
        letters
            .chunks(whole)
            .map(|part| part.iter().collect())
            .collect()
    });
    words.collect()
}
