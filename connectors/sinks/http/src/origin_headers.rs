//! Headers that tell the endpoint where messages come from.

use std::fmt::Write;
use std::ops::Range;

use kennel_sdk::http::Request;
use kennel_sdk::prelude::*;

/// Adds `x-kennel-stream`, `-topic`, `-partition`, `-offset` (of the first message), `-last-offset` and `-count`; and for a
/// single message `idempotency-key`, which is the same whenever the message comes again.
pub(crate) fn add(request: Request, batch: &Batch, messages: &Range<usize>) -> Request {
    let origin = batch.origin();
    let (stream, topic) = (printable(&origin.stream), printable(&origin.topic));
    let Some(first) = batch.get(messages.start) else { return request };
    let last = messages.end.checked_sub(1).and_then(|last| batch.get(last)).unwrap_or(first);
    let request = request
        .header("x-kennel-stream", stream.as_str())
        .header("x-kennel-topic", topic.as_str())
        .header("x-kennel-partition", origin.partition.to_string())
        .header("x-kennel-offset", first.offset().to_string())
        .header("x-kennel-last-offset", last.offset().to_string())
        .header("x-kennel-count", messages.len().to_string());
    if messages.len() > 1 {
        return request;
    }
    let key = format!(
        "{stream}/{topic}/{}/{}/{}/{}",
        origin.partition,
        origin.epoch,
        first.offset(),
        first.ordinal()
    );
    request.header("idempotency-key", key)
}

/// Percent-encodes what a header value must not hold, and what would make two names look the same.
fn printable(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_graphic() && !matches!(byte, b'%' | b'/') {
            text.push(char::from(byte));
        } else {
            let written = write!(text, "%{byte:02X}");
            debug_assert!(written.is_ok(), "writing into a string cannot fail");
        }
    }
    text
}
