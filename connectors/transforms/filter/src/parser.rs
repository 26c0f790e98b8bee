//! From tokens to an expression, by recursive descent.
//!
//! ```text
//! any        = all { "||" all }
//! all        = one { "&&" one }
//! one        = "!" one | "(" any ")" | function | operand [ comparison operand | "in" "[" literal { "," literal } "]" ]
//! function   = "exists" "(" operand ")" | ( "contains" | "starts_with" | "ends_with" | "matches" ) "(" operand "," string ")"
//! operand    = literal | "header" "(" string ")" | "offset" "(" ")" | field
//! field      = [ "$" "." ] key { "." key | "[" index "]" }          key = word | string
//! literal    = string | number | "true" | "false" | "null"
//! ```

use std::fmt;

use regex_lite::Regex;

use crate::expression::{Comparison, Condition, Expression, Literal, Operand, Step, TextTest};
use crate::lexer::{LexError, Token, TokenKind, tokens};

/// Deepest nesting of parentheses and negations.
const DEPTH: usize = 64;

/// Longest expression in bytes.
const LENGTH: usize = 64 * 1024;

/// Why a text is not an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// Where, in characters from 1.
    pub column: usize,
    /// What was expected and what was found.
    pub detail: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "column {}: {}", self.column, self.detail)
    }
}

impl std::error::Error for ParseError {}

impl From<LexError> for ParseError {
    fn from(error: LexError) -> Self {
        Self { column: error.column, detail: error.detail }
    }
}

/// Reads an expression.
///
/// # Errors
/// With the column, what was expected there and what was found.
pub fn parse(text: &str) -> Result<Expression, ParseError> {
    if text.len() > LENGTH {
        let detail = format!("an expression is at most {LENGTH} bytes long");
        return Err(ParseError { column: 1, detail });
    }
    let mut parser = Parser { tokens: tokens(text)?, at: 0, depth: 0, reads_fields: false };
    let condition = parser.any()?;
    match parser.peek() {
        TokenKind::End => Ok(Expression { condition, reads_fields: parser.reads_fields }),
        _ => Err(parser.expected("`&&`, `||` or the end")),
    }
}

struct Parser {
    /// Ends with [`TokenKind::End`], which is never passed.
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    reads_fields: bool,
}

type Parsed<T> = Result<T, ParseError>;

impl Parser {
    fn token(&self) -> &Token {
        &self.tokens[self.at.min(self.tokens.len() - 1)]
    }

    fn peek(&self) -> &TokenKind {
        &self.token().kind
    }

