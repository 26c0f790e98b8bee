//! JSON Schema of the two kinds of files, for editors.

use serde_json::{Map, Value, json};

use crate::reference::{CONNECTOR, Default, HOST, Section};

/// A kind of configuration file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// `kennel.toml`.
    Host,
    /// The file of one connector.
    Connector,
}

/// The JSON Schema (draft 2020-12) of a kind of file. What it accepts may still be refused: it
/// does not know which keys exclude each other.
pub fn schema(kind: FileKind) -> Value {
    let (title, root) = match kind {
        FileKind::Host => ("Kennel host", &HOST),
        FileKind::Connector => ("Kennel connector", &CONNECTOR),
    };
    let mut schema = section_schema(root);
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!(title);
    schema
}

pub(crate) fn section_schema(section: &Section) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for key in section.keys {
        let mut schema = key.kind.schema();
        if let Some(schema) = schema.as_object_mut() {
            let mut about = key.about.to_owned();
            match key.default {
                Default::Required => required.push(key.name),
                Default::Value(text) => {
                    // Defaults are written so that they mean the same in TOML and JSON.
                    let value = serde_json::from_str(text).unwrap_or(Value::Null);
                    schema.insert("default".to_owned(), value);
                }
                Default::None(words) => about.push_str(&format!(" Default: {words}.")),
            }
            schema.insert("description".to_owned(), about.into());
        }
        properties.insert(key.name.to_owned(), schema);
    }
    json!({
        "type": "object",
        "description": section.about,
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}
