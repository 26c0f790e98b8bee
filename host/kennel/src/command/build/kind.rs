//! What a component is made for, as its manifest says.

use std::str::FromStr;

use anyhow::bail;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Sink,
    Source,
    Transform,
}

impl Kind {
    /// As the manifest says it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Sink => "sink",
            Self::Source => "source",
            Self::Transform => "transform",
        }
    }

    /// The world of the WIT package that it implements.
    pub(super) fn world(self) -> &'static str {
        match self {
            Self::Sink => "sink-guest",
            Self::Source => "source-guest",
            Self::Transform => "transform-guest",
        }
    }
}

/// From the `kind` of a manifest.
impl FromStr for Kind {
    type Err = anyhow::Error;

    fn from_str(kind: &str) -> Result<Self, Self::Err> {
        Ok(match kind {
            "sink" => Self::Sink,
            "source" => Self::Source,
            "transform" => Self::Transform,
            other => {
                bail!("\"{other}\" is not a kind; write \"sink\", \"source\" or \"transform\"")
            }
        })
    }
}
