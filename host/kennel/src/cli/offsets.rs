//! The options of `kennel offsets`.

use clap::{Args, Subcommand};
use kennel_broker::{StartPosition, Target};

use super::connector::{ConnectorArguments, topic};

#[derive(Debug, Args)]
pub(crate) struct OffsetsArguments {
    #[command(subcommand)]
    pub(crate) command: OffsetsCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum OffsetsCommand {
    /// Show how far a sink is in each partition.
    #[command(after_help = "\
Examples:
  kennel offsets get --config configs/shop --connector orders
  kennel offsets get --connector orders --topic shop/orders --partition 3 --json")]
    Get(GetOffsetsArguments),

    /// Let partitions begin somewhere else when the connector is next started.
    #[command(after_help = "\
Examples:
  kennel offsets seek earliest --connector orders
  kennel offsets seek latest --connector orders --topic shop/orders
  kennel offsets seek 4200 --connector orders --topic shop/orders --partition 3
  kennel offsets seek 2026-01-31T08:00:00Z --connector orders
  kennel offsets seek @1769846400000000 --connector orders

A seek begins a new epoch: what had been delivered from there on is delivered again, also by a sink that
keeps its own position. No kennel may be running on this state.")]
    Seek(SeekOffsetsArguments),

    /// Forget seeks that were not carried out yet.
    #[command(after_help = "\
Examples:
  kennel offsets reset --connector orders
  kennel offsets reset --connector orders --topic shop/orders --partition 3")]
    Reset(ResetOffsetsArguments),
}

/// Which partitions; all of the connector by default.
#[derive(Debug, Clone, Args)]
pub(crate) struct PartitionFilter {
    /// Only this topic.
    #[arg(long, value_name = "STREAM/TOPIC", value_parser = topic)]
    pub(crate) topic: Option<Target>,

    /// Only this partition.
    #[arg(long, value_name = "N")]
    pub(crate) partition: Option<u32>,
}

#[derive(Debug, Args)]
pub(crate) struct GetOffsetsArguments {
    #[command(flatten)]
    pub(crate) connector: ConnectorArguments,
    #[command(flatten)]
    pub(crate) filter: PartitionFilter,
}

#[derive(Debug, Args)]
pub(crate) struct SeekOffsetsArguments {
    /// earliest, latest, an offset, or a time: RFC 3339, or @ and microseconds since 1970.
    #[arg(value_name = "POSITION", value_parser = position)]
    pub(crate) position: StartPosition,
    #[command(flatten)]
    pub(crate) connector: ConnectorArguments,
    #[command(flatten)]
    pub(crate) filter: PartitionFilter,
}

#[derive(Debug, Args)]
pub(crate) struct ResetOffsetsArguments {
    #[command(flatten)]
    pub(crate) connector: ConnectorArguments,
    #[command(flatten)]
    pub(crate) filter: PartitionFilter,
}

/// Digits alone are an offset, so microseconds need a sign of their own.
fn position(text: &str) -> Result<StartPosition, String> {
    let refusal = || {
        "not a position: write earliest, latest, an offset such as 4200, or a time such as \
         2026-01-31T08:00:00Z or @1769846400000000"
            .to_owned()
    };
    match text {
        "earliest" => Ok(StartPosition::Earliest),
        "latest" => Ok(StartPosition::Latest),
        _ => {
            if let Ok(offset) = text.parse() {
                return Ok(StartPosition::Offset(offset));
            }
            let time = match text.strip_prefix('@') {
                Some(micros) => micros.parse().ok(),
                None => kennel_config::parse_time(text),
            };
            time.map(StartPosition::Timestamp).ok_or_else(refusal)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_positions_should_tell_offsets_from_times() {
        for (text, expected) in [
            ("earliest", StartPosition::Earliest),
            ("latest", StartPosition::Latest),
            ("0", StartPosition::Offset(0)),
            ("1769846400000000", StartPosition::Offset(1_769_846_400_000_000)),
            ("@1769846400000000", StartPosition::Timestamp(1_769_846_400_000_000)),
            ("2026-01-31T08:00:00Z", StartPosition::Timestamp(1_769_846_400_000_000)),
        ] {
            assert_eq!(position(text), Ok(expected), "{text}");
        }
        for text in ["", "newest", "-1", "@", "2026-01-31", "99999999999999999999999"] {
            assert!(position(text).is_err_and(|error| error.contains("earliest")), "{text}");
        }
    }
}
