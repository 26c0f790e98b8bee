//! Recognising a file by what it holds.

use serde::{Deserialize, Serialize};

/// Bytes at the start of a file that identify it.
pub(crate) const HEAD: usize = 1024;
/// Bytes before a position that identify it.
pub(crate) const TAIL: usize = 64;

/// FNV-1a of 64 bits: against accidents, not against somebody who forges log files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Hash(u64);

impl Hash {
    pub(crate) const EMPTY: Self = Self(0xCBF2_9CE4_8422_2325);

    /// The hash of the bytes so far and `bytes`.
    pub(crate) fn and(self, bytes: &[u8]) -> Self {
        Self(bytes.iter().fold(self.0, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3)
        }))
    }

    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self::EMPTY.and(bytes)
    }
}
