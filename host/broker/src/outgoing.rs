//! Messages on their way out, and their wire form.

use bytes::{Bytes, BytesMut};
use iggy_binary_protocol::WirePartitioning;
use iggy_binary_protocol::requests::messages::{RawMessage, SendMessagesEncoder};
use iggy_common::{IggyTimestamp, random_id};

use crate::error::BrokerError;
use crate::headers;
use crate::target::{Target, wire_identifier};

/// The largest payload the broker takes, in bytes.
pub const MAX_PAYLOAD_BYTES: usize = iggy::prelude::MAX_PAYLOAD_SIZE as usize;

/// The most header bytes of one message the broker takes.
pub const MAX_HEADERS_BYTES: usize = iggy::prelude::MAX_USER_HEADERS_SIZE as usize;

/// A message to send.
#[derive(Debug, Clone, Default)]
pub struct OutgoingMessage {
    /// The message's id, by which a broker with de-duplication knows it again. 0: a random one is given.
    pub id: u128,
    /// The payload, at most [`MAX_PAYLOAD_BYTES`].
    pub payload: Bytes,
    /// Headers in wire form (see [`headers`]), at most [`MAX_HEADERS_BYTES`]; may be empty.
    pub headers: Bytes,
}

/// Encodes a send request. The payload bytes are copied once, into the request.
pub(crate) fn encode(
    target: &Target,
    partition: u32,
    messages: &[OutgoingMessage],
) -> Result<Bytes, BrokerError> {
    let stream = wire_identifier(&target.stream)?;
    let topic = wire_identifier(&target.topic)?;
    let partitioning = WirePartitioning::PartitionId(partition);
    let origin_timestamp = IggyTimestamp::now().as_micros();

    // One random number a batch: ids count on from it.
    let mut next_id = random_id::get_uuid();
    let mut raw = Vec::with_capacity(messages.len());
    for message in messages {
        check(message)?;
        let id = if message.id == 0 {
            next_id = next_id.wrapping_add(1).max(1);
            next_id
        } else {
            message.id
        };
        raw.push(RawMessage {
            id,
            origin_timestamp,
            headers: (!message.headers.is_empty()).then_some(&message.headers[..]),
            payload: &message.payload,
        });
    }
    let size = SendMessagesEncoder::encoded_size(&stream, &topic, &partitioning, &raw);
    let mut request = BytesMut::with_capacity(size);
    SendMessagesEncoder::encode(&mut request, &stream, &topic, &partitioning, &raw)
        .map_err(|_| BrokerError::TooLarge { what: "a batch", size, limit: u32::MAX as usize })?;
    Ok(request.freeze())
}

fn check(message: &OutgoingMessage) -> Result<(), BrokerError> {
    if message.payload.len() > MAX_PAYLOAD_BYTES {
        return Err(BrokerError::TooLarge {
            what: "a message",
            size: message.payload.len(),
            limit: MAX_PAYLOAD_BYTES,
        });
    }
    if message.headers.len() > MAX_HEADERS_BYTES {
        return Err(BrokerError::TooLarge {
            what: "the headers of a message",
            size: message.headers.len(),
            limit: MAX_HEADERS_BYTES,
        });
    }
    // Malformed headers would be stored as they are and break the first reader.
    headers::validate(&message.headers)
        .map_err(|error| BrokerError::Configuration(format!("headers cannot be sent: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_a_payload_over_the_limit_encode_should_refuse_it() {
        let payload = Bytes::from(vec![0; MAX_PAYLOAD_BYTES + 1]);
        let message = OutgoingMessage { payload, ..OutgoingMessage::default() };
        let error = encode(&Target::new("s", "t"), 0, &[message]).unwrap_err();
        assert!(matches!(error, BrokerError::TooLarge { limit: MAX_PAYLOAD_BYTES, .. }), "{error}");
    }

    #[test]
    fn given_malformed_headers_encode_should_refuse_them() {
        let message = OutgoingMessage {
            payload: Bytes::from_static(b"x"),
            headers: Bytes::from_static(b"\x02\xff\0\0\0short"),
            ..OutgoingMessage::default()
        };
        assert!(encode(&Target::new("s", "t"), 0, &[message]).is_err());
    }
}
