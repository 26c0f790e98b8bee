//! From PostgreSQL's text form to JSON.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kennel_sdk::json::write_string;

use crate::array;

/// The session settings that the text forms read here depend on.
pub(crate) const SETTINGS: [(&str, &str); 5] = [
    ("bytea_output", "hex"),
    ("datestyle", "ISO, YMD"),
    ("extra_float_digits", "1"),
    ("intervalstyle", "iso_8601"),
    ("timezone", "UTC"),
];

/// How a type's text form becomes JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Scalar(Scalar),
    /// An array of such values, of any number of dimensions.
    Array(Scalar),
}

/// How the text form of one value becomes JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scalar {
    Boolean,
    /// A number as it is; `NaN` and the infinities become text.
    Number,
    /// JSON already.
    Json,
    /// Hexadecimal, becomes Base64.
    Bytes,
    /// A moment without a zone: `2026-01-31T12:00:00`.
    Timestamp,
    /// A moment: `2026-01-31T12:00:00Z`.
    Instant,
    /// Text, and every type that is not listed. Among them `numeric`, so that it keeps all its digits.
    Text,
}

impl Kind {
    /// By the type's object id, which is the same on every server for what is built in.
    pub(crate) fn of(type_id: u32) -> Self {
        use Scalar::{Boolean, Bytes, Instant, Json, Number, Text, Timestamp};
        match type_id {
            16 => Self::Scalar(Boolean),
            17 => Self::Scalar(Bytes),
            // int8, int2, int4, oid, float4, float8
            20 | 21 | 23 | 26 | 700 | 701 => Self::Scalar(Number),
            114 | 3802 => Self::Scalar(Json),
            1114 => Self::Scalar(Timestamp),
            1184 => Self::Scalar(Instant),
            1000 => Self::Array(Boolean),
            1001 => Self::Array(Bytes),
            1005 | 1007 | 1016 | 1028 | 1021 | 1022 => Self::Array(Number),
            199 | 3807 => Self::Array(Json),
            1115 => Self::Array(Timestamp),
            1185 => Self::Array(Instant),
            // name, text, bpchar, varchar, date, time, timetz, interval, numeric, uuid, inet, cidr, macaddr
            1003 | 1009 | 1014 | 1015 | 1182 | 1183 | 1270 | 1187 | 1231 | 2951 | 1041 | 651
            | 1040 => Self::Array(Text),
            _ => Self::Scalar(Text),
        }
    }

    /// Appends the value as JSON; what is not null.
    pub(crate) fn write(self, buffer: &mut Vec<u8>, text: &[u8]) {
        // A session's texts are UTF-8, unless the database has no encoding (SQL_ASCII).
        let text = String::from_utf8_lossy(text);
        match self {
            Self::Scalar(scalar) => scalar.write(buffer, &text),
            Self::Array(scalar) => {
                let before = buffer.len();
                if array::write(buffer, &text, scalar).is_none() {
                    buffer.truncate(before);
                    write_string(buffer, &text);
                }
            }
        }
    }
}

impl Scalar {
    /// Appends the value as JSON; what does not look like the type says becomes text, so nothing is lost.
    pub(crate) fn write(self, buffer: &mut Vec<u8>, text: &str) {
        match self {
            Self::Boolean => match text {
                "t" | "true" => buffer.extend_from_slice(b"true"),
                "f" | "false" => buffer.extend_from_slice(b"false"),
                other => write_string(buffer, other),
            },
            Self::Number if text.ends_with(|last: char| last.is_ascii_digit()) => {
                buffer.extend_from_slice(text.as_bytes());
            }
            Self::Json if !text.trim().is_empty() => buffer.extend_from_slice(text.as_bytes()),
            Self::Bytes => match text.strip_prefix("\\x").and_then(hexadecimal) {
                Some(bytes) => write_string(buffer, &STANDARD.encode(bytes)),
                None => write_string(buffer, text),
            },
            Self::Timestamp => write_moment(buffer, text, ""),
            Self::Instant => match text.strip_suffix("+00") {
                Some(moment) => write_moment(buffer, moment, "Z"),
                None => write_string(buffer, text),
            },
            Self::Number | Self::Json | Self::Text => write_string(buffer, text),
        }
    }
}

