//! From configuration to running connectors: components loaded and checked, grants linked, specs made.

mod accepted;
mod asks;
mod broker;
mod components;
mod conformance;
mod dead_letters;
mod grants;
mod http;
mod load;
mod provider;
mod spec;
mod state;

pub(crate) use accepted::Accepted;
pub(crate) use asks::{in_words, not_asked};
pub(crate) use broker::broker_config;
pub(crate) use components::{Components, ComponentsError};
pub(crate) use conformance::Promise;
pub(crate) use dead_letters::dead_letter_targets;
pub(crate) use http::http_client;
pub(crate) use load::{LoadFailure, Loaded, Progress, compile, load, problems};
pub(crate) use provider::configuration;
pub(crate) use spec::Wiring;
