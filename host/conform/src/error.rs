//! Why the suite cannot judge.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use kennel_broker::BrokerError;

/// Why no report could be made. What a component does wrong is in the report and never here.
#[derive(Debug, thiserror::Error)]
pub enum ConformError {
    /// A template without the place for the identity.
    #[error("the template has no {{{{n}}}}, so no message could be told from another")]
    Template,
    /// A command of the operator cannot be started.
    #[error("cannot run `{command}`")]
    Spawn {
        /// The command.
        command: String,
        /// Why.
        source: io::Error,
    },
    /// A command of the operator failed.
    #[error("`{command}` ended with {status}: {output}")]
    Command {
        /// The command.
        command: String,
        /// How it ended.
        status: String,
        /// Its last words.
        output: String,
    },
    /// A command of the operator takes too long.
    #[error("`{command}` did not end within {limit:?}")]
    Slow {
        /// The command.
        command: String,
        /// How long it was waited for.
        limit: Duration,
    },
    /// The command that observes prints something else than identities.
    #[error("`{command}` printed {line:?}; it has to print one identity, a number, per line")]
    Identity {
        /// The command.
        command: String,
        /// The line.
        line: String,
    },
    /// What earlier runs left behind would be taken for messages of this one.
    #[error(
        "the destination already holds message {identity}; empty it first, with --reset before each \
         scenario, or number the messages from elsewhere with --first"
    )]
    Occupied {
        /// One of the identities found.
        identity: u64,
    },
    /// `--only` with a name that no scenario has.
    #[error("there is no scenario `{name}`; there are: {known}")]
    UnknownScenario {
        /// The name.
        name: String,
        /// All names.
        known: String,
    },
    /// A transform keeps no delivery contract of its own.
    #[error("a transform delivers nothing by itself; the suite judges sinks and sources")]
    Transform,
    /// The component does not open, so there is nothing to judge.
    #[error("the component does not open with this configuration: {0}")]
    Unopened(String),
    /// The source has nothing to read.
    #[error("the source produced nothing within {0:?}; it needs records to be judged by")]
    NoRecords(Duration),
    /// The source does not even begin.
    #[error("the source cannot be read: {0}")]
    Unreadable(String),
    /// The broker of a scenario with real processes cannot be used.
    #[error("the broker of the scenario")]
    Broker(#[from] BrokerError),
    /// A program of a scenario with real processes did not do its part.
    #[error("{program} {detail}")]
    Process {
        /// Which one.
        program: String,
        /// What went wrong.
        detail: String,
    },
    /// A file of a scenario with real processes.
    #[error("cannot use {path:?}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}
