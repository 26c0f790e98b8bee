//! What can go wrong at the broker, graded by what helps.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use iggy::prelude::IggyError;

use crate::target::Target;

type Cause = Box<dyn Error + Send + Sync>;

/// Why a call to the broker failed.
///
/// Two questions decide what a caller does: [`is_transient`](Self::is_transient) (try again later, the
/// same call may succeed) and [`is_disconnected`](Self::is_disconnected) (this connection or membership
/// is over, make a new one).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BrokerError {
    /// No connection could be made: name not resolved, refused, TLS not agreed, or no answer in time.
    #[error("the broker at {address} cannot be reached")]
    Unreachable {
        /// The configured address.
        address: String,
        /// What the attempt met.
        #[source]
        source: Cause,
    },
    /// The connection broke. Whether a request under way took effect is unknown.
    #[error("the connection to the broker is gone")]
    Disconnected {
        /// What the client reported.
        #[source]
        source: Cause,
    },
    /// No answer within the request timeout. Whether the request took effect is unknown, and the
    /// connection is given up, because a late answer would be taken for the next one's.
    #[error("the broker did not answer {operation} within {after:?}")]
    Timeout {
        /// What was asked.
        operation: &'static str,
        /// How long we waited.
        after: Duration,
    },
    /// The broker is there but cannot serve this now (a view change, a shard not ready).
    #[error("the broker cannot serve the request at the moment")]
    Busy {
        /// The broker's answer.
        #[source]
        source: Cause,
    },
    /// User, password or token are wrong or no longer valid.
    #[error("the broker does not accept the credentials")]
    Unauthenticated {
        /// The broker's answer.
        #[source]
        source: Cause,
    },
    /// The user may not do this.
    #[error("the broker does not allow this user to do that")]
    Unauthorized {
        /// The broker's answer.
        #[source]
        source: Cause,
    },
    /// Stream, topic, partition or group do not exist.
    #[error("{resource} `{name}` does not exist")]
    NotFound {
        /// What is missing.
        resource: Resource,
        /// Its name, as far as known.
        name: String,
    },
    /// The partition belongs to another member now: an offset was not stored.
    #[error(
        "partition {partition} of `{name}` is not assigned to this member of the consumer group"
    )]
    Fenced {
        /// Stream and topic.
        name: String,
        /// The partition.
        partition: u32,
    },
    /// This connection is no longer a member of the group (removed, or the group was deleted).
    #[error("this connection is not a member of the consumer group `{group}` any more")]
    NotMember {
        /// Name of the group.
        group: String,
    },
    /// A message or batch is larger than the broker takes.
    #[error("{what} of {size} bytes is larger than the limit of {limit}")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// Its size in bytes; 0 when only the broker knows.
        size: usize,
        /// The limit in bytes; 0 when only the broker knows.
        limit: usize,
    },
    /// The broker answered with an error that none of the other variants names.
    #[error("the broker refused with code {code}")]
    Refused {
        /// Iggy's error code.
        code: u32,
        /// Iggy's description.
        #[source]
        source: Cause,
    },
    /// The broker's answer makes no sense, or it speaks another version of the protocol.
    #[error("the broker broke the protocol: {0}")]
    Protocol(String),
    /// Our own settings cannot work (a CA file that cannot be read, an empty name).
    #[error("{0}")]
    Configuration(String),
}

impl BrokerError {
    /// Waiting may help: the same call can succeed later, on this connection or on a new one.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. }
            | Self::Disconnected { .. }
            | Self::Timeout { .. }
            | Self::Busy { .. }
            | Self::NotMember { .. } => true,
            Self::Unauthenticated { .. }
            | Self::Unauthorized { .. }
            | Self::NotFound { .. }
            | Self::Fenced { .. }
            | Self::TooLarge { .. }
            | Self::Refused { .. }
            | Self::Protocol(_)
            | Self::Configuration(_) => false,
        }
    }

    /// The connection, or the membership on it, is over: nothing more can be done with it.
    #[must_use]
    pub fn is_disconnected(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. }
                | Self::Disconnected { .. }
                | Self::Timeout { .. }
                | Self::NotMember { .. }
        )
    }
}

/// A kind of thing that may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Resource {
    /// A stream.
    Stream,
    /// A topic.
    Topic,
    /// A partition of a topic.
    Partition,
    /// A consumer group.
    ConsumerGroup,
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stream => "stream",
            Self::Topic => "topic",
            Self::Partition => "partition",
            Self::ConsumerGroup => "consumer group",
        })
    }
}

/// What a request was about, to give an error its names.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Subject<'a> {
    pub(crate) target: Option<&'a Target>,
    pub(crate) partition: Option<u32>,
    pub(crate) group: Option<&'a str>,
}

