//! Scenarios with real processes: a broker and a host that are started, slowed down and killed.

mod broker;
pub(crate) mod dead_letter;
mod feed;
mod installation;
mod program;
mod proxy;
pub(crate) mod sink;
pub(crate) mod source;
