use bytes::{Bytes, BytesMut};
use iggy_binary_protocol::requests::messages::{RawMessage, SendMessagesEncoder};
use iggy_binary_protocol::{WireIdentifier, WirePartitioning};

use super::*;
use crate::batch::{BatchBuffers, ColumnName, PolledBatch};

/// A stored batch, made by the protocol's own encoder.
fn record(base_offset: u64, base_timestamp: u64, messages: &[(u128, &[u8], &[u8])]) -> Vec<u8> {
    let id = WireIdentifier::numeric(1);
    let partitioning = WirePartitioning::PartitionId(0);
    let raw: Vec<_> = messages
        .iter()
        .enumerate()
        .map(|(index, (id, payload, headers))| RawMessage {
            id: *id,
            origin_timestamp: 1_000 + index as u64,
            headers: Some(headers),
            payload,
        })
        .collect();
    let mut request = BytesMut::new();
    SendMessagesEncoder::encode(&mut request, &id, &id, &partitioning, &raw).unwrap();
    let metadata = u32::from_le_bytes(*request.first_chunk().unwrap()) as usize;
    let mut record = request[4 + metadata..].to_vec();
    let mut header = BatchHeader::decode(&record).unwrap();
    (header.base_offset, header.base_timestamp) = (base_offset, base_timestamp);
    header.encode_into(&mut record);
    record
}

fn reply(current_offset: u64, records: &[Vec<u8>]) -> Bytes {
    let mut reply = 0_u32.to_le_bytes().to_vec();
    reply.extend(current_offset.to_le_bytes());
    reply.extend(3_u32.to_le_bytes());
    reply.extend(records.concat());
    Bytes::from(reply)
}

pub(super) fn read(reply: &Bytes, first: u64) -> Result<PolledBatch, BrokerError> {
    let prefix = Prefix::read(reply)?;
    let mut buffers = BatchBuffers::default();
    buffers.fill(reply, first)?;
    Ok(buffers.into_batch(reply.clone(), prefix.current_offset))
}

pub(super) fn two_records() -> Bytes {
    let id = u128::from(u64::MAX) + 8;
    reply(
        12,
        &[
            record(10, 7_000, &[(id, b"first", b"\x02\x01\0\0\0k\x02\x01\0\0\0v"), (2, b"", b"")]),
            record(12, 8_000, &[(3, b"third", b"")]),
        ],
    )
}

#[test]
fn given_a_reply_of_two_batches_columns_should_describe_its_messages() {
    let batch = read(&two_records(), 0).unwrap();
    assert_eq!(batch.offsets, [10, 11, 12]);
    assert_eq!((batch.current_offset, batch.next_offset()), (12, Some(13)));
    assert_eq!(batch.payload(0), Some(&b"first"[..]));
    assert_eq!(batch.headers(0), Some(&b"\x02\x01\0\0\0k\x02\x01\0\0\0v"[..]));
    assert_eq!(batch.payload(1), Some(&b""[..]));
    assert_eq!(batch.payload(2), Some(&b"third"[..]));
    assert_eq!(batch.headers(2), Some(&b""[..]));
    assert_eq!(batch.payload(3), None);
    assert_eq!(batch.column(ColumnName::Timestamp), [7_000, 7_000, 8_000]);
    assert_eq!(batch.column(ColumnName::OriginTimestamp), [1_000, 1_001, 1_000]);
    assert_eq!(batch.column(ColumnName::IdLow), [7, 2, 3]);
    assert_eq!(batch.column(ColumnName::IdHigh), [1, 0, 0]);
}

#[test]
fn given_a_reply_our_walk_should_agree_with_the_official_decoder() {
    let reply = two_records();
    let batch = read(&reply, 0).unwrap();
    let official = iggy::prelude::PolledMessages::from_bytes(reply).unwrap();
    let checksums = batch.column(ColumnName::Checksum);
    assert_eq!(official.messages.len(), batch.len());
    for (index, message) in official.messages.iter().enumerate() {
        assert_eq!(batch.payload(index), Some(&message.payload[..]));
        assert_eq!(batch.offsets[index], message.header.offset);
        assert_eq!(checksums[index], message.header.checksum);
    }
}

#[test]
fn given_a_head_before_the_asked_offset_it_should_be_outside_all_columns() {
    let batch = read(&two_records(), 11).unwrap();
    assert_eq!(batch.offsets, [11, 12]);
    assert_eq!(batch.spans.len(), 8);
    assert_eq!(batch.column(ColumnName::IdLow), [2, 3]);
}

#[test]
fn given_any_cut_of_a_reply_walk_should_fail_or_end_at_a_record() {
    let whole = two_records();
    let first_record_end =
        PREFIX_SIZE + record(10, 0, &[(0, b"first", &[0; 12]), (2, b"", b"")]).len();
    for length in 0..whole.len() {
        let result = read(&whole.slice(..length), 0);
        if length == PREFIX_SIZE || length == first_record_end {
            assert!(result.is_ok(), "cut at {length}");
        } else {
            assert!(matches!(result, Err(BrokerError::Protocol(_))), "cut at {length}");
        }
    }
}

#[test]
fn given_any_damaged_byte_walk_should_stay_inside_the_reply() {
    let whole = two_records();
    for position in 0..whole.len() {
        for damage in [0xff_u8, 0x80, 0x01] {
            let mut bytes = whole.to_vec();
            bytes[position] ^= damage;
            if let Ok(batch) = read(&Bytes::from(bytes), 0) {
                assert!(batch.offsets.is_sorted_by(|a, b| a < b));
                for index in 0..batch.len() {
                    assert!(batch.payload(index).is_some() && batch.headers(index).is_some());
                }
                assert_eq!(batch.column(ColumnName::Checksum).len(), batch.len());
            }
        }
    }
}

#[test]
fn given_lengths_at_the_end_of_their_range_walk_should_fail() {
    let whole = two_records();
    let frame = PREFIX_SIZE + BATCH_HEADER_SIZE;
    // Batch length, message count, headers length, payload length.
    for (at, width) in
        [(PREFIX_SIZE + 32, 8), (PREFIX_SIZE + 48, 4), (frame + 32, 4), (frame + 36, 4)]
    {
        let mut bytes = whole.to_vec();
        bytes[at..at + width].fill(0xff);
        assert!(matches!(read(&Bytes::from(bytes), 0), Err(BrokerError::Protocol(_))), "at {at}");
    }
}

#[test]
fn given_offsets_out_of_order_walk_should_fail() {
    let twice = record(5, 0, &[(1, b"a", b"")]);
    assert!(matches!(read(&reply(5, &[twice.clone(), twice]), 0), Err(BrokerError::Protocol(_))));
    let last = record(u64::MAX, 0, &[(1, b"a", b"")]);
    assert!(matches!(read(&reply(5, &[last]), 0), Err(BrokerError::Protocol(_))));
}
