//! JSON without a tree: payloads are checked once and then read and edited as text, so what nobody touches keeps every
//! byte and costs no allocation.
//!
//! * [`Splitter`] finds the members of an object and lends them as an [`Object`].
//! * [`Value`] is one value as text, and walks into itself on demand.
//! * [`Editor`] sets, removes, renames and selects by [`Path`], and writes the result into the buffer that goes out.
//!
//! For a payload of a known shape, [`crate::Message::json`] into a struct is simpler and about as fast.

mod editor;
mod object;
mod path;
mod scan;
mod selection;
mod value;

pub use editor::{Conflict, Edit, Editor};
pub use object::{Object, Splitter};
pub use path::{Path, PathError};
pub use selection::Selection;
pub use value::{Kind, Value};

/// Appends `text` as a JSON string, with the shortest escapes and none that JSON does not demand.
pub fn write_string(buffer: &mut Vec<u8>, text: &str) {
    buffer.push(b'"');
    let bytes = text.as_bytes();
    let mut clean = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        let short = match byte {
            b'"' => b'"',
            b'\\' => b'\\',
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            0x08 => b'b',
            0x0c => b'f',
            0..0x20 => b'u',
            _ => continue,
        };
        buffer.extend_from_slice(&bytes[clean..at]);
        buffer.extend_from_slice(&[b'\\', short]);
        if short == b'u' {
            let hexadecimal = |digit: u8| if digit < 10 { b'0' + digit } else { b'a' + digit - 10 };
            let digits = [b'0', b'0', hexadecimal(byte >> 4), hexadecimal(byte & 15)];
            buffer.extend_from_slice(&digits);
        }
        clean = at + 1;
    }
    buffer.extend_from_slice(&bytes[clean..]);
    buffer.push(b'"');
}

#[cfg(test)]
mod tests {
    #[test]
    fn given_any_character_should_write_what_serde_json_writes() {
        let mut text: String = (0..0x250).filter_map(char::from_u32).collect();
        text.push_str("naïve ☃ 𝄞");
        let mut buffer = Vec::new();
        super::write_string(&mut buffer, &text);
        let expected = serde_json::to_string(&text).expect("serializes");
        assert_eq!(String::from_utf8(buffer).expect("UTF-8"), expected);
    }
}
