//! The command line: what can be asked for, with an example for each.

mod arguments;
mod components;
mod connector;
mod dlq;
mod letter_id;
mod offsets;
mod state;

use clap::{Args, ColorChoice, Parser, Subcommand};

pub(crate) use arguments::{
    BenchArguments, BuildArguments, CheckArguments, CompletionsArguments, ConformArguments,
    DiffArguments, ExplainArguments, IggyArguments, InspectArguments, Language, NewArguments,
    RunArguments, SchemaOf, Template,
};
pub(crate) use components::{
    ComponentPlace, HostArguments, PullArguments, PushArguments, SignArguments, VerifyArguments,
};
pub(crate) use connector::ConnectorArguments;
pub(crate) use dlq::{
    DlqArguments, DlqCommand, LetterFilter, ListLettersArguments, PurgeLettersArguments,
    ReplayLettersArguments, ShowLetterArguments,
};
pub(crate) use letter_id::LetterId;
pub(crate) use offsets::{
    GetOffsetsArguments, OffsetsArguments, OffsetsCommand, PartitionFilter, ResetOffsetsArguments,
    SeekOffsetsArguments,
};
pub(crate) use state::{
    ExportStateArguments, GetStateArguments, ImportStateArguments, ListStateArguments,
    ResetStateArguments, StateArguments, StateCommand,
};

/// Runs connectors for Apache Iggy as sandboxed WebAssembly components.
#[derive(Debug, Parser)]
#[command(name = "kennel", version, propagate_version = true, max_term_width = 100)]
#[command(after_help = "\
Examples:
  kennel new orders-sink --kind sink        begin a connector
  kennel build                              compile it
  kennel inspect orders-sink.wasm           see what it is and what it asks for
  kennel check --config configs/shop        find every mistake without a broker
  kennel explain policy_http                what an error means and what to do
  kennel run --config configs/shop          run it
  kennel pull oci://r.example/acme/sink:1   fetch a component of others

Exit codes:
  0 success   1 failed while running   2 usage or configuration
  3 component refused   4 broker unreachable   5 diff: the new component asks for more")]
