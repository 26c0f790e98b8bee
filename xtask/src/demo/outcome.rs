//! What the sinks have really written, read back from their files.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::expectation::{COMPUTED_FIELD, ORDER_ID};

/// A finished file of the file sink ends like this; one in progress ends in `.part`.
const FINISHED: &str = "ndjson";

/// The content of the output folders.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Orders by id: the first copy without [`COMPUTED_FIELD`], and how many copies there are.
    pub(crate) orders: BTreeMap<String, Arrived>,
    /// Records that are no order, or lack the computed field.
    pub(crate) strangers: Vec<String>,
    /// Dead letters, payload only.
    pub(crate) dead_letters: Vec<String>,
}

/// One order as it was written.
#[derive(Debug)]
pub(crate) struct Arrived {
    /// Without [`COMPUTED_FIELD`].
    pub(crate) order: Value,
    /// More than 1: delivered again.
    pub(crate) copies: u64,
}

impl Outcome {
    /// Reads both folders; a folder that is not there holds nothing.
    ///
    /// # Errors
    /// When a file is there but cannot be read.
    pub(crate) fn read(orders: &Path, dead_letters: &Path) -> Result<Self> {
        let mut outcome = Self::default();
        for line in lines_in(orders)? {
            outcome.add(line);
        }
        for line in lines_in(dead_letters)? {
            outcome.dead_letters.push(payload_of(&line)?);
        }
        Ok(outcome)
    }

    fn add(&mut self, line: String) {
        let Some((id, order)) = order_in(&line) else {
            self.strangers.push(line);
            return;
        };
        self.orders.entry(id).or_insert(Arrived { order, copies: 0 }).copies += 1;
    }
}

fn order_in(line: &str) -> Option<(String, Value)> {
    let mut order: Map<String, Value> = serde_json::from_str(line).ok()?;
    order.remove(COMPUTED_FIELD)?;
    let id = order.get(ORDER_ID)?.as_str()?.to_owned();
    Some((id, Value::Object(order)))
}

/// The payload in an envelope of the file sink, as it was before any transform.
fn payload_of(envelope: &str) -> Result<String> {
    #[derive(Deserialize)]
    struct Envelope {
        text: String,
    }
    let envelope: Envelope = serde_json::from_str(envelope)
        .with_context(|| format!("a dead letter is not in an envelope: {envelope}"))?;
    Ok(envelope.text)
}

/// Lines of all finished files in a folder and its sub-folders, file by file in order of name.
fn lines_in(folder: &Path) -> Result<Vec<String>> {
    let mut files = Vec::new();
    find_files(folder, &mut files)?;
    files.sort();
    let mut lines = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file)
            .with_context(|| format!("cannot read back {}", file.display()))?;
        lines.extend(text.lines().map(str::to_owned));
    }
    Ok(lines)
}

fn find_files(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in
        fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?
    {
        let path = entry?.path();
        if path.is_dir() {
            find_files(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == FINISHED) {
            files.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_several_files_should_read_the_finished_ones_only() {
        let folder = tempfile::tempdir().unwrap();
        let nested = folder.path().join("0");
        fs::create_dir(&nested).unwrap();
        fs::write(folder.path().join("a.ndjson"), "{\"order_id\":\"1\",\"processed_at\":0}\n")
            .unwrap();
        fs::write(nested.join("b.ndjson"), "{\"order_id\":\"1\",\"processed_at\":1}\nrubbish\n")
            .unwrap();
        fs::write(folder.path().join(".c.ndjson.part"), "{\"order_id\":\"2\"}\n").unwrap();

        let outcome = Outcome::read(folder.path(), Path::new("/nonexistent")).unwrap();

        assert_eq!(outcome.orders["1"].copies, 2);
        assert_eq!(outcome.orders.len(), 1);
        assert_eq!(outcome.strangers, ["rubbish"]);
        assert!(outcome.dead_letters.is_empty());
    }

    #[test]
    fn given_envelopes_should_take_the_payload_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(
            folder.path().join("a.ndjson"),
            "{\"stream\":\"shop\",\"headers\":{\"a\":1},\"text\":\"not \\\"json\\\"\"}\n",
        )
        .unwrap();

        let outcome = Outcome::read(Path::new("/nonexistent"), folder.path()).unwrap();

        assert_eq!(outcome.dead_letters, ["not \"json\""]);
    }

    #[test]
    fn given_a_dead_letter_without_an_envelope_should_refuse_it() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.ndjson"), "not json\n").unwrap();

        assert!(Outcome::read(Path::new("/nonexistent"), folder.path()).is_err());
    }

    #[test]
    fn given_an_order_without_the_computed_field_should_call_it_a_stranger() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.ndjson"), "{\"order_id\":\"1\"}\n").unwrap();

        let outcome = Outcome::read(folder.path(), Path::new("/nonexistent")).unwrap();

        assert!(outcome.orders.is_empty());
        assert_eq!(outcome.strangers.len(), 1);
    }
}
