//! The conformance suite: failure scenarios that tell whether a sink or source keeps the delivery
//! contract.
//!
//! * [`run`]: every scenario against one [`Subject`]; the result is a [`Report`]
//! * `lane`: what the host does with a sink, one step at a time; a crash between two steps drops the
//!   instance without a goodbye
//! * `topic`: messages with identities, and the account of each of them
//! * `sink`, `source`: the scenarios, one a file
//! * `process`: scenarios with real processes, a broker and a host that are killed
//!
//! What a scenario expects follows from the delivery that the component describes: with
//! `at-least-once` no message is missing and none is there more often than it was handed over;
//! with `idempotent` and `transactional` each is there exactly once.
#![forbid(unsafe_code)]

mod error;
mod lane;
mod memory_state;
mod options;
mod process;
mod random;
mod report;
mod scenario;
mod shell;
mod sink;
mod source;
mod subject;
mod suite;
mod template;
mod topic;

pub use error::ConformError;
pub use options::Options;
pub use report::{Counts, Report, ScenarioReport, Seen, Verdict};
pub use subject::{Processes, Subject};
pub use suite::{Progress, names, run};
pub use template::Template;
