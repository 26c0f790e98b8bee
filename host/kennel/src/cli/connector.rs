//! What operators' commands about one connector have in common.

use std::path::PathBuf;

use clap::Args;
use kennel_broker::Target;

/// Which connector.
#[derive(Debug, Clone, Args)]
pub(crate) struct ConnectorArguments {
    /// Folder with kennel.toml and a file per connector.
    #[arg(long, short, value_name = "DIR", default_value = ".")]
    pub(crate) config: PathBuf,

    /// Key of the connector: the name of its file without `.toml`, unless the file says another.
    #[arg(long, value_name = "KEY")]
    pub(crate) connector: String,
}

/// A time in microseconds since 1970 UTC.
pub(super) fn time(text: &str) -> Result<u64, String> {
    kennel_config::parse_time(text).ok_or_else(|| {
        "not a time: write 2026-01-31T08:00:00Z or microseconds since 1970".to_owned()
    })
}

/// `stream/topic`.
pub(super) fn topic(text: &str) -> Result<Target, String> {
    match text.split_once('/') {
        Some((stream, topic)) if !stream.is_empty() && !topic.is_empty() => {
            Ok(Target::new(stream, topic))
        }
        _ => Err("not a topic: write stream/topic".to_owned()),
    }
}
