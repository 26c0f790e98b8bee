//! What a build was made from, as one short text: equal texts mean that there is nothing to do.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// Names that no build reads, although they lie among sources.
const IGNORED: [&str; 3] = ["__pycache__", "node_modules", ".gitignore"];

/// Digest of the names and contents of files, and of all files below folders, in a fixed order.
///
/// # Errors
/// When one of them cannot be read.
pub(super) fn of(paths: &[PathBuf]) -> Result<String> {
    let mut files = Vec::new();
    for path in paths {
        collect(path, &mut files)?;
    }
    files.sort();
    let mut hash = Sha256::new();
    for file in &files {
        let content = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        let name = file.to_string_lossy();
        for part in [name.as_bytes(), &content] {
            // The length keeps ("ab", "c") and ("a", "bc") apart.
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        }
    }
    Ok(hex::encode(hash.finalize()))
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let cannot = || format!("cannot read {}", path.display());
    for entry in fs::read_dir(path).with_context(cannot)? {
        let entry = entry.with_context(cannot)?;
        if !IGNORED.iter().any(|ignored| entry.file_name() == *ignored) {
            collect(&entry.path(), files)?;
        }
    }
    Ok(())
}

/// The digest that the last finished work left behind.
pub(super) struct Stamp(PathBuf);

impl Stamp {
    pub(super) fn at(path: PathBuf) -> Self {
        Self(path)
    }

    pub(super) fn is(&self, digest: &str) -> bool {
        fs::read_to_string(&self.0).is_ok_and(|stamped| stamped == digest)
    }

    /// To be called last: what was interrupted must look unfinished.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn set(&self, digest: &str) -> Result<()> {
        super::create_parent(&self.0)?;
        fs::write(&self.0, digest).with_context(|| format!("cannot write {}", self.0.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_a_changed_added_or_renamed_file_should_answer_another_digest() {
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("below");
        fs::create_dir(&below).unwrap();
        fs::write(below.join("a.py"), "1").unwrap();
        let digest = || of(&[folder.path().to_owned()]).unwrap();
        let mut seen = vec![digest()];
        assert_eq!(digest(), seen[0]);

        fs::write(below.join("a.py"), "2").unwrap();
        seen.push(digest());
        fs::write(below.join("b.py"), "").unwrap();
        seen.push(digest());
        fs::rename(below.join("b.py"), below.join("c.py")).unwrap();
        seen.push(digest());

        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 4);
    }

    #[test]
    fn given_what_an_interpreter_leaves_behind_should_ignore_it() {
        let folder = tempfile::tempdir().unwrap();
        let before = of(&[folder.path().to_owned()]).unwrap();
        fs::create_dir(folder.path().join("__pycache__")).unwrap();
        fs::write(folder.path().join("__pycache__/a.pyc"), "x").unwrap();
        assert_eq!(of(&[folder.path().to_owned()]).unwrap(), before);
    }

    #[test]
    fn given_no_stamp_or_another_should_not_match() {
        let folder = tempfile::tempdir().unwrap();
        let stamp = Stamp::at(folder.path().join("stamp"));
        assert!(!stamp.is("a"));
        stamp.set("a").unwrap();
        assert!(stamp.is("a"));
        assert!(!stamp.is("b"));
    }
}
