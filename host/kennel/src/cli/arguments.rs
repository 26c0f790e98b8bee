//! The options of each command.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    /// Folder with kennel.toml and a file per connector.
    #[arg(long, short, value_name = "DIR", default_value = ".")]
    pub(crate) config: PathBuf,

    /// Run an embedded Iggy server in this process instead of connecting to `iggy.address`.
    #[arg(long)]
    pub(crate) embedded: bool,

    /// Folder for the embedded server's data; without it, messages live in memory.
    #[arg(long, value_name = "DIR", requires = "embedded")]
    pub(crate) data: Option<PathBuf>,

    /// End when every source has finished and every sink has nothing left to read.
    #[arg(long)]
    pub(crate) once: bool,

    /// Show a live table of rates, lag and stages.
    #[arg(long, conflicts_with = "json")]
    pub(crate) table: bool,

    /// Write the totals as JSON to this file when it ends.
    #[arg(long, value_name = "FILE")]
    pub(crate) summary_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    /// Folder with kennel.toml and a file per connector.
    #[arg(long, short, value_name = "DIR", default_value = ".")]
    pub(crate) config: PathBuf,

    /// Print the JSON Schema of a kind of file instead.
    #[arg(long, value_name = "FILE KIND", conflicts_with = "config")]
    pub(crate) schema: Option<SchemaOf>,
}

/// A kind of configuration file.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum SchemaOf {
    /// kennel.toml
    Host,
    /// A connector's file
    Connector,
}

#[derive(Debug, Args)]
pub(crate) struct InspectArguments {
    /// The component.
    #[arg(value_name = "FILE.wasm")]
    pub(crate) component: PathBuf,

    /// Public key (PEM) that may have signed it: says who did, or refuses. Repeatable.
    #[arg(long, value_name = "KEY.pub")]
    pub(crate) key: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct DiffArguments {
    /// The component that runs now.
    #[arg(value_name = "OLD.wasm")]
    pub(crate) old: PathBuf,

    /// The one to take in its place.
    #[arg(value_name = "NEW.wasm")]
    pub(crate) new: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArguments {
    /// The code, as an error, a log line or a dead letter names it; without one, all are listed.
    #[arg(value_name = "CODE")]
    pub(crate) code: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct NewArguments {
    /// Name in kebab-case, such as orders-sink.
    pub(crate) name: String,

    /// What it will be.
    #[arg(long, short)]
    pub(crate) kind: Template,

    /// Language to write it in.
    #[arg(long, short, default_value = "rust")]
    pub(crate) language: Language,

    /// Folder to make; the name by default.
    #[arg(long, value_name = "DIR")]
    pub(crate) path: Option<PathBuf>,

    /// Kennel's guest-sdk folder; found by itself when kennel runs from its repository.
    #[arg(long, value_name = "DIR", env = "KENNEL_SDK")]
    pub(crate) sdk: Option<PathBuf>,
}

/// What a new component is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Template {
    /// Writes messages to another system
    Sink,
    /// Reads messages from another system
    Source,
    /// Changes messages on the way
    Transform,
}

/// What a new component is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    Rust,
    Python,
    Javascript,
}

#[derive(Debug, Args)]
pub(crate) struct BuildArguments {
    /// Folder of the component.
    #[arg(value_name = "DIR", default_value = ".")]
    pub(crate) folder: PathBuf,

    /// Where to put the component; by default NAME.wasm in its folder.
    #[arg(long, short, value_name = "FILE.wasm")]
    pub(crate) output: Option<PathBuf>,

    /// Kennel's guest-sdk folder; found by itself when kennel runs from its repository.
    #[arg(long, value_name = "DIR", env = "KENNEL_SDK")]
    pub(crate) sdk: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct IggyArguments {
    /// Address to listen on; port 0 takes a free one.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8090")]
    pub(crate) address: String,

    /// Folder to keep the data in; without it, all data is in memory.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,

    /// Certificate chain (PEM); needs --tls-key.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,

    /// Private key (PEM); needs --tls-cert.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,

    /// Name of the root user.
    #[arg(long, default_value = "iggy")]
    pub(crate) username: String,

    /// Password of the root user.
    #[arg(long, default_value = "iggy", env = "KENNEL_IGGY_PASSWORD", hide_env_values = true)]
    pub(crate) password: String,
}

#[derive(Debug, Args)]
pub(crate) struct BenchArguments {
    /// Messages per measurement.
    #[arg(long, value_name = "COUNT", default_value_t = 1_000_000)]
    #[arg(value_parser = clap::value_parser!(u64).range(1_000..))]
    pub(crate) messages: u64,

    /// Payload sizes in bytes.
    #[arg(long, value_name = "BYTES", value_delimiter = ',', default_value = "256,1024")]
    #[arg(value_parser = clap::value_parser!(u32).range(8..=1 << 20))]
    pub(crate) sizes: Vec<u32>,

    /// Folder with the components to measure, as `cargo xtask components` leaves them.
    #[arg(long, value_name = "DIR", default_value = "target/components")]
    pub(crate) components: PathBuf,

    /// Measure every row a second time without metering of computing ([limits] trusted), in the
    /// same rounds, to know what metering costs.
    #[arg(long)]
    pub(crate) metering: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ConformArguments {
    /// The sink or source to judge.
    #[arg(value_name = "FILE.wasm")]
    pub(crate) component: PathBuf,

    /// A connector's file with the component's configuration, grants and limits. Its `component`,
    /// transforms and topics are not used.
    #[arg(long, short, value_name = "CONNECTOR.toml")]
    pub(crate) config: PathBuf,

    /// Shell command that prints the number of every message at the destination, one a line.
    #[arg(long, value_name = "CMD")]
    pub(crate) observe: Option<String>,

    /// The command of --observe prints the messages of a partition in the order they were written in.
    #[arg(long, requires = "observe")]
    pub(crate) in_order: bool,

    /// Shell command run before each scenario: empties a sink's destination, or puts a source's
    /// records back.
    #[arg(long, value_name = "CMD")]
    pub(crate) reset: Option<String>,

    /// Shell command that makes a sink's destination unreachable; needs --restore.
    #[arg(long, value_name = "CMD", requires = "restore")]
    pub(crate) cut_off: Option<String>,

    /// Shell command that makes it reachable again; needs --cut-off.
    #[arg(long, value_name = "CMD", requires = "cut_off")]
    pub(crate) restore: Option<String>,

    /// Shell command that takes a part of a source's records away.
    #[arg(long, value_name = "CMD")]
    pub(crate) remove_records: Option<String>,

    /// What a message looks like; {{n}} stands for its number.
    #[arg(long, value_name = "TEXT", conflicts_with = "template_file")]
    pub(crate) template: Option<String>,

    /// File with the template.
    #[arg(long, value_name = "FILE")]
    pub(crate) template_file: Option<PathBuf>,

    /// Messages per scenario.
    #[arg(long, value_name = "COUNT", default_value_t = 300)]
    #[arg(value_parser = clap::value_parser!(u64).range(30..=1_000_000))]
    pub(crate) messages: u64,

    /// Number of the first message.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(crate) first: u64,

    /// Decides where batches are cut and when processes are killed; another one each time by default.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,

    /// Run only this scenario; may be given several times.
    #[arg(long, value_name = "NAME")]
    pub(crate) only: Vec<String>,

    /// Leave out the scenarios that start a broker and a host as processes.
    #[arg(long)]
    pub(crate) no_processes: bool,

    /// Write the report as JSON to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsArguments {
    /// The shell.
    pub(crate) shell: clap_complete::Shell,
}
