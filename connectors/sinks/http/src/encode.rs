//! Messages as pieces of a request body.

use std::ops::Range;

use kennel_envelope::{NotOneLine, json, write_line};
use kennel_sdk::prelude::*;

use crate::answer::Refusal;
use crate::config::Mode;

/// The messages of a batch, each followed by its separator, so that neighbours form a body by one copy.
#[derive(Debug)]
pub(crate) struct Pieces {
    mode: Mode,
    data: Vec<u8>,
    /// Where each message ends in `data`. Those that cannot be sent take no bytes.
    ends: Vec<usize>,
    /// Messages that cannot be sent, by index, ascending.
    pub(crate) refused: Vec<(usize, Refusal)>,
}

impl Pieces {
    /// Encodes all messages of `batch` for `mode`, which is not [`Mode::Single`]: there payloads are sent as they are.
    pub(crate) fn encode(batch: &Batch, mode: Mode) -> Self {
        let separator = if mode == Mode::Array { b',' } else { b'\n' };
        let mut data = Vec::with_capacity(batch.bytes() + batch.len());
        let mut ends = Vec::with_capacity(batch.len());
        let mut refused = Vec::new();
        for (index, message) in batch.iter().enumerate() {
            let written = match mode {
                Mode::Array => push_element(batch.format(), message.payload(), &mut data),
                Mode::Ndjson | Mode::Single => push_line(message.payload(), &mut data),
            };
            match written {
                Ok(()) => data.push(separator),
                Err(refusal) => refused.push((index, refusal)),
            }
            ends.push(data.len());
        }
        Self { mode, data, ends, refused }
    }

    /// Number of messages, those that cannot be sent among them.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    fn start(&self, index: usize) -> usize {
        index.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0)
    }

    fn bytes(&self, messages: &Range<usize>) -> Range<usize> {
        self.start(messages.start)..self.start(messages.end)
    }

    /// How many of `messages` can be sent.
    pub(crate) fn sendable(&self, messages: &Range<usize>) -> usize {
        let refused = self.refused.iter().filter(|(index, _)| messages.contains(index)).count();
        messages.len() - refused
    }

    /// The body that carries `messages`.
    pub(crate) fn body(&self, messages: &Range<usize>) -> Vec<u8> {
        let pieces = self.data.get(self.bytes(messages)).unwrap_or_default();
        if self.mode != Mode::Array {
            return pieces.to_vec();
        }
        let mut body = Vec::with_capacity(pieces.len() + 1);
        body.push(b'[');
        body.extend_from_slice(pieces.strip_suffix(b",").unwrap_or(pieces));
        body.push(b']');
        body
    }

    /// Cuts the batch into requests of at most `max_messages` and `max_bytes`, in order.
    pub(crate) fn requests(&self, max_messages: u32, max_bytes: u64) -> Vec<Range<usize>> {
        let mut requests = Vec::new();
        let mut current = 0..0;
        for index in 0..self.len() {
            let wider = current.start..index + 1;
            let fits = wider.len() as u64 <= u64::from(max_messages)
                && self.bytes(&wider).len() as u64 <= max_bytes;
            if fits || current.is_empty() {
                current = wider;
            } else {
                requests.push(current);
                current = index..index + 1;
            }
        }
        if !current.is_empty() {
            requests.push(current);
        }
        requests
    }
}

fn push_line(payload: &[u8], data: &mut Vec<u8>) -> Result<(), Refusal> {
    write_line(payload, data).map_err(|NotOneLine| Refusal {
        code: NotOneLine::CODE.to_owned(),
        detail: NotOneLine::DETAIL.to_owned(),
    })
}

/// JSON as it came, text as a JSON string. One element that is not JSON would spoil the whole array, so it is checked.
fn push_element(format: &Format, payload: &[u8], data: &mut Vec<u8>) -> Result<(), Refusal> {
    let refusal =
        |code: &str, detail: &str| Refusal { code: code.to_owned(), detail: detail.to_owned() };
    if matches!(format, Format::Text) {
        let text = std::str::from_utf8(payload)
            .map_err(|_| refusal("not_utf8", "the payload is not UTF-8 text"))?;
        json::push_string(text, data);
        return Ok(());
    }
    if !json::is_json(payload) {
        return Err(refusal(
            "not_json",
            "the payload is not JSON, so it cannot be an element of an array",
        ));
    }
    data.extend_from_slice(payload);
    Ok(())
}

#[cfg(test)]
mod tests {
    use kennel_sdk::testing::BatchBuilder;

    use super::*;

    fn body(pieces: &Pieces, messages: Range<usize>) -> String {
        String::from_utf8(pieces.body(&messages)).unwrap()
    }

    #[test]
    fn given_lines_should_put_one_message_on_each() {
        let batch = BatchBuilder::json(["{\"a\":1}", "{\n\"b\": 2}", "3"]).build();
        let pieces = Pieces::encode(&batch, Mode::Ndjson);
        assert_eq!(body(&pieces, 0..3), "{\"a\":1}\n{ \"b\": 2}\n3\n");
        assert_eq!(body(&pieces, 1..2), "{ \"b\": 2}\n");
    }

    #[test]
    fn given_an_array_should_be_one_json_value_without_what_is_no_json() {
        let batch = BatchBuilder::json(["{\"a\":1}", "{broken", "[2]", "\"x\""]).build();
        let pieces = Pieces::encode(&batch, Mode::Array);
        assert_eq!(body(&pieces, 0..4), "[{\"a\":1},[2],\"x\"]");
        assert_eq!(body(&pieces, 0..2), "[{\"a\":1}]");
        assert_eq!(body(&pieces, 1..2), "[]");
        let refused: Vec<_> =
            pieces.refused.iter().map(|(index, refusal)| (*index, refusal.code.as_str())).collect();
        assert_eq!(refused, [(1, "not_json")]);
        assert_eq!(pieces.sendable(&(0..4)), 3);
        assert_eq!(pieces.sendable(&(1..2)), 0);
    }

    #[test]
    fn given_text_should_quote_it_in_an_array() {
        let batch = BatchBuilder::text(["say \"hi\"", "two\nlines"]).build();
        let pieces = Pieces::encode(&batch, Mode::Array);
        assert_eq!(body(&pieces, 0..2), r#"["say \"hi\"","two\nlines"]"#);
    }

    #[test]
    fn given_limits_should_cut_in_order_and_lose_nothing() {
        let batch = BatchBuilder::json((0..10).map(|number| number.to_string())).build();
        let pieces = Pieces::encode(&batch, Mode::Ndjson);
        assert_eq!(pieces.requests(4, 1_000), [0..4, 4..8, 8..10]);
        assert_eq!(pieces.requests(100, 6), [0..3, 3..6, 6..9, 9..10]);
        assert_eq!(pieces.requests(100, 1).len(), 10);
        let empty = Pieces::encode(&BatchBuilder::json(Vec::<String>::new()).build(), Mode::Ndjson);
        assert!(empty.requests(1, 1).is_empty());
    }
}
