//! What the host keeps about a dead letter, because it does not fit into headers.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::letter::Letter;
use crate::settle::Failed;
use crate::stage::Stage;

/// A record in the host's state, found by the id in the letter's header `kennel.dlq.record`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetterRecord {
    /// Stream the message came from.
    pub stream: String,
    /// Its topic.
    pub topic: String,
    /// Its partition.
    pub partition: u32,
    /// Its epoch.
    pub epoch: u64,
    /// Its offset.
    pub offset: u64,
    /// Name of the component that it failed in.
    pub component: String,
    /// SHA-256 of that component, hexadecimal.
    pub digest: String,
    /// `sink`, `source`, `transform-0` …
    pub stage: String,
    /// Short and stable.
    pub code: String,
    /// For people, whole.
    pub detail: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was given up, microseconds since 1970 UTC.
    pub time: u64,
    /// Where the guest was when it trapped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backtrace: Option<String>,
    /// The guest's last lines on standard error, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub last_lines: Vec<String>,
    /// The message itself, if the broker refused the letter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spilled: Option<Spilled>,
}

/// A message that could not be sent to the dead letter topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spilled {
    /// Its payload, base64.
    pub payload: String,
    /// Its headers in Iggy's encoding, base64.
    pub headers: String,
}

impl DeadLetterRecord {
    pub(crate) fn of(root: &Stage, failed: &Failed) -> Self {
        let origin = &root.batch.origin;
        let fault = failed.fault.as_deref();
        Self {
            stream: origin.stream.to_string(),
            topic: origin.topic.to_string(),
            partition: origin.partition,
            epoch: origin.epoch,
            offset: root.batch.offsets[failed.root as usize],
            component: failed.guest.component.clone(),
            digest: failed.guest.digest.clone(),
            stage: failed.guest.role.clone(),
            code: failed.code.clone(),
            detail: failed.detail.clone(),
            attempts: failed.attempts,
            time: now_micros(),
            backtrace: fault.and_then(|fault| fault.backtrace.clone()),
            last_lines: fault.map(|fault| fault.last_lines.clone()).unwrap_or_default(),
            spilled: None,
        }
    }

    /// What the envelope of the letter says, or would have said: `id` is this record's.
    #[must_use]
    pub fn letter(&self, connector: &str, id: &str) -> Letter {
        Letter {
            connector: connector.to_owned(),
            component: self.component.clone(),
            digest: self.digest.clone(),
            stage: self.stage.clone(),
            code: self.code.clone(),
            detail: self.detail.clone(),
            attempts: self.attempts,
            time: self.time,
            stream: self.stream.clone(),
            topic: self.topic.clone(),
            partition: self.partition,
            offset: self.offset,
            message_id: String::new(),
            record: id.to_owned(),
        }
    }

    /// Keeps the message itself here.
    pub(crate) fn spill(&mut self, root: &Stage, failed: &Failed) {
        let index = failed.root as usize;
        self.spilled = Some(Spilled {
            payload: STANDARD.encode(root.batch.payload(index)),
            headers: STANDARD.encode(root.batch.headers(index)),
        });
    }

    pub(crate) fn to_json(&self) -> Vec<u8> {
        // Strings and numbers always become JSON.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// Now, in microseconds since 1970 UTC.
#[must_use]
pub fn now_micros() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

/// 128 bits of a digest, hexadecimal.
pub(crate) fn short_digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes)[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}
