//! Clocks other than the machine's: one that stands still, for calls whose answer must depend on nothing but their input,
//! and one that moves in steps, for guests that must not measure what happens beside them.

use std::time::{Duration, Instant, SystemTime};

use wasmtime_wasi::{HostMonotonicClock, HostWallClock};

use crate::grants::COARSE_STEP;

/// 2026-01-01T00:00:00Z, so that code which takes 1970 for an unset clock still works.
const MOMENT: Duration = Duration::from_secs(1_767_225_600);

/// Always the same moment.
pub(crate) struct FrozenClock;

impl HostWallClock for FrozenClock {
    fn resolution(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn now(&self) -> Duration {
        MOMENT
    }
}

impl HostMonotonicClock for FrozenClock {
    fn resolution(&self) -> u64 {
        1
    }

    fn now(&self) -> u64 {
        0
    }
}

/// The machine's clock, rounded down.
pub(crate) struct CoarseClock {
    started: Instant,
    /// How long after a step of the wall clock it was made: both clocks move at the same moments, because two that
    /// take turns would tell more than one.
    phase: Duration,
}

impl CoarseClock {
    pub(crate) fn new() -> Self {
        let now = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        Self { started: Instant::now(), phase: now.saturating_sub(rounded(now)) }
    }
}

/// The last step that `moment` has passed.
fn rounded(moment: Duration) -> Duration {
    let step = COARSE_STEP.as_millis();
    let steps = u64::try_from(moment.as_millis() / step).unwrap_or(u64::MAX);
    Duration::from_millis(steps.saturating_mul(COARSE_STEP.as_millis() as u64))
}

impl HostWallClock for CoarseClock {
    fn resolution(&self) -> Duration {
        COARSE_STEP
    }

    fn now(&self) -> Duration {
        rounded(SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default())
    }
}

impl HostMonotonicClock for CoarseClock {
    fn resolution(&self) -> u64 {
        COARSE_STEP.as_nanos() as u64
    }

    fn now(&self) -> u64 {
        u64::try_from(rounded(self.phase + self.started.elapsed()).as_nanos()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_a_moment_should_round_it_down_to_a_step() {
        for (moment, expected) in
            [(0, 0), (99, 0), (100, 100), (199, 100), (86_400_050, 86_400_000)]
        {
            let moment = Duration::from_millis(moment) + Duration::from_nanos(999);
            assert_eq!(rounded(moment), Duration::from_millis(expected));
        }
    }
}
