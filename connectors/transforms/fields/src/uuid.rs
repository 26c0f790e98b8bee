//! Ids that a replay makes again.
//!
//! A random id would differ each time a batch is replayed, and a destination could not tell a duplicate from a new record.
//! So the bits that RFC 9562 leaves to chance come from the message's place, which no other message shares.

use std::fmt::Write;

use kennel_sdk::{Batch, Message};

/// Appends a version 7 UUID: the broker's time in milliseconds, and 74 bits that depend on stream, topic, partition, epoch,
/// offset and ordinal. Answers false, and writes nothing, if the time is not known.
pub(crate) fn write(buffer: &mut String, batch: &Batch, message: &Message<'_>) -> bool {
    let Some(timestamp) = message.timestamp() else { return false };
    let origin = batch.origin();
    let mut hash = Hash::new();
    hash.bytes(origin.stream.as_bytes());
    hash.bytes(origin.topic.as_bytes());
    hash.word(origin.partition.into());
    hash.word(origin.epoch);
    hash.word(message.offset());
    hash.word(message.ordinal().into());
    let (high, low) = hash.finish();
    let milliseconds = timestamp / 1_000;
    // Writing to a string cannot fail.
    let _ = write!(
        buffer,
        "{:08x}-{:04x}-7{:03x}-{:04x}-{:012x}",
        (milliseconds >> 16) & 0xffff_ffff,
        milliseconds & 0xffff,
        high & 0xfff,
        0x8000 | ((high >> 12) & 0x3fff),
        low & 0xffff_ffff_ffff,
    );
    true
}

/// Two independent 64-bit lanes, mixed as splitmix64 does.
struct Hash {
    lanes: [u64; 2],
}

impl Hash {
    fn new() -> Self {
        Self { lanes: [0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7344] }
    }

    fn word(&mut self, word: u64) {
        for lane in &mut self.lanes {
            *lane = mix(lane.rotate_left(23) ^ mix(word.wrapping_add(*lane)));
        }
    }

    fn bytes(&mut self, bytes: &[u8]) {
        // The length keeps ("ab", "c") and ("a", "bc") apart.
        self.word(bytes.len() as u64);
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.word(u64::from_le_bytes(word));
        }
    }

    fn finish(self) -> (u64, u64) {
        (mix(self.lanes[0]), mix(self.lanes[1]))
    }
}

fn mix(word: u64) -> u64 {
    let word = word.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use kennel_sdk::testing::BatchBuilder;

    fn ids(batch: &kennel_sdk::Batch) -> Vec<String> {
        let id = |message: kennel_sdk::Message<'_>| {
            let mut buffer = String::new();
            assert!(super::write(&mut buffer, batch, &message));
            buffer
        };
        batch.iter().map(id).collect()
    }

    #[test]
    fn given_many_messages_should_make_distinct_ids_that_a_replay_repeats() {
        let count = 20_000;
        let builder = BatchBuilder::text(vec![""; count])
            .timestamps(vec![1_700_000_000_123_456; count])
            .offset(1 << 40);
        let first = ids(&builder.clone().build());
        assert_eq!(first.iter().collect::<HashSet<_>>().len(), count);
        assert_eq!(first, ids(&builder.clone().build()));
        assert_ne!(first[0], ids(&builder.clone().epoch(1).build())[0]);
        assert_ne!(first[0], ids(&builder.origin("stream", "topic", 2).build())[0]);
    }

    #[test]
    fn given_a_moment_should_write_version_variant_and_time() {
        let batch = BatchBuilder::text([""]).timestamps([0x0123_4567_89ab * 1_000]).build();
        let id = &ids(&batch)[0];
        assert_eq!(id.len(), 36);
        assert!(id.starts_with("01234567-89ab-7"), "{id}");
        assert!(matches!(id.as_bytes()[19], b'8' | b'9' | b'a' | b'b'), "{id}");
    }
}
