//! What the operator writes under `[config]`.

use std::path::PathBuf;

use kennel_sdk::prelude::*;

/// Configuration of the file sink.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Folder for the files, as the component sees it. It exists and is granted for writing.
    pub folder: PathBuf,
    /// What a line holds.
    #[serde(default)]
    pub format: LineFormat,
    /// Go on in a new file after this many bytes.
    #[serde(default = "default_rotate_bytes")]
    pub rotate_bytes: u64,
    /// Go on in a new file after this many messages; 0: no such limit.
    #[serde(default)]
    pub rotate_messages: u64,
    /// Wait until the disk has the bytes before a file becomes visible. `false` survives the end of
    /// the process, but not of the machine.
    #[serde(default = "default_sync")]
    pub sync: bool,
}

/// What a line holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LineFormat {
    /// The payload alone.
    #[default]
    Payload,
    /// One JSON object with stream, topic, partition, offset, timestamp, id, headers and payload.
    Envelope,
}

fn default_rotate_bytes() -> u64 {
    128 * 1024 * 1024
}

fn default_sync() -> bool {
    true
}
