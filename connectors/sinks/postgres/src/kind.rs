//! From a value to the text that a column's type reads.

use kennel_sdk::prelude::*;

use crate::rows::Presence;

/// What a column's type makes of a value. What is checked here costs no question to the server; all else, the server judges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Boolean,
    /// Of so many bits.
    Integer(u32),
    /// `real`, `double precision`.
    Float,
    Numeric,
    Text,
    Json,
    Bytes,
    /// `timestamp`, `timestamptz`.
    Time,
    Uuid,
    Array,
    Other,
}

/// Why a value does not fit its column.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mismatch {
    /// Short and stable.
    pub(crate) code: &'static str,
    pub(crate) detail: String,
}

impl Mismatch {
    fn wrong_type(value: &json::Value<'_>, wanted: &str) -> Self {
        /// Enough to recognise the value.
        const SHOWN: usize = 60;
        let mut shown: String = value.raw().chars().take(SHOWN).collect();
        if shown.len() < value.raw().len() {
            shown.push('…');
        }
        Self { code: "wrong_type", detail: format!("{shown} is not {wanted}") }
    }

    fn nul() -> Self {
        Self { code: "nul_character", detail: "text of PostgreSQL has no U+0000".to_owned() }
    }
}

impl Kind {
    /// By the type's name in `pg_type` and its category.
    pub(crate) fn of(type_name: &str, category: &str) -> Self {
        match type_name {
            "bool" => Self::Boolean,
            "int2" => Self::Integer(16),
            "int4" => Self::Integer(32),
            "int8" => Self::Integer(64),
            "float4" | "float8" => Self::Float,
            "numeric" => Self::Numeric,
            "text" | "varchar" | "bpchar" | "name" | "citext" => Self::Text,
            "json" | "jsonb" => Self::Json,
            "bytea" => Self::Bytes,
            "timestamp" | "timestamptz" => Self::Time,
            "uuid" => Self::Uuid,
            _ if category == "A" => Self::Array,
            _ => Self::Other,
        }
    }

    /// Appends what the column's type reads.
    pub(crate) fn write(
        self,
        value: &json::Value<'_>,
        out: &mut Vec<u8>,
    ) -> Result<Presence, Mismatch> {
        use json::Kind as Is;
        let wrong = |wanted: &str| Err(Mismatch::wrong_type(value, wanted));
        match (self, value.kind()) {
            (_, Is::Null) => return Ok(Presence::Null),
            (Self::Json, _) => out.extend_from_slice(value.raw().as_bytes()),
            (Self::Integer(bits), Is::Number) => {
                if !value.as_integer().is_some_and(|number| fits(number, bits)) {
                    return wrong(&format!("a whole number of {bits} bits"));
                }
                out.extend_from_slice(value.raw().as_bytes());
            }
            (Self::Integer(bits), Is::String) => {
                let text = text_of(value)?;
                let number = text.trim().parse().ok();
                if !number.is_some_and(|number| fits(number, bits)) {
                    return wrong(&format!("a whole number of {bits} bits"));
                }
                out.extend_from_slice(text.as_bytes());
            }
            (Self::Integer(_), _) => return wrong("a whole number"),
            (Self::Float | Self::Numeric, Is::Number) | (Self::Boolean, Is::Bool) => {
                out.extend_from_slice(value.raw().as_bytes());
            }
            (Self::Float | Self::Numeric, Is::Bool | Is::List | Is::Object) => {
                return wrong("a number");
            }
            (Self::Boolean, Is::Number | Is::List | Is::Object) => {
                return wrong("true or false");
            }
            (Self::Time, Is::Number | Is::Bool | Is::List | Is::Object) => {
                return wrong("a time as text, such as 2026-01-01T00:00:00Z");
            }
            (Self::Uuid | Self::Bytes, Is::Number | Is::Bool | Is::List | Is::Object) => {
                return wrong("text");
            }
            (Self::Array, Is::List) => array(value, out)?,
            (Self::Array, Is::Number | Is::Bool | Is::Object) => return wrong("a list"),
            (_, Is::String) => out.extend_from_slice(text_of(value)?.as_bytes()),
            (Self::Text | Self::Other, _) => out.extend_from_slice(value.raw().as_bytes()),
        }
        Ok(Presence::Value)
    }
}

fn fits(number: i128, bits: u32) -> bool {
    let limit = 1_i128 << (bits - 1);
    (-limit..limit).contains(&number)
}

