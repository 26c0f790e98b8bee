//! Hostile guests: what a component may try against its host, its neighbours and its operator, run beside a
//! healthy connector in the real `kennel`.
//!
//! * [`catalogue`]: every attack, with what it is granted and what must become of it
//! * [`forge`]: components made from bytes, for what no bindings let an author do
//! * [`Trial`]: one host with all attackers and the neighbour, started, provoked, watched and judged
//! * [`loading`]: files that must not get as far as that
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "what the tests share may fail as tests do")]
#![allow(missing_docs, reason = "no public API; names of a test's helpers say what they do")]

mod attack;
pub mod catalogue;
pub mod forge;
mod ground;
pub mod loading;
mod log;
mod neighbour;
mod report;
pub mod stranger;
mod trial;

pub use attack::{Attack, Expected, Guest};
pub use report::{Report, Seen, Verdict};
pub use trial::{Options, Trial};
