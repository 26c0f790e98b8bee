//! What a batch looks like.

use kennel_envelope::{Envelope, json, timestamp_text};
use kennel_sdk::prelude::*;

use crate::indent::push_indented;

/// How messages are printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Style {
    /// A line that says where the message came from, its headers, and indented JSON.
    #[default]
    Pretty,
    /// One JSON object per message and line, with origin, headers and payload.
    Json,
    /// The payload's bytes and a line break.
    Raw,
}

/// Appends all messages of `batch`.
pub(crate) fn render(style: Style, batch: &Batch, out: &mut Vec<u8>) {
    match style {
        Style::Raw => {
            for message in batch {
                out.extend_from_slice(message.payload());
                out.push(b'\n');
            }
        }
        Style::Json => {
            let envelope = Envelope::new(batch);
            for message in batch {
                envelope.write(&message, out);
                out.push(b'\n');
            }
        }
        Style::Pretty => {
            let origin = batch.origin();
            let place = format!("--- {}/{} {}:", origin.stream, origin.topic, origin.partition);
            for message in batch {
                pretty(&place, &message, out);
            }
        }
    }
}

/// `--- shop/orders 0:42  2026-01-01T00:00:00.000000Z`, headers, payload.
fn pretty(place: &str, message: &Message<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(place.as_bytes());
    out.extend_from_slice(message.offset().to_string().as_bytes());
    if message.ordinal() != 0 {
        out.extend_from_slice(format!(".{}", message.ordinal()).as_bytes());
    }
    if let Some(micros) = message.timestamp() {
        out.extend_from_slice(format!("  {}", timestamp_text(micros)).as_bytes());
    }
    out.push(b'\n');
    for header in message.headers() {
        out.extend_from_slice(format!("{}: {}\n", header.key, header.value).as_bytes());
    }
    push_readable(message.payload(), out);
    out.push(b'\n');
}

/// Indented JSON, else text, else how many bytes there are and what they are in base64.
fn push_readable(payload: &[u8], out: &mut Vec<u8>) {
    if json::is_json(payload) {
        push_indented(payload, out);
    } else if std::str::from_utf8(payload).is_ok() {
        out.extend_from_slice(payload);
    } else {
        out.extend_from_slice(format!("{} bytes ", payload.len()).as_bytes());
        json::push_base64(payload, out);
    }
}