impl Subject<'_> {
    fn stream(&self) -> String {
        self.target.map(|target| target.stream.clone()).unwrap_or_default()
    }

    fn topic(&self) -> String {
        self.target.map(ToString::to_string).unwrap_or_default()
    }

    fn partition(&self) -> String {
        match self.partition {
            Some(partition) => format!("{}/{partition}", self.topic()),
            None => self.topic(),
        }
    }

    /// Grades an error of the client.
    pub(crate) fn grade(&self, error: IggyError) -> BrokerError {
        let not_found = |resource, name| BrokerError::NotFound { resource, name };
        match error {
            // With the client's reconnection off, it reports a session ended by the broker
            // (unauthenticated, stale) as disconnected too: a new sign-in tells which.
            IggyError::Disconnected
            | IggyError::NotConnected
            | IggyError::CannotEstablishConnection
            | IggyError::TcpError
            | IggyError::EmptyResponse
            | IggyError::ConnectionClosed
            | IggyError::ClientShutdown
            | IggyError::StaleClient
            | IggyError::Unauthenticated => BrokerError::Disconnected { source: error.into() },
            IggyError::TransientNotCommitted
            | IggyError::TransientNotAccepted
            | IggyError::TaskTimeout
            | IggyError::ShardCommunicationError
            | IggyError::ShardNotFound(..) => BrokerError::Busy { source: error.into() },
            IggyError::InvalidCredentials
            | IggyError::InvalidUsername
            | IggyError::InvalidPassword
            | IggyError::InvalidPersonalAccessToken
            | IggyError::PersonalAccessTokenExpired(..)
            | IggyError::UserInactive => BrokerError::Unauthenticated { source: error.into() },
            IggyError::Unauthorized => BrokerError::Unauthorized { source: error.into() },
            IggyError::StreamIdNotFound(_) | IggyError::StreamNameNotFound(_) => {
                not_found(Resource::Stream, self.stream())
            }
            // Older servers answer all missing things with this one.
            IggyError::ResourceNotFound(_)
            | IggyError::TopicIdNotFound(..)
            | IggyError::TopicNameNotFound(..) => not_found(Resource::Topic, self.topic()),
            IggyError::PartitionNotFound(..) | IggyError::NoPartitions(..) => {
                not_found(Resource::Partition, self.partition())
            }
            IggyError::ConsumerGroupIdNotFound(..) | IggyError::ConsumerGroupNameNotFound(..) => {
                not_found(Resource::ConsumerGroup, self.group.unwrap_or_default().to_owned())
            }
            IggyError::ConsumerGroupMemberNotFound(..) => {
                BrokerError::NotMember { group: self.group.unwrap_or_default().to_owned() }
            }
            IggyError::ConsumerGroupPartitionNotOwned(..) => BrokerError::Fenced {
                name: self.topic(),
                partition: self.partition.unwrap_or_default(),
            },
            IggyError::TooBigMessagePayload => {
                BrokerError::TooLarge { what: "a message", size: 0, limit: 0 }
            }
            IggyError::TooBigUserHeaders => {
                BrokerError::TooLarge { what: "the headers of a message", size: 0, limit: 0 }
            }
            IggyError::TooManyMessages => {
                BrokerError::TooLarge { what: "a batch", size: 0, limit: 0 }
            }
            IggyError::InvalidTlsDomain
            | IggyError::InvalidTlsCertificatePath
            | IggyError::InvalidTlsCertificate
            | IggyError::FailedToAddCertificate => {
                BrokerError::Configuration(format!("the TLS settings cannot be used: {error}"))
            }
            IggyError::IncompatibleProtocolVersion(..)
            | IggyError::InvalidCommand
            | IggyError::InvalidFormat
            | IggyError::InvalidNumberEncoding
            | IggyError::InvalidUtf8 => BrokerError::Protocol(error.to_string()),
            other => BrokerError::Refused { code: other.as_code(), source: other.into() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_a_partition_of_another_member_grading_should_name_it() {
        let target = Target::new("shop", "orders");
        let subject = Subject { target: Some(&target), partition: Some(3), group: Some("sink") };
        let error = subject.grade(IggyError::ConsumerGroupPartitionNotOwned(0, 0));
        assert!(matches!(&error, BrokerError::Fenced { partition: 3, .. }));
        assert!(!error.is_transient() && !error.is_disconnected());
        assert!(error.to_string().contains("shop/orders"));
    }

    #[test]
    fn given_an_unknown_code_grading_should_keep_code_and_cause() {
        let error = Subject::default().grade(IggyError::InvalidOffset(9));
        assert!(matches!(error, BrokerError::Refused { code: 4100, .. }));
        assert!(error.source().is_some());
    }
}
