//! Bytes per second.

use std::time::{Duration, Instant};

/// A bucket that holds what may be spent in one second and fills evenly.
#[derive(Debug)]
pub struct RateLimit {
    per_second: u64,
    /// What may be spent now. Bytes; negative after more was taken than there was.
    available: i64,
    filled: Instant,
}

impl RateLimit {
    /// A full bucket of `per_second` bytes.
    #[must_use]
    pub fn new(per_second: u64, now: Instant) -> Self {
        Self { per_second, available: signed(per_second), filled: now }
    }

    /// Takes `bytes` if they are there.
    pub fn try_take(&mut self, bytes: u64, now: Instant) -> bool {
        self.fill(now);
        let enough = self.available >= signed(bytes);
        if enough {
            self.available -= signed(bytes);
        }
        enough
    }

    /// Takes `bytes` in any case; answers how long to wait until nothing is owed any more.
    pub fn take(&mut self, bytes: u64, now: Instant) -> Duration {
        self.fill(now);
        self.available = self.available.saturating_sub(signed(bytes));
        let owed = self.available.min(0).unsigned_abs();
        match self.per_second {
            0 if owed > 0 => Duration::MAX,
            0 => Duration::ZERO,
            per_second => Duration::from_secs_f64(owed as f64 / per_second as f64),
        }
    }

    fn fill(&mut self, now: Instant) {
        let elapsed = now.saturating_duration_since(self.filled);
        let earned = u128::from(self.per_second) * elapsed.as_nanos() / 1_000_000_000;
        // What is less than a byte is not forgotten: the moment moves on only with whole bytes.
        if earned > 0 {
            let earned = i64::try_from(earned).unwrap_or(i64::MAX);
            self.available = self.available.saturating_add(earned).min(signed(self.per_second));
            self.filled = now;
        }
    }
}

fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_a_bucket_should_give_what_it_holds_and_what_comes_in() {
        let start = Instant::now();
        let mut rate = RateLimit::new(1000, start);
        assert!(rate.try_take(1000, start));
        assert!(!rate.try_take(1, start));
        let later = start + Duration::from_millis(250);
        assert!(rate.try_take(250, later));
        assert!(!rate.try_take(1, later));
        // It never holds more than one second's worth.
        let much_later = start + Duration::from_secs(60);
        assert!(rate.try_take(1000, much_later));
        assert!(!rate.try_take(1, much_later));
    }

    #[test]
    fn given_more_than_there_is_should_say_how_long_to_wait() {
        let start = Instant::now();
        let mut rate = RateLimit::new(1000, start);
        assert_eq!(rate.take(1000, start), Duration::ZERO);
        assert_eq!(rate.take(500, start), Duration::from_millis(500));
        assert_eq!(rate.take(500, start + Duration::from_millis(500)), Duration::from_millis(500));
        assert_eq!(RateLimit::new(0, start).take(1, start), Duration::MAX);
    }

    #[test]
    fn given_many_short_moments_should_lose_nothing_to_rounding() {
        let start = Instant::now();
        let mut rate = RateLimit::new(10, start);
        assert!(rate.try_take(10, start));
        let taken = (1..=1000u32)
            .filter(|step| rate.try_take(1, start + Duration::from_millis((*step).into())))
            .count();
        assert_eq!(taken, 10);
    }
}
