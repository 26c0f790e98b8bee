//! The host's log, read as it grows.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::PathBuf;

use serde_json::Value;

/// What a connector had to say for itself.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) connector: String,
    pub(crate) level: String,
    pub(crate) message: String,
}

/// Lines since the last look.
pub(crate) struct Log {
    path: PathBuf,
    read: u64,
    partial: String,
}

impl Log {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, read: 0, partial: String::new() }
    }

    /// Bytes so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.read
    }

    pub(crate) fn look(&mut self) -> Vec<Line> {
        let mut bytes = Vec::new();
        let read = File::open(&self.path).and_then(|mut file| {
            file.seek(SeekFrom::Start(self.read))?;
            file.read_to_end(&mut bytes)
        });
        if read.is_err() {
            return Vec::new();
        }
        self.read += bytes.len() as u64;
        self.partial.push_str(&String::from_utf8_lossy(&bytes));
        let rest = self.partial.rfind('\n').map_or(0, |end| end + 1);
        let whole: String = self.partial.drain(..rest).collect();
        whole.lines().filter_map(parse).collect()
    }
}

fn parse(line: &str) -> Option<Line> {
    // What guests log is none of the host's words.
    if line.contains("\"target\":\"guest\"") {
        return None;
    }
    let value: Value = serde_json::from_str(line).ok()?;
    let text = |key: &str| value[key].as_str().map(str::to_owned);
    Some(Line { connector: text("connector")?, level: text("level")?, message: text("message")? })
}
