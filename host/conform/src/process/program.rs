//! A program that was started: killed when nobody holds it any more, its output kept in files.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::process::{Child, Command};

use crate::ConformError;

/// Between two looks.
const INTERVAL: Duration = Duration::from_millis(10);

/// A running program.
pub(crate) struct Program {
    name: &'static str,
    child: Child,
    output: PathBuf,
    log: PathBuf,
}

impl Program {
    /// Starts `program`; its output goes to `output` with the endings `out` and `log`.
    pub(crate) fn start(
        name: &'static str,
        program: &Path,
        arguments: &[&str],
        output: &Path,
    ) -> Result<Self, ConformError> {
        let (output, log) = (output.with_extension("out"), output.with_extension("log"));
        let create = |path: &PathBuf| {
            File::create(path).map_err(|source| ConformError::File { path: path.clone(), source })
        };
        let mut command = Command::new(program);
        command.args(arguments).kill_on_drop(true).stdin(Stdio::null());
        command.stdout(create(&output)?).stderr(create(&log)?);
        for (name, _) in std::env::vars_os() {
            // Overrides of the operator's own host are not for this one.
            let text = name.to_string_lossy();
            if text.starts_with("KENNEL_") && text.contains("__") {
                command.env_remove(&name);
            }
        }
        let spawned = command.spawn();
        let child = spawned.map_err(|source| ConformError::Spawn {
            command: program.display().to_string(),
            source,
        })?;
        Ok(Self { name, child, output, log })
    }

    /// What it printed so far.
    pub(crate) fn output(&self) -> String {
        read(&self.output)
    }

    /// Waits until `happened` answers something, while the program runs.
    pub(crate) async fn until<T>(
        &mut self,
        what: &str,
        patience: Duration,
        mut happened: impl AsyncFnMut(&Self) -> Result<Option<T>, ConformError>,
    ) -> Result<T, ConformError> {
        let deadline = Instant::now() + patience;
        loop {
            let ended = self.child.try_wait().ok().flatten();
            if let Some(answer) = happened(self).await? {
                return Ok(answer);
            }
            if let Some(status) = ended {
                return Err(self.error(&format!("ended with {status} before {what}")));
            }
            if Instant::now() >= deadline {
                return Err(self.error(&format!("ran for {patience:?} without that {what}")));
            }
            tokio::time::sleep(INTERVAL).await;
        }
    }

    /// Ends it at once, by SIGKILL.
    pub(crate) async fn kill(mut self) -> Result<(), ConformError> {
        self.child.kill().await.map_err(|error| self.error(&format!("cannot be killed: {error}")))
    }

    /// Waits until it ends by itself; whether it says that all went well.
    pub(crate) async fn wait(mut self, patience: Duration) -> Result<bool, ConformError> {
        match tokio::time::timeout(patience, self.child.wait()).await {
            Ok(Ok(status)) => Ok(status.success()),
            Ok(Err(error)) => Err(self.error(&format!("cannot be waited for: {error}"))),
            Err(_elapsed) => Err(self.error(&format!("did not end within {patience:?}"))),
        }
    }

    /// Where its log is.
    pub(crate) fn log(&self) -> &Path {
        &self.log
    }

    fn error(&self, detail: &str) -> ConformError {
        let words = last_line(&self.log);
        let detail =
            if words.is_empty() { detail.to_owned() } else { format!("{detail}: {words}") };
        ConformError::Process { program: self.name.to_owned(), detail }
    }
}

/// The last line of a log, which mostly says why.
pub(crate) fn last_line(log: &Path) -> String {
    let text = read(log);
    text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default().to_owned()
}

fn read(path: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned()
}
