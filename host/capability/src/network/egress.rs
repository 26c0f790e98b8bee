//! How fast one store sends.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::limits::RateLimit;

/// Longer than any call may take.
const LONGEST_PAUSE: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// What all connections of a store may send, together.
///
/// Senders take what they have sent, also more than there is, and pause before their next piece until
/// the debt is gone. So nobody fails, and many senders are served in the order in which they took.
#[derive(Debug)]
pub(crate) struct Egress {
    per_second: u64,
    limit: Mutex<RateLimit>,
}

impl Egress {
    /// A full budget for `per_second` bytes.
    pub(crate) fn new(per_second: u64) -> Self {
        let limit = RateLimit::new(per_second, Instant::now().into_std());
        Self { per_second, limit: Mutex::new(limit) }
    }

    /// Takes `bytes`, and says until when to pause, if at all.
    pub(crate) fn take(&self, bytes: usize) -> Option<Instant> {
        let mut limit = self.limit.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let pause = limit.take(bytes as u64, now.into_std()).min(LONGEST_PAUSE);
        (!pause.is_zero()).then(|| now + pause)
    }

    /// The most that is sent at once: what one second brings.
    pub(crate) fn largest_piece(&self) -> usize {
        usize::try_from(self.per_second).unwrap_or(usize::MAX).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn given_more_than_a_second_brings_should_pause_for_what_is_missing() {
        let (egress, start) = (Egress::new(1000), Instant::now());
        assert_eq!(egress.take(600), None);
        assert_eq!(egress.take(400), None);
        assert_eq!(egress.take(500), Some(start + SECOND / 2));
        assert_eq!(egress.take(1000), Some(start + SECOND * 3 / 2), "behind the first");
        tokio::time::advance(SECOND * 3 / 2).await;
        assert_eq!(egress.take(0), None);
        assert!(egress.take(1).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn given_no_rate_or_endless_bytes_should_pause_for_long_without_harm() {
        for rate in [0, 1] {
            let egress = Egress::new(rate);
            assert_eq!(egress.largest_piece(), 1);
            assert!(egress.take(usize::MAX).is_some_and(|until| until > Instant::now() + SECOND));
            assert!(egress.take(usize::MAX).is_some());
        }
    }
}
