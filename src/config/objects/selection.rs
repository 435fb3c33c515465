//! A condition that leaves Salesforce records out: SOQL that people write and Salesforce alone
//! understands. Knows no more of it than where its texts, words and parentheses are.

use super::super::mistakes::Unfit;

/// Longest condition, in characters: a query takes 100,000 with all its ids.
const CHARS_MAX: usize = 10_000;

/// Words that end a condition and begin another part of the query, with what has to follow.
const PARTS: [(&str, Option<&str>); 8] = [
    ("where", None),
    ("order", Some("by")),
    ("group", Some("by")),
    ("limit", None),
    ("offset", None),
    ("having", None),
    ("for", None),
    ("all", Some("rows")),
];

/// The condition, when it can stand in parentheses behind AND and stays in there.
pub(super) fn condition(text: &str) -> Result<String, Unfit> {
    let text = text.trim();
    if text.chars().count() > CHARS_MAX {
        let remedy = format!("write at most {CHARS_MAX} characters");
        return Err(Unfit::new("is too long for a query", remedy));
    }
    let bare = outside_texts(text)?;
    if bare.contains(';') {
        return Err(Unfit::new(
            "holds a semicolon, which SOQL does not know",
            "remove it",
        ));
    }
    closed(&bare)?;
    match part(&bare) {
        Some(part) => Err(Unfit::new(
            format!("holds {part}, which is no part of a condition"),
            "write only what would stand behind WHERE, such as \"Type = 'Customer'\"",
        )),
        None => Ok(text.to_owned()),
    }
}

/// The condition with every text in quotes blanked: what is left are its words and signs.
fn outside_texts(text: &str) -> Result<String, Unfit> {
    let mut bare = String::with_capacity(text.len());
    let mut letters = text.chars();
    let mut quoted = false;
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if quoted => drop(letters.next()),
            '\'' => {
                quoted = !quoted;
                bare.push(' ');
            }
            _ if quoted => (),
            _ => bare.push(letter),
        }
    }
    if quoted {
        return Err(Unfit::new(
            "holds a text whose closing quote is missing",
            "put texts into single quotes, and write \\\\' for one inside of a text",
        ));
    }
    Ok(bare)
}

/// A parenthesis that closes more than the condition opened would let it out of its own.
fn closed(bare: &str) -> Result<(), Unfit> {
    let mut open: u32 = 0;
    for letter in bare.chars() {
        match letter {
            '(' => open += 1,
            ')' if open == 0 => {
                return Err(Unfit::new(
                    "closes a parenthesis that it did not open",
                    "remove it, or open one before",
                ));
            }
            ')' => open -= 1,
            _ => (),
        }
    }
    if open > 0 {
        return Err(Unfit::new(
            "opens a parenthesis that it does not close",
            "close it",
        ));
    }
    Ok(())
}

/// The first other part of a query that the condition holds. The condition of a query inside of it
/// has a WHERE of its own.
fn part(bare: &str) -> Option<String> {
    let spaced = bare.replace('(', " ( ").replace(')', " ) ");
    let is_part_of_word = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '.');
    let words: Vec<String> = spaced
        .split(|letter: char| !is_part_of_word(letter) && !matches!(letter, '(' | ')'))
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let mut depth = 0_u32;
    for (place, word) in words.iter().enumerate() {
        match word.as_str() {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            "where" if depth > 0 => (),
            word => {
                let next = words.get(place + 1).map(String::as_str);
                let found = PARTS
                    .iter()
                    .find(|(part, then)| *part == word && (then.is_none() || *then == next));
                if let Some((part, then)) = found {
                    let then = then.map(|then| format!(" {then}")).unwrap_or_default();
                    return Some(format!("{part}{then}").to_uppercase());
                }
            }
        }
    }
    None
}
