//! A dead letter read back from its headers.

use bytes::Bytes;
use kennel_broker::headers::{self, Header};

/// Every header of the envelope begins with this.
const ENVELOPE: &str = "kennel.dlq.";

/// The names of the envelope's headers.
pub(super) mod name {
    /// The first one written: where the original headers end.
    pub(crate) const CONNECTOR: &str = "kennel.dlq.connector";
    pub(crate) const COMPONENT: &str = "kennel.dlq.component";
    pub(crate) const DIGEST: &str = "kennel.dlq.digest";
    pub(crate) const STAGE: &str = "kennel.dlq.stage";
    pub(crate) const CODE: &str = "kennel.dlq.code";
    pub(crate) const DETAIL: &str = "kennel.dlq.detail";
    pub(crate) const ATTEMPTS: &str = "kennel.dlq.attempts";
    pub(crate) const TIME: &str = "kennel.dlq.time";
    pub(crate) const STREAM: &str = "kennel.dlq.stream";
    pub(crate) const TOPIC: &str = "kennel.dlq.topic";
    pub(crate) const PARTITION: &str = "kennel.dlq.partition";
    pub(crate) const OFFSET: &str = "kennel.dlq.offset";
    pub(crate) const MESSAGE_ID: &str = "kennel.dlq.id";
    pub(crate) const RECORD: &str = "kennel.dlq.record";
}

/// What the envelope of a dead letter says. What a header has cut is whole in the host's record.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct Letter {
    /// Key of the connector.
    pub connector: String,
    /// Name of the component that it failed in.
    pub component: String,
    /// SHA-256 of that component, hexadecimal.
    pub digest: String,
    /// `sink`, `source`, `transform-0` …
    pub stage: String,
    /// Short and stable.
    pub code: String,
    /// For people.
    pub detail: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was given up, microseconds since 1970 UTC.
    pub time: u64,
    /// Stream the message came from.
    pub stream: String,
    /// Its topic.
    pub topic: String,
    /// Its partition.
    pub partition: u32,
    /// Its offset.
    pub offset: u64,
    /// Id that the message had, 32 hexadecimal digits; empty if it had none.
    pub message_id: String,
    /// Id of the host's record.
    pub record: String,
}

impl Letter {
    /// The envelope in `headers`, the newest one if a letter became a letter again. `None`: no dead
    /// letter.
    #[must_use]
    pub fn read(headers: &[u8]) -> Option<Self> {
        let mut letter = Self::default();
        for header in headers::iterate(headers).map_while(Result::ok) {
            let text = || header.value_text().unwrap_or_default().to_owned();
            let number = || header.value_u64().unwrap_or_default();
            let small = || u32::try_from(number()).unwrap_or_default();
            match header.key_text() {
                Some(name::CONNECTOR) => letter.connector = text(),
                Some(name::COMPONENT) => letter.component = text(),
                Some(name::DIGEST) => letter.digest = text(),
                Some(name::STAGE) => letter.stage = text(),
                Some(name::CODE) => letter.code = text(),
                Some(name::DETAIL) => letter.detail = text(),
                Some(name::ATTEMPTS) => letter.attempts = small(),
                Some(name::TIME) => letter.time = number(),
                Some(name::STREAM) => letter.stream = text(),
                Some(name::TOPIC) => letter.topic = text(),
                Some(name::PARTITION) => letter.partition = small(),
                Some(name::OFFSET) => letter.offset = number(),
                Some(name::MESSAGE_ID) => letter.message_id = text(),
                Some(name::RECORD) => letter.record = text(),
                _ => {}
            }
        }
        (!letter.connector.is_empty()).then_some(letter)
    }
}

/// The headers that the message had before it became a letter, byte for byte.
///
/// The envelope is what begins with the last `kennel.dlq.connector`, so a letter that became a letter
/// again keeps its first envelope. Where something else follows, another program has written the
/// headers anew in an order of its own, and every header of an envelope is left out.
#[must_use]
pub fn original_headers(headers: &[u8]) -> Bytes {
    let mut spans = Vec::new();
    let (mut at, mut cut, mut in_order) = (0, headers.len(), true);
    for header in headers::iterate(headers).map_while(Result::ok) {
        let (start, key) = (at, header.key_text().unwrap_or_default());
        at += encoded_len(&header);
        let own = key.starts_with(ENVELOPE);
        if key == name::CONNECTOR {
            (cut, in_order) = (start, true);
        } else if start > cut && !own {
            in_order = false;
        }
        if !own {
            spans.push(start..at);
        }
    }
    if in_order {
        return Bytes::copy_from_slice(headers.get(..cut).unwrap_or_default());
    }
    let kept = spans.into_iter().flat_map(|span| headers.get(span).unwrap_or_default());
    Bytes::from_iter(kept.copied())
}

/// Kind and length, five bytes, before each key and value.
fn encoded_len(header: &Header<'_>) -> usize {
    10 + header.key.len() + header.value.len()
}

#[cfg(test)]
mod tests {
    use kennel_broker::headers::{HeaderWriter, Kind};

    use super::*;

    fn enveloped(original: &[u8], connector: &str) -> Vec<u8> {
        let mut writer = HeaderWriter::after(original);
        writer.text(name::CONNECTOR, connector).unwrap().text(name::CODE, "not_json").unwrap();
        writer.field(name::PARTITION, Kind::U32, &3_u32.to_le_bytes()).unwrap();
        writer.number(name::OFFSET, 17).unwrap();
        writer.finish().to_vec()
    }

    fn original() -> Vec<u8> {
        let mut writer = HeaderWriter::default();
        writer.text("trace", "ä").unwrap().field("raw", Kind::RAW, &[0, 255]).unwrap();
        writer.finish().to_vec()
    }

    #[test]
    fn given_an_envelope_should_read_it_and_give_the_original_headers_back() {
        let headers = enveloped(&original(), "orders");
        let letter = Letter::read(&headers).unwrap();
        assert_eq!((letter.connector.as_str(), letter.code.as_str()), ("orders", "not_json"));
        assert_eq!((letter.partition, letter.offset), (3, 17));
        assert_eq!(original_headers(&headers), original());
        assert_eq!(original_headers(&enveloped(&[], "orders")), Bytes::new());
    }

    #[test]
    fn given_a_letter_that_became_a_letter_should_take_off_the_newer_envelope_only() {
        let first = enveloped(&original(), "orders");
        let second = enveloped(&first, "letters");
        assert_eq!(Letter::read(&second).unwrap().connector, "letters");
        assert_eq!(original_headers(&second), first);
    }

    #[test]
    fn given_headers_written_anew_in_another_order_should_keep_all_that_is_no_envelope() {
        let mut writer = HeaderWriter::after(&enveloped(&[], "orders"));
        writer.text("trace", "after").unwrap();
        let mut expected = HeaderWriter::default();
        expected.text("trace", "after").unwrap();
        assert_eq!(original_headers(&writer.finish()), expected.finish());
    }

    #[test]
    fn given_headers_without_an_envelope_should_find_no_letter_and_keep_them() {
        assert_eq!(Letter::read(&original()), None);
        assert_eq!(original_headers(&original()), original());
    }
}
