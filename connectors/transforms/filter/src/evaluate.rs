//! Whether an expression holds for a message.

use kennel_sdk::Message;
use kennel_sdk::json::{Object, Value};

use crate::compare::Scalar;
use crate::expression::{Comparison, Condition, Operand, Step, TextTest};

/// One message as an expression sees it.
pub(crate) struct Record<'a> {
    /// None if the expression names no field.
    object: Option<Object<'a>>,
    message: Message<'a>,
}

impl<'a> Record<'a> {
    pub(crate) fn new(object: Option<Object<'a>>, message: Message<'a>) -> Self {
        Self { object, message }
    }

    pub(crate) fn holds(&self, condition: &Condition) -> bool {
        match condition {
            Condition::Constant(value) => *value,
            Condition::Truth(operand) => self.scalar(operand) == Scalar::Bool(true),
            Condition::Not(inner) => !self.holds(inner),
            Condition::All(inner) => inner.iter().all(|condition| self.holds(condition)),
            Condition::Any(inner) => inner.iter().any(|condition| self.holds(condition)),
            Condition::Compare(left, comparison, right) => {
                self.scalar(left).compare(*comparison, &self.scalar(right))
            }
            Condition::In(operand, literals) => {
                let value = self.scalar(operand);
                let equal = |literal| value.compare(Comparison::Equal, &Scalar::from(literal));
                literals.iter().any(equal)
            }
            Condition::Exists(operand) => match operand {
                Operand::Field(steps) => self.field(steps).is_some(),
                operand => self.scalar(operand) != Scalar::Missing,
            },
            Condition::Text(test, operand, text) => self.text_test(*test, operand, text),
            Condition::Matches(operand, regex) => match self.scalar(operand) {
                Scalar::Text(value) => regex.is_match(&value),
                _ => false,
            },
        }
    }

    /// A list contains a text if one of its elements is that text.
    fn text_test(&self, test: TextTest, operand: &Operand, text: &str) -> bool {
        match (test, self.scalar(operand)) {
            (TextTest::Contains, Scalar::Text(value)) => value.contains(text),
            (TextTest::StartsWith, Scalar::Text(value)) => value.starts_with(text),
            (TextTest::EndsWith, Scalar::Text(value)) => value.ends_with(text),
            (TextTest::Contains, Scalar::Compound) => match operand {
                Operand::Field(steps) => self.field(steps).is_some_and(|list| {
                    list.elements().any(|element| element.as_str().as_deref() == Some(text))
                }),
                _ => false,
            },
            _ => false,
        }
    }

    fn scalar<'s>(&self, operand: &'s Operand) -> Scalar<'s>
    where
        'a: 's,
    {
        match operand {
            Operand::Literal(literal) => Scalar::from(literal),
            Operand::Field(steps) => self.field(steps).map_or(Scalar::Missing, Scalar::from),
            Operand::Header(name) => {
                self.message.header(name).map_or(Scalar::Missing, Scalar::from)
            }
            Operand::Offset => Scalar::Integer(self.message.offset().into()),
        }
    }

    fn field(&self, steps: &[Step]) -> Option<Value<'a>> {
        let (first, rest) = steps.split_first()?;
        let Step::Key(key) = first else { return None };
        let mut value = self.object?.get(key)?;
        for step in rest {
            value = match step {
                Step::Key(key) => value.get(key)?,
                Step::Index(index) => value.at(*index)?,
            };
        }
        Some(value)
    }
}
