//! Durable keys and values of the partition in hand (sink, transform) or of the connector (source).
//!
//! Writes become durable with the checkpoint that covers the call, and vanish when the call fails or is replayed. So keep
//! no copy in a field between calls. Each function is one call to the host: prefer the ones that take many keys.

use std::fmt;

use crate::glue::common::kennel::connector::state as wit;
use crate::host;

/// Why the host refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StateError {
    /// Not granted to this connector.
    Denied(String),
    /// The allowance in bytes that would be exceeded.
    Quota(u64),
    /// No keyspace belongs to this call: state is not reachable from `describe`, `validate` or `close`.
    NotNow,
    /// Anything else.
    Other(String),
}

impl fmt::Display for StateError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied(detail) => write!(formatter, "state is denied: {detail}"),
            Self::Quota(bytes) => write!(formatter, "state would exceed its {bytes} bytes"),
            Self::NotNow => formatter.write_str("state is not reachable from this call"),
            Self::Other(detail) => write!(formatter, "state: {detail}"),
        }
    }
}

impl std::error::Error for StateError {}

impl From<wit::Error> for StateError {
    fn from(error: wit::Error) -> Self {
        match error {
            wit::Error::Denied(detail) => Self::Denied(detail),
            wit::Error::Quota(bytes) => Self::Quota(bytes),
            wit::Error::NotNow => Self::NotNow,
            wit::Error::Other(detail) => Self::Other(detail),
        }
    }
}

impl From<StateError> for crate::Error {
    fn from(error: StateError) -> Self {
        match error {
            StateError::Denied(_) => Self::unauthorized(error),
            StateError::Quota(_) | StateError::NotNow => Self::broken(error),
            StateError::Other(_) => Self::unavailable(error),
        }
    }
}

/// The value of one key.
///
/// # Errors
/// If the host refuses.
pub fn get(key: &str) -> Result<Option<Vec<u8>>, StateError> {
    Ok(get_many(&[key.to_owned()])?.pop().flatten())
}

/// The values of many keys, in their order.
///
/// # Errors
/// If the host refuses.
pub fn get_many(keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, StateError> {
    Ok(host::get(keys)?)
}

/// Writes one key.
///
/// # Errors
/// If the host refuses, for example for want of space.
pub fn put(key: &str, value: impl Into<Vec<u8>>) -> Result<(), StateError> {
    put_many(&[(key.to_owned(), value.into())])
}

/// Writes many keys: all or none.
///
/// # Errors
/// If the host refuses, for example for want of space.
pub fn put_many(entries: &[(String, Vec<u8>)]) -> Result<(), StateError> {
    Ok(host::put(entries)?)
}

/// Removes one key. It need not exist.
///
/// # Errors
/// If the host refuses.
pub fn remove(key: &str) -> Result<(), StateError> {
    remove_many(&[key.to_owned()])
}

/// Removes many keys.
///
/// # Errors
/// If the host refuses.
pub fn remove_many(keys: &[String]) -> Result<(), StateError> {
    Ok(host::remove(keys)?)
}

/// Up to `limit` entries whose key starts with `prefix` and comes behind `after`, ascending.
///
/// # Errors
/// If the host refuses.
pub fn scan(
    prefix: &str,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<(String, Vec<u8>)>, StateError> {
    Ok(host::scan(prefix, after, limit)?)
}
