//! The options of `kennel dlq`.

use clap::{Args, Subcommand};
use kennel_broker::Target;

use super::connector::{ConnectorArguments, time, topic};
use super::letter_id::LetterId;

#[derive(Debug, Args)]
pub(crate) struct DlqArguments {
    #[command(subcommand)]
    pub(crate) command: DlqCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DlqCommand {
    /// List dead letters, and letters that the broker refused.
    #[command(after_help = "\
Examples:
  kennel dlq list --config configs/shop --connector orders
  kennel dlq list --connector orders --reason not_json --since 2026-01-31T08:00:00Z
  kennel dlq list --connector orders --partition 3 --limit 20 --json")]
    List(ListLettersArguments),

    /// Show one letter: why, where from, headers, payload, and what the host wrote down about it.
    #[command(after_help = "\
Examples:
  kennel dlq show 0:17 --connector orders
  kennel dlq show record:9f86d081884c7d659a2feaa0c55ad015 --connector orders --json")]
    Show(ShowLetterArguments),

    /// Send letters back to the topic they came from, or to another one.
    #[command(after_help = "\
Examples:
  kennel dlq replay --connector orders --dry-run
  kennel dlq replay 0:17 0:18 --connector orders
  kennel dlq replay --connector orders --reason not_json --to shop/orders-repair

Payload and headers are the original ones, byte for byte. A letter is sent once, unless --again.
Every consumer group of the topic reads what is sent there.")]
    Replay(ReplayLettersArguments),

    /// Remove letters: all of them from the broker, or some of them from sight.
    #[command(after_help = "\
Examples:
  kennel dlq purge --connector orders --until 2026-01-31T08:00:00Z --yes
  kennel dlq purge --connector orders --yes

Iggy cannot delete single messages. Letters are hidden and the host's records of them removed; when no
other message is left in the topic, the topic is emptied. No kennel may be running on this state.")]
    Purge(PurgeLettersArguments),
}

/// Which letters; all that is given must hold.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct LetterFilter {
    /// Only letters with this code, such as not_json or trap.
    #[arg(long, value_name = "CODE")]
    pub(crate) reason: Option<String>,

    /// Only letters given up at this time or later: RFC 3339, or microseconds since 1970.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) since: Option<u64>,

    /// Only letters given up before this time.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) until: Option<u64>,

    /// Only letters whose message was in this partition of its topic.
    #[arg(long, value_name = "N")]
    pub(crate) partition: Option<u32>,
}

#[derive(Debug, Args)]
pub(crate) struct ListLettersArguments {
    #[command(flatten)]
    pub(crate) connector: ConnectorArguments,
    #[command(flatten)]
    pub(crate) filter: LetterFilter,

    /// Show the newest N only.
    #[arg(long, value_name = "N", default_value_t = 100)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) limit: u64,
}

#[derive(Debug, Args)]
pub(crate) struct ShowLetterArguments {
    /// The letter, as `kennel dlq list` calls it.
    pub(crate) id: LetterId,
    #[command(flatten)]
    pub(crate) connector: ConnectorArguments,
}

#[derive(Debug, Args)]
pub(crate) struct ReplayLettersArguments {
    /// Letters, as `kennel dlq list` calls them; without any, all that the filters leave.
    #[arg(value_name = "ID")]
    pub(crate) ids: Vec<LetterId>,
    #[command(flatten)]
    pub(crate) connector: ConnectorArguments,
    #[command(flatten)]
    pub(crate) filter: LetterFilter,

    /// Send to this topic instead of the one that each message came from.
    #[arg(long, value_name = "STREAM/TOPIC", value_parser = topic)]
    pub(crate) to: Option<Target>,

    /// Send letters again that were replayed before.
    #[arg(long)]
    pub(crate) again: bool,

    /// Say what would be sent, and send nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PurgeLettersArguments {
    #[command(flatten)]
    pub(crate) connector: ConnectorArguments,
    #[command(flatten)]
    pub(crate) filter: LetterFilter,

    /// Do it; without this, only the number of letters is told.
    #[arg(long)]
    pub(crate) yes: bool,
}
