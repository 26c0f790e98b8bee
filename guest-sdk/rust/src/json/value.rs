//! One JSON value as text.

use std::borrow::Cow;

use serde::Deserialize;

use super::scan;
use crate::Malformed;

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Kind {
    Null,
    Bool,
    Number,
    String,
    List,
    Object,
}

/// One value of a text that was checked before. Nothing is parsed before it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value<'a> {
    text: &'a str,
}

impl<'a> Value<'a> {
    /// Checks a whole payload.
    ///
    /// # Errors
    /// `not_json` with what was expected and where.
    pub fn parse(payload: &'a [u8]) -> Result<Self, Malformed> {
        let text = utf8(payload)?;
        let (start, end) = scan::document(payload)?;
        Ok(Self { text: &text[start..end] })
    }

    /// A value that was checked before and has no white space around it.
    pub(super) fn checked(text: &'a str) -> Self {
        Self { text }
    }

    /// The text as it stands in the payload.
    #[must_use]
    pub fn raw(&self) -> &'a str {
        self.text
    }

    /// What the value is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self.text.as_bytes().first() {
            Some(b'n') | None => Kind::Null,
            Some(b't' | b'f') => Kind::Bool,
            Some(b'"') => Kind::String,
            Some(b'[') => Kind::List,
            Some(b'{') => Kind::Object,
            Some(_) => Kind::Number,
        }
    }

    /// The text of a string; borrowed if it has no escapes. None also for an escape that stands for no character (half a
    /// surrogate pair).
    #[must_use]
    pub fn as_str(&self) -> Option<Cow<'a, str>> {
        let text = self.text.strip_prefix('"')?.strip_suffix('"')?;
        if text.contains('\\') {
            serde_json::from_str(self.text).ok().map(Cow::Owned)
        } else {
            Some(Cow::Borrowed(text))
        }
    }

    /// The value of `true` or `false`.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self.text {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    /// A whole number without fraction and exponent.
    #[must_use]
    pub fn as_integer(&self) -> Option<i128> {
        match self.kind() {
            Kind::Number => self.text.parse().ok(),
            _ => None,
        }
    }

    /// A number, rounded to what `f64` holds.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        match self.kind() {
            Kind::Number => self.text.parse().ok(),
            _ => None,
        }
    }

    /// The member `key` of an object; the last one if there are several, as parsers do.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Value<'a>> {
        let text = self.text;
        let mut found = None;
        scan::members(text.as_bytes(), 0, |name, value| {
            if same_key(&text[name], key) {
                found = Some(Self { text: &text[value] });
            }
            true
        })
        .ok()?;
        found
    }

    /// Element `index` of a list, counted from 0.
    #[must_use]
    pub fn at(&self, index: usize) -> Option<Value<'a>> {
        self.elements().nth(index)
    }

    /// The elements of a list; none if it is something else.
    pub fn elements(&self) -> impl Iterator<Item = Value<'a>> + use<'a> {
        let text = self.text;
        let bytes = text.as_bytes();
        let begin = scan::space(bytes, 1);
        let mut next =
            (self.kind() == Kind::List && bytes.get(begin) != Some(&b']')).then_some(begin);
        std::iter::from_fn(move || {
            let start = next.take()?;
            let end = scan::value(bytes, start).ok()?;
            let comma = scan::space(bytes, end);
            next = (bytes.get(comma) == Some(&b',')).then(|| scan::space(bytes, comma + 1));
            Some(Self { text: &text[start..end] })
        })
    }

    /// The value as a type.
    ///
    /// # Errors
    /// `not_json` if it is of another shape.
    pub fn read<T: Deserialize<'a>>(&self) -> Result<T, Malformed> {
        serde_json::from_str(self.text)
            .map_err(|error| Malformed { code: "not_json", detail: error.to_string() })
    }
}

/// A payload as text.
pub(super) fn utf8(payload: &[u8]) -> Result<&str, Malformed> {
    std::str::from_utf8(payload)
        .map_err(|error| Malformed { code: "not_json", detail: error.to_string() })
}

/// Whether the text between a key's quotes means `key`.
#[inline]
pub(super) fn same_key(raw: &str, key: &str) -> bool {
    raw == key || (raw.len() > key.len() && raw.contains('\\') && same_escaped_key(raw, key))
}

#[cold]
fn same_escaped_key(raw: &str, key: &str) -> bool {
    serde_json::from_str::<String>(&format!("\"{raw}\"")).is_ok_and(|name| name == key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_a_document_should_walk_into_it() {
        let payload = br#" {"a": {"b": [10, {"c": "x\ny"}, []]}, "n\u0061me": -2.5, "t": true} "#;
        let document = Value::parse(payload).expect("JSON");
        let list = document.get("a").and_then(|a| a.get("b")).expect("a.b");
        assert_eq!(list.kind(), Kind::List);
        assert_eq!(list.at(0).and_then(|value| value.as_integer()), Some(10));
        let text = list.at(1).and_then(|value| value.get("c")).and_then(|c| c.as_str());
        assert_eq!(text.as_deref(), Some("x\ny"));
        assert_eq!(list.at(2).map(|value| value.raw()), Some("[]"));
        assert_eq!(list.at(3), None);
        assert_eq!(list.at(2).and_then(|value| value.at(0)), None);
        assert_eq!(list.elements().count(), 3);
        assert_eq!(document.elements().count(), 0);
        assert_eq!(document.get("name").and_then(|value| value.as_f64()), Some(-2.5));
        assert_eq!(document.get("t").and_then(|value| value.as_bool()), Some(true));
        assert_eq!(document.get("absent"), None);
        assert_eq!(document.get("t").and_then(|value| value.get("x")), None);
    }

    #[test]
    fn given_the_same_key_twice_should_find_the_last() {
        let document = Value::parse(br#"{"a":1,"a":2}"#).expect("JSON");
        assert_eq!(document.get("a").and_then(|value| value.as_integer()), Some(2));
    }
}
