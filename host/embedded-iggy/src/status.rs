//! Failure codes of the protocol.

use iggy_binary_protocol::WireError;
use iggy_common::IggyError;

/// A failed request: the `IggyError` code that travels in the reply header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Status(pub(crate) u32);

impl Status {
    pub(crate) const INVALID_COMMAND: Self = Self(3);
    pub(crate) const INVALID_FORMAT: Self = Self(4);
    pub(crate) const FEATURE_UNAVAILABLE: Self = Self(5);
    pub(crate) const INVALID_IDENTIFIER: Self = Self(6);
    pub(crate) const UNAUTHENTICATED: Self = Self(40);
    pub(crate) const STREAM_NOT_FOUND: Self = Self(1009);
    pub(crate) const STREAM_NAME_TAKEN: Self = Self(1012);
    pub(crate) const TOPIC_NOT_FOUND: Self = Self(2010);
    pub(crate) const TOPIC_NAME_TAKEN: Self = Self(2013);
    pub(crate) const TOO_MANY_PARTITIONS: Self = Self(2015);
    pub(crate) const PARTITION_NOT_FOUND: Self = Self(3007);
    pub(crate) const NO_PARTITIONS: Self = Self(3008);
    pub(crate) const CONSUMER_OFFSET_NOT_FOUND: Self = Self(3021);
    pub(crate) const INVALID_MESSAGES_COUNT: Self = Self(4009);
    pub(crate) const TOO_BIG_MESSAGE_PAYLOAD: Self = Self(4022);
    pub(crate) const INVALID_OFFSET: Self = Self(4100);
    pub(crate) const GROUP_NOT_FOUND: Self = Self(5000);
    pub(crate) const GROUP_NAME_TAKEN: Self = Self(5004);
    pub(crate) const GROUP_MEMBER_NOT_FOUND: Self = Self(5006);
    pub(crate) const PARTITION_NOT_OWNED: Self = Self(5009);
    pub(crate) const IO_ERROR: Self = Self(13000);
}

impl From<WireError> for Status {
    fn from(error: WireError) -> Self {
        match error {
            WireError::InvalidBatchChecksum { .. } => Self(4039),
            WireError::InvalidMessageChecksum { .. } => Self(4027),
            WireError::InvalidMessageTimestampDelta(_) => Self(4038),
            _ => Self::INVALID_COMMAND,
        }
    }
}

impl From<IggyError> for Status {
    fn from(error: IggyError) -> Self {
        Self(error.as_code())
    }
}
