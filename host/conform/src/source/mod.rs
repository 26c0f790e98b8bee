//! The scenarios of sources.

mod confirmed_again;
mod going_back;
mod killed_after_saving;
mod killed_in_flight;
mod plain_read;
mod read_without_confirming;
mod reader;
mod records_gone;

use crate::process;
use crate::scenario::Scenario;

pub(crate) use reader::{Baseline, Difference, Record, anonymous};

/// All of them, in the order in which they are played: those that confirm nothing come first, so that
/// they can be judged without a command that puts records back.
pub(crate) const SCENARIOS: &[Scenario] = &[
    read_without_confirming::SCENARIO,
    killed_in_flight::SCENARIO,
    killed_after_saving::SCENARIO,
    going_back::SCENARIO,
    confirmed_again::SCENARIO,
    plain_read::SCENARIO,
    records_gone::SCENARIO,
    process::source::HOST_KILLED,
    process::source::BROKER_KILLED,
];
