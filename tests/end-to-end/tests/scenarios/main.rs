//! One test binary for all scenarios: linking costs more than running most of them.

// Helpers of tests may fail like tests.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

mod accounted;
mod configuration;
mod conform;
mod dead_letters;
mod file_source;
mod golden;
mod hostile;
mod http_sink;
mod missing_topics;
mod outages;
mod rebalance;
mod start_positions;
mod tls;
mod transforms;
