//! Takes a query apart into tokens. Knows no grammar.

use super::Fault;
use crate::simulator::salesforce::moments;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Token {
    /// A keyword, a name or a dotted path.
    Word(String),
    /// A quoted string, its escapes undone; `\%` and `\_` keep their backslash for LIKE.
    Text(String),
    Number(f64),
    Moment(i64),
    Day(String),
    Symbol(&'static str),
    End,
}

#[derive(Debug, Clone)]
pub(crate) struct Lexeme {
    pub(crate) token: Token,
    pub(crate) at: usize,
}

impl Lexeme {
    /// How the token is shown in a complaint about it.
    pub(crate) fn shown(&self, query: &str) -> String {
        match &self.token {
            Token::End => "<EOF>".to_owned(),
            Token::Symbol(symbol) => (*symbol).to_owned(),
            Token::Word(word) => word.clone(),
            Token::Text(_) | Token::Number(_) | Token::Moment(_) | Token::Day(_) => query
                [self.at..]
                .split([' ', ')', ','])
                .next()
                .unwrap_or_default()
                .to_owned(),
        }
    }
}

const SYMBOLS: [&str; 10] = ["!=", "<>", "<=", ">=", "=", "<", ">", "(", ")", ","];

pub(crate) fn lex(query: &str) -> Result<Vec<Lexeme>, Fault> {
    let mut lexemes = Vec::new();
    let mut at = 0;
    while let Some(char) = query[at..].chars().next() {
        if char.is_whitespace() {
            at += char.len_utf8();
            continue;
        }
        let (token, length) = token(query, at, char)?;
        lexemes.push(Lexeme { token, at });
        at += length;
    }
    lexemes.push(Lexeme {
        token: Token::End,
        at: query.len(),
    });
    Ok(lexemes)
}

fn token(query: &str, at: usize, first: char) -> Result<(Token, usize), Fault> {
    let rest = &query[at..];
    if first == '\'' {
        return text(rest, at);
    }
    if first.is_ascii_digit() || matches!(first, '-' | '+' | '.') {
        return literal(rest, at);
    }
    if first.is_ascii_alphabetic() {
        let length = rest
            .find(|char: char| !(char.is_ascii_alphanumeric() || matches!(char, '_' | '.' | ':')))
            .unwrap_or(rest.len());
        return Ok((Token::Word(rest[..length].to_owned()), length));
    }
    SYMBOLS
        .into_iter()
        .find(|symbol| rest.starts_with(symbol))
        .map(|symbol| (Token::Symbol(symbol), symbol.len()))
        .ok_or_else(|| {
            Fault::syntax(
                at,
                format!("line 1:{at} no viable alternative at character '{first}'"),
            )
        })
}

fn literal(rest: &str, at: usize) -> Result<(Token, usize), Fault> {
    let length = rest
        .find(|char: char| !(char.is_ascii_alphanumeric() || matches!(char, '-' | '+' | '.' | ':')))
        .unwrap_or(rest.len());
    let word = &rest[..length];
    let token = if moments::is_day(word) {
        Token::Day(word.to_owned())
    } else if let Some(moment) = moments::parse(word) {
        Token::Moment(moment)
    } else if let Ok(number) = word.parse() {
        Token::Number(number)
    } else {
        return Err(Fault::syntax(at, format!("unexpected token: {word}")));
    };
    Ok((token, length))
}

fn text(rest: &str, at: usize) -> Result<(Token, usize), Fault> {
    let mut out = String::new();
    let mut chars = rest.char_indices().skip(1);
    while let Some((place, char)) = chars.next() {
        match char {
            '\'' => return Ok((Token::Text(out), place + 1)),
            '\\' => {
                let (_, escape) = chars.next().unwrap_or((place, ' '));
                match escape {
                    '\'' | '"' | '\\' => out.push(escape),
                    'n' | 'N' => out.push('\n'),
                    'r' | 'R' => out.push('\r'),
                    't' | 'T' => out.push('\t'),
                    'b' | 'B' => out.push('\u{8}'),
                    'f' | 'F' => out.push('\u{c}'),
                    '%' | '_' => out.extend(['\\', escape]),
                    other => {
                        let message =
                            format!("Illegal character sequence '\\{other}' in string literal");
                        return Err(Fault::syntax(at + place, message));
                    }
                }
            }
            other => out.push(other),
        }
    }
    Err(Fault::syntax(at, "unterminated string literal"))
}
