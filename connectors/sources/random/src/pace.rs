//! How many records are due.

use std::time::Duration;

/// What a stalled reader may catch up in one go. More would turn a pause into a flood.
const LARGEST_DEBT: Duration = Duration::from_secs(1);

/// Spreads records over time: at most `rate` a second on average.
#[derive(Debug)]
pub(crate) struct Pace {
    /// Time between two records; none: no limit.
    interval: Option<Duration>,
    /// When the next record is due.
    next: Duration,
}

impl Pace {
    /// `rate` records a second from `now` on; 0: no limit.
    pub(crate) fn new(rate: f64, now: Duration) -> Self {
        let interval = (rate > 0.0).then(|| Duration::from_secs_f64((1.0 / rate).min(1e9)));
        Self { interval, next: now }
    }

    /// How many records may be made at `now`.
    pub(crate) fn due(&mut self, now: Duration) -> u64 {
        let Some(interval) = self.interval else { return u64::MAX };
        // Always leave at least one interval of debt, or a slow rate would never be due.
        let debt = LARGEST_DEBT.max(interval);
        self.next = self.next.max(now.saturating_sub(debt));
        match now.checked_sub(self.next) {
            None => 0,
            Some(late) => {
                let intervals = late.as_nanos() / interval.as_nanos().max(1);
                u64::try_from(intervals).unwrap_or(u64::MAX).saturating_add(1)
            }
        }
    }

    /// Notes that `count` records were made.
    pub(crate) fn made(&mut self, count: u64) {
        if let Some(interval) = self.interval {
            self.next += interval.mul_f64(count as f64);
        }
    }

    /// How long until the next record is due.
    pub(crate) fn wait(&self, now: Duration) -> Duration {
        self.next.saturating_sub(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_no_rate_should_always_be_due() {
        let mut pace = Pace::new(0.0, Duration::ZERO);
        pace.made(1_000_000);
        assert_eq!(pace.due(Duration::ZERO), u64::MAX);
        assert_eq!(pace.wait(Duration::ZERO), Duration::ZERO);
    }

    #[test]
    fn given_a_rate_should_make_that_many_a_second() {
        let mut pace = Pace::new(1_000.0, Duration::ZERO);
        let mut made = 0;
        for step in 0..10_000 {
            let due = pace.due(Duration::from_millis(step));
            pace.made(due);
            made += due;
        }
        assert!((9_990..=10_010).contains(&made), "{made}");
    }

    #[test]
    fn given_a_pause_should_catch_up_one_second_only() {
        let mut pace = Pace::new(100.0, Duration::ZERO);
        let due = pace.due(Duration::from_secs(60));
        assert_eq!(due, 101);
    }

    #[test]
    fn given_a_slow_rate_should_still_be_due_now_and_then() {
        let mut pace = Pace::new(0.1, Duration::ZERO);
        assert_eq!(pace.due(Duration::ZERO), 1);
        pace.made(1);
        assert_eq!(pace.due(Duration::from_secs(9)), 0);
        assert_eq!(pace.wait(Duration::from_secs(9)), Duration::from_secs(1));
        assert_eq!(pace.due(Duration::from_secs(10)), 1);
    }
}
