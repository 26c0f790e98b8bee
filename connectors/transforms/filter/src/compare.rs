//! Values of a message, and how they compare.

use std::borrow::Cow;
use std::cmp::Ordering;

use kennel_sdk::HeaderValue;
use kennel_sdk::json::{Kind, Value};

use crate::expression::{Comparison, Literal};

/// A value at the moment of comparison.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Scalar<'a> {
    /// No such field or header; equal to null.
    Missing,
    Null,
    Bool(bool),
    Integer(i128),
    Float(f64),
    Text(Cow<'a, str>),
    /// A list, an object or bytes: equal to nothing.
    Compound,
}

impl<'a> From<&'a Literal> for Scalar<'a> {
    fn from(literal: &'a Literal) -> Self {
        match literal {
            Literal::Null => Self::Null,
            Literal::Bool(value) => Self::Bool(*value),
            Literal::Integer(value) => Self::Integer(*value),
            Literal::Float(value) => Self::Float(*value),
            Literal::Text(text) => Self::Text(Cow::Borrowed(text)),
        }
    }
}

impl<'a> From<Value<'a>> for Scalar<'a> {
    fn from(value: Value<'a>) -> Self {
        match value.kind() {
            Kind::Null => Self::Null,
            Kind::Bool => value.as_bool().map_or(Self::Compound, Self::Bool),
            Kind::Number => match value.as_integer() {
                Some(whole) => Self::Integer(whole),
                None => value.as_f64().map_or(Self::Compound, Self::Float),
            },
            Kind::String => value.as_str().map_or(Self::Compound, Self::Text),
            Kind::List | Kind::Object => Self::Compound,
        }
    }
}

impl<'a> From<HeaderValue<'a>> for Scalar<'a> {
    fn from(value: HeaderValue<'a>) -> Self {
        match value {
            HeaderValue::Raw(bytes) => std::str::from_utf8(bytes)
                .map_or(Self::Compound, |text| Self::Text(Cow::Borrowed(text))),
            HeaderValue::Text(text) => Self::Text(Cow::Borrowed(text)),
            HeaderValue::Bool(value) => Self::Bool(value),
            HeaderValue::I8(value) => Self::Integer(value.into()),
            HeaderValue::I16(value) => Self::Integer(value.into()),
            HeaderValue::I32(value) => Self::Integer(value.into()),
            HeaderValue::I64(value) => Self::Integer(value.into()),
            HeaderValue::I128(value) => Self::Integer(value),
            HeaderValue::U8(value) => Self::Integer(value.into()),
            HeaderValue::U16(value) => Self::Integer(value.into()),
            HeaderValue::U32(value) => Self::Integer(value.into()),
            HeaderValue::U64(value) => Self::Integer(value.into()),
            HeaderValue::U128(value) => {
                i128::try_from(value).map_or(Self::Float(value as f64), Self::Integer)
            }
            HeaderValue::F32(value) => Self::Float(value.into()),
            HeaderValue::F64(value) => Self::Float(value),
        }
    }
}

impl Scalar<'_> {
    /// Whole numbers compare exactly; a whole number and a fraction as `f64`; texts by code point. Values of different kinds
    /// do not compare, except that a missing one is null.
    fn order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Missing | Self::Null, Self::Missing | Self::Null) => Some(Ordering::Equal),
            (Self::Bool(left), Self::Bool(right)) if left == right => Some(Ordering::Equal),
            (Self::Integer(left), Self::Integer(right)) => Some(left.cmp(right)),
            (Self::Integer(left), Self::Float(right)) => (*left as f64).partial_cmp(right),
            (Self::Float(left), Self::Integer(right)) => left.partial_cmp(&(*right as f64)),
            (Self::Float(left), Self::Float(right)) => left.partial_cmp(right),
            (Self::Text(left), Self::Text(right)) => Some(left.cmp(right)),
            _ => None,
        }
    }

    pub(crate) fn compare(&self, comparison: Comparison, other: &Self) -> bool {
        let order = self.order(other);
        match comparison {
            Comparison::Equal => order == Some(Ordering::Equal),
            Comparison::NotEqual => order != Some(Ordering::Equal),
            Comparison::Less => order == Some(Ordering::Less),
            Comparison::LessOrEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
            Comparison::Greater => order == Some(Ordering::Greater),
            Comparison::GreaterOrEqual => {
                matches!(order, Some(Ordering::Greater | Ordering::Equal))
            }
        }
    }
}
