//! A kind of value in words, by example, and as JSON Schema.

use serde_json::{Value, json};

use super::Kind;
use crate::schema::section_schema;

impl Kind {
    /// With its article, for "must be …".
    pub(crate) fn expected(&self) -> String {
        match self {
            Self::Text | Self::Secret | Self::Path | Self::Choice(_) => "text".to_owned(),
            Self::Flag => "a boolean".to_owned(),
            Self::Integer { .. } => "a whole number".to_owned(),
            Self::Size => "a size".to_owned(),
            Self::Duration => "a duration".to_owned(),
            Self::Timestamp => "a time".to_owned(),
            Self::Texts => "a list of texts".to_owned(),
            Self::Section(_) | Self::Guest => "a table".to_owned(),
            Self::Sections(_) => "a list of tables".to_owned(),
            Self::TextsOrSections(_) => "a list of texts and tables".to_owned(),
            Self::NamedTextsOrSections(_) => "a table".to_owned(),
            Self::ChoiceOrSection(..) => "text or a table".to_owned(),
            Self::FlagOrTexts => "a boolean or a list of texts".to_owned(),
        }
    }

    /// A value of this kind.
    pub(crate) fn example(&self) -> String {
        match self {
            Self::Secret => "\"env:NAME\"".to_owned(),
            Self::Text | Self::Path => "\"…\"".to_owned(),
            Self::Flag => "true".to_owned(),
            Self::Integer { least, .. } => least.max(&1).to_string(),
            Self::Size => "\"1MiB\"".to_owned(),
            Self::Duration => "\"10s\"".to_owned(),
            Self::Timestamp => "\"2026-01-31T08:00:00Z\"".to_owned(),
            Self::Choice(choices) | Self::ChoiceOrSection(choices, _) => {
                let choices: Vec<_> =
                    choices.iter().map(|choice| format!("\"{choice}\"")).collect();
                choices.join("` or `")
            }
            Self::Texts => "[\"…\"]".to_owned(),
            Self::Section(section) => format!("{{ {} }}", section_example(section)),
            Self::Sections(section) => format!("[{{ {} }}]", section_example(section)),
            Self::TextsOrSections(section) => {
                format!("[\"…\", {{ {} }}]", section_example(section))
            }
            Self::FlagOrTexts => "[\"…\"]".to_owned(),
            Self::NamedTextsOrSections(_) => "{ name = \"…\" }".to_owned(),
            Self::Guest => "{ … }".to_owned(),
        }
    }

    /// JSON Schema for editors. It accepts all that the reader accepts.
    pub(crate) fn schema(&self) -> Value {
        match self {
            Self::Text | Self::Secret | Self::Path => json!({ "type": "string", "minLength": 1 }),
            Self::Flag => json!({ "type": "boolean" }),
            Self::Integer { least, most } => {
                json!({ "type": "integer", "minimum": least, "maximum": most })
            }
            Self::Size => json!({ "oneOf": [
                { "type": "integer", "minimum": 1 },
                { "type": "string", "pattern": "^\\s*[0-9]+\\s*([kKmMgG][iI]?)?[bB]?\\s*$" },
            ] }),
            Self::Duration => json!({ "type": "string", "pattern": "^\\s*[0-9]" }),
            Self::Timestamp => json!({ "oneOf": [
                { "type": "integer", "minimum": 0 },
                { "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]" },
            ] }),
            Self::Choice(choices) => json!({ "enum": choices }),
            Self::Texts => {
                json!({ "type": "array", "items": { "type": "string", "minLength": 1 } })
            }
            Self::Section(section) => section_schema(section),
            Self::Sections(section) => json!({ "type": "array", "items": section_schema(section) }),
            Self::TextsOrSections(section) => {
                json!({ "type": "array", "items": text_or_section(section) })
            }
            Self::NamedTextsOrSections(section) => {
                json!({ "type": "object", "additionalProperties": text_or_section(section) })
            }
            Self::ChoiceOrSection(choices, section) => {
                json!({ "oneOf": [{ "enum": choices }, section_schema(section)] })
            }
            Self::FlagOrTexts => json!({ "oneOf": [
                { "type": "boolean" },
                { "type": "array", "items": { "type": "string", "minLength": 1 } },
            ] }),
            Self::Guest => json!({ "type": "object" }),
        }
    }
}

fn text_or_section(section: &'static super::Section) -> Value {
    json!({ "oneOf": [{ "type": "string", "minLength": 1 }, section_schema(section)] })
}

fn section_example(section: &super::Section) -> String {
    section
        .keys
        .first()
        .map_or_else(String::new, |key| format!("{} = {}", key.name, key.kind.example()))
}
