//! A column of rows, ready to be written as a member of a JSON object.

use kennel_sdk::json::write_string;

use crate::value::Kind;

/// A column of rows.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub(crate) name: String,
    /// `"name":`
    label: Vec<u8>,
    kind: Kind,
}

impl Column {
    pub(crate) fn new(name: &str, type_id: u32) -> Self {
        let mut label = Vec::new();
        write_string(&mut label, name);
        label.push(b':');
        Self { name: name.to_owned(), label, kind: Kind::of(type_id) }
    }

    /// Appends name and value. `None` is null.
    pub(crate) fn write(&self, buffer: &mut Vec<u8>, value: Option<&[u8]>) {
        buffer.extend_from_slice(&self.label);
        match value {
            Some(text) => self.kind.write(buffer, text),
            None => buffer.extend_from_slice(b"null"),
        }
    }
}

/// Appends an object with these members, of which each is written by itself.
pub(crate) fn write_object<T>(
    buffer: &mut Vec<u8>,
    members: impl IntoIterator<Item = T>,
    mut write: impl FnMut(&mut Vec<u8>, T),
) {
    buffer.push(b'{');
    let start = buffer.len();
    for member in members {
        if buffer.len() > start {
            buffer.push(b',');
        }
        write(buffer, member);
    }
    buffer.push(b'}');
}
