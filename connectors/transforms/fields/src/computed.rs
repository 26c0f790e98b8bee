//! Values that are made anew for each message.

use std::borrow::Cow;
use std::fmt::Write;
use std::str::FromStr;

use kennel_sdk::json::{Edit, Path, write_string};
use kennel_sdk::prelude::*;
use kennel_sdk::schemars::{Schema, SchemaGenerator, json_schema};
use kennel_sdk::serde::{Deserializer, de};

use crate::{rfc3339, uuid};

/// What a value can be computed from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) batch: &'a Batch,
    pub(crate) message: Message<'a>,
    /// Microseconds since 1970 UTC; one moment for the whole batch.
    pub(crate) now: u64,
}

/// How to compute a value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Computed {
    Offset,
    Partition,
    Stream,
    Topic,
    Time(Clock, Notation),
    UuidV7,
    Header(String),
    Field(Path),
}

/// Which time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clock {
    /// When the batch was transformed.
    Now,
    /// When the broker took the message.
    Broker,
    /// When the producer says it made the message.
    Producer,
}

/// How a time is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notation {
    Microseconds,
    Milliseconds,
    Seconds,
    Rfc3339,
}

const CLOCKS: [(&str, Clock); 3] =
    [("now", Clock::Now), ("timestamp", Clock::Broker), ("origin_timestamp", Clock::Producer)];

/// The first is meant if there is no suffix.
const NOTATIONS: [(&str, Notation); 5] = [
    ("", Notation::Microseconds),
    ("_us", Notation::Microseconds),
    ("_ms", Notation::Milliseconds),
    ("_s", Notation::Seconds),
    ("_rfc3339", Notation::Rfc3339),
];

const KNOWN: &str = "offset, partition, stream, topic, now, timestamp and origin_timestamp (microseconds; \
                     also with _ms, _s or _rfc3339), uuid_v7, header:NAME and field:PATH";

impl FromStr for Computed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(name) = text.strip_prefix("header:").filter(|name| !name.is_empty()) {
            return Ok(Self::Header(name.to_owned()));
        }
        if let Some(path) = text.strip_prefix("field:") {
            return Path::parse(path).map(Self::Field).map_err(|error| error.to_string());
        }
        for (clock_name, clock) in CLOCKS {
            let Some(suffix) = text.strip_prefix(clock_name) else { continue };
            if let Some((_, notation)) = NOTATIONS.iter().find(|(known, _)| *known == suffix) {
                return Ok(Self::Time(clock, *notation));
            }
        }
        match text {
            "offset" => Ok(Self::Offset),
            "partition" => Ok(Self::Partition),
            "stream" => Ok(Self::Stream),
            "topic" => Ok(Self::Topic),
            "uuid_v7" => Ok(Self::UuidV7),
            _ => Err(format!("unknown computed value `{text}`; known are {KNOWN}")),
        }
    }
}

impl<'de> Deserialize<'de> for Computed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Computed {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Computed".into()
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": format!("One of {KNOWN}."),
            "pattern": "^(offset|partition|stream|topic|uuid_v7|(now|timestamp|origin_timestamp)(_us|_ms|_s|_rfc3339)?|header:.+|field:.+)$",
        })
    }
}

impl Computed {
    pub(crate) fn asks_for_time(&self) -> bool {
        matches!(self, Self::Time(Clock::Now, _))
    }

    /// Appends the value as JSON. Answers false if it is not known for this message.
    pub(crate) fn write(&self, facts: &Facts<'_>, edit: &Edit<'_>, buffer: &mut String) -> bool {
        let origin = facts.batch.origin();
        match self {
            Self::Offset => number(buffer, facts.message.offset()),
            Self::Partition => number(buffer, origin.partition),
            Self::Stream => string(buffer, &origin.stream),
            Self::Topic => string(buffer, &origin.topic),
            Self::Time(clock, notation) => {
                let moment = match clock {
                    Clock::Now => Some(facts.now),
                    Clock::Broker => facts.message.timestamp(),
                    Clock::Producer => facts.message.origin_timestamp(),
                };
                moment.is_some_and(|moment| time(buffer, moment, *notation))
            }
            Self::UuidV7 => {
                buffer.push('"');
                let known = uuid::write(buffer, facts.batch, &facts.message);
                buffer.push('"');
                known
            }
            Self::Header(name) => {
                facts.message.header(name).is_some_and(|value| header(buffer, value))
            }
            Self::Field(path) => edit.get(path).is_some_and(|value| {
                buffer.push_str(value.raw());
                true
            }),
        }
    }
}

fn time(buffer: &mut String, microseconds: u64, notation: Notation) -> bool {
    match notation {
        Notation::Microseconds => number(buffer, microseconds),
        Notation::Milliseconds => number(buffer, microseconds / 1_000),
        Notation::Seconds => number(buffer, microseconds / 1_000_000),
        Notation::Rfc3339 => {
            buffer.push('"');
            rfc3339::write(buffer, microseconds);
            buffer.push('"');
            true
        }
    }
}

/// Numbers and truth values keep their type; what JSON cannot say is not known.
fn header(buffer: &mut String, value: HeaderValue<'_>) -> bool {
    match value {
        HeaderValue::Bool(value) => number(buffer, value),
        HeaderValue::Raw(_) | HeaderValue::Text(_) => string(buffer, &value.to_string()),
        HeaderValue::F32(value) => value.is_finite() && number(buffer, value),
        HeaderValue::F64(value) => value.is_finite() && number(buffer, value),
        whole => number(buffer, whole),
    }
}

fn number(buffer: &mut String, value: impl std::fmt::Display) -> bool {
    write!(buffer, "{value}").is_ok()
}

fn string(buffer: &mut String, text: &str) -> bool {
    let mut bytes = std::mem::take(buffer).into_bytes();
    write_string(&mut bytes, text);
    match String::from_utf8(bytes) {
        Ok(text) => *buffer = text,
        Err(_) => return false,
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_names_should_read_or_refuse_them() {
        assert_eq!("now_ms".parse(), Ok(Computed::Time(Clock::Now, Notation::Milliseconds)));
        assert_eq!(
            "origin_timestamp".parse(),
            Ok(Computed::Time(Clock::Producer, Notation::Microseconds))
        );
        assert_eq!("header:trace".parse(), Ok(Computed::Header("trace".to_owned())));
        for wrong in ["", "header:", "field:", "field:a..b", "now_", "now_ns", "Offset"] {
            assert!(wrong.parse::<Computed>().is_err(), "{wrong}");
        }
        let error = "moon_phase".parse::<Computed>().expect_err("unknown");
        assert!(error.contains("known are offset"), "{error}");
    }
}
