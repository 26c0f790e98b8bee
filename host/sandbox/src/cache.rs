//! Compiled code on disk, authenticated.
//!
//! Loading precompiled code runs it, so a file that somebody else wrote must never be loaded. Each
//! entry carries an HMAC over its digest and code, under a key that only the host's user can read,
//! and must belong to that user and be writable by nobody else; an entry of which anything of this
//! is not so is compiled again and replaced.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::{Path, PathBuf};

use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use wasmtime::component::Component;

type Tag = Hmac<Sha256>;
const TAG_LENGTH: usize = 32;
const KEY_FILE: &str = "key";
/// Mode bits.
const WRITABLE_BY_OTHERS: u32 = 0o022;

pub(crate) struct CodeCache {
    folder: PathBuf,
    key: [u8; 32],
    /// Differs between engines whose code is not interchangeable.
    compatibility: u64,
}

impl CodeCache {
    pub(crate) fn open(folder: &Path, engine: &wasmtime::Engine) -> io::Result<Self> {
        use std::hash::{Hash as _, Hasher as _};
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let metadata = fs::metadata(folder)?;
        check_owner(&metadata)?;
        // Made by somebody with a generous umask: it is ours, so this can be put right.
        if metadata.mode() & WRITABLE_BY_OTHERS != 0 {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
        }
        let mut hasher = std::hash::DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        let key = read_or_create_key(&folder.join(KEY_FILE))?;
        Ok(Self { folder: folder.to_owned(), key, compatibility: hasher.finish() })
    }

    /// The compiled component with this digest, if a valid entry exists.
    pub(crate) fn load(&self, engine: &wasmtime::Engine, digest: &str) -> Option<Component> {
        let path = self.path(digest);
        let entry = match read_own(&path) {
            Ok(entry) => entry,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                tracing::warn!(?path, "cached code is not used: {error}; compiling again");
                return None;
            }
        };
        let Some((tag, code)) = entry.split_at_checked(TAG_LENGTH) else {
            tracing::warn!(?path, "cached code is cut short; compiling again");
            return None;
        };
        if self.authenticate(digest, code).verify_slice(tag).is_err() {
            tracing::warn!(?path, "cached code was not written by this host; compiling again");
            return None;
        }
        // SAFETY: `deserialize` trusts its input to be wasmtime's own output. The tag, under a key
        // readable by this user alone, says that this process's user wrote it from `serialize`.
        #[expect(unsafe_code, reason = "wasmtime offers no safe way to load precompiled code")]
        let component = unsafe { Component::deserialize(engine, code) };
        component
            .inspect_err(|error| tracing::warn!(?path, "cached code does not load: {error:#}"))
            .ok()
    }

    /// Keeps compiled code. A failure costs only the next start's time, so it is logged.
    pub(crate) fn save(&self, component: &Component, digest: &str) {
        let saved = component.serialize().map_err(io::Error::other).and_then(|code| {
            let tag = self.authenticate(digest, &code).finalize().into_bytes();
            let mut file = tempfile_in(&self.folder)?;
            file.1.write_all(&tag)?;
            file.1.write_all(&code)?;
            fs::rename(&file.0, self.path(digest))
        });
        if let Err(error) = saved {
            tracing::warn!(folder = ?self.folder, "cannot cache compiled code: {error}");
        }
    }

    fn authenticate(&self, digest: &str, code: &[u8]) -> Tag {
        // HMAC takes keys of any length, so this cannot fail; an empty key would only mean that
        // nothing verifies.
        let mut tag =
            Tag::new_from_slice(&self.key).unwrap_or_else(|_| Tag::new(&Default::default()));
        tag.update(digest.as_bytes());
        tag.update(&self.compatibility.to_le_bytes());
        tag.update(code);
        tag
    }

    fn path(&self, digest: &str) -> PathBuf {
        self.folder.join(format!("{digest}-{:016x}.cwasm", self.compatibility))
    }
}

/// The bytes of a file that this user owns and nobody else may write. What is checked is what is read.
fn read_own(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = fs::File::open(path)?;
    let metadata = file.metadata()?;
    check_owner(&metadata)?;
    if metadata.mode() & WRITABLE_BY_OTHERS != 0 {
        let detail = format!("others may write it (mode {:o})", metadata.mode() & 0o777);
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, detail));
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn check_owner(metadata: &fs::Metadata) -> io::Result<()> {
    let own = rustix::process::geteuid().as_raw();
    if metadata.uid() == own {
        return Ok(());
    }
    let detail = format!("it belongs to user {}, not to this process's {own}", metadata.uid());
    Err(io::Error::new(io::ErrorKind::PermissionDenied, detail))
}

fn read_or_create_key(path: &Path) -> io::Result<[u8; 32]> {
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(|error| io::Error::other(error.to_string()))?;
    match fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(mut file) => {
            file.write_all(&key)?;
            file.sync_all()?;
            Ok(key)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let metadata = fs::metadata(path)?;
            check_owner(&metadata)?;
            if metadata.mode() & 0o077 != 0 {
                return Err(io::Error::new(
                    io::ErrorKind::PermissionDenied,
                    format!("{} must be readable by its owner alone: chmod 600", path.display()),
                ));
            }
            let stored = fs::read(path)?;
            stored.try_into().map_err(|_| {
                let detail = format!("{} must hold 32 bytes; remove it", path.display());
                io::Error::new(io::ErrorKind::InvalidData, detail)
            })
        }
        Err(error) => Err(error),
    }
}

/// A file of its own in `folder`, so that two processes that compile at once cannot mix their bytes.
fn tempfile_in(folder: &Path) -> io::Result<(PathBuf, fs::File)> {
    let mut number = [0; 8];
    getrandom::fill(&mut number).map_err(|error| io::Error::other(error.to_string()))?;
    let path = folder.join(format!("{:016x}.part", u64::from_le_bytes(number)));
    let file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
    Ok((path, file))
}
