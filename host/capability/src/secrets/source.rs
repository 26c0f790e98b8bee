//! Where a secret's value is kept.

use std::fmt;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretSlice, SecretString};

/// Largest secret; bytes.
const MAX_VALUE: usize = 64 * 1024;

/// A value in memory that is wiped when the last user is done with it. Its debug output does not tell it.
#[derive(Debug, Clone)]
pub(crate) struct SecretValue(Arc<SecretSlice<u8>>);

impl SecretValue {
    pub(super) fn new(value: &[u8]) -> Self {
        // Through a box, which is as long as its content: shortening a vector would leave a copy behind.
        Self(Arc::new(SecretSlice::from(Box::<[u8]>::from(value))))
    }

    pub(super) fn expose(&self) -> &[u8] {
        self.0.expose_secret()
    }
}

/// Where a secret's value is kept. `Display` writes it as the operator did.
#[derive(Debug)]
pub enum SecretSource {
    /// An environment variable of the host, read when the host started.
    Variable {
        /// Its name.
        name: String,
        /// Its value.
        value: SecretString,
    },
    /// A file, read anew when it has changed.
    File(SecretFile),
}

/// A file that holds one secret.
#[derive(Debug)]
pub struct SecretFile {
    path: PathBuf,
    latest: Mutex<Option<(Stamp, SecretValue)>>,
}

/// Why there is no value. It never holds any part of one.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableSecret {
    /// The file is not there.
    #[error("{} does not exist", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A folder, a device, a pipe.
    #[error("{} is not a regular file", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// Nothing in it.
    #[error("{place} is empty")]
    Empty {
        /// The file or variable.
        place: String,
    },
    /// Longer than any secret.
    #[error("{place} has more than 64 KiB")]
    TooLong {
        /// The file or variable.
        place: String,
    },
}

impl SecretSource {
    /// The secret in the file at `path`.
    #[must_use]
    pub fn file(path: PathBuf) -> Self {
        Self::File(SecretFile { path, latest: Mutex::new(None) })
    }

    /// The value as it is now.
    pub(super) fn value(&self) -> Result<SecretValue, UnreadableSecret> {
        match self {
            Self::Variable { value, .. } => {
                let value = value.expose_secret().as_bytes();
                check_length(value.len(), || self.to_string())?;
                Ok(SecretValue::new(value))
            }
            Self::File(file) => file.value(),
        }
    }
}

impl fmt::Display for SecretSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable { name, .. } => write!(formatter, "secret://env/{name}"),
            Self::File(file) => write!(formatter, "secret://file{}", file.path.display()),
        }
    }
}

impl SecretFile {
    fn value(&self) -> Result<SecretValue, UnreadableSecret> {
        let failed = |source: io::Error| match source.kind() {
            io::ErrorKind::NotFound => UnreadableSecret::Missing { path: self.path.clone() },
            _ => UnreadableSecret::Unreadable { path: self.path.clone(), source },
        };
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        let now = std::fs::metadata(&self.path).map_err(failed)?;
        // Before it is opened: opening a pipe waits for whoever writes to it.
        if !now.is_file() {
            return Err(UnreadableSecret::NotAFile { path: self.path.clone() });
        }
        if let Some((stamp, value)) = &*latest
            && *stamp == Stamp::of(&now)
        {
            return Ok(value.clone());
        }
        *latest = None;
        let mut file = File::open(&self.path).map_err(failed)?;
        let stamp = Stamp::of(&file.metadata().map_err(failed)?);
        // Room for all of it from the start: growing would leave copies behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_VALUE + 2));
        let limit = MAX_VALUE as u64 + 2;
        Read::by_ref(&mut file).take(limit).read_to_end(&mut bytes).map_err(failed)?;
        // Editors and `echo` end a file with a newline that is not part of the secret.
        let value = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
        let value = value.strip_suffix(b"\r").unwrap_or(value);
        check_length(value.len(), || self.path.display().to_string())?;
        let value = SecretValue::new(value);
        *latest = Some((stamp, value.clone()));
        Ok(value)
    }
}

