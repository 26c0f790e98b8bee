//! Where a path leads.

use std::io;
use std::path::{Component, Path, PathBuf};

/// `path` with every link on the way followed. The last parts need not exist; a link that leads to
/// nothing is an error, since nobody knows where it will lead.
pub(crate) fn real_path(path: &Path) -> io::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    let mut missing = Vec::new();
    for ancestor in path.ancestors() {
        match ancestor.canonicalize() {
            Ok(real) => return Ok(missing.iter().rev().fold(real, |path, part| path.join(part))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        if ancestor.symlink_metadata().is_ok() {
            let detail = format!("{} is a link that leads to nothing", ancestor.display());
            return Err(io::Error::new(io::ErrorKind::NotFound, detail));
        }
        match ancestor.components().next_back() {
            Some(Component::Normal(part)) => missing.push(part),
            _ => {
                let detail = "`..` after a folder that does not exist";
                return Err(io::Error::new(io::ErrorKind::InvalidInput, detail));
            }
        }
    }
    Ok(path)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn given_links_should_say_where_they_lead() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().canonicalize().unwrap();
        let (inside, outside) = (base.join("inside"), base.join("outside"));
        std::fs::create_dir_all(inside.join("deep")).unwrap();
        std::fs::create_dir_all(&outside).unwrap();
        symlink(&outside, inside.join("out")).unwrap();
        symlink("deep", inside.join("near")).unwrap();
        symlink(base.join("nowhere"), inside.join("dangling")).unwrap();
        symlink("loop", inside.join("loop")).unwrap();
        for (path, real) in [
            ("inside", Some("inside")),
            ("inside/deep/../deep", Some("inside/deep")),
            ("inside/near", Some("inside/deep")),
            ("inside/near/later/x", Some("inside/deep/later/x")),
            ("inside/out", Some("outside")),
            ("inside/out/later", Some("outside/later")),
            // Not `inside`: the system follows the link before it goes up.
            ("inside/out/..", Some("")),
            ("inside/../outside", Some("outside")),
            ("inside/missing/../../outside", None),
            ("inside/dangling", None),
            ("inside/dangling/x", None),
            ("inside/loop", None),
        ] {
            let expected = real.map(|real| base.join(real).components().collect::<PathBuf>());
            assert_eq!(real_path(&base.join(path)).ok(), expected, "{path}");
        }
    }
}
