//! A message with where it came from, as one JSON object on one line.

use std::time::{Duration, UNIX_EPOCH};

use kennel_sdk::{Batch, Format, HeaderValue, Message};

use crate::json;

/// Writes the messages of one batch as
/// `{"stream":…,"topic":…,"partition":…,"offset":…,"timestamp":…,"id":…,"headers":{…},"payload":…}`.
///
/// The last key says what the payload is: `payload` holds a JSON value as it came, `text` holds
/// text, `base64` holds bytes that are neither. `timestamp`, `id` and `headers` are left out where
/// there are none, `ordinal` where it is 0.
#[derive(Debug)]
pub struct Envelope<'a> {
    format: &'a Format,
    /// What is the same for every message of the batch.
    origin: Vec<u8>,
}

impl<'a> Envelope<'a> {
    /// For the messages of `batch`.
    #[must_use]
    pub fn new(batch: &'a Batch) -> Self {
        let place = batch.origin();
        let mut origin = b"{\"stream\":".to_vec();
        json::push_string(&place.stream, &mut origin);
        origin.extend_from_slice(b",\"topic\":");
        json::push_string(&place.topic, &mut origin);
        origin.extend_from_slice(b",\"partition\":");
        json::push_number(place.partition, &mut origin);
        origin.extend_from_slice(b",\"offset\":");
        Self { format: batch.format(), origin }
    }

    /// Appends `message` without a line break.
    pub fn write(&self, message: &Message<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.origin);
        json::push_number(message.offset(), out);
        if message.ordinal() != 0 {
            out.extend_from_slice(b",\"ordinal\":");
            json::push_number(message.ordinal(), out);
        }
        if let Some(micros) = message.timestamp() {
            out.extend_from_slice(b",\"timestamp\":");
            json::push_string(&timestamp_text(micros), out);
        }
        if let Some(id) = message.id() {
            out.extend_from_slice(b",\"id\":");
            json::push_string(&format!("{id:032x}"), out);
        }
        push_headers(message, out);
        push_payload(self.format, message.payload(), out);
        out.push(b'}');
    }
}

/// `micros` since 1970 in RFC 3339, for example `2026-01-01T00:00:00.000000Z`; the number itself
/// where the year has more than four digits.
#[must_use]
pub fn timestamp_text(micros: u64) -> String {
    /// 9999-12-31T23:59:59.999999Z
    const LAST: u64 = 253_402_300_799_999_999;
    if micros > LAST {
        return micros.to_string();
    }
    humantime::format_rfc3339_micros(UNIX_EPOCH + Duration::from_micros(micros)).to_string()
}

fn push_headers(message: &Message<'_>, out: &mut Vec<u8>) {
    let mut separator: &[u8] = b",\"headers\":{";
    for header in message.headers() {
        out.extend_from_slice(separator);
        json::push_string(header.key, out);
        out.push(b':');
        push_header_value(header.value, out);
        separator = b",";
    }
    if separator == b"," {
        out.push(b'}');
    }
}

/// Numbers stay numbers where every JSON reader can hold them; wider ones become text.
fn push_header_value(value: HeaderValue<'_>, out: &mut Vec<u8>) {
    match value {
        HeaderValue::Bool(value) => {
            out.extend_from_slice(if value { b"true" } else { b"false" });
        }
        HeaderValue::I8(value) => json::push_number(value, out),
        HeaderValue::I16(value) => json::push_number(value, out),
        HeaderValue::I32(value) => json::push_number(value, out),
        HeaderValue::I64(value) => json::push_number(value, out),
        HeaderValue::U8(value) => json::push_number(value, out),
        HeaderValue::U16(value) => json::push_number(value, out),
        HeaderValue::U32(value) => json::push_number(value, out),
        HeaderValue::U64(value) => json::push_number(value, out),
        HeaderValue::F32(value) => push_float(f64::from(value), out),
        HeaderValue::F64(value) => push_float(value, out),
        HeaderValue::Raw(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => json::push_string(text, out),
            Err(_) => json::push_base64(bytes, out),
        },
        other => json::push_string(&other.to_string(), out),
    }
}

/// JSON has no word for infinity and not-a-number.
fn push_float(value: f64, out: &mut Vec<u8>) {
    match serde_json::Number::from_f64(value) {
        Some(number) => json::push_number(number, out),
        None => json::push_string(&value.to_string(), out),
    }
}

fn push_payload(format: &Format, payload: &[u8], out: &mut Vec<u8>) {
    if matches!(format, Format::Json) && json::is_json(payload) {
        out.extend_from_slice(b",\"payload\":");
        json::push_on_one_line(payload, out);
        return;
    }
    let readable = matches!(format, Format::Json | Format::Text | Format::Raw);
    match std::str::from_utf8(payload) {
        Ok(text) if readable => {
            out.extend_from_slice(b",\"text\":");
            json::push_string(text, out);
        }
        _ => {
            out.extend_from_slice(b",\"base64\":");
            json::push_base64(payload, out);
        }
    }
}
