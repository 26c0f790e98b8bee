//! Waiting for what must happen, instead of for time to pass.

use std::time::{Duration, Instant};

/// Longer than anything may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);
const INTERVAL: Duration = Duration::from_millis(20);

/// Returns as soon as `happened` says so.
pub fn eventually(what: &str, mut happened: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !happened() {
        assert!(Instant::now() < deadline, "within {PATIENCE:?} it did not happen that {what}");
        pause();
    }
}

/// Between two looks.
#[expect(clippy::disallowed_methods, reason = "a test's own thread, which runs nothing else")]
pub fn pause() {
    std::thread::sleep(INTERVAL);
}
