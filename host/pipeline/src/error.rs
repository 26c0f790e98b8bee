//! Why a lane or loop cannot go on.

use std::sync::Arc;
use std::time::Duration;

use kennel_broker::BrokerError;
use kennel_sandbox::{Fault, GuestError, StartError};
use kennel_state::StateError;

use crate::live::Identity;

/// Why a lane or loop ended before it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// The broker failed.
    #[error("broker")]
    Broker(#[from] BrokerError),
    /// An instance ended.
    #[error("{}", identity.component)]
    Fault {
        /// Which guest it was.
        identity: Arc<Identity>,
        /// What happened.
        #[source]
        fault: Arc<Fault>,
    },
    /// An instance could not be made.
    #[error("{component}")]
    Start {
        /// Name of the component.
        component: String,
        /// Why.
        source: Box<StartError>,
    },
    /// A guest answered with an error that repeating the call cannot cure.
    #[error("{component}")]
    Guest {
        /// Name of the component.
        component: String,
        /// Its answer.
        source: GuestError,
    },
    /// A message failed and `on_error = "stop"`.
    #[error(
        "message {origin} offset {offset} failed in {component} ({code}: {detail}) and [delivery] on_error is \"stop\""
    )]
    Message {
        /// Stream, topic and partition.
        origin: String,
        /// Its offset.
        offset: u64,
        /// Name of the component.
        component: String,
        /// The failure's code.
        code: String,
        /// The failure's detail.
        detail: String,
    },
    /// More messages failed than the operator is willing to lose sight of.
    #[error(
        "{letters} dead letters among 1000 messages, the budget is {budget} ([delivery] dead_letter_budget); the last: {code}: {detail}"
    )]
    DeadLetterBudget {
        /// Dead letters there would be.
        letters: u64,
        /// The configured budget.
        budget: u32,
        /// The last failure's code.
        code: String,
        /// The last failure's detail.
        detail: String,
    },
    /// The broker does not take a dead letter; the message is kept in the host's records.
    #[error(
        "the dead letter topic {topic} refuses a letter; the message is kept as record {record}, and its partition stops before it"
    )]
    DeadLetterRefused {
        /// Stream and topic.
        topic: String,
        /// The record's id.
        record: String,
        /// What the broker said.
        source: BrokerError,
    },
    /// The destination says it is where the partition has not been.
    #[error(
        "{component} is at offset {position} of {origin}, but the partition ends at {end}; if its messages were lost or its topic was made anew, `kennel offsets seek` begins a new epoch"
    )]
    BeyondEnd {
        /// Name of the component.
        component: String,
        /// Stream, topic and partition.
        origin: String,
        /// What the destination answered.
        position: u64,
        /// The offset after the newest message.
        end: u64,
    },
    /// The state store failed.
    #[error(transparent)]
    State(#[from] StateError),
    /// A task of the host ended unexpectedly.
    #[error("a task of the host ended unexpectedly: {0}")]
    Internal(String),
}

/// What can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// Start again after a while, as often as it takes: the fault is not the guest's.
    Wait(Option<Duration>),
    /// Start again with fresh instances, within the restart budget.
    Replace,
    /// Only an operator can help.
    Operator,
}

impl PipelineError {
    /// The error with its causes on one line.
    #[must_use]
    pub fn explain(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(source) = cause {
            text.push_str(": ");
            text.push_str(&source.to_string());
            cause = source.source();
        }
        text
    }

    /// Whether the lane could go on but for a message that an operator has to decide about.
    pub(crate) fn is_about_messages(&self) -> bool {
        matches!(
            self,
            Self::Message { .. } | Self::DeadLetterBudget { .. } | Self::DeadLetterRefused { .. }
        )
    }

    /// What can help.
    #[must_use]
    pub fn remedy(&self) -> Remedy {
        match self {
            Self::Broker(BrokerError::Configuration(_)) => Remedy::Operator,
            Self::Broker(_) | Self::State(_) => Remedy::Wait(None),
            Self::Fault { .. } | Self::Internal(_) => Remedy::Replace,
            Self::Start { source, .. } => match &**source {
                StartError::Refused(error) => remedy_of(error),
                StartError::Fault(_) => Remedy::Replace,
                StartError::Grant(_) | StartError::Instantiate(_) => Remedy::Operator,
            },
            Self::Guest { source, .. } => remedy_of(source),
            Self::Message { .. }
            | Self::DeadLetterBudget { .. }
            | Self::DeadLetterRefused { .. }
            | Self::BeyondEnd { .. } => Remedy::Operator,
        }
    }
}

fn remedy_of(error: &GuestError) -> Remedy {
    match error {
        GuestError::Unavailable(unavailability) => Remedy::Wait(unavailability.retry_after),
        GuestError::Unauthorized(_) => Remedy::Wait(Some(Duration::from_secs(30))),
        GuestError::InvalidConfig(_) => Remedy::Operator,
        GuestError::Fenced(_) => Remedy::Wait(None),
        GuestError::Broken(_) => Remedy::Replace,
    }
}

/// How long to wait where waiting helps: what the other system asked for, if it asked.
pub(crate) fn waits(error: &GuestError) -> Option<Option<Duration>> {
    match remedy_of(error) {
        Remedy::Wait(asked) => Some(asked),
        Remedy::Replace | Remedy::Operator => None,
    }
}
