//! A payload as one line.

use crate::json;

/// A payload with a line break in it that is not JSON: as a line it would be torn in two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotOneLine;

impl NotOneLine {
    /// Stable code for a rejected message.
    pub const CODE: &'static str = "line_break";
    /// What to tell people about it.
    pub const DETAIL: &'static str =
        "the payload contains a line break and is not JSON, so it cannot be one line";
}

/// Appends `payload` without a line break. Bytes are taken as they are; only JSON that is spread
/// over several lines is joined, and line breaks at the end are dropped.
///
/// # Errors
/// [`NotOneLine`], with `out` as it was.
pub fn write_line(payload: &[u8], out: &mut Vec<u8>) -> Result<(), NotOneLine> {
    if memchr::memchr(b'\n', payload).is_none() {
        out.extend_from_slice(payload);
        return Ok(());
    }
    let trimmed = payload.trim_ascii_end();
    if memchr::memchr(b'\n', trimmed).is_none() {
        out.extend_from_slice(trimmed);
        return Ok(());
    }
    if !json::is_json(trimmed) {
        return Err(NotOneLine);
    }
    json::push_on_one_line(trimmed, out);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(payload: &str) -> Result<String, NotOneLine> {
        let mut out = Vec::new();
        write_line(payload.as_bytes(), &mut out)?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn given_one_line_should_keep_every_byte() {
        for payload in ["", "{\"a\": 1}", "not json", "  spaces  ", "\"a\\nb\""] {
            assert_eq!(line(payload).as_deref(), Ok(payload));
        }
    }

    #[test]
    fn given_a_line_break_at_the_end_should_drop_it() {
        assert_eq!(line("text\r\n").as_deref(), Ok("text"));
    }

    #[test]
    fn given_json_over_several_lines_should_join_it() {
        let joined = line("{\n  \"a\": \"x\\ny\",\r\n  \"b\": [1,\n2]\n}\n").unwrap();
        assert!(!joined.contains('\n') && !joined.contains('\r'));
        let value: serde_json::Value = serde_json::from_str(&joined).unwrap();
        assert_eq!(value, serde_json::json!({"a": "x\ny", "b": [1, 2]}));
    }

    #[test]
    fn given_text_over_several_lines_should_refuse_it_and_write_nothing() {
        let mut out = b"before".to_vec();
        assert_eq!(write_line(b"a\nb", &mut out), Err(NotOneLine));
        assert_eq!(out, b"before");
    }
}
