//! One supervised task per connector: started, waited for, restarted, failed, stopped.
//!
//! Sinks and sources share everything here: [`ConnectorSpec`] says what to run, [`Status`] what
//! became of it, `restart` when a failure is worth another try.
#![forbid(unsafe_code)]

mod connector;
mod restart;
mod status;
mod topics;

pub use connector::{ConnectorSpec, Handle, Input, SinkTopic, SourceTopics, Work, start};
pub use restart::RestartPolicy;
pub use status::{State, Status};
