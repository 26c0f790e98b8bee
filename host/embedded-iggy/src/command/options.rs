//! Which options resources have.

use bytes::Bytes;
use iggy_binary_protocol::requests::system::{
    DescribeOptionsRequest, OPTIONS_SCOPE_STREAM, OPTIONS_SCOPE_TOPIC, OPTIONS_SCOPE_USER,
};
use iggy_binary_protocol::responses::system::{DescribeOptionsResponse, OptionDescriptor};
use iggy_binary_protocol::{WireName, WireOptions};
use iggy_common::topic_option_keys as keys;

use super::{Answer, Reply, decode};
use crate::catalog::TopicSettings;
use crate::status::Status;

/// Only topics have options; their defaults are what an empty block resolves to.
pub(super) fn describe_options(body: &[u8]) -> Answer {
    let request: DescribeOptionsRequest = decode(body)?;
    let defaults = match request.scope {
        OPTIONS_SCOPE_TOPIC => TopicSettings::parse(WireOptions::empty())?.derived,
        OPTIONS_SCOPE_STREAM | OPTIONS_SCOPE_USER => WireOptions::empty(),
        _ => return Err(Status::INVALID_COMMAND),
    };
    let mut entries = Vec::new();
    for entry in &defaults {
        let key = String::from_utf8_lossy(entry.key);
        entries.push(OptionDescriptor {
            description: describe(&key).to_owned(),
            key: WireName::new(key)?,
            kind: entry.value_kind.0,
            default_value: Bytes::copy_from_slice(entry.value),
        });
    }
    Ok(Reply::encode(&DescribeOptionsResponse { entries }))
}

fn describe(key: &str) -> &'static str {
    match key {
        keys::COMPRESSION_ALGORITHM => "compression; kept and shown, nothing is compressed",
        keys::MESSAGE_EXPIRY => "age after which messages may be removed",
        keys::MAX_TOPIC_SIZE => "size above which the oldest messages are removed",
        keys::SEGMENT_SIZE => "size after which a segment is closed",
        keys::DURABILITY => "persisted: a batch is synchronised before it is acknowledged",
        keys::CONSUMER_OFFSET_DURABILITY => {
            "persisted: a consumer offset is written before it is acknowledged"
        }
        keys::PREALLOCATE_SEGMENTS => "kept and shown; files are not preallocated",
        keys::MESSAGES_REQUIRED_TO_SAVE | keys::SIZE_OF_MESSAGES_REQUIRED_TO_SAVE => {
            "kept and shown; every batch is written at once"
        }
        _ => "",
    }
}
