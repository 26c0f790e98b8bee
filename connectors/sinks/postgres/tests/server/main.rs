//! The sink against a real server.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed step is a failed test")]

mod exactly_once;
mod lost_answer;
mod modes;
mod outages;
mod rejected;
mod support;
mod tls;
