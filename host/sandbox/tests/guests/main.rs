//! Real components in the real sandbox: what each fault looks like, and that the host survives it.
//!
//! The components are built by `cargo xtask components`.

// Helpers of tests may fail like tests.
#![allow(clippy::unwrap_used, clippy::panic)]

mod contract;
mod faults;
mod grants;
mod loading;
mod tcp;
mod world;
