//! Running the tools of a language.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use anyhow::{Context, anyhow};
use tokio::process::Command;

use crate::exit_code::Failure;

/// A program, and what to do when it is missing.
pub(super) struct Tool {
    /// A path, or a name to look up in PATH.
    program: PathBuf,
    install: &'static str,
}

impl Tool {
    pub(super) fn new(program: impl Into<PathBuf>, install: &'static str) -> Self {
        Self { program: program.into(), install }
    }

    /// Runs it in a folder and lets it speak on standard error; answers its standard output.
    ///
    /// # Errors
    /// When it is missing, or does not succeed.
    pub(super) async fn run<Argument: AsRef<OsStr>>(
        &self,
        folder: &Path,
        arguments: impl IntoIterator<Item = Argument>,
    ) -> Result<Vec<u8>, Failure> {
        let mut command = Command::new(&self.program);
        command.args(arguments).current_dir(folder).stdin(Stdio::null()).stderr(Stdio::inherit());
        command.kill_on_drop(true);
        let output = self.started(command.output().await)?;
        match output.status.success() {
            true => Ok(output.stdout),
            false => Err(Failure::running(anyhow!(
                "{} failed: {}",
                self.program.display(),
                output.status
            ))),
        }
    }

    fn started(&self, output: io::Result<Output>) -> Result<Output, Failure> {
        match output {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Failure::usage(anyhow!(
                "{} is not installed, or not in PATH; {}",
                self.program.display(),
                self.install
            ))),
            other => other
                .with_context(|| format!("cannot run {}", self.program.display()))
                .map_err(Failure::running),
        }
    }
}
