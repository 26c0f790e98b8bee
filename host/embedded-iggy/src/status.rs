//! Failure codes of the protocol.

use std::io;

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
    pub(crate) const UNAUTHORIZED: Self = Self(41);
    pub(crate) const INVALID_CREDENTIALS: Self = Self(42);
    pub(crate) const INVALID_PASSWORD: Self = Self(44);
    pub(crate) const INVALID_USER_STATUS: Self = Self(45);
    pub(crate) const USER_ALREADY_EXISTS: Self = Self(46);
    pub(crate) const CANNOT_DELETE_USER: Self = Self(48);
    pub(crate) const CANNOT_CHANGE_PERMISSIONS: Self = Self(49);
    pub(crate) const TOKEN_ALREADY_EXISTS: Self = Self(51);
    pub(crate) const TOKENS_LIMIT_REACHED: Self = Self(52);
    pub(crate) const RESOURCE_NOT_FOUND: Self = Self(20);
    pub(crate) const STREAM_NOT_FOUND: Self = Self(1009);
    pub(crate) const STREAM_NAME_TAKEN: Self = Self(1012);
    pub(crate) const TOPIC_NOT_FOUND: Self = Self(2010);
    pub(crate) const TOPIC_NAME_TAKEN: Self = Self(2013);
    pub(crate) const TOO_MANY_PARTITIONS: Self = Self(2015);
    pub(crate) const PARTITION_NOT_FOUND: Self = Self(3007);
    pub(crate) const NO_PARTITIONS: Self = Self(3008);
    pub(crate) const CONSUMER_OFFSET_NOT_FOUND: Self = Self(3021);
    pub(crate) const INVALID_MESSAGES_COUNT: Self = Self(4009);
    pub(crate) const CANNOT_APPEND_MESSAGE: Self = Self(4010);
    pub(crate) const CANNOT_READ_MESSAGE: Self = Self(4011);
    pub(crate) const TOO_BIG_MESSAGE_PAYLOAD: Self = Self(4022);
    pub(crate) const INVALID_OFFSET: Self = Self(4100);
    pub(crate) const GROUP_NOT_FOUND: Self = Self(5000);
    pub(crate) const GROUP_NAME_TAKEN: Self = Self(5004);
    pub(crate) const GROUP_MEMBER_NOT_FOUND: Self = Self(5006);
    pub(crate) const PARTITION_NOT_OWNED: Self = Self(5009);
    pub(crate) const IO_ERROR: Self = Self(13000);
}

/// A file operation failed. The client learns the code, the server's log the reason.
impl Status {
    pub(crate) fn io(error: io::Error) -> Self {
        tracing::error!(%error, "a file could not be used");
        Self::IO_ERROR
    }

    pub(crate) fn cannot_append(error: io::Error) -> Self {
        tracing::error!(%error, "a batch could not be written");
        Self::CANNOT_APPEND_MESSAGE
    }

    pub(crate) fn cannot_read(error: io::Error) -> Self {
        tracing::error!(%error, "a batch could not be read");
        Self::CANNOT_READ_MESSAGE
    }
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
