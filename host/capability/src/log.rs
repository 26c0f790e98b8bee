//! The interface `log`: a guest's lines become structured events of the host, so many bytes a second.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crate::GuestData;
use crate::bindings::kennel::connector::log::{Host, Level};
use crate::limits::RateLimit;

/// A guest's log line is cut here, so that one line cannot fill a disk. Bytes.
const MAX_MESSAGE: usize = 8 * 1024;
/// Fields after this many are dropped.
const MAX_FIELDS: usize = 32;
/// What a line costs besides its text: the time, the level, the connector. Bytes.
const LINE_OVERHEAD: u64 = 64;

/// What all lines of one store share: the connector they carry, and the bytes per second they may use.
#[derive(Debug, Clone)]
pub(crate) struct LogBudget {
    connector: Arc<str>,
    spent: Arc<Mutex<Spent>>,
}

#[derive(Debug)]
struct Spent {
    connector: Arc<str>,
    rate: RateLimit,
    per_second: u64,
    dropped: u64,
}

impl LogBudget {
    pub(crate) fn new(connector: &str, per_second: u64) -> Self {
        let connector: Arc<str> = connector.into();
        let rate = RateLimit::new(per_second, Instant::now());
        let spent = Spent { connector: Arc::clone(&connector), rate, per_second, dropped: 0 };
        Self { connector, spent: Arc::new(Mutex::new(spent)) }
    }

    /// Key of the connector.
    pub(crate) fn connector(&self) -> &str {
        &self.connector
    }

    /// Whether a line with `bytes` of text may be written. Those that may not are counted.
    pub(crate) fn admit(&self, bytes: usize) -> bool {
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        let admitted = spent.rate.try_take(bytes as u64 + LINE_OVERHEAD, Instant::now());
        match admitted {
            true => spent.tell(),
            false => spent.dropped += 1,
        }
        admitted
    }
}

impl Spent {
    /// Says how many lines are missing before the next one.
    fn tell(&mut self) {
        if self.dropped > 0 {
            tracing::warn!(
                code = "log_limit",
                connector = &*self.connector,
                "dropped {} log lines: more than {} bytes in a second ([limits] log)",
                std::mem::take(&mut self.dropped),
                self.per_second,
            );
        }
    }
}

/// Also when no further line comes.
impl Drop for Spent {
    fn drop(&mut self) {
        self.tell();
    }
}

impl Host for GuestData {
    fn log(
        &mut self,
        level: Level,
        message: String,
        fields: Vec<(String, String)>,
    ) -> wasmtime::Result<()> {
        let message = cut(&message);
        let fields = fields
            .iter()
            .take(MAX_FIELDS)
            .map(|(key, value)| format!("{}={}", cut(key), cut(value)))
            .collect::<Vec<_>>()
            .join(" ");
        if !self.log.admit(message.len() + fields.len()) {
            return Ok(());
        }
        let connector = self.log.connector();
        match level {
            Level::Trace => tracing::trace!(target: "guest", connector, fields, "{message}"),
            Level::Debug => tracing::debug!(target: "guest", connector, fields, "{message}"),
            Level::Info => tracing::info!(target: "guest", connector, fields, "{message}"),
            Level::Warn => tracing::warn!(target: "guest", connector, fields, "{message}"),
            Level::Error => tracing::error!(target: "guest", connector, fields, "{message}"),
        }
        Ok(())
    }
}

/// The longest prefix of `text` within the limit that ends at a character.
fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_MESSAGE)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_a_flood_should_admit_a_seconds_worth_and_count_the_rest() {
        let budget = LogBudget::new("c", 10 * (100 + LINE_OVERHEAD));
        let admitted = (0..1000).filter(|_| budget.admit(100)).count();
        // A slow machine may earn a few more lines while it counts.
        assert!((10..200).contains(&admitted), "{admitted}");
        let dropped = budget.spent.lock().unwrap().dropped;
        assert!(dropped > 0 && dropped <= 990, "{dropped}");
    }
}
