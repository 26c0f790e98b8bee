//! Clocks that stand still, for calls whose answer must depend on nothing but their input.

use std::time::Duration;

use wasmtime_wasi::{HostMonotonicClock, HostWallClock};

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
