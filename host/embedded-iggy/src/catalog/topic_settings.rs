//! A topic's options.

use bytes::BytesMut;
use iggy_binary_protocol::{WireOptions, encode_user_headers};
use iggy_common::{
    CompressionAlgorithm, IggyError, IggyExpiry, MAX_TOPIC_SEGMENT_SIZE, MaxTopicSize,
    TopicCreateOptions, TopicRuntimeDefaults, UPDATABLE_TOPIC_OPTION_KEYS,
    validate_topic_segment_size,
};

use crate::status::Status;

/// What the topic's options say, resolved.
#[derive(Debug, Clone)]
pub(crate) struct TopicSettings {
    /// The options block as the client sent it.
    pub(crate) options: WireOptions,
    /// The values filled in for options the client did not send.
    pub(crate) derived: WireOptions,
    /// Age in microseconds after which messages may be removed; `u64::MAX` is never.
    pub(crate) message_expiry: u64,
    /// Size in bytes above which old messages are removed; `u64::MAX` is unlimited.
    pub(crate) max_size: u64,
    pub(crate) compression: u8,
    /// Bytes after which a segment is closed, if the client chose it.
    pub(crate) segment_bytes: Option<u64>,
    /// Whether a batch must survive a loss of power before it is acknowledged.
    pub(crate) sync_messages: bool,
    /// The same for stored consumer offsets.
    pub(crate) sync_offsets: bool,
}

impl TopicSettings {
    /// Reads and checks an options block.
    pub(crate) fn parse(options: WireOptions) -> Result<Self, Status> {
        let parsed = TopicCreateOptions::parse(&options)?;
        if let Some(size) = parsed.segment_size {
            validate_topic_segment_size(size.as_bytes_u64(), MAX_TOPIC_SEGMENT_SIZE)?;
        }
        let compression = parsed.compression_algorithm.unwrap_or(CompressionAlgorithm::None);
        let expiry = parsed.message_expiry.unwrap_or(IggyExpiry::NeverExpire);
        let max_size = parsed.max_topic_size.unwrap_or(MaxTopicSize::Unlimited);
        let derived = parsed.derived_block(
            compression,
            expiry,
            max_size,
            TopicRuntimeDefaults::default(),
            &options,
        )?;
        Ok(Self {
            derived,
            message_expiry: expiry.into(),
            max_size: max_size.into(),
            compression: compression.as_code(),
            segment_bytes: parsed.segment_size.map(|size| size.as_bytes_u64()),
            sync_messages: parsed.durability.is_persisted(),
            sync_offsets: parsed.consumer_offset_durability.is_persisted(),
            options,
        })
    }

    /// These settings with the values of an update's block in place of the old ones.
    pub(crate) fn patched(&self, patch: &WireOptions) -> Result<Self, Status> {
        for entry in patch {
            let key = String::from_utf8_lossy(entry.key);
            if !UPDATABLE_TOPIC_OPTION_KEYS.contains(&key.as_ref()) {
                return Err(IggyError::UnsupportedOptionKey(key.into_owned()).into());
            }
        }
        let kept = self.options.iter().filter(|old| !patch.iter().any(|new| new.key == old.key));
        let entries: Vec<_> = kept
            .chain(patch)
            .map(|entry| (entry.key_kind.0, entry.key, entry.value_kind.0, entry.value))
            .collect();
        let mut block = BytesMut::new();
        encode_user_headers(&entries, &mut block);
        Self::parse(WireOptions::from_bytes(block.freeze())?)
    }
}
