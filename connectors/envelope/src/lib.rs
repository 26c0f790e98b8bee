//! How the built-in sinks write a message down.
//!
//! * [`write_line`]: the payload alone, as one line of a newline-delimited file or request body
//! * [`Envelope`]: one JSON object that also says where the message came from
//! * [`json`]: the few JSON pieces both need
#![forbid(unsafe_code)]

mod envelope;
pub mod json;
mod line;

pub use envelope::{Envelope, timestamp_text};
pub use line::{NotOneLine, write_line};
