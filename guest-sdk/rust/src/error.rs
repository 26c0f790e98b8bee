//! Why a whole call failed.

use std::fmt;
use std::time::Duration;

use crate::glue::types;

/// Why a whole call failed. None of these ever dead-letters a message; [`crate::Receipt::reject`] and
/// [`crate::Output::fail`] are for single messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The other system is down, slow or throttling: the host backs off and brings the same batch again.
    Unavailable {
        /// For people.
        detail: String,
        /// The least wait that the other system asked for.
        retry_after: Option<Duration>,
    },
    /// Credentials or rights are wrong: the host waits for the operator.
    Unauthorized(String),
    /// The configuration cannot work: the connector stops until it changes.
    InvalidConfig(String),
    /// Somebody else has moved this partition on: the host drops what it holds and assigns again.
    Fenced(String),
    /// This instance is broken: the host replaces it.
    Broken(String),
    /// Anything else; treated as unavailable.
    Other(String),
}

impl Error {
    /// The other system is down, slow or throttling.
    pub fn unavailable(detail: impl fmt::Display) -> Self {
        Self::Unavailable { detail: detail.to_string(), retry_after: None }
    }

    /// As [`Error::unavailable`], and no retry is welcome before `retry_after`.
    pub fn unavailable_after(detail: impl fmt::Display, retry_after: Duration) -> Self {
        Self::Unavailable { detail: detail.to_string(), retry_after: Some(retry_after) }
    }

    /// Credentials or rights are wrong.
    pub fn unauthorized(detail: impl fmt::Display) -> Self {
        Self::Unauthorized(detail.to_string())
    }

    /// The configuration cannot work.
    pub fn invalid_config(detail: impl fmt::Display) -> Self {
        Self::InvalidConfig(detail.to_string())
    }

    /// Somebody else has moved this partition on.
    pub fn fenced(detail: impl fmt::Display) -> Self {
        Self::Fenced(detail.to_string())
    }

    /// This instance is broken.
    pub fn broken(detail: impl fmt::Display) -> Self {
        Self::Broken(detail.to_string())
    }

    /// Anything else.
    pub fn other(detail: impl fmt::Display) -> Self {
        Self::Other(detail.to_string())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable { detail, retry_after: None } => {
                write!(formatter, "unavailable: {detail}")
            }
            Self::Unavailable { detail, retry_after: Some(wait) } => {
                write!(formatter, "unavailable for {wait:?}: {detail}")
            }
            Self::Unauthorized(detail) => write!(formatter, "unauthorized: {detail}"),
            Self::InvalidConfig(detail) => write!(formatter, "invalid configuration: {detail}"),
            Self::Fenced(detail) => write!(formatter, "fenced: {detail}"),
            Self::Broken(detail) => write!(formatter, "broken: {detail}"),
            Self::Other(detail) => formatter.write_str(detail),
        }
    }
}

impl std::error::Error for Error {}

/// A denied effect is the operator's to grant, so it is `unauthorized`; all else is `unavailable`.
impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::PermissionDenied => Self::unauthorized(error),
            _ => Self::unavailable(error),
        }
    }
}

impl From<Error> for types::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Unavailable { detail, retry_after } => {
                Self::Unavailable(types::Unavailability {
                    detail,
                    retry_after_ms: retry_after
                        .map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
                })
            }
            Error::Unauthorized(detail) => Self::Unauthorized(detail),
            Error::InvalidConfig(detail) => Self::InvalidConfig(detail),
            Error::Fenced(detail) => Self::Fenced(detail),
            Error::Broken(detail) => Self::Broken(detail),
            Error::Other(detail) => Self::Other(detail),
        }
    }
}
