//! The broker crate against a running broker: embedded, or the one `KENNEL_TEST_IGGY` names.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed step is a failed test")]

mod failures;
mod groups;
mod messages;
mod reading;
mod start_positions;
mod support;
mod tls;
mod topics;
