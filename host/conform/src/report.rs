//! The result, for people and for publishing.

use serde::Serialize;

use kennel_sandbox::{Delivery, Kind};

/// What became of a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The contract was kept.
    Pass,
    /// The contract was broken.
    Fail,
    /// It could not be judged, and the detail says why.
    Skipped,
}

impl Verdict {
    /// As in the report.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Skipped => "skipped",
        }
    }
}

/// What a verdict stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Seen {
    /// Only what the component answered: receipts, positions, errors.
    Boundary,
    /// What was found at the destination.
    Destination,
    /// The messages in the topic that a source wrote to.
    Topic,
}

/// What was counted in a scenario.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Messages with an identity that the scenario sent or, for a source, read first.
    pub sent: u64,
    /// Different ones of them that were seen. `None`: nobody looked.
    pub observed: Option<u64>,
    /// Those that should be there and are not.
    pub missing: u64,
    /// Copies beyond those that the delivery allows.
    pub doubled: u64,
    /// Repetitions that the delivery allows.
    pub repeated: u64,
    /// Messages that the component rejected.
    pub rejected: u64,
    /// Messages behind a later one of their partition, where the order was looked at.
    pub out_of_order: Option<u64>,
    /// Processes killed while messages were on their way.
    pub kills: u64,
}

/// One scenario.
#[derive(Debug, Clone, Serialize)]
pub struct ScenarioReport {
    /// Its stable name.
    pub name: &'static str,
    /// What is proven by passing it.
    pub proves: &'static str,
    /// The delivery rules it stands for.
    pub rules: &'static [&'static str],
    /// What became of it.
    pub verdict: Verdict,
    /// What the verdict stands on.
    pub seen: Seen,
    /// What was counted.
    pub counts: Counts,
    /// Why, where it did not pass, and what else is worth knowing.
    pub detail: String,
    /// How long it took.
    pub milliseconds: u64,
}

/// The whole run.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Name of the component, in its own words.
    pub component: String,
    /// Its version, in its own words.
    pub version: String,
    /// Sink or source.
    pub kind: Kind,
    /// `sha256:` and the digest of its bytes.
    pub digest: String,
    /// The interface version it speaks.
    pub interface: &'static str,
    /// The delivery it claims, against which it was judged.
    pub delivery: Delivery,
    /// Version of the host that judged.
    pub host: &'static str,
    /// The seed; with the same one, batches are cut in the same places.
    pub seed: u64,
    /// Messages per scenario.
    pub messages: u64,
    /// Whether the destination was looked at.
    pub observed: bool,
    /// The verdict on the whole: `fail` if any scenario failed, else `pass`.
    pub verdict: Verdict,
    /// Every scenario.
    pub scenarios: Vec<ScenarioReport>,
}

impl Report {
    /// Number of scenarios with this verdict.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        self.scenarios.iter().filter(|scenario| scenario.verdict == verdict).count()
    }
}
