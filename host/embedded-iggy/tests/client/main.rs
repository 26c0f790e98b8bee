//! The server as the unmodified official client sees it.

#![allow(clippy::unwrap_used, missing_docs)]

mod admin;
mod catalog;
mod consumers;
mod durable;
mod faults;
mod groups;
mod hostile;
mod messages;
mod raw;
mod session;
mod support;
mod tls;
