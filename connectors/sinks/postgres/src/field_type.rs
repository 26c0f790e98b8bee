//! The type of a column that is made for a field.

use kennel_sdk::prelude::*;

/// A PostgreSQL type, by what JSON can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FieldType {
    Boolean,
    Bigint,
    Numeric,
    Text,
    Jsonb,
}

impl FieldType {
    /// The type that holds `value`; none for null, which says nothing.
    pub(crate) fn of(value: &json::Value<'_>) -> Option<Self> {
        Some(match value.kind() {
            json::Kind::Null => return None,
            json::Kind::Bool => Self::Boolean,
            json::Kind::Number => {
                match value.as_integer().is_some_and(|number| i64::try_from(number).is_ok()) {
                    true => Self::Bigint,
                    false => Self::Numeric,
                }
            }
            json::Kind::String => Self::Text,
            json::Kind::List | json::Kind::Object => Self::Jsonb,
        })
    }

    /// The type that holds the values of both.
    pub(crate) fn joined(self, other: Self) -> Self {
        match (self, other) {
            (one, same) if one == same => one,
            (Self::Bigint | Self::Numeric, Self::Bigint | Self::Numeric) => Self::Numeric,
            _ => Self::Jsonb,
        }
    }

    /// As SQL.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Bigint => "bigint",
            Self::Numeric => "numeric",
            Self::Text => "text",
            Self::Jsonb => "jsonb",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<FieldType> {
        FieldType::of(&json::Value::parse(text.as_bytes()).unwrap())
    }

    #[test]
    fn given_values_should_find_the_type_that_holds_them() {
        assert_eq!(of("null"), None);
        assert_eq!(of("9223372036854775807"), Some(FieldType::Bigint));
        assert_eq!(of("9223372036854775808"), Some(FieldType::Numeric));
        assert_eq!(of("1.0"), Some(FieldType::Numeric));
        assert_eq!(of("{}"), Some(FieldType::Jsonb));
        assert_eq!(FieldType::Bigint.joined(FieldType::Numeric), FieldType::Numeric);
        assert_eq!(FieldType::Text.joined(FieldType::Text), FieldType::Text);
        assert_eq!(FieldType::Text.joined(FieldType::Bigint), FieldType::Jsonb);
    }
}
