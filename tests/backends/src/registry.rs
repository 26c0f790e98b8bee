//! A registry of OCI artifacts.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::BackendError;
use crate::binaries;
use crate::machine::{free_port, pause};
use crate::watchdog::Watchdog;

const USER: &str = "kennel";
const PASSWORD: &str = "pass word:1";
/// bcrypt of the password.
const PASSWORD_HASH: &str = "$2b$05$abcdefghijklmnopqrstuusWsnA3PCG6MJhsuMdaZgkE21cQMslZi";
/// Longer than a server needs to start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);
/// Somebody else may take the free port before the server does.
const ATTEMPTS: usize = 3;

/// CNCF's distribution on 127.0.0.1, a free port, without TLS. It stops, and its files vanish, when this is
/// dropped, or when the process is gone.
#[derive(Debug)]
pub struct Registry {
    // Dropped in this order: nobody watches a server that is stopped, and its files go last.
    _watchdog: Watchdog,
    server: Child,
    port: u16,
    folder: TempDir,
}

impl Registry {
    /// Starts a registry for everybody.
    ///
    /// # Errors
    /// See [`BackendError`].
    pub fn start() -> Result<Self, BackendError> {
        Self::create(false)
    }

    /// Starts a registry that wants [`Self::user`] and [`Self::password`].
    ///
    /// # Errors
    /// See [`BackendError`].
    pub fn with_login() -> Result<Self, BackendError> {
        Self::create(true)
    }

    fn create(login: bool) -> Result<Self, BackendError> {
        let program = binaries::registry()?;
        let mut failed = None;
        for _ in 0..ATTEMPTS {
            match Self::attempt(&program, login) {
                Err(error @ BackendError::Failed { .. }) => failed = Some(error),
                other => return other,
            }
        }
        Err(failed.unwrap_or_else(|| BackendError::Failed {
            program: program.display().to_string(),
            output: "it was never started".to_owned(),
        }))
    }

    fn attempt(program: &Path, login: bool) -> Result<Self, BackendError> {
        let folder = tempfile::Builder::new()
            .prefix("kennel-registry-")
            .tempdir()
            .map_err(|source| BackendError::Machine { what: "no temporary folder", source })?;
        let port = free_port()?;
        let name = || program.display().to_string();
        let spawned = |source| BackendError::Spawn { program: name(), source };
        let write = |file: &str, text: &str| {
            let path = folder.path().join(file);
            fs::write(&path, text).map_err(BackendError::prepare(&path)).map(|()| path)
        };
        let users = write("htpasswd", &format!("{USER}:{PASSWORD_HASH}\n"))?;
        let config = write("config.yml", &config(folder.path(), port, login.then_some(&users)))?;
        let log_path = folder.path().join("log");
        let log = fs::File::create(&log_path).map_err(BackendError::prepare(&log_path))?;
        let watchdog = Watchdog::start(folder.path(), "pid", "KILL")
            .map_err(|source| BackendError::Spawn { program: "the watchdog".to_owned(), source })?;
        let server = Command::new(program)
            .arg("serve")
            .arg(config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .map_err(spawned)?;
        let mut registry = Self { _watchdog: watchdog, server, port, folder };
        let pid = registry.folder.path().join("pid");
        fs::write(&pid, format!("{}\n", registry.server.id()))
            .map_err(BackendError::prepare(&pid))?;
        let deadline = Instant::now() + PATIENCE;
        while !registry.answers() {
            let ended = registry.server.try_wait().map_err(spawned)?;
            if ended.is_some() || Instant::now() > deadline {
                let output = fs::read_to_string(&log_path).unwrap_or_default();
                return Err(BackendError::Failed { program: name(), output });
            }
            pause();
        }
        Ok(registry)
    }

    /// Host and port, as references name it.
    #[must_use]
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The user of a registry that wants one.
    #[must_use]
    pub fn user(&self) -> &'static str {
        USER
    }

    /// The password of the user.
    #[must_use]
    pub fn password(&self) -> &'static str {
        PASSWORD
    }

    /// The file in which the registry keeps the blob with this digest (64 hexadecimal digits), to change what
    /// it serves.
    #[must_use]
    pub fn blob(&self, hex: &str) -> PathBuf {
        let blobs = self.folder.path().join("data/docker/registry/v2/blobs/sha256");
        blobs.join(&hex[..2]).join(hex).join("data")
    }

    /// Whether it speaks HTTP.
    fn answers(&self) -> bool {
        let asked = TcpStream::connect(("127.0.0.1", self.port)).and_then(|mut stream| {
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.write_all(b"GET /v2/ HTTP/1.0\r\n\r\n")?;
            let mut begin = [0; 5];
            stream.read_exact(&mut begin)?;
            Ok(begin == *b"HTTP/")
        });
        asked.unwrap_or(false)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        // It may have ended already; its files are about to vanish.
        drop(self.server.kill());
        drop(self.server.wait());
    }
}

fn config(folder: &Path, port: u16, users: Option<&PathBuf>) -> String {
    let auth = users.map_or_else(String::new, |users| {
        format!("auth:\n  htpasswd:\n    realm: kennel\n    path: {}\n", users.display())
    });
    format!(
        "version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    rootdirectory: {}\n  \
         delete:\n    enabled: true\nhttp:\n  addr: 127.0.0.1:{port}\n{auth}",
        folder.join("data").display()
    )
}
