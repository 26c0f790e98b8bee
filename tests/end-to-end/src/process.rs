//! A running program: killed when the test ends, its output kept in files.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::wait::{PATIENCE, pause};

/// A program that was started.
pub struct Process {
    child: Child,
    log: PathBuf,
    output: PathBuf,
}

impl Process {
    /// Starts `command`; `name` without an ending is where its output goes.
    pub fn start(mut command: Command, name: PathBuf) -> Self {
        let (log, output) = (name.with_extension("log"), name.with_extension("out"));
        command.stderr(File::create(&log).unwrap()).stdout(File::create(&output).unwrap());
        let child = command.spawn().unwrap();
        Self { child, log, output }
    }

    /// Its number among the system's processes.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it wrote to standard error so far.
    pub fn log(&self) -> String {
        read(&self.log)
    }

    /// What it wrote to standard output so far.
    pub fn output(&self) -> String {
        read(&self.output)
    }

    /// Returns as soon as `happened` says so; fails when the program ends before.
    pub fn until(&mut self, what: &str, mut happened: impl FnMut() -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !happened() {
            let ended = self.child.try_wait().unwrap();
            assert!(
                ended.is_none() || happened(),
                "the program ended ({ended:?}) before {what}:\n{}",
                self.last_words()
            );
            assert!(
                Instant::now() < deadline,
                "within {PATIENCE:?} it did not happen that {what}:\n{}",
                self.last_words()
            );
            pause();
        }
    }

    /// Returns as soon as the log holds `text`, `times` times.
    pub fn until_logged(&mut self, text: &str, times: usize) {
        let log = self.log.clone();
        self.until(&format!("it logs `{text}`"), || read(&log).matches(text).count() >= times);
    }

    /// Asks it to end, by SIGTERM, and waits until it has.
    pub fn terminate(self) -> Ended {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.wait()
    }

    /// Ends it at once, by SIGKILL.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits until it ends by itself.
    pub fn wait(self) -> Ended {
        self.wait_for(PATIENCE)
    }

    /// Waits so long until it ends by itself.
    pub fn wait_for(mut self, patience: Duration) -> Ended {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return Ended { code: status.code(), log: self.log(), output: self.output() };
            }
            assert!(
                Instant::now() < deadline,
                "it did not end within {patience:?}:\n{}",
                self.last_words()
            );
            pause();
        }
    }

    fn last_words(&self) -> String {
        last_lines(&self.log())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A program that has ended.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub log: String,
    pub output: String,
}

impl Ended {
    /// Fails unless it ended with this exit code.
    #[track_caller]
    pub fn with_code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}\n{}", self.output, last_lines(&self.log));
        self
    }

    /// The last line of its output as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        let line = self.output.lines().last().unwrap_or_default();
        serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"))
    }

    /// A connector's part of the summary that `kennel run --json` prints.
    #[track_caller]
    pub fn connector(&self, key: &str) -> Value {
        let summary: Value = self.output.lines().last().map_or(Value::Null, |line| {
            serde_json::from_str(line).unwrap_or_else(|_| panic!("no summary: {line}"))
        });
        let connectors = summary["connectors"].as_array().cloned().unwrap_or_default();
        let found = connectors.into_iter().find(|connector| connector["key"] == key);
        found.unwrap_or_else(|| panic!("no {key} in {summary}\n{}", last_lines(&self.log)))
    }

    /// Why a connector failed; the test fails if it did not.
    #[track_caller]
    pub fn failure(&self, key: &str) -> String {
        let connector = self.connector(key);
        assert_eq!(connector["state"], "failed", "{connector}\n{}", last_lines(&self.log));
        connector["reason"].as_str().unwrap().to_owned()
    }
}

fn read(path: &PathBuf) -> String {
    String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned()
}

fn last_lines(text: &str) -> String {
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(40)..].join("\n")
}
