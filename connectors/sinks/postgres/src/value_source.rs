//! What a column holds that is not a field of the payload.

use std::borrow::Cow;

use kennel_sdk::prelude::*;
use kennel_sdk::schemars::{Schema, SchemaGenerator, json_schema};
use kennel_sdk::serde::{Deserializer, de};

/// A fact about the message, or the whole of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ValueSource {
    /// Offset within the partition.
    Offset,
    /// Tells apart messages that a transform made of one: 0, 1, 2 and so on.
    Ordinal,
    /// Partition.
    Partition,
    /// Stream's name.
    Stream,
    /// Topic's name.
    Topic,
    /// When the broker took the message: a time, or microseconds in a column of numbers.
    Timestamp,
    /// When the producer says it made the message, likewise.
    OriginTimestamp,
    /// The 128-bit id: a uuid, a number in a numeric column, else 32 hexadecimal digits.
    Id,
    /// The payload, as it came.
    Payload,
    /// The header of this name.
    Header(String),
}

const NAMES: [(&str, ValueSource); 9] = [
    ("offset", ValueSource::Offset),
    ("ordinal", ValueSource::Ordinal),
    ("partition", ValueSource::Partition),
    ("stream", ValueSource::Stream),
    ("topic", ValueSource::Topic),
    ("timestamp", ValueSource::Timestamp),
    ("origin_timestamp", ValueSource::OriginTimestamp),
    ("id", ValueSource::Id),
    ("payload", ValueSource::Payload),
];

impl ValueSource {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text.strip_prefix("header:") {
            Some("") => None,
            Some(key) => Some(Self::Header(key.to_owned())),
            None => NAMES.into_iter().find(|(name, _)| *name == text).map(|(_, source)| source),
        }
    }
}

impl<'de> Deserialize<'de> for ValueSource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            let names = NAMES.map(|(name, _)| name).join(", ");
            de::Error::custom(format!("`{text}` is none of {names} and header:NAME"))
        })
    }
}

impl JsonSchema for ValueSource {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "ValueSource".into()
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        let names = NAMES.map(|(name, _)| name).join("|");
        json_schema!({
            "type": "string",
            "pattern": format!("^({names}|header:.+)$"),
            "description": "offset, ordinal, partition, stream, topic, timestamp, origin_timestamp, id, payload or header:NAME.",
        })
    }
}
