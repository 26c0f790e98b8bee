//! Replacing a small file as a whole.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

/// Writes a file beside the old one and renames it over that, so that a crash leaves either the
/// old content or the new. `sync` makes the new content survive a loss of power as well.
pub(crate) fn write_aside(path: &Path, content: &[u8], sync: bool) -> io::Result<()> {
    let aside = path.with_extension("new");
    let mut file = File::create(&aside)?;
    file.write_all(content)?;
    if sync {
        file.sync_all()?;
    }
    std::fs::rename(&aside, path)?;
    if sync && let Some(folder) = path.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_an_old_file_when_written_should_replace_it_and_leave_nothing_aside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("small.json");
        write_aside(&path, b"old", true).unwrap();
        write_aside(&path, b"new", false).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