/// `2026-01-31 12:00:00` with a `T`. The infinities and years before Christ stay as they are.
fn write_moment(buffer: &mut Vec<u8>, text: &str, zone: &str) {
    match text.split_once(' ') {
        Some((date, time)) if !time.contains(' ') => {
            buffer.push(b'"');
            for part in [date, "T", time, zone] {
                buffer.extend_from_slice(part.as_bytes());
            }
            buffer.push(b'"');
        }
        _ => write_string(buffer, text),
    }
}

fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    digits.chunks_exact(2).map(|pair| Some((digit(pair[0])? << 4) | digit(pair[1])?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(type_id: u32, text: &str) -> String {
        let mut buffer = Vec::new();
        Kind::of(type_id).write(&mut buffer, text.as_bytes());
        let _valid: serde_json::Value = serde_json::from_slice(&buffer).expect("valid JSON");
        String::from_utf8(buffer).unwrap()
    }

    #[test]
    fn given_scalars_should_write_their_json() {
        for (type_id, text, expected) in [
            (16, "t", "true"),
            (16, "false", "false"),
            (17, "\\x00ff10", "\"AP8Q\""),
            (17, "\\x", "\"\""),
            (20, "-9223372036854775808", "-9223372036854775808"),
            (23, "42", "42"),
            (701, "1e-05", "1e-05"),
            (701, "1.5e+300", "1.5e+300"),
            (701, "NaN", "\"NaN\""),
            (701, "-Infinity", "\"-Infinity\""),
            (1700, "12345678901234567890.10", "\"12345678901234567890.10\""),
            (114, "{\"a\" : [1, 2]}", "{\"a\" : [1, 2]}"),
            (3802, "null", "null"),
            (25, "it's \"x\"\n", "\"it's \\\"x\\\"\\n\""),
            (
                2950,
                "0a0b0c0d-0000-4000-8000-000000000001",
                "\"0a0b0c0d-0000-4000-8000-000000000001\"",
            ),
            (1082, "2026-01-31", "\"2026-01-31\""),
            (1114, "2026-01-31 12:00:00.5", "\"2026-01-31T12:00:00.5\""),
            (1184, "2026-01-31 12:00:00+00", "\"2026-01-31T12:00:00Z\""),
            (1184, "infinity", "\"infinity\""),
            (1114, "0044-03-15 12:00:00 BC", "\"0044-03-15 12:00:00 BC\""),
            (99_999, "some enum", "\"some enum\""),
        ] {
            assert_eq!(json(type_id, text), expected, "{type_id} {text}");
        }
    }

    #[test]
    fn given_arrays_should_write_their_elements() {
        for (type_id, text, expected) in [
            (1007, "{}", "[]"),
            (1007, "{1,NULL,3}", "[1,null,3]"),
            (1007, "{{1,2},{3,4}}", "[[1,2],[3,4]]"),
            (1007, "[0:1]={7,8}", "[7,8]"),
            (1009, "{a,\"b c\",\"NULL\",\"q\\\"\\\\\"}", "[\"a\",\"b c\",\"NULL\",\"q\\\"\\\\\"]"),
            (1000, "{t,f}", "[true,false]"),
            (3807, "{\"{\\\"a\\\": 1}\"}", "[{\"a\": 1}]"),
            (1231, "{1.10}", "[\"1.10\"]"),
        ] {
            assert_eq!(json(type_id, text), expected, "{text}");
        }
    }

    #[test]
    fn given_what_does_not_fit_its_type_should_keep_it_as_text() {
        for (type_id, text) in [
            (16, "maybe"),
            (17, "\\x0"),
            (17, "\\xzz"),
            (20, ""),
            (114, " "),
            (1007, "{1,2"),
            (1007, "{1}}"),
            (1007, "{\"1}"),
            (1007, ""),
            (1009, "{a\\"),
        ] {
            assert_eq!(json(type_id, text), serde_json::to_string(text).unwrap(), "{type_id}");
        }
    }
}