pub(crate) struct CommandLine {
    #[command(flatten)]
    pub(crate) global: GlobalArguments,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct GlobalArguments {
    /// Print JSON for programs: results on standard output, logs and errors on standard error.
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// Level of the host's own log, in place of the one in kennel.toml: error, warn, info, debug,
    /// trace, or a list such as info,kennel_broker=debug.
    #[arg(long, global = true, value_name = "LEVEL")]
    pub(crate) log_level: Option<String>,

    /// When to use colours.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorChoice,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the connectors of a configuration folder until stopped.
    #[command(after_help = "\
Examples:
  kennel run --config configs/shop
  kennel run --config configs/shop --embedded                without an Iggy server
  kennel run --config configs/shop --embedded --data ./data  the same, and keep the messages
  kennel run --config configs/shop --once --json             end when all is drained; print totals

Ctrl-C or SIGTERM ends it at a batch boundary; nothing is lost.")]
    Run(RunArguments),

    /// Check a configuration folder without a broker.
    #[command(after_help = "\
Examples:
  kennel check --config configs/shop
  kennel check --config configs/shop --json
  kennel check --schema connector > connector.schema.json   for editors")]
    Check(CheckArguments),

    /// Show what a component is, what it accepts, what it asks for and what it can never do.
    #[command(after_help = "\
Examples:
  kennel inspect orders-sink.wasm
  kennel inspect orders-sink.wasm --json")]
    Inspect(InspectArguments),

    /// Show what an upgrade of a component changes, above all what it newly asks for.
    #[command(after_help = "\
Examples:
  kennel diff orders-sink-1.0.wasm orders-sink-1.1.wasm
  kennel diff orders-sink-1.0.wasm orders-sink-1.1.wasm --json

Exit code 0: it asks for nothing new. Exit code 5: it asks for more; see [grants] before you take it.")]
    Diff(DiffArguments),

    /// Say what an error or denial code means, why it is so, and what to do.
    #[command(after_help = "\
Examples:
  kennel explain                list all codes
  kennel explain memory_limit
  kennel explain KEN-E0103 --json")]
    Explain(ExplainArguments),

    /// Fetch a component from a registry, and print the line that pins it.
    #[command(after_help = "\
Examples:
  kennel pull oci://registry.example.com/acme/orders-sink:1.2.0
  kennel pull oci://registry.example.com/acme/orders-sink:1.2.0 --output orders-sink.wasm
  kennel pull oci://registry.example.com/acme/orders-sink:1.2.0 --config configs/shop --json

Credentials: `docker login`, or KENNEL_REGISTRY_TOKEN, or KENNEL_REGISTRY_USERNAME and
KENNEL_REGISTRY_PASSWORD.")]
    Pull(PullArguments),

    /// Store a component in a registry.
    #[command(after_help = "\
Examples:
  kennel push orders-sink.wasm oci://registry.example.com/acme/orders-sink:1.2.0
  kennel sign oci://registry.example.com/acme/orders-sink:1.2.0 --key acme.key

Credentials: `docker login`, or KENNEL_REGISTRY_TOKEN, or KENNEL_REGISTRY_USERNAME and
KENNEL_REGISTRY_PASSWORD.")]
    Push(PushArguments),

    /// Sign a component, as cosign does with a key.
    #[command(after_help = "\
Examples:
  kennel sign --generate-key acme
  kennel sign orders-sink.wasm --key acme.key               writes orders-sink.wasm.sig
  kennel sign oci://registry.example.com/acme/orders-sink:1.2.0 --key acme.key

KENNEL_KEY_PASSWORD (or COSIGN_PASSWORD) encrypts a new key, and decrypts it again.")]
    Sign(SignArguments),

    /// Say who signed a component.
    #[command(after_help = "\
Examples:
  kennel verify orders-sink.wasm --key acme.pub
  kennel verify oci://registry.example.com/acme/orders-sink:1.2.0 --key acme.pub --json
  kennel verify orders-sink.wasm --config configs/shop      with the keys of its policy

Exit code 3: none of the keys has signed it.")]
    Verify(VerifyArguments),

    /// See, replay and remove the messages that a connector could not deliver.
    #[command(after_help = "\
Examples:
  kennel dlq list --config configs/shop --connector orders
  kennel dlq show 0:17 --config configs/shop --connector orders
  kennel dlq replay --config configs/shop --connector orders --reason not_json
  kennel dlq purge --config configs/shop --connector orders --yes")]
    Dlq(DlqArguments),

    /// See, move and forget what a connector keeps on this host.
    #[command(after_help = "\
Examples:
  kennel state list --config configs/shop --connector orders
  kennel state export --config configs/shop --connector orders --output orders-state.json
  kennel state import orders-state.json --config configs/shop --connector orders
  kennel state reset --config configs/shop --connector orders --yes

No kennel may be running on this state.")]
    State(StateArguments),

    /// See how far a sink is, and let it begin somewhere else.
    #[command(after_help = "\
Examples:
  kennel offsets get --config configs/shop --connector orders
  kennel offsets seek earliest --config configs/shop --connector orders
  kennel offsets reset --config configs/shop --connector orders")]
    Offsets(OffsetsArguments),

    /// Begin a connector or transform from a template.
    #[command(after_help = "\
Examples:
  kennel new orders-sink --kind sink
  kennel new mask-cards --kind transform --language python
  kennel new clicks --kind source --language javascript --path components/clicks")]
    New(NewArguments),

    /// Build the component in a folder with the tools of its language.
    #[command(after_help = "\
Examples:
  kennel build
  kennel build components/clicks
  kennel build --output configs/shop/orders-sink.wasm")]
    Build(BuildArguments),

    /// Run a component through failure scenarios: does it keep the delivery contract?
    #[command(after_help = "\
Examples:
  kennel conform file_sink.wasm --config orders-out.toml --observe ./ids.sh --reset ./empty.sh
  kennel conform my_source.wasm --config clicks-in.toml --reset ./refill.sh --report report.json
  kennel conform my_sink.wasm --config my.toml --only stale-instance --seed 7 --json

Each message holds its own number. The command given to --observe prints the numbers it finds at the
destination, one a line. Without it, the verdicts stand on what the component answers.
Exit code 1: a scenario failed.")]
    Conform(ConformArguments),

    /// Run the embedded Iggy server by itself.
    #[command(after_help = "\
Examples:
  kennel iggy                                         all data in memory
  kennel iggy --address 127.0.0.1:8090 --data ./data  keep the data
  kennel iggy --tls-cert cert.pem --tls-key key.pem

It serves one node's worth of the protocol for demos and tests. Production means a real server.")]
    Iggy(IggyArguments),

    /// Measure this machine: messages a second, beside the official client doing nothing.
    #[command(after_help = "\
Examples:
  kennel bench
  kennel bench --messages 500000 --sizes 256,1024,4096
  kennel bench --json")]
    Bench(BenchArguments),

    /// Print a completion script for a shell.
    #[command(after_help = "\
Examples:
  kennel completions bash > ~/.local/share/bash-completion/completions/kennel
  kennel completions zsh > ~/.zfunc/_kennel
  kennel completions fish > ~/.config/fish/completions/kennel.fish")]
    Completions(CompletionsArguments),
}
