//! Where the server's programs are; installed if need be.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::BackendError;
use crate::account::is_root;

/// The folder with `initdb`, `pg_ctl`, `postgres` and `psql`.
pub(crate) fn folder() -> Result<PathBuf, BackendError> {
    if let Some(found) = find() {
        return Ok(found);
    }
    let apt = Path::new("/usr/bin/apt-get");
    if !is_root()? || !apt.exists() {
        return Err(BackendError::NotInstalled(String::new()));
    }
    install(apt)?;
    find().ok_or_else(|| BackendError::NotInstalled("; installing it did not bring it".to_owned()))
}

/// The newest version that Debian's layout holds, else what `PATH` finds.
fn find() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|version| {
            let number = version.file_name().to_str()?.parse::<u32>().ok()?;
            Some((number, version.path().join("bin")))
        })
        .filter(|(_, folder)| is_complete(folder))
        .max();
    newest
        .map(|(_, folder)| folder)
        .or_else(|| env::split_paths(&env::var_os("PATH")?).find(|folder| is_complete(folder)))
}

fn is_complete(folder: &Path) -> bool {
    ["initdb", "pg_ctl", "postgres", "psql"].iter().all(|name| folder.join(name).is_file())
}

/// Installs the server. One process at a time; the others find it installed afterwards.
fn install(apt: &Path) -> Result<(), BackendError> {
    let path = env::temp_dir().join("kennel-test-backends.lock");
    let lock = File::create(&path).map_err(BackendError::prepare(&path))?;
    lock.lock().map_err(BackendError::prepare(&path))?;
    if find().is_some() {
        return Ok(());
    }
    for arguments in [&["update"][..], &["install", "-y", "--no-install-recommends", "postgresql"]]
    {
        let mut command = Command::new(apt);
        command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
        run(&mut command)?;
    }
    Ok(())
}

/// Runs a program to its end; answers what it wrote to standard output.
pub(crate) fn run(command: &mut Command) -> Result<String, BackendError> {
    let name = command_name(command);
    let output =
        command.output().map_err(|source| BackendError::Spawn { program: name.clone(), source })?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() {
        return Ok(text(&output.stdout));
    }
    let output = format!("{}{}", text(&output.stdout), text(&output.stderr)).trim().to_owned();
    Err(BackendError::Failed { program: name, output })
}

fn command_name(command: &Command) -> String {
    Path::new(command.get_program())
        .file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}
