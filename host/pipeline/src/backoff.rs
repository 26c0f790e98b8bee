//! How long to wait before the next attempt: doubling, with jitter, up to a limit.

use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(30);
/// A wait that was asked for is at least this: "try again after 0 s" must not become a busy loop.
const SHORTEST_ASKED: Duration = Duration::from_millis(10);

/// Waits of 100 ms, 200 ms … 30 s, each shortened at random by up to a half, so that many lanes
/// whose destination came back do not return in one moment.
#[derive(Debug, Clone, Default)]
pub struct Backoff {
    attempts: u32,
}

impl Backoff {
    /// Forgets all failures.
    pub fn reset(&mut self) {
        self.attempts = 0;
    }

    /// Failures since the last success.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Counts a failure; how long to wait now. What the other system asked for is honoured.
    pub fn next_wait(&mut self, asked: Option<Duration>) -> Duration {
        let longest = FIRST.saturating_mul(1 << self.attempts.min(16)).min(LONGEST);
        self.attempts = self.attempts.saturating_add(1);
        let asked = asked.map(|asked| asked.max(SHORTEST_ASKED));
        asked.unwrap_or_else(|| longest.mul_f64(0.5 + 0.5 * random_fraction()))
    }
}

/// A number in 0..1. The hasher's random keys are enough for jitter.
fn random_fraction() -> f64 {
    let bits = RandomState::new().hash_one(()) >> 11;
    bits as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_failures_should_double_up_to_the_limit() {
        let mut backoff = Backoff::default();
        for expected in [100, 200, 400, 800] {
            let wait = backoff.next_wait(None).as_millis();
            assert!((expected / 2..=expected).contains(&wait), "{wait} for {expected}");
        }
        for _ in 0..40 {
            assert!(backoff.next_wait(None) <= LONGEST);
        }
        backoff.reset();
        assert!(backoff.next_wait(None) <= FIRST);
    }

    #[test]
    fn given_a_wish_of_the_other_system_should_wait_that_long() {
        let asked = Duration::from_secs(7);
        assert_eq!(Backoff::default().next_wait(Some(asked)), asked);
        assert!(!Backoff::default().next_wait(Some(Duration::ZERO)).is_zero());
    }
}
