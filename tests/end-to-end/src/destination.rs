//! What the file sink has really written.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Finished files, in order of their names, which is the order of partitions and offsets.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries
        .filter(|path| path.extension().is_some_and(|extension| extension == "ndjson"))
        .collect();
    files.sort();
    files
}

/// Bytes of all finished files.
pub fn bytes(folder: &Path) -> u64 {
    files(folder).iter().map(|file| fs::metadata(file).unwrap().len()).sum()
}

/// Lines of all finished files.
pub fn lines(folder: &Path) -> Vec<String> {
    let texts = files(folder).into_iter().map(|file| fs::read_to_string(file).unwrap());
    texts.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect()
}

/// Lines of all finished files as JSON.
pub fn records(folder: &Path) -> Vec<Value> {
    lines(folder).iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Every record by its number.
#[derive(Debug)]
pub struct Account {
    /// Numbers of 0..expected that are not there.
    pub missing: Vec<u64>,
    /// Records beyond the first of each number.
    pub duplicates: u64,
    /// Numbers beyond what was expected.
    pub strangers: Vec<u64>,
    /// Different numbers.
    pub distinct: u64,
}

impl Account {
    /// Reads the files and looks for `sequence` 0 to `expected`.
    pub fn of(folder: &Path, expected: u64) -> Self {
        let mut copies: BTreeMap<u64, u64> = BTreeMap::new();
        for record in records(folder) {
            let number = record["sequence"].as_u64().unwrap_or_else(|| panic!("{record}"));
            *copies.entry(number).or_default() += 1;
        }
        Self {
            missing: (0..expected).filter(|number| !copies.contains_key(number)).collect(),
            duplicates: copies.values().map(|copies| copies - 1).sum(),
            strangers: copies.keys().copied().filter(|number| *number >= expected).collect(),
            distinct: copies.len() as u64,
        }
    }

    /// Fails unless every number is there and no other.
    #[track_caller]
    pub fn assert_complete(&self) {
        assert!(self.missing.is_empty() && self.strangers.is_empty(), "{self}");
    }

    /// Fails unless every number is there once.
    #[track_caller]
    pub fn assert_exact(&self) {
        self.assert_complete();
        assert_eq!(self.duplicates, 0, "{self}");
    }
}

impl fmt::Display for Account {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} different, {} missing (first {:?}), {} duplicates, strangers {:?}",
            self.distinct,
            self.missing.len(),
            self.missing.iter().take(5).collect::<Vec<_>>(),
            self.duplicates,
            self.strangers,
        )
    }
}
