//! JSON pieces written straight into a buffer.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::value::RawValue;

/// Is `bytes` exactly one JSON value? Checks without building it.
#[must_use]
pub fn is_json(bytes: &[u8]) -> bool {
    serde_json::from_slice::<&RawValue>(bytes).is_ok()
}

/// Appends `text` as a JSON string, quotes and escapes included.
pub fn push_string(text: &str, out: &mut Vec<u8>) {
    let written = serde_json::to_writer(&mut *out, text);
    debug_assert!(written.is_ok(), "writing text into a vector cannot fail");
}

/// Appends `bytes` as a JSON string of standard base64 with padding.
pub fn push_base64(bytes: &[u8], out: &mut Vec<u8>) {
    push_string(&STANDARD.encode(bytes), out);
}

/// Appends the digits of `number`.
pub fn push_number(number: impl Into<serde_json::Number>, out: &mut Vec<u8>) {
    let written = serde_json::to_writer(&mut *out, &number.into());
    debug_assert!(written.is_ok(), "writing a number into a vector cannot fail");
}

/// Appends valid JSON with its line breaks replaced by spaces. Inside a JSON string a line break
/// is always escaped, so those that are seen here stand between tokens.
pub fn push_on_one_line(json: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(json);
    for byte in &mut out[start..] {
        if matches!(*byte, b'\n' | b'\r') {
            *byte = b' ';
        }
    }
}
