//! A configuration folder for one scenario, and the host run in it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::broker::ROOT;
use super::program::Program;
use crate::{ConformError, Processes};

/// Key of the connector.
const KEY: &str = "conform";
/// Consumer group of the connector: what the host makes of the key.
pub(crate) const GROUP: &str = "kennel-conform";

/// What a scenario adds to the connector's file.
#[derive(Debug, Default)]
pub(crate) struct Additions<'a> {
    /// Stream and topic.
    pub(crate) target: (&'a str, &'a str),
    /// Most messages of a batch.
    pub(crate) batch: u64,
    /// Make the topic if it is missing.
    pub(crate) create: bool,
    /// Where rejected messages go.
    pub(crate) dead_letters: Option<&'a str>,
    /// Whether the component is told to flush, as a sink is.
    pub(crate) flush: bool,
    /// Whether the host is to keep what the component claims.
    pub(crate) exactly_once: bool,
}

/// Folders of one scenario, removed with it.
pub(crate) struct Installation {
    folder: TempDir,
    processes: Processes,
    runs: u32,
}

impl Installation {
    /// Makes the folders.
    pub(crate) fn new(processes: Processes) -> Result<Self, ConformError> {
        let folder = tempfile::tempdir()
            .map_err(|source| ConformError::File { path: std::env::temp_dir(), source })?;
        let installation = Self { folder, processes, runs: 0 };
        let config = installation.config();
        std::fs::create_dir(&config)
            .map_err(|source| ConformError::File { path: config, source })?;
        Ok(installation)
    }

    /// Where the broker keeps its data and programs their output.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The `kennel` program.
    pub(crate) fn program(&self) -> &Path {
        &self.processes.program
    }

    /// Writes the files of the host and of the connector.
    pub(crate) fn configure(
        &self,
        address: &str,
        additions: &Additions<'_>,
    ) -> Result<(), ConformError> {
        let state = self.folder.path().join("state");
        let cache = &self.processes.cache;
        let host = format!(
            "[iggy]\naddress = {address:?}\nusername = {ROOT:?}\npassword = {ROOT:?}\n\n\
             [components]\ncache = {cache:?}\n\n[state]\npath = {state:?}\n\n\
             [logging]\nlevel = \"info\"\n"
        );
        self.write("kennel.toml", &host)?;
        self.write(&format!("{KEY}.toml"), &self.connector(additions))
    }

    fn connector(&self, additions: &Additions<'_>) -> String {
        let (stream, topic) = additions.target;
        let Processes { connector, format, .. } = &self.processes;
        let mut text = format!(
            "{connector}\n[[streams]]\nstream = {stream:?}\ntopics = [{topic:?}]\n\
             format = {format:?}\nbatch = {{ messages = {} }}\npoll_interval = \"20ms\"\n",
            additions.batch.max(1)
        );
        let mut add = |line: &str| {
            // Writing into a string cannot fail.
            let _written = writeln!(text, "{line}");
        };
        if additions.create {
            add("create = true");
        }
        add("\n[delivery]");
        if additions.exactly_once {
            add("guarantee = \"exactly-once\"");
        }
        if let Some(topic) = additions.dead_letters {
            add(&format!("on_error = \"dead_letter\"\ndead_letter_topic = {topic:?}"));
        }
        if additions.flush {
            add("\n[delivery.flush]\nage = \"100ms\"");
        }
        text
    }

    fn write(&self, name: &str, text: &str) -> Result<(), ConformError> {
        let path = self.config().join(name);
        std::fs::write(&path, text).map_err(|source| ConformError::File { path, source })
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("config")
    }

    /// Starts the host.
    pub(crate) fn run(&mut self, arguments: &[&str]) -> Result<Program, ConformError> {
        let config = self.config();
        let config = config.to_string_lossy();
        let mut all = vec!["run", "--json", "--config", &config];
        all.extend(arguments);
        let output = self.folder.path().join(format!("host-{}", self.runs));
        self.runs += 1;
        Program::start("the host", &self.processes.program, &all, &output)
    }
}
