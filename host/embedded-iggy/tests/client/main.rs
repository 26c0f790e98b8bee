//! The server as the unmodified official client sees it.

#![allow(clippy::unwrap_used, missing_docs)]

mod catalog;
mod consumers;
mod groups;
mod messages;
mod session;
mod support;
