//! The sink against a real server.

mod exactly_once;
mod lost_answer;
mod modes;
mod outages;
mod rejected;
mod support;
mod tls;
