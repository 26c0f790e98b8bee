//! What an expression means, after parsing.

use regex_lite::Regex;

/// A whole expression.
#[derive(Debug)]
pub struct Expression {
    pub(crate) condition: Condition,
    /// Whether the payload has to be JSON for it.
    pub(crate) reads_fields: bool,
}

/// Something that holds or does not.
#[derive(Debug)]
pub(crate) enum Condition {
    Constant(bool),
    /// The operand is `true`.
    Truth(Operand),
    Not(Box<Condition>),
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Compare(Operand, Comparison, Operand),
    In(Operand, Vec<Literal>),
    Exists(Operand),
    Text(TextTest, Operand, String),
    Matches(Operand, Regex),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextTest {
    Contains,
    StartsWith,
    EndsWith,
}

/// Something with a value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Operand {
    Literal(Literal),
    /// At least one step, the first a key.
    Field(Vec<Step>),
    Header(String),
    Offset,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Key(String),
    Index(usize),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Literal {
    Null,
    Bool(bool),
    Integer(i128),
    Float(f64),
    Text(String),
}
