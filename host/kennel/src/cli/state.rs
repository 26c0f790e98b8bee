//! The options of `kennel state`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::connector::ConnectorArguments;

#[derive(Debug, Args)]
pub(crate) struct StateArguments {
    #[command(subcommand)]
    pub(crate) command: StateCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum StateCommand {
    /// Show what a connector has: keyspaces with their sizes, cursor, checkpoints, seeks.
    #[command(after_help = "\
Examples:
  kennel state list --config configs/shop --connector orders
  kennel state list --connector orders --json")]
    List(ListStateArguments),

    /// Print one value.
    #[command(after_help = "\
Examples:
  kennel state get sink:shop/orders/0 last-id --connector orders
  kennel state get source:source seen --connector clicks --json")]
    Get(GetStateArguments),

    /// Write a connector's state as JSON.
    #[command(after_help = "\
Examples:
  kennel state export --connector orders --output orders-state.json
  kennel state export --connector orders > orders-state.json")]
    Export(ExportStateArguments),

    /// Put an exported state in place.
    #[command(after_help = "\
Examples:
  kennel state import orders-state.json --connector orders
  kennel state import orders-state.json --connector orders --replace")]
    Import(ImportStateArguments),

    /// Forget a connector's state: cursor, values, checkpoints.
    #[command(after_help = "\
Examples:
  kennel state reset --connector clicks --yes
  kennel state reset --connector orders --keyspace sink:shop/orders/0 --yes

A source begins anew. A sink goes on at its stored offsets: `kennel offsets seek` moves those.")]
    Reset(ResetStateArguments),
}

#[derive(Debug, Args)]
pub(crate) struct ListStateArguments {
    #[command(flatten)]
    pub(crate) connector: ConnectorArguments,
}

#[derive(Debug, Args)]
pub(crate) struct GetStateArguments {
    /// The keyspace, as `kennel state list` calls it.
    pub(crate) keyspace: String,
    /// The key.
    pub(crate) key: String,
    #[command(flatten)]
    pub(crate) connector: ConnectorArguments,
}

#[derive(Debug, Args)]
pub(crate) struct ExportStateArguments {
    #[command(flatten)]
    pub(crate) connector: ConnectorArguments,

    /// Write to this file, which must not be there, instead of standard output.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ImportStateArguments {
    /// A file that `kennel state export` wrote.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) connector: ConnectorArguments,

    /// Replace a state that is there.
    #[arg(long)]
    pub(crate) replace: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ResetStateArguments {
    #[command(flatten)]
    pub(crate) connector: ConnectorArguments,

    /// Forget the values of this keyspace only.
    #[arg(long, value_name = "KEYSPACE")]
    pub(crate) keyspace: Option<String>,

    /// Do it.
    #[arg(long)]
    pub(crate) yes: bool,
}
