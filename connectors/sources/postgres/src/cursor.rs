//! Where to go on after a restart.

use serde::{Deserialize, Serialize};

use crate::lsn::Lsn;

/// Where to go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor(pub(crate) Position);

/// Where to go on, by mode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "at", rename_all = "snake_case")]
pub(crate) enum Position {
    /// `increasing`, `query`: behind the row with these values. None: at the configured start.
    Bookmark { values: Option<Vec<String>> },
    /// `delete`, `mark`: these rows are read and not known to be dealt with.
    Taken(Taken),
    /// `cdc`: before the end of the snapshot; it begins anew after a restart.
    Snapshot {
        /// The moment of the snapshot; none: it is still to be taken.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lsn: Option<Lsn>,
    },
    /// `cdc`: within the changes.
    Changes(Changes),
}

/// Rows that are read and not known to be dealt with: column by column, which is how the server takes them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Taken {
    /// How many rows were read before the first of these.
    pub(crate) before: u64,
    /// For every key column, the values of the rows.
    pub(crate) keys: Vec<Vec<String>>,
    /// The version of each row (`xmin`): of a row that was changed after it was read, the change is still to be read.
    pub(crate) versions: Vec<String>,
}

/// A place among the changes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Changes {
    /// Every transaction that was committed before is read.
    pub(crate) lsn: Lsn,
    /// And so much of the next one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) part: Option<Part>,
    /// The snapshot is read, and the slot that keeps the changes since is made when that is confirmed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) unslotted: bool,
}

/// The first part of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Part {
    /// Where it was committed.
    pub(crate) commit: Lsn,
    /// How many of its changes are read.
    pub(crate) changes: u64,
}
