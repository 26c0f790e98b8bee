//! Where to go on after a restart.

use serde::{Deserialize, Serialize};

use crate::fingerprint::Hash;

/// Where to go on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// `once`: files up to this name are done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) passed: Option<String>,
    /// `tail`: all files that are followed. `once`: the one that is being read.
    pub(crate) files: Vec<Position>,
}

/// A place in a file, and what it takes to find the file again under another name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Position {
    /// The name it had.
    pub(crate) name: String,
    /// Its number, where the system has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) identity: Option<u64>,
    /// Bytes read.
    pub(crate) offset: u64,
    /// Line breaks read.
    pub(crate) line: u64,
    /// Whether the offset is within a record that is too long and skipped.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) skipping: bool,
    /// Of the first bytes of the file, at most [`crate::fingerprint::HEAD`], at most `offset`.
    pub(crate) head: Hash,
    /// Of the last bytes before `offset`, at most [`crate::fingerprint::TAIL`].
    pub(crate) tail: Hash,
}
