//! Which file a path leads to: a number that stays with a file when it is renamed.
//!
//! It is a hint. A file system may give a deleted file's number to a new one, and a host may number
//! files differently after an upgrade; so content decides where the two disagree.

use std::path::Path;

/// The file's number; none: not known here.
pub(crate) fn of(path: &Path) -> Option<u64> {
    system::identity(path)
}

#[cfg(target_family = "wasm")]
mod system {
    use std::path::Path;

    use wasip2::filesystem::preopens::get_directories;
    use wasip2::filesystem::types::PathFlags;

    /// The standard library does not offer it on WASI, so the folder that was granted is asked.
    pub(super) fn identity(path: &Path) -> Option<u64> {
        get_directories().into_iter().find_map(|(folder, granted)| {
            let relative = path.strip_prefix(&granted).ok()?.to_str()?;
            let hash = folder.metadata_hash_at(PathFlags::SYMLINK_FOLLOW, relative).ok()?;
            Some(hash.lower)
        })
    }
}

#[cfg(unix)]
mod system {
    use std::os::unix::fs::MetadataExt;
    use std::path::Path;

    pub(super) fn identity(path: &Path) -> Option<u64> {
        let metadata = std::fs::metadata(path).ok()?;
        Some(metadata.ino() ^ metadata.dev().rotate_left(48))
    }
}

#[cfg(not(any(unix, target_family = "wasm")))]
mod system {
    pub(super) fn identity(_path: &std::path::Path) -> Option<u64> {
        None
    }
}
