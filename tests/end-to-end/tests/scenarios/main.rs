//! One test binary for all scenarios: linking costs more than running most of them.

// Helpers of tests may fail like tests.
#![allow(clippy::unwrap_used, clippy::panic)]

use end_to_end as support;

mod accounted;
mod configuration;
mod conform;
mod crashes;
mod dead_letters;
mod file_source;
mod golden;
mod hostile;
mod http_sink;
mod isolation;
mod missing_topics;
mod operator;
mod outages;
mod policy;
mod rebalance;
mod registry;
mod secrets;
mod start_positions;
mod stateful;
mod tcp;
mod tls;
mod transforms;
mod worn;
