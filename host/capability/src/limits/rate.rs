//! So much per second: bytes, or nanoseconds of computing.

use std::time::{Duration, Instant};

/// A bucket that fills evenly and can be emptied at once.
#[derive(Debug)]
pub struct RateLimit {
    per_second: u64,
    /// What it can hold.
    burst: i64,
    /// What may be spent now; negative after more was taken than there was.
    available: i64,
    filled: Instant,
}

impl RateLimit {
    /// A full bucket that holds as much as one second brings.
    #[must_use]
    pub fn new(per_second: u64, now: Instant) -> Self {
        Self::with_burst(per_second, per_second, now)
    }

    /// A full bucket that holds `burst`.
    #[must_use]
    pub fn with_burst(per_second: u64, burst: u64, now: Instant) -> Self {
        let burst = signed(burst);
        Self { per_second, burst, available: burst, filled: now }
    }

    /// Takes `amount` if it is there.
    pub fn try_take(&mut self, amount: u64, now: Instant) -> bool {
        self.fill(now);
        let enough = self.available >= signed(amount);
        if enough {
            self.available -= signed(amount);
        }
        enough
    }

    /// Takes `amount` in any case; answers how long to wait until nothing is owed any more.
    pub fn take(&mut self, amount: u64, now: Instant) -> Duration {
        self.fill(now);
        self.available = self.available.saturating_sub(signed(amount));
        let owed = self.available.min(0).unsigned_abs();
        match self.per_second {
            0 if owed > 0 => Duration::MAX,
            0 => Duration::ZERO,
            per_second => Duration::from_secs_f64(owed as f64 / per_second as f64),
        }
    }

    fn fill(&mut self, now: Instant) {
        let elapsed = now.saturating_duration_since(self.filled);
        let per_second = u128::from(self.per_second);
        let earned = per_second * elapsed.as_nanos() / NANOSECONDS;
        let Some(nanoseconds) = (earned * NANOSECONDS).checked_div(per_second) else { return };
        let full = signed(u64::try_from(earned).unwrap_or(u64::MAX));
        self.available = self.available.saturating_add(full).min(self.burst);
        // Only as far as what was earned: what is less than one is not forgotten.
        self.filled += Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX));
    }
}

/// Of a second.
const NANOSECONDS: u128 = 1_000_000_000;

fn signed(amount: u64) -> i64 {
    i64::try_from(amount).unwrap_or(i64::MAX)
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
    fn given_a_rate_that_the_moments_do_not_divide_should_lose_nothing_either() {
        let start = Instant::now();
        let mut rate = RateLimit::new(3, start);
        assert!(rate.try_take(3, start));
        let steps = (1..=10_000u64).map(|step| start + Duration::from_millis(step * 700 / 100));
        assert_eq!(steps.filter(|now| rate.try_take(1, *now)).count(), 210);
    }

    #[test]
    fn given_a_burst_should_hold_no_more_than_that() {
        let start = Instant::now();
        let mut rate = RateLimit::with_burst(1000, 20, start);
        assert!(!rate.try_take(21, start + Duration::from_secs(9)));
        assert!(rate.try_take(20, start + Duration::from_secs(9)));
        assert_eq!(rate.take(100, start + Duration::from_secs(9)), Duration::from_millis(100));
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
