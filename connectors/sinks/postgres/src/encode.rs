//! From messages to rows.

use std::collections::BTreeMap;

use kennel_envelope::timestamp_text;
use kennel_sdk::prelude::*;

use crate::field_type::FieldType;
use crate::kind::{Kind, Mismatch, hexadecimal, plain_text};
use crate::plan::{Origination, Plan, Target};
use crate::rows::{Presence, Rows};
use crate::value_source::ValueSource;

/// The rows of a batch.
#[derive(Debug)]
pub(crate) struct Encoded {
    pub(crate) rows: Rows,
    /// The message behind each row, by index in the batch.
    pub(crate) messages: Vec<usize>,
    /// Messages that make no row.
    pub(crate) rejected: Vec<Rejected>,
}

/// A message that makes no row, and why.
#[derive(Debug)]
pub(crate) struct Rejected {
    /// Index in the batch.
    pub(crate) message: usize,
    /// Short and stable.
    pub(crate) code: String,
    pub(crate) detail: String,
}

/// Makes rows of messages; keeps what it needs from one batch to the next.
#[derive(Debug, Default)]
pub(crate) struct Encoder {
    splitter: json::Splitter,
}

impl Encoder {
    /// The rows of the messages of `batch` whose offset is `first` or later.
    pub(crate) fn encode(&mut self, plan: &Plan, batch: &Batch, first: u64) -> Encoded {
        let mut encoded = Encoded {
            rows: Rows::new(plan.targets.len()),
            messages: Vec::with_capacity(batch.len()),
            rejected: Vec::new(),
        };
        for (index, message) in batch.iter().enumerate().filter(|(_, m)| m.offset() >= first) {
            let complete = encoded.messages.len();
            match self.row(plan, batch, &message, &mut encoded.rows) {
                Ok(()) => encoded.messages.push(index),
                Err(mismatch) => {
                    encoded.rows.truncate(complete);
                    encoded.rejected.push(Rejected {
                        message: index,
                        code: mismatch.code.to_owned(),
                        detail: mismatch.detail,
                    });
                }
            }
        }
        encoded
    }

    fn row(
        &mut self,
        plan: &Plan,
        batch: &Batch,
        message: &Message<'_>,
        rows: &mut Rows,
    ) -> Result<(), Mismatch> {
        if plan.targets.is_empty() {
            let detail = "the table has no columns, and the message has no fields".to_owned();
            return Err(Mismatch { code: "no_fields", detail });
        }
        let object = match plan.reads_fields {
            true => Some(self.splitter.object(message.payload())?),
            false => None,
        };
        for target in &plan.targets {
            let written = rows.cell(|out| match (&target.value, &object) {
                (Origination::Path(path), Some(object)) => match path.find(object) {
                    Some(value) => target.kind.write(&value, out),
                    None => Ok(Presence::Null),
                },
                (Origination::Path(_), None) => Ok(Presence::Null),
                (Origination::Source(source), _) => fact(source, target.kind, batch, message, out),
            });
            let presence = written.map_err(|mismatch| mismatch.in_column(target))?;
            if presence == Presence::Null && target.required {
                let detail = "there is no value, and the column has to have one".to_owned();
                return Err(Mismatch { code: "no_value", detail }.in_column(target));
            }
        }
        Ok(())
    }

    /// Fields of the batch that have no column yet, and a type that holds all their values.
    pub(crate) fn new_fields(
        &mut self,
        plan: &Plan,
        batch: &Batch,
        first: u64,
    ) -> BTreeMap<String, FieldType> {
        let mut found: BTreeMap<String, FieldType> = BTreeMap::new();
        let Some(known) = &plan.known else { return found };
        for message in batch.iter().filter(|message| message.offset() >= first) {
            // A message that is no object is rejected when its row is made.
            let Ok(object) = self.splitter.object(message.payload()) else { continue };
            for (key, value) in object.iter().filter(|(key, _)| !known.contains(*key)) {
                let Some(name) = column_name(key) else { continue };
                let Some(field_type) = FieldType::of(&value) else { continue };
                if known.contains(&name) {
                    continue;
                }
                found
                    .entry(name)
                    .and_modify(|earlier| *earlier = earlier.joined(field_type))
                    .or_insert(field_type);
            }
        }
        found
    }
}

