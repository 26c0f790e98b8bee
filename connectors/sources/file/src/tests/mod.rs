//! The source against real files in a temporary folder.

mod once;
mod tail;

use std::cell::Cell;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use kennel_sdk::testing::{self, Reading as Polled};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;

thread_local! {
    /// How far the test's clock is ahead.
    static AHEAD: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// A folder with files, and a source that reads them.
struct World {
    folder: TempDir,
    config: Value,
}

impl World {
    /// `path` is relative to the folder.
    fn new(path: &str, config: Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut world = Self { folder, config };
        world.config["path"] = json!(world.path(path));
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn append(&self, name: &str, text: &str) {
        let mut file = OpenOptions::new().append(true).create(true).open(self.path(name)).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).unwrap();
    }

    fn start(&self, cursor: Option<Cursor>) -> Result<Files, Error> {
        let mut source: Files = testing::open_source(self.config.clone())?;
        source.clock = || Instant::now() + AHEAD.get();
        source.start(cursor)?;
        Ok(source)
    }

    fn started(&self, cursor: Option<Cursor>) -> Files {
        self.start(cursor).unwrap()
    }
}

/// Lets time pass.
fn pass(time: Duration) {
    AHEAD.set(AHEAD.get() + time);
}

fn poll(source: &mut Files, messages: u32) -> Polled<Cursor> {
    testing::poll(source, messages).unwrap()
}

/// Everything that can be read now, a second later.
fn rest(source: &mut Files) -> Vec<String> {
    pass(Duration::from_secs(1));
    let mut texts = Vec::new();
    loop {
        let polled = poll(source, 3);
        texts.extend(polled.texts().iter().map(|text| (*text).to_owned()));
        if polled.progress != Progress::More {
            return texts;
        }
    }
}

fn cursor(source: &mut Files) -> Cursor {
    poll(source, 0).cursor
}

#[test]
fn given_a_wrong_configuration_should_point_at_each_mistake() {
    let problems = testing::validate_source::<Files>(json!({
        "path": "orders.csv",
        "format": "csv",
        "max_record_bytes": 0,
        "csv": {"delimiter": "\"", "header": false, "types": {"a": "integer"}},
    }));
    let paths: Vec<&str> = problems.iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(paths, ["/path", "/max_record_bytes", "/csv/delimiter", "/csv/columns"]);
    let problems = testing::validate_source::<Files>(json!({
        "path": "/in/orders.csv",
        "csv": {"columns": ["b"], "types": {"a": "integer"}},
    }));
    assert_eq!(problems[0].path, "/csv/types/a");
}

#[test]
fn given_the_sample_configuration_should_be_valid() {
    let sample: toml::Table = include_str!("../../sample.toml").parse().unwrap();
    let config = serde_json::to_value(&sample["config"]).unwrap();
    assert_eq!(testing::validate_source::<Files>(config), []);
}
