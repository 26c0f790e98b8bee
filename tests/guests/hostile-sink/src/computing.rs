//! Attacks on time.

// To block a worker is what is tried here.
#![allow(clippy::disallowed_methods)]

use std::hint::black_box;
use std::io::Write as _;
use std::time::{Duration, Instant};

use kennel_sdk::log::{self, Level};

use crate::report::Report;

/// Seconds that nobody waits.
const FOR_EVER: Duration = Duration::from_secs(1 << 30);

pub(crate) fn spin() -> Report {
    let mut number = 0_u64;
    while black_box(number) != u64::MAX {
        number = black_box(number).wrapping_add(2);
    }
    Report::reached("computed for ever")
}

/// Computes as much as fits into so much time of an idle core. The clock is asked only at first, because time in
/// which the host makes the guest wait is no work.
pub(crate) fn compute(millis: u64) -> Report {
    const SAMPLE: Duration = Duration::from_millis(5);
    let (began, mut sampled) = (Instant::now(), 0);
    while began.elapsed() < SAMPLE {
        work(1_000);
        sampled += 1;
    }
    work(sampled * 1_000 * millis / 5);
    Report::reached("computed")
}

fn work(steps: u64) {
    let mut number = 0_u64;
    for _ in 0..steps {
        number = black_box(number).wrapping_add(1);
    }
}

pub(crate) fn recurse() -> Report {
    fn deeper(depth: u64) -> u64 {
        let frame = black_box([depth; 8]);
        if frame[0] == u64::MAX {
            return 0;
        }
        deeper(frame[3] + 1) + frame[5]
    }
    deeper(0);
    Report::reached("called itself for ever")
}

pub(crate) fn sleep() -> Report {
    std::thread::sleep(FOR_EVER);
    Report::reached("slept for ever")
}

pub(crate) fn wait(millis: u64) -> Report {
    std::thread::sleep(Duration::from_millis(millis));
    Report::reached("waited")
}

pub(crate) fn call_host() -> Report {
    while kennel_sdk::attribute(black_box("connector")).is_some() {}
    Report::reached("asked for ever")
}

pub(crate) fn await_clock() -> Report {
    let began = Instant::now();
    while began.elapsed() < Duration::from_millis(20) {}
    Report::reached("saw the clock move")
}

pub(crate) fn flood_log() -> Report {
    let line = "flood ".repeat(1_300);
    loop {
        log::log(Level::Info, &line, &[]);
    }
}

pub(crate) fn log(bytes: u64) -> Report {
    let line = "lines ".repeat(170);
    for _ in 0..bytes.div_ceil(line.len() as u64) {
        log::log(Level::Info, &line, &[]);
    }
    Report::reached("logged")
}

pub(crate) fn flood_stderr() -> Report {
    let line = [b'e'; 4096];
    loop {
        if std::io::stderr().write_all(&line).is_err() {
            return Report::reached("standard error was closed");
        }
    }
}