/// The name behind the text between a key's quotes, if a column can have it.
fn column_name(key: &str) -> Option<String> {
    /// PostgreSQL cuts longer ones, so that two could become one.
    const LONGEST: usize = 63;
    let name = if key.contains('\\') {
        json::Value::parse(format!("\"{key}\"").as_bytes()).ok()?.as_str()?.into_owned()
    } else {
        key.to_owned()
    };
    (!name.is_empty() && name.len() <= LONGEST && !name.contains('\0')).then_some(name)
}

/// Appends what is known about a message otherwise.
fn fact(
    source: &ValueSource,
    kind: Kind,
    batch: &Batch,
    message: &Message<'_>,
    out: &mut Vec<u8>,
) -> Result<Presence, Mismatch> {
    let origin = batch.origin();
    let number = |number: u64, out: &mut Vec<u8>| {
        out.extend_from_slice(number.to_string().as_bytes());
        Ok(Presence::Value)
    };
    let time = |micros: Option<u64>, out: &mut Vec<u8>| match (micros, kind) {
        (None, _) => Ok(Presence::Null),
        (Some(micros), Kind::Integer(_) | Kind::Numeric | Kind::Float) => number(micros, out),
        (Some(micros), _) => text(&timestamp_text(micros), kind, out),
    };
    match source {
        ValueSource::Offset => number(message.offset(), out),
        ValueSource::Ordinal => number(u64::from(message.ordinal()), out),
        ValueSource::Partition => number(u64::from(origin.partition), out),
        ValueSource::Stream => text(&origin.stream, kind, out),
        ValueSource::Topic => text(&origin.topic, kind, out),
        ValueSource::Timestamp => time(message.timestamp(), out),
        ValueSource::OriginTimestamp => time(message.origin_timestamp(), out),
        ValueSource::Id => match (message.id(), kind) {
            (None, _) => Ok(Presence::Null),
            (Some(id), Kind::Numeric) => text(&id.to_string(), kind, out),
            (Some(id), _) => text(&format!("{id:032x}"), kind, out),
        },
        ValueSource::Payload => bytes(message.payload(), kind, out),
        ValueSource::Header(key) => match message.header(key) {
            None => Ok(Presence::Null),
            Some(HeaderValue::Raw(raw)) => bytes(raw, kind, out),
            Some(HeaderValue::Text(value)) => text(value, kind, out),
            Some(value) => {
                out.extend_from_slice(value.to_string().as_bytes());
                Ok(Presence::Value)
            }
        },
    }
}

/// Text that is no JSON: within JSON it becomes a string.
fn text(text: &str, kind: Kind, out: &mut Vec<u8>) -> Result<Presence, Mismatch> {
    if kind == Kind::Json {
        json::write_string(out, text);
        return Ok(Presence::Value);
    }
    plain_text(text.as_bytes(), out)
}

/// A payload, or a header of bytes: JSON where the column wants JSON, bytes where it wants bytes, else text.
fn bytes(bytes: &[u8], kind: Kind, out: &mut Vec<u8>) -> Result<Presence, Mismatch> {
    match kind {
        Kind::Json => {
            out.extend_from_slice(json::Value::parse(bytes)?.raw().as_bytes());
            Ok(Presence::Value)
        }
        Kind::Bytes => Ok(hexadecimal(bytes, out)),
        _ => plain_text(bytes, out),
    }
}

impl Mismatch {
    fn in_column(mut self, target: &Target) -> Self {
        self.detail = format!("column {}: {}", target.name, self.detail);
        self
    }
}

impl From<Malformed> for Mismatch {
    fn from(malformed: Malformed) -> Self {
        Self { code: malformed.code, detail: malformed.detail }
    }
}