/// The text of a string, checked for what PostgreSQL's text cannot hold.
fn text_of<'a>(value: &json::Value<'a>) -> Result<std::borrow::Cow<'a, str>, Mismatch> {
    let text = value.as_str().ok_or_else(|| Mismatch::wrong_type(value, "text"))?;
    if text.contains('\0') { Err(Mismatch::nul()) } else { Ok(text) }
}

/// Text that is no JSON string, likewise checked.
pub(crate) fn plain_text(text: &[u8], out: &mut Vec<u8>) -> Result<Presence, Mismatch> {
    if let Err(error) = std::str::from_utf8(text) {
        return Err(Mismatch { code: "not_utf8", detail: error.to_string() });
    }
    if text.contains(&0) {
        return Err(Mismatch::nul());
    }
    out.extend_from_slice(text);
    Ok(Presence::Value)
}

/// Bytes as `bytea` reads them.
pub(crate) fn hexadecimal(bytes: &[u8], out: &mut Vec<u8>) -> Presence {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.reserve(2 + bytes.len() * 2);
    out.extend_from_slice(b"\\x");
    for byte in bytes {
        out.extend([DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    }
    Presence::Value
}

/// A list as an array's text: `{1,"a b",NULL,{2}}`.
fn array(list: &json::Value<'_>, out: &mut Vec<u8>) -> Result<(), Mismatch> {
    out.push(b'{');
    for (index, element) in list.elements().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        match element.kind() {
            json::Kind::Null => out.extend_from_slice(b"NULL"),
            json::Kind::Bool | json::Kind::Number => {
                out.extend_from_slice(element.raw().as_bytes());
            }
            json::Kind::List => array(&element, out)?,
            json::Kind::String => quoted(&text_of(&element)?, out),
            json::Kind::Object => quoted(element.raw(), out),
        }
    }
    out.push(b'}');
    Ok(())
}

fn quoted(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in text.bytes() {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(kind: Kind, value: &str) -> Result<Option<String>, &'static str> {
        let value = json::Value::parse(value.as_bytes()).unwrap();
        let mut out = Vec::new();
        match kind.write(&value, &mut out) {
            Ok(Presence::Null) => Ok(None),
            Ok(Presence::Value) => Ok(Some(String::from_utf8(out).unwrap())),
            Err(mismatch) => Err(mismatch.code),
        }
    }

    #[test]
    fn given_values_that_fit_should_write_what_the_type_reads() {
        for (kind, value, expected) in [
            (Kind::Boolean, "true", "true"),
            (Kind::Boolean, r#""yes""#, "yes"),
            (Kind::Integer(16), "-32768", "-32768"),
            (Kind::Integer(64), r#""9223372036854775807""#, "9223372036854775807"),
            (Kind::Float, "1e3", "1e3"),
            (Kind::Float, r#""NaN""#, "NaN"),
            (Kind::Numeric, "12345678901234567890.5", "12345678901234567890.5"),
            (Kind::Text, r#""a\n\"b\"""#, "a\n\"b\""),
            (Kind::Text, r#"{"a": 1}"#, r#"{"a": 1}"#),
            (Kind::Json, r#""text""#, r#""text""#),
            (Kind::Json, "[1, 2]", "[1, 2]"),
            (Kind::Time, r#""2026-01-01""#, "2026-01-01"),
            (Kind::Array, r#"[1, null, "a \"b\\", [true]]"#, r#"{1,NULL,"a \"b\\",{true}}"#),
            (Kind::Array, r#""{1,2}""#, "{1,2}"),
            (Kind::Other, "1.5", "1.5"),
        ] {
            assert_eq!(write(kind, value), Ok(Some(expected.to_owned())), "{kind:?} {value}");
        }
        assert_eq!(write(Kind::Json, "null"), Ok(None));
    }

    #[test]
    fn given_values_that_do_not_fit_should_say_so() {
        for (kind, value) in [
            (Kind::Integer(16), "32768"),
            (Kind::Integer(32), "1.5"),
            (Kind::Integer(64), r#""12a""#),
            (Kind::Integer(64), "true"),
            (Kind::Float, "[]"),
            (Kind::Boolean, "1"),
            (Kind::Time, "1767225600"),
            (Kind::Uuid, "{}"),
            (Kind::Array, "1"),
            (Kind::Text, r#""\ud800""#),
        ] {
            assert_eq!(write(kind, value), Err("wrong_type"), "{kind:?} {value}");
        }
        assert_eq!(write(Kind::Text, r#""a\u0000b""#), Err("nul_character"));
        assert_eq!(write(Kind::Array, r#"["\u0000"]"#), Err("nul_character"));
    }
}