    fn is_symbol(&self, symbol: &str) -> bool {
        matches!(self.peek(), TokenKind::Symbol(other) if *other == symbol)
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), TokenKind::Word(other) if other == word)
    }

    fn next_is_symbol(&self, symbol: &str) -> bool {
        let next = self.tokens.get(self.at + 1).map(|token| &token.kind);
        matches!(next, Some(TokenKind::Symbol(other)) if *other == symbol)
    }

    fn accept(&mut self, symbol: &str) -> bool {
        let found = self.is_symbol(symbol);
        self.at += usize::from(found);
        found
    }

    fn error(&self, detail: impl fmt::Display) -> ParseError {
        ParseError { column: self.token().column, detail: detail.to_string() }
    }

    fn expected(&self, what: &str) -> ParseError {
        self.error(format_args!("expected {what}, found {}", self.peek()))
    }

    fn require(&mut self, symbol: &'static str) -> Parsed<()> {
        if self.accept(symbol) { Ok(()) } else { Err(self.expected(&format!("`{symbol}`"))) }
    }

    fn any(&mut self) -> Parsed<Condition> {
        let mut conditions = vec![self.all()?];
        while self.accept("||") {
            conditions.push(self.all()?);
        }
        Ok(one_or(conditions, Condition::Any))
    }

    fn all(&mut self) -> Parsed<Condition> {
        let mut conditions = vec![self.one()?];
        while self.accept("&&") {
            conditions.push(self.one()?);
        }
        Ok(one_or(conditions, Condition::All))
    }

    fn deeper<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth == DEPTH {
            return Err(self.error(format_args!("nested deeper than {DEPTH} levels")));
        }
        self.depth += 1;
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    fn one(&mut self) -> Parsed<Condition> {
        if self.accept("!") {
            let inner = self.deeper(Self::one)?;
            return Ok(Condition::Not(Box::new(inner)));
        }
        if self.accept("(") {
            let inner = self.deeper(Self::any)?;
            self.require(")")?;
            return Ok(inner);
        }
        if let Some(function) = self.function()? {
            return Ok(function);
        }
        let left = self.operand("a condition")?;
        if let Some(comparison) = self.comparison() {
            let right = self.operand("a value")?;
            return Ok(Condition::Compare(left, comparison, right));
        }
        if self.is_word("in") {
            self.at += 1;
            return Ok(Condition::In(left, self.list()?));
        }
        match left {
            Operand::Literal(Literal::Bool(value)) => Ok(Condition::Constant(value)),
            Operand::Literal(_) | Operand::Offset => {
                Err(self.expected("a comparison such as `==` behind the value"))
            }
            operand => Ok(Condition::Truth(operand)),
        }
    }

    fn comparison(&mut self) -> Option<Comparison> {
        let comparison = match self.peek() {
            TokenKind::Symbol("==") => Comparison::Equal,
            TokenKind::Symbol("!=") => Comparison::NotEqual,
            TokenKind::Symbol("<") => Comparison::Less,
            TokenKind::Symbol("<=") => Comparison::LessOrEqual,
            TokenKind::Symbol(">") => Comparison::Greater,
            TokenKind::Symbol(">=") => Comparison::GreaterOrEqual,
            _ => return None,
        };
        self.at += 1;
        Some(comparison)
    }

    /// A function that is a condition by itself. A word without a parenthesis is a field of that name.
    fn function(&mut self) -> Parsed<Option<Condition>> {
        let TokenKind::Word(name) = self.peek() else { return Ok(None) };
        if !self.next_is_symbol("(") {
            return Ok(None);
        }
        let test = match name.as_str() {
            "header" | "offset" => return Ok(None),
            "exists" => {
                self.at += 2;
                let operand = self.operand("a field or a header")?;
                if !matches!(operand, Operand::Field(_) | Operand::Header(_)) {
                    return Err(self.error("`exists` takes a field or a header"));
                }
                self.require(")")?;
                return Ok(Some(Condition::Exists(operand)));
            }
            "contains" => Some(TextTest::Contains),
            "starts_with" => Some(TextTest::StartsWith),
            "ends_with" => Some(TextTest::EndsWith),
            "matches" => None,
            other => {
                return Err(self.error(format_args!(
                    "unknown function `{other}`; known are exists, contains, starts_with, ends_with, matches, \
                     header and offset"
                )));
            }
        };
        self.at += 2;
        let operand = self.operand("a field or a header")?;
        self.require(",")?;
        let column = self.token().column;
        let text = self.text("a string")?;
        self.require(")")?;
        Ok(Some(match test {
            Some(test) => Condition::Text(test, operand, text),
            None => {
                let regex = Regex::new(&text).map_err(|error| ParseError {
                    column,
                    detail: format!("not a regular expression: {error}"),
                })?;
                Condition::Matches(operand, regex)
            }
        }))
    }

    fn text(&mut self, what: &str) -> Parsed<String> {
        let TokenKind::Text(text) = self.peek() else { return Err(self.expected(what)) };
        let text = text.clone();
        self.at += 1;
        Ok(text)
    }

    fn list(&mut self) -> Parsed<Vec<Literal>> {
        self.require("[")?;
        let mut literals = Vec::new();
        if self.accept("]") {
            return Ok(literals);
        }
        loop {
            let Some(literal) = self.literal() else {
                return Err(self.expected("a string, a number, `true`, `false` or `null`"));
            };
            literals.push(literal);
            if self.accept("]") {
                return Ok(literals);
            }
            if !self.accept(",") {
                return Err(self.expected("`,` or `]`"));
            }
        }
    }

    fn literal(&mut self) -> Option<Literal> {
        let literal = match self.peek() {
            TokenKind::Text(text) => Literal::Text(text.clone()),
            TokenKind::Integer(number) => Literal::Integer(*number),
            TokenKind::Float(number) => Literal::Float(*number),
            TokenKind::Word(word) => match word.as_str() {
                "true" => Literal::Bool(true),
                "false" => Literal::Bool(false),
                "null" => Literal::Null,
                _ => return None,
            },
            _ => return None,
        };
        self.at += 1;
        Some(literal)
    }

    fn operand(&mut self, what: &str) -> Parsed<Operand> {
        if let Some(literal) = self.literal() {
            return Ok(Operand::Literal(literal));
        }
        let parenthesis = self.next_is_symbol("(");
        match self.peek() {
            TokenKind::Word(word) if parenthesis && word == "header" => {
                self.at += 2;
                let name = self.text("a header's name as a string")?;
                self.require(")")?;
                Ok(Operand::Header(name))
            }
            TokenKind::Word(word) if parenthesis && word == "offset" => {
                self.at += 2;
                self.require(")")?;
                Ok(Operand::Offset)
            }
            TokenKind::Word(word) if parenthesis => {
                Err(self.error(format_args!("`{word}(…)` is not a value")))
            }
            TokenKind::Word(word) if word == "in" => Err(self.expected(what)),
            TokenKind::Word(_) => self.field(),
            TokenKind::Symbol("$") => {
                self.at += 1;
                self.require(".")?;
                self.field()
            }
            _ => Err(self.expected(what)),
        }
    }

    fn field(&mut self) -> Parsed<Operand> {
        let mut steps = vec![self.key()?];
        loop {
            if self.accept(".") {
                steps.push(self.key()?);
            } else if self.accept("[") {
                let TokenKind::Integer(index) = self.peek() else {
                    return Err(self.expected("an index"));
                };
                let index = usize::try_from(*index)
                    .map_err(|_| self.error("an index is counted from 0"))?;
                self.at += 1;
                self.require("]")?;
                steps.push(Step::Index(index));
            } else {
                self.reads_fields = true;
                return Ok(Operand::Field(steps));
            }
        }
    }

    fn key(&mut self) -> Parsed<Step> {
        let key = match self.peek() {
            TokenKind::Word(word) => word.clone(),
            TokenKind::Text(text) => text.clone(),
            _ => return Err(self.expected("a key")),
        };
        self.at += 1;
        Ok(Step::Key(key))
    }
}

fn one_or(mut conditions: Vec<Condition>, many: fn(Vec<Condition>) -> Condition) -> Condition {
    match conditions.pop() {
        Some(only) if conditions.is_empty() => only,
        Some(last) => {
            conditions.push(last);
            many(conditions)
        }
        None => many(conditions),
    }
}
