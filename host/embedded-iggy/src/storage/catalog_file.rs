//! The catalogue as a file.
//!
//! Plain records apart from the live types, so that the file's format changes only on purpose.

use serde::{Deserialize, Serialize};

/// Format number this version writes; a file with another is refused.
pub(crate) const FORMAT: u32 = 1;

/// The whole file.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CatalogFile {
    pub(crate) format: u32,
    pub(crate) next_log: u64,
    pub(crate) next_stream: u32,
    pub(crate) next_user: u32,
    pub(crate) streams: Vec<StreamRecord>,
    pub(crate) users: Vec<UserRecord>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StreamRecord {
    pub(crate) id: u32,
    pub(crate) name: String,
    pub(crate) created_at: u64,
    /// Options block in hex.
    pub(crate) options: String,
    pub(crate) next_topic: u32,
    pub(crate) topics: Vec<TopicRecord>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TopicRecord {
    pub(crate) id: u32,
    pub(crate) name: String,
    pub(crate) created_at: u64,
    /// Options block in hex.
    pub(crate) options: String,
    pub(crate) next_group: u32,
    pub(crate) partitions: Vec<PartitionRecord>,
    pub(crate) groups: Vec<GroupRecord>,
}

/// A partition; its id is its place in the list.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PartitionRecord {
    pub(crate) log: u64,
    pub(crate) created_at: u64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GroupRecord {
    pub(crate) id: u32,
    pub(crate) name: String,
}

/// A user other than root, who comes from the builder; but root's tokens are kept here too.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserRecord {
    pub(crate) id: u32,
    pub(crate) name: String,
    pub(crate) created_at: u64,
    pub(crate) active: bool,
    /// Salt and derived key in hex; empty for root.
    pub(crate) password: String,
    /// Permissions in the protocol's encoding, in hex.
    pub(crate) permissions: Option<String>,
    pub(crate) tokens: Vec<TokenRecord>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenRecord {
    pub(crate) name: String,
    /// SHA-256 of the token in hex.
    pub(crate) digest: String,
    /// Microseconds since the epoch; `u64::MAX` is never.
    pub(crate) expires_at: u64,
}
