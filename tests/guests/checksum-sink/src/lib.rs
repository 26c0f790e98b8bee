//! Touches every byte of every payload, which proves that all of them crossed.
//!
//! The sum of the messages' checksums does not depend on their order or on how they were batched.

#![forbid(unsafe_code)]

use kennel_sdk::prelude::*;

/// Configuration of the checksum sink.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// Call batches held until they are flushed.
    #[serde(default)]
    held: bool,
}

struct Checksum {
    held: bool,
    unreported: Totals,
    positions: Vec<Position>,
}

#[derive(Clone, Copy, Default)]
struct Totals {
    messages: u64,
    bytes: u64,
    sum: u64,
}

#[kennel_sdk::sink(
    name = "checksum",
    summary = "adds up a checksum over every payload",
    metrics = ["messages_total", "bytes_total", "checksum"]
)]
impl Sink for Checksum {
    type Config = Config;

    fn open(config: Config) -> Result<Self, Error> {
        Ok(Self { held: config.held, unreported: Totals::default(), positions: Vec::new() })
    }

    fn consume(&mut self, batch: &Batch) -> Result<Receipt, Error> {
        let totals = &mut self.unreported;
        for message in batch {
            let payload = message.payload();
            totals.messages += 1;
            totals.bytes += payload.len() as u64;
            totals.sum = totals.sum.wrapping_add(checksum(payload));
        }
        if !self.held {
            return Ok(Receipt::delivered(batch));
        }
        let next = batch.end();
        match self.positions.iter_mut().find(|position| position.origin == *batch.origin()) {
            Some(position) => position.next = next,
            None => self.positions.push(Position { origin: batch.origin().clone(), next }),
        }
        Ok(Receipt::held(batch))
    }

    fn flush(&mut self) -> Result<Vec<Position>, Error> {
        self.report();
        Ok(std::mem::take(&mut self.positions))
    }

    fn revoke(&mut self, origin: &Origin, _lost: bool) -> Result<(), Error> {
        self.positions.retain(|position| position.origin != *origin);
        Ok(())
    }

    fn close(&mut self) {
        self.report();
    }
}

impl Checksum {
    fn report(&mut self) {
        let Totals { messages, bytes, sum } = std::mem::take(&mut self.unreported);
        metrics::add("messages_total", messages);
        metrics::add("bytes_total", bytes);
        metrics::set("checksum", sum as f64);
        info!("flushed"; messages = messages, bytes = bytes, checksum = sum);
    }
}

/// Eight bytes at a time, the rest as one word.
fn checksum(payload: &[u8]) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let (words, rest) = payload.as_chunks::<8>();
    let mut sum = payload.len() as u64;
    for word in words {
        sum = (sum ^ u64::from_le_bytes(*word)).wrapping_mul(FACTOR);
    }
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    (sum ^ u64::from_le_bytes(last)).wrapping_mul(FACTOR)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kennel_sdk::testing::{self, BatchBuilder};
    use serde_json::json;

    #[test]
    fn given_any_byte_changed_should_give_another_sum() {
        let payload: Vec<u8> = (0..=40).collect();
        for at in 0..payload.len() {
            let mut other = payload.clone();
            other[at] ^= 1;
            assert_ne!(checksum(&payload), checksum(&other), "byte {at}");
        }
    }

    #[test]
    fn given_a_flush_should_report_what_was_held() {
        testing::reset();
        let mut sink: Checksum = testing::open_sink(json!({ "held": true })).expect("opens");
        let batch = BatchBuilder::text(["one", "three"]).offset(7).build();
        assert!(sink.consume(&batch).expect("consumes").is_held());
        let positions = sink.flush().expect("flushes");
        assert_eq!(positions, [Position { origin: batch.origin().clone(), next: 9 }]);
        assert_eq!((testing::counter("messages_total"), testing::counter("bytes_total")), (2, 8));
        let sum = checksum(b"one").wrapping_add(checksum(b"three"));
        let logs = testing::take_logs();
        assert!(logs[0].fields.contains(&("checksum".to_owned(), sum.to_string())));
    }
}
