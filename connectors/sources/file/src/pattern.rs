//! Which files: a folder, and a name that may hold wildcards.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A folder and the names in it that are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    folder: PathBuf,
    name: String,
}

/// Why a path is not a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PatternError {
    Relative,
    NoName,
    WildcardFolder,
}

impl fmt::Display for PatternError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Relative => "must be absolute: it starts with `/`",
            Self::NoName => "must end with the name of a file",
            Self::WildcardFolder => "`*` and `?` are allowed in the last part only",
        })
    }
}

impl Pattern {
    pub(crate) fn new(path: &str) -> Result<Self, PatternError> {
        let (folder, name) = path.rsplit_once('/').ok_or(PatternError::Relative)?;
        if !path.starts_with('/') {
            return Err(PatternError::Relative);
        }
        if name.is_empty() || name == "." || name == ".." {
            return Err(PatternError::NoName);
        }
        if folder.contains(['*', '?']) {
            return Err(PatternError::WildcardFolder);
        }
        let folder = PathBuf::from(if folder.is_empty() { "/" } else { folder });
        Ok(Self { folder, name: name.to_owned() })
    }

    /// The path of the file `name`.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Is the file `name` meant? As in a shell, `*` and `?` at the start match no dot: files that are hidden, such as those
    /// being written, are not meant.
    pub(crate) fn matches(&self, name: &str) -> bool {
        if name.starts_with('.') && !self.name.starts_with('.') {
            return false;
        }
        wildcard(self.name.as_bytes(), name.as_bytes())
    }

    /// The names of the files that are meant and there, in ascending order.
    pub(crate) fn list(&self) -> io::Result<Vec<String>> {
        if !self.name.contains(['*', '?']) {
            return match fs::metadata(self.path(&self.name)) {
                Ok(metadata) if metadata.is_file() => Ok(vec![self.name.clone()]),
                Ok(_) => Err(io::Error::other(format!("{self} is not a file"))),
                // Only the file may be missing; a folder that is, is not granted.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    fs::metadata(&self.folder).map(|_folder| Vec::new())
                }
                Err(error) => Err(error),
            };
        }
        let mut names = self.siblings()?;
        names.retain(|name| self.matches(name));
        names.sort();
        Ok(names)
    }

    /// The names of all files in the folder.
    pub(crate) fn siblings(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            // Links are followed; what vanishes meanwhile, and names that are no text, are passed over.
            let is_file = fs::metadata(entry.path()).is_ok_and(|metadata| metadata.is_file());
            if is_file && let Ok(name) = entry.file_name().into_string() {
                names.push(name);
            }
        }
        Ok(names)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.path(&self.name).display())
    }
}

/// `*` is any number of characters, `?` is one byte. Linear but for one step back to the latest `*`.
fn wildcard(pattern: &[u8], name: &[u8]) -> bool {
    let (mut in_pattern, mut in_name) = (0, 0);
    let mut latest_star: Option<(usize, usize)> = None;
    while in_name < name.len() {
        match pattern.get(in_pattern) {
            Some(b'*') => {
                latest_star = Some((in_pattern, in_name));
                in_pattern += 1;
            }
            Some(byte) if *byte == b'?' || *byte == name[in_name] => {
                in_pattern += 1;
                in_name += 1;
            }
            _ => match latest_star {
                Some((star, matched)) => {
                    latest_star = Some((star, matched + 1));
                    in_pattern = star + 1;
                    in_name = matched + 1;
                }
                None => return false,
            },
        }
    }
    pattern[in_pattern..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_wildcards_should_match_as_a_shell_does() {
        for (pattern, name, expected) in [
            ("a.log", "a.log", true),
            ("a.log", "a.log.1", false),
            ("*.log", "a.log", true),
            ("*.log", ".a.log", false),
            (".*.log", ".a.log", true),
            ("*", "anything", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-b-b-d", false),
            ("?.log", "a.log", true),
            ("?.log", "ab.log", false),
            ("*?", "", false),
            ("orders-*.ndjson", "orders-2026.ndjson", true),
        ] {
            let pattern = Pattern::new(&format!("/in/{pattern}")).unwrap();
            assert_eq!(pattern.matches(name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn given_a_wrong_path_should_say_why() {
        for (path, error) in [
            ("orders.log", PatternError::Relative),
            ("in/orders.log", PatternError::Relative),
            ("/in/", PatternError::NoName),
            ("/in/..", PatternError::NoName),
            ("/*/a.log", PatternError::WildcardFolder),
        ] {
            assert_eq!(Pattern::new(path), Err(error), "{path}");
        }
        assert_eq!(Pattern::new("/a.log").unwrap().path("b"), PathBuf::from("/b"));
    }
}
