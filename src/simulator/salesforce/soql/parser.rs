//! Tokens to syntax, as strict as Salesforce: AND and OR mix only in parentheses. Knows no schema.

use super::Fault;
use super::lexer::{Lexeme, Token, lex};

#[derive(Debug)]
pub(crate) struct Query {
    pub(crate) select: Vec<Selected>,
    pub(crate) from: Name,
    pub(crate) condition: Option<Condition>,
    pub(crate) order: Vec<Ordering>,
    pub(crate) limit: Option<usize>,
    pub(crate) offset: usize,
}

/// A name or dotted path and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Name {
    pub(crate) text: String,
    pub(crate) at: usize,
}

#[derive(Debug)]
pub(crate) enum Selected {
    Field(Name),
    /// `COUNT()`, which answers with a number only.
    Count,
    /// `COUNT(field)`, which answers with one aggregate row.
    CountOf(Name),
}

#[derive(Debug)]
pub(crate) enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    Compare(Name, Operator, Literal),
    In(Name, Vec<Literal>),
    NotIn(Name, Vec<Literal>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Like,
}

#[derive(Debug, Clone)]
pub(crate) struct Literal {
    pub(crate) value: Token,
    pub(crate) at: usize,
}

#[derive(Debug)]
pub(crate) struct Ordering {
    pub(crate) name: Name,
    pub(crate) descending: bool,
    pub(crate) nulls_last: bool,
}

pub(crate) fn parse(query: &str) -> Result<Query, Fault> {
    let mut parser = Parser {
        query,
        lexemes: lex(query)?,
        next: 0,
    };
    let parsed = parser.query()?;
    if parser.peek().token == Token::End {
        Ok(parsed)
    } else {
        Err(parser.unexpected())
    }
}

struct Parser<'a> {
    query: &'a str,
    lexemes: Vec<Lexeme>,
    next: usize,
}

