//! How long a guest has computed in the call in hand.
//!
//! Ticks alone do not tell: after a wait the next one is always due, so a guest that reads a slow stream in
//! small pieces would seem to compute for a tick with each of them. Time alone does not either: a machine with
//! too much to do takes the core away from a guest that has done nothing. So a tick counts for what the guest
//! ran since the last one, and for two ticks at most: the clock that makes them may be late itself.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::engine::TICK;

/// The most that the guest can have run since the last tick.
const MOST: Duration = Duration::from_millis(2 * TICK.as_millis() as u64);

/// Shared by who polls a call and by what happens at each tick of it.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    reading: Mutex<Reading>,
}

#[derive(Debug, Default)]
struct Reading {
    /// Since when the guest runs, if it does.
    since: Option<Instant>,
    /// What it ran since the last tick, not counting from `since`.
    ran: Duration,
    computed: Duration,
}

impl Meter {
    /// A call begins.
    pub(crate) fn reset(&self) {
        *self.reading() = Reading::default();
    }

    /// The guest runs from now on.
    pub(crate) fn resume(&self, now: Instant) {
        self.reading().since = Some(now);
    }

    /// The guest waits from now on.
    pub(crate) fn pause(&self, now: Instant) {
        let mut reading = self.reading();
        if let Some(since) = reading.since.take() {
            reading.ran += now - since;
        }
    }

    /// A tick passed; how long the guest has computed.
    pub(crate) fn tick(&self, now: Instant) -> Duration {
        let mut reading = self.reading();
        let running = reading.since.replace(now).map_or(Duration::ZERO, |since| now - since);
        let ran = std::mem::take(&mut reading.ran) + running;
        reading.computed += ran.min(MOST);
        reading.computed
    }

    fn reading(&self) -> MutexGuard<'_, Reading> {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn given_a_guest_that_waits_between_its_ticks_should_count_what_it_ran() {
        let (meter, mut now) = (Meter::default(), Instant::now());
        for _ in 0..100 {
            meter.resume(now);
            now += Duration::from_micros(20);
            meter.tick(now);
            now += Duration::from_micros(30);
            meter.pause(now);
            now += millis(20);
        }
        meter.resume(now);
        assert_eq!(meter.tick(now), Duration::from_micros(100 * 50));
    }

    #[test]
    fn given_short_waits_should_not_forgive_what_it_ran_between_them() {
        let (meter, mut now) = (Meter::default(), Instant::now());
        let mut computed = Duration::ZERO;
        for _ in 0..10 {
            meter.resume(now);
            now += millis(9);
            computed = meter.tick(now);
            meter.pause(now);
            now += Duration::from_micros(1);
        }
        assert_eq!(computed, millis(90));
    }

    #[test]
    fn given_a_core_that_was_taken_away_should_count_two_ticks_at_most() {
        let (meter, now) = (Meter::default(), Instant::now());
        meter.resume(now);
        assert_eq!(meter.tick(now + millis(500)), 2 * TICK);
        assert_eq!(meter.tick(now + millis(505)), 2 * TICK + millis(5));
        meter.reset();
        meter.resume(now);
        assert_eq!(meter.tick(now), Duration::ZERO);
    }
}