fn check_length(length: usize, place: impl Fn() -> String) -> Result<(), UnreadableSecret> {
    match length {
        0 => Err(UnreadableSecret::Empty { place: place() }),
        length if length > MAX_VALUE => Err(UnreadableSecret::TooLong { place: place() }),
        _ => Ok(()),
    }
}

/// What differs as soon as a file was written or replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    length: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            length: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    fn read(source: &SecretSource) -> Vec<u8> {
        source.value().unwrap().expose().to_vec()
    }

    fn refusal(path: &Path) -> UnreadableSecret {
        SecretSource::file(path.into()).value().unwrap_err()
    }

    #[test]
    fn given_a_file_should_leave_out_one_newline_at_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        for (written, expected) in [
            (&b"s3cret"[..], &b"s3cret"[..]),
            (b"s3cret\n", b"s3cret"),
            (b"s3cret\r\n", b"s3cret"),
            (b"s3cret\n\n", b"s3cret\n"),
            (b" s3cret ", b" s3cret "),
            (&[0, 255, 10], &[0, 255]),
        ] {
            fs::write(&path, written).unwrap();
            assert_eq!(read(&SecretSource::file(path.clone())), expected, "{written:?}");
        }
    }

    #[test]
    fn given_a_file_that_changes_should_read_it_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        fs::write(&path, "one").unwrap();
        let source = SecretSource::file(path.clone());
        assert_eq!(read(&source), b"one");
        assert_eq!(read(&source), b"one");
        // Of another length, in place.
        fs::write(&path, "first").unwrap();
        assert_eq!(read(&source), b"first");
        // Of the same length and time, but another file, as orchestrators replace them.
        let (other, modified) = (folder.path().join("other"), fs::metadata(&path).unwrap());
        fs::write(&other, "again").unwrap();
        File::options()
            .write(true)
            .open(&other)
            .unwrap()
            .set_modified(modified.modified().unwrap())
            .unwrap();
        fs::rename(&other, &path).unwrap();
        assert_eq!(read(&source), b"again");
        fs::remove_file(&path).unwrap();
        assert!(matches!(source.value(), Err(UnreadableSecret::Missing { .. })));
        fs::write(&path, "back").unwrap();
        assert_eq!(read(&source), b"back");
    }

    #[test]
    fn given_what_is_no_secret_should_say_why_and_never_wait() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        assert!(matches!(refusal(&path("absent")), UnreadableSecret::Missing { .. }));
        assert!(matches!(refusal(folder.path()), UnreadableSecret::NotAFile { .. }));
        let made = std::process::Command::new("mkfifo").arg(path("pipe")).status().unwrap();
        assert!(made.success());
        assert!(matches!(refusal(&path("pipe")), UnreadableSecret::NotAFile { .. }));
        for content in ["", "\n", "\r\n"] {
            fs::write(path("empty"), content).unwrap();
            assert!(matches!(refusal(&path("empty")), UnreadableSecret::Empty { .. }));
        }
        fs::write(path("long"), vec![b'x'; MAX_VALUE]).unwrap();
        assert_eq!(read(&SecretSource::file(path("long"))).len(), MAX_VALUE);
        fs::write(path("long"), vec![b'x'; MAX_VALUE + 1]).unwrap();
        let refused = refusal(&path("long"));
        assert!(matches!(refused, UnreadableSecret::TooLong { .. }));
        assert!(!refused.to_string().contains("xx"));
    }

    #[test]
    fn given_any_source_should_not_show_its_value() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        fs::write(&path, "canary").unwrap();
        let file = SecretSource::file(path);
        read(&file);
        let variable = SecretSource::Variable { name: "TOKEN".into(), value: "canary".into() };
        assert_eq!(read(&variable), b"canary");
        assert_eq!(variable.to_string(), "secret://env/TOKEN");
        for source in [&file, &variable] {
            let shown = format!("{source} {source:?} {:?}", source.value());
            // As text and as the numbers of its bytes.
            assert!(!shown.contains("canary") && !shown.contains("99, 97"), "{shown}");
        }
    }
}
