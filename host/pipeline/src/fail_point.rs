//! Named places at which a test makes the process die as by `kill -9`.
//!
//! `KENNEL_FAIL_POINT=name@n` kills the process when it passes `name` for the n-th time. Compiled in only with
//! debug assertions: a release build has no trace of it.

/// Dies here if a test asked for it.
#[cfg(debug_assertions)]
pub(crate) fn fail_point(name: &str) {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

    static ASKED: OnceLock<Option<(String, u64)>> = OnceLock::new();
    static PASSED: AtomicU64 = AtomicU64::new(0);

    let asked = ASKED.get_or_init(|| {
        let text = std::env::var("KENNEL_FAIL_POINT").ok()?;
        let (name, count) = text.split_once('@').unwrap_or((&text, "1"));
        Some((name.to_owned(), count.parse().ok()?))
    });
    if let Some((asked, count)) = asked
        && asked == name
        && PASSED.fetch_add(1, Relaxed) + 1 == *count
    {
        // Nothing may run any more: no destructor, no flush, no goodbye to the broker.
        let killed =
            rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        tracing::error!("fail point {name}: still alive: {killed:?}");
    }
}

#[cfg(not(debug_assertions))]
pub(crate) fn fail_point(_name: &str) {}
