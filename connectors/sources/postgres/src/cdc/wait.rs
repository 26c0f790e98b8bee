//! How long a poll waits.

use std::time::{Duration, Instant};

/// How long a batch that has begun waits for more of what is on its way already.
const LINGER: Duration = Duration::from_millis(5);

/// How long a poll waits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    end: Instant,
    tried: bool,
}

impl Patience {
    pub(crate) fn new(now: Instant, wait: Duration) -> Self {
        Self { end: now + wait, tried: false }
    }

    /// How long to wait for more now; none: no longer, although something came that made no message.
    /// `empty`: the batch has not begun.
    pub(crate) fn next(&mut self, empty: bool, now: Instant) -> Option<Duration> {
        let left = self.end.saturating_duration_since(now);
        if self.tried && left.is_zero() {
            return None;
        }
        self.tried = true;
        Some(if empty { left } else { left.min(LINGER) })
    }
}
