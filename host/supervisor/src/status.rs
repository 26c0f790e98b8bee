//! What a connector does now, for its operator.

use serde::Serialize;

/// What a connector, or one lane of it, does now.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case", tag = "state", content = "reason")]
pub enum State {
    /// Its guests are being opened.
    Starting,
    /// Messages flow when there are any.
    Running,
    /// A source has nothing more to read, ever.
    Finished,
    /// It was asked to stop, and did.
    Stopped,
    /// It will go on by itself; the reason says what it waits for.
    Waiting(String),
    /// Only an operator can help; the reason says what happened last.
    Failed(String),
}

/// What a connector does now: of several lanes, the one that needs attention most.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Status {
    /// The state.
    #[serde(flatten)]
    pub state: State,
    /// Faults of guests since the start.
    pub restarts: u32,
}

impl State {
    /// Whether the connector has ended and will not go on by itself.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Finished | Self::Stopped | Self::Failed(_))
    }

    /// One word.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Stopped => "stopped",
            Self::Waiting(_) => "waiting",
            Self::Failed(_) => "failed",
        }
    }

    /// Why, where there is a why.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Waiting(reason) | Self::Failed(reason) => Some(reason),
            _ => None,
        }
    }
}
