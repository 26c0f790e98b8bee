//! Where servers' programs are; installed if need be.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::BackendError;
use crate::account::is_root;

/// A server that Debian packages.
struct Packaged {
    what: &'static str,
    looked: &'static str,
    package: &'static str,
    find: fn() -> Option<PathBuf>,
}

const POSTGRES: Packaged = Packaged {
    what: "PostgreSQL server",
    looked: "/usr/lib/postgresql/*/bin or PATH",
    package: "postgresql",
    find: find_postgres,
};

const REGISTRY: Packaged = Packaged {
    what: "OCI registry (`docker-registry` or distribution's `registry`)",
    looked: "PATH",
    package: "docker-registry",
    find: find_registry,
};

/// The folder with `initdb`, `pg_ctl`, `postgres` and `psql`.
pub(crate) fn postgres() -> Result<PathBuf, BackendError> {
    POSTGRES.obtain()
}

/// The program of CNCF's distribution.
pub(crate) fn registry() -> Result<PathBuf, BackendError> {
    REGISTRY.obtain()
}

impl Packaged {
    fn obtain(&self) -> Result<PathBuf, BackendError> {
        if let Some(found) = (self.find)() {
            return Ok(found);
        }
        let apt = Path::new("/usr/bin/apt-get");
        if !is_root()? || !apt.exists() {
            return Err(self.missing(""));
        }
        self.install(apt)?;
        (self.find)().ok_or_else(|| self.missing("; installing it did not bring it"))
    }

    fn missing(&self, detail: &'static str) -> BackendError {
        let Self { what, looked, package, .. } = *self;
        BackendError::NotInstalled { what, looked, package, detail }
    }

    /// Installs the server. One process at a time; the others find it installed afterwards.
    fn install(&self, apt: &Path) -> Result<(), BackendError> {
        let path = env::temp_dir().join("kennel-test-backends.lock");
        let lock = File::create(&path).map_err(BackendError::prepare(&path))?;
        lock.lock().map_err(BackendError::prepare(&path))?;
        if (self.find)().is_some() {
            return Ok(());
        }
        for arguments in
            [&["update"][..], &["install", "-y", "--no-install-recommends", self.package]]
        {
            let mut command = Command::new(apt);
            command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
            run(&mut command)?;
        }
        Ok(())
    }
}

fn find_registry() -> Option<PathBuf> {
    let folders: Vec<_> = env::split_paths(&env::var_os("PATH")?).collect();
    let programs = ["docker-registry", "registry"];
    let mut places =
        programs.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    places.find(|place| place.is_file())
}

/// The newest version that Debian's layout holds, else what `PATH` finds.
fn find_postgres() -> Option<PathBuf> {
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
