//! What to run, and how to look at the destination.

use crate::template::Template;

/// How a run is done.
#[derive(Debug, Clone)]
pub struct Options {
    /// Messages per scenario; at least [`Options::FEWEST`].
    pub messages: u64,
    /// Decides where batches are cut and when processes are killed.
    pub seed: u64,
    /// The identity of the first message.
    pub first: u64,
    /// Names of the scenarios to run; empty: all.
    pub only: Vec<String>,
    /// What a message looks like.
    pub template: Template,
    /// Prints the identities at the destination, one per line.
    pub observe: Option<String>,
    /// Whether `observe` prints the messages of a partition in the order in which they were written.
    pub in_order: bool,
    /// Empties the destination of a sink, or puts the records of a source back, before each scenario.
    pub reset: Option<String>,
    /// Makes the destination of a sink unreachable, and
    pub cut_off: Option<String>,
    /// reachable again.
    pub restore: Option<String>,
    /// Makes a part of a source's records disappear.
    pub remove_records: Option<String>,
}

impl Options {
    /// Fewer messages could not be cut into batches of several partitions.
    pub const FEWEST: u64 = 30;
}