impl Parser<'_> {
    fn peek(&self) -> &Lexeme {
        &self.lexemes[self.next.min(self.lexemes.len() - 1)]
    }

    fn take(&mut self) -> Lexeme {
        let lexeme = self.peek().clone();
        self.next += 1;
        lexeme
    }

    fn unexpected(&self) -> Fault {
        let lexeme = self.peek();
        Fault::syntax(
            lexeme.at,
            format!("unexpected token: '{}'", lexeme.shown(self.query)),
        )
    }

    fn is_word(&self, keyword: &str) -> bool {
        matches!(&self.peek().token, Token::Word(word) if word.eq_ignore_ascii_case(keyword))
    }

    fn accept(&mut self, keyword: &str) -> bool {
        let found = self.is_word(keyword);
        self.next += usize::from(found);
        found
    }

    fn expect(&mut self, keyword: &str) -> Result<(), Fault> {
        if self.accept(keyword) {
            Ok(())
        } else {
            Err(self.unexpected())
        }
    }

    fn accept_symbol(&mut self, symbol: &str) -> bool {
        let found = matches!(self.peek().token, Token::Symbol(own) if own == symbol);
        self.next += usize::from(found);
        found
    }

    fn expect_symbol(&mut self, symbol: &str) -> Result<(), Fault> {
        if self.accept_symbol(symbol) {
            Ok(())
        } else {
            Err(self.unexpected())
        }
    }

    fn name(&mut self) -> Result<Name, Fault> {
        let Token::Word(word) = &self.peek().token else {
            return Err(self.unexpected());
        };
        let name = Name {
            text: word.clone(),
            at: self.peek().at,
        };
        self.next += 1;
        Ok(name)
    }

    fn query(&mut self) -> Result<Query, Fault> {
        self.expect("SELECT")?;
        let mut select = vec![self.selected()?];
        while self.accept_symbol(",") {
            select.push(self.selected()?);
        }
        self.expect("FROM")?;
        let from = self.name()?;
        let condition = if self.accept("WHERE") {
            Some(self.condition()?)
        } else {
            None
        };
        let order = self.order()?;
        let limit = if self.accept("LIMIT") {
            Some(self.count()?)
        } else {
            None
        };
        let offset = if self.accept("OFFSET") {
            self.count()?
        } else {
            0
        };
        Ok(Query {
            select,
            from,
            condition,
            order,
            limit,
            offset,
        })
    }

    fn selected(&mut self) -> Result<Selected, Fault> {
        let name = self.name()?;
        if !self.accept_symbol("(") {
            return Ok(Selected::Field(name));
        }
        if !name.text.eq_ignore_ascii_case("COUNT") {
            return Err(Fault::syntax(
                name.at,
                format!("unexpected token: '{}'", name.text),
            ));
        }
        if self.accept_symbol(")") {
            return Ok(Selected::Count);
        }
        let of = self.name()?;
        self.expect_symbol(")")?;
        Ok(Selected::CountOf(of))
    }

    fn count(&mut self) -> Result<usize, Fault> {
        if let Token::Number(number) = self.peek().token
            && number >= 0.0
            && number.fract() == 0.0
        {
            self.next += 1;
            return Ok(format!("{number:.0}").parse().unwrap_or(usize::MAX));
        }
        Err(self.unexpected())
    }

    fn order(&mut self) -> Result<Vec<Ordering>, Fault> {
        if !self.accept("ORDER") {
            return Ok(Vec::new());
        }
        self.expect("BY")?;
        let mut order = vec![self.ordering()?];
        while self.accept_symbol(",") {
            order.push(self.ordering()?);
        }
        Ok(order)
    }

    fn ordering(&mut self) -> Result<Ordering, Fault> {
        let name = self.name()?;
        let descending = self.accept("DESC");
        if !descending {
            self.accept("ASC");
        }
        let mut nulls_last = false;
        if self.accept("NULLS") {
            nulls_last = self.accept("LAST");
            if !nulls_last {
                self.expect("FIRST")?;
            }
        }
        Ok(Ordering {
            name,
            descending,
            nulls_last,
        })
    }

    fn condition(&mut self) -> Result<Condition, Fault> {
        if self.accept("NOT") {
            return Ok(Condition::Not(Box::new(self.simple()?)));
        }
        let first = self.simple()?;
        let joint = ["AND", "OR"].into_iter().find(|joint| self.is_word(joint));
        let Some(joint) = joint else { return Ok(first) };
        let mut parts = vec![first];
        while self.accept(joint) {
            parts.push(self.simple()?);
        }
        if self.is_word("AND") || self.is_word("OR") {
            return Err(self.unexpected());
        }
        Ok(if joint == "AND" {
            Condition::All(parts)
        } else {
            Condition::Any(parts)
        })
    }

    fn simple(&mut self) -> Result<Condition, Fault> {
        if self.accept_symbol("(") {
            let inner = self.condition()?;
            self.expect_symbol(")")?;
            return Ok(inner);
        }
        if self.is_word("NOT") {
            return Err(self.unexpected());
        }
        let name = self.name()?;
        if self.accept("IN") {
            return Ok(Condition::In(name, self.list()?));
        }
        if self.accept("NOT") {
            self.expect("IN")?;
            return Ok(Condition::NotIn(name, self.list()?));
        }
        let operator = self.operator()?;
        Ok(Condition::Compare(name, operator, self.literal()?))
    }

    fn operator(&mut self) -> Result<Operator, Fault> {
        if self.accept("LIKE") {
            return Ok(Operator::Like);
        }
        let Token::Symbol(symbol) = self.peek().token else {
            return Err(self.unexpected());
        };
        let operator = match symbol {
            "=" => Operator::Equal,
            "!=" | "<>" => Operator::NotEqual,
            "<" => Operator::Less,
            "<=" => Operator::LessOrEqual,
            ">" => Operator::Greater,
            ">=" => Operator::GreaterOrEqual,
            _ => return Err(self.unexpected()),
        };
        self.next += 1;
        Ok(operator)
    }

    fn list(&mut self) -> Result<Vec<Literal>, Fault> {
        self.expect_symbol("(")?;
        let mut literals = vec![self.literal()?];
        while self.accept_symbol(",") {
            literals.push(self.literal()?);
        }
        self.expect_symbol(")")?;
        Ok(literals)
    }

    fn literal(&mut self) -> Result<Literal, Fault> {
        let is_literal = match &self.peek().token {
            Token::Word(word) => ["null", "true", "false"]
                .iter()
                .any(|own| word.eq_ignore_ascii_case(own)),
            Token::Text(_) | Token::Number(_) | Token::Moment(_) | Token::Day(_) => true,
            Token::Symbol(_) | Token::End => false,
        };
        if !is_literal {
            return Err(self.unexpected());
        }
        let lexeme = self.take();
        Ok(Literal {
            value: lexeme.token,
            at: lexeme.at,
        })
    }
}
