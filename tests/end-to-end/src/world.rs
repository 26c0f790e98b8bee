//! Folders of one test, and `kennel` run in them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use tempfile::TempDir;

use crate::connector::Connector;
use crate::installation::{code_cache, components, kennel, warm_up};
use crate::process::{Ended, Process};

/// A configuration folder with everything it points to, removed when the test ends.
pub struct World {
    folder: TempDir,
    runs: AtomicU32,
    variables: Vec<(String, String)>,
}

impl World {
    /// A world whose host connects to `address` as `iggy` with the password `iggy`.
    pub fn new(address: &str) -> Self {
        let iggy = format!("address = \"{address}\"\nusername = \"iggy\"\npassword = \"iggy\"\n");
        Self::with_iggy(&iggy)
    }

    /// A world whose host has these lines in `[iggy]`.
    pub fn with_iggy(iggy: &str) -> Self {
        warm_up();
        let folder = tempfile::tempdir().unwrap();
        let world = Self { folder, runs: AtomicU32::new(0), variables: Vec::new() };
        fs::create_dir(world.config()).unwrap();
        world.host(iggy);
        world
    }

    /// Writes kennel.toml anew, with these lines in `[iggy]`.
    pub fn host(&self, iggy: &str) {
        let (search, cache, state) = (components(), code_cache(), self.path("state"));
        let text = format!(
            "[iggy]\n{iggy}\n[components]\nsearch = [{search:?}]\ncache = {cache:?}\n\n\
             [state]\npath = {state:?}\n\n[logging]\nlevel = \"info\"\nformat = \"json\"\n"
        );
        self.file("kennel.toml", &text);
    }

    /// Writes the file of the connector `key`.
    pub fn connector(&self, key: &str, connector: Connector) {
        self.file(&format!("{key}.toml"), &connector.text());
    }

    /// Writes a file of the configuration folder.
    pub fn file(&self, name: &str, text: &str) {
        fs::write(self.config().join(name), text).unwrap();
    }

    /// Sets an environment variable of everything that is run from now on.
    pub fn variable(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// The configuration folder.
    pub fn config(&self) -> PathBuf {
        self.path("config")
    }

    /// A path that nothing else in this world uses.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A folder, made now.
    pub fn folder(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(&path).unwrap();
        path
    }

    /// Starts `kennel run` with further arguments.
    pub fn run(&self, arguments: &[&str]) -> Process {
        let mut command = self.kennel();
        command.args(["run", "--json", "--config"]).arg(self.config()).args(arguments);
        Process::start(command, self.output_name())
    }

    /// Runs until all is drained, with further variables in its environment.
    pub fn run_once_with(&self, variables: &[(&str, &str)]) -> Ended {
        let mut command = kennel();
        command.args(["run", "--json", "--once", "--config"]).arg(self.config());
        command.envs(variables.iter().copied());
        Process::start(command, self.output_name()).wait()
    }

    /// Starts `kennel run` so that it dies as by `kill -9` when it passes a named place: `name@times`.
    pub fn run_dying_at(&self, point: &str) -> Process {
        let mut command = self.kennel();
        command.args(["run", "--json", "--once", "--config"]).arg(self.config());
        command.env("KENNEL_FAIL_POINT", point);
        Process::start(command, self.output_name())
    }

    /// Runs until all is drained.
    pub fn run_once(&self) -> Ended {
        self.run(&["--once"]).wait()
    }

    /// Runs another command with the configuration folder.
    pub fn command(&self, command: &str, arguments: &[&str]) -> Ended {
        let mut program = self.kennel();
        program.args([command, "--config"]).arg(self.config()).args(arguments);
        Process::start(program, self.output_name()).wait()
    }

    /// Runs a command of a command, such as `dlq list`, for programs.
    pub fn operate(&self, arguments: &[&str]) -> Ended {
        let mut program = self.kennel();
        program.args(arguments).args(["--json", "--config"]).arg(self.config());
        Process::start(program, self.output_name()).wait()
    }

    /// The program with the variables of this world.
    fn kennel(&self) -> Command {
        let mut program = kennel();
        program.envs(self.variables.iter().map(|(name, value)| (name, value)));
        program
    }

    fn output_name(&self) -> PathBuf {
        self.path(&format!("run-{}", self.runs.fetch_add(1, Relaxed)))
    }
}

/// A path as configuration files and arguments take it.
pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
