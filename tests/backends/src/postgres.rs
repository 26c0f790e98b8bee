//! A PostgreSQL server.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::BackendError;
use crate::account::Account;
use crate::binaries::{self, run};
use crate::certificate::Certified;
use crate::machine::{free_port, pause};
use crate::watchdog::Watchdog;

const USER: &str = "kennel";
const PASSWORD: &str = "it's a s3cret";
const DATABASE: &str = "postgres";
/// Longer than a server needs to start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// What kind of server.
#[derive(Debug, Clone, Default)]
pub struct PostgresBuilder {
    tls: bool,
    settings: Vec<(String, String)>,
}

impl PostgresBuilder {
    /// Only encrypted connections over TCP, with a certificate for `localhost` and `127.0.0.1`; see
    /// [`Postgres::authority`].
    #[must_use]
    pub fn tls(mut self) -> Self {
        self.tls = true;
        self
    }

    /// A line of postgresql.conf.
    #[must_use]
    pub fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Starts the server and waits until it answers.
    ///
    /// # Errors
    /// See [`BackendError`].
    pub fn start(self) -> Result<Postgres, BackendError> {
        Postgres::create(&self)
    }
}

/// A PostgreSQL server of its own: on 127.0.0.1, a free port, with `wal_level = logical` and passwords by SCRAM-SHA-256.
/// It stops, and its files vanish, when this is dropped, or when the process is gone.
#[derive(Debug)]
pub struct Postgres {
    // Dropped in this order: nobody watches a server that is stopped, and its files go last.
    _watchdog: Watchdog,
    binaries: PathBuf,
    account: Account,
    port: u16,
    authority: Option<String>,
    folder: TempDir,
}

impl Postgres {
    /// Starts a server without TLS.
    ///
    /// # Errors
    /// See [`BackendError`].
    pub fn start() -> Result<Self, BackendError> {
        Self::builder().start()
    }

    /// Another kind of server.
    #[must_use]
    pub fn builder() -> PostgresBuilder {
        PostgresBuilder::default()
    }

    fn create(options: &PostgresBuilder) -> Result<Self, BackendError> {
        let binaries = binaries::postgres()?;
        let account = Account::unprivileged()?;
        let folder = tempfile::Builder::new()
            .prefix("kennel-postgres-")
            .tempdir()
            .map_err(|source| BackendError::Machine { what: "no temporary folder", source })?;
        account.own(folder.path())?;
        let port = free_port()?;
        let watchdog = Watchdog::start(folder.path(), "data/postmaster.pid", "QUIT")
            .map_err(|source| BackendError::Spawn { program: "the watchdog".to_owned(), source })?;
        let mut server =
            Self { _watchdog: watchdog, binaries, account, port, authority: None, folder };
        server.initialise()?;
        server.configure(options)?;
        server.restart()?;
        Ok(server)
    }

    /// Where it listens: `127.0.0.1`.
    #[must_use]
    pub fn host(&self) -> &'static str {
        "127.0.0.1"
    }

    /// The port it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The user, a superuser.
    #[must_use]
    pub fn user(&self) -> &'static str {
        USER
    }

    /// The password of the user.
    #[must_use]
    pub fn password(&self) -> &'static str {
        PASSWORD
    }

    /// The database.
    #[must_use]
    pub fn database(&self) -> &'static str {
        DATABASE
    }

    /// The authority behind the server's certificate, as PEM; none without TLS.
    #[must_use]
    pub fn authority(&self) -> Option<&str> {
        self.authority.as_deref()
    }

    /// The folder that holds everything of this server; for a file that the server has to write.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs SQL; answers the rows of the last statement, each value as text, null as `NULL`.
    ///
    /// # Errors
    /// What the server says.
    pub fn sql(&self, sql: &str) -> Result<Vec<Vec<String>>, BackendError> {
        let mut psql = self.program("psql");
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"])
            .args(["-P", "null=NULL", "-F", "\u{1f}", "-R", "\u{1e}"])
            .args(["-h", self.socket_or_host(), "-p", &self.port.to_string()])
            .args(["-U", USER, "-d", DATABASE, "-c", sql])
            .env("PGPASSWORD", PASSWORD);
        let rows = run(&mut psql)?;
        let rows = rows.strip_suffix('\n').unwrap_or(&rows);
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let row = |row: &str| row.split('\u{1f}').map(str::to_owned).collect();
        Ok(rows.split('\u{1e}').map(row).collect())
    }

    /// The one value that a query answers.
    ///
    /// # Errors
    /// What the server says, or that there is not exactly one value.
    pub fn value(&self, sql: &str) -> Result<String, BackendError> {
        let rows = self.sql(sql)?;
        match rows.as_slice() {
            [row] if row.len() == 1 => Ok(row[0].clone()),
            _ => Err(BackendError::Failed {
                program: "psql".to_owned(),
                output: format!("`{sql}` does not answer one value but {rows:?}"),
            }),
        }
    }

    /// Shuts down in order: sessions end, what is committed is on disk.
    ///
    /// # Errors
    /// If it does not stop.
    pub fn stop(&mut self) -> Result<(), BackendError> {
        if self.pid().is_none() {
            return Ok(());
        }
        let mut stop = self.control(&["stop", "-w", "-m", "fast"]);
        run(&mut stop).map(drop)
    }

    /// Ends the server and all its sessions at once, as `kill -9` or a power cut does.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn kill(&mut self) -> Result<(), BackendError> {
        let Some(pid) = self.pid() else { return Ok(()) };
        // The parent first, so that it cannot start others; the children would end by themselves, at some time.
        let mut doomed = vec![pid];
        doomed.extend(children(pid));
        let mut kill = Command::new("kill");
        kill.arg("-KILL").args(doomed.iter().map(u32::to_string));
        // A child that was just ending is gone already, and `kill` complains.
        let killed = run(&mut kill);
        let deadline = Instant::now() + PATIENCE;
        while doomed.iter().any(|pid| is_running(*pid)) {
            if Instant::now() > deadline {
                return killed.map(drop);
            }
            pause();
        }
        self.unlock()
    }

    /// Removes the locks of a server that is dead. Where nobody collects the dead it would count as running.
    fn unlock(&self) -> Result<(), BackendError> {
        let socket = self.folder.path().join(format!(".s.PGSQL.{}.lock", self.port));
        for path in [self.data().join("postmaster.pid"), socket] {
            fs::remove_file(&path).map_err(BackendError::prepare(&path))?;
        }
        Ok(())
    }

    /// Starts it again on the same port with the same data, stopping it before if it runs.
    ///
    /// # Errors
    /// If it does not start; with the end of its log.
    pub fn restart(&mut self) -> Result<(), BackendError> {
        if self.pid().is_some_and(is_running) {
            self.stop()?;
        }
        let mut start = self.control(&["start", "-w", "-t", "60"]);
        let log = self.log();
        start.arg("-l").arg(&log);
        if let Err(error) = run(&mut start) {
            let log = fs::read_to_string(&log).unwrap_or_default();
            let last: Vec<_> = log.lines().rev().take(10).collect();
            let last: Vec<_> = last.into_iter().rev().collect();
            let output = format!("{error}\n{}", last.join("\n"));
            return Err(BackendError::Failed { program: "pg_ctl start".to_owned(), output });
        }
        Ok(())
    }

    fn initialise(&self) -> Result<(), BackendError> {
        let password = self.write("password", PASSWORD)?;
        let mut initdb = self.program("initdb");
        initdb
            .args(["-D", &self.data().to_string_lossy(), "-U", USER])
            .args(["-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "--no-sync"])
            .arg(format!("--pwfile={}", password.display()));
        run(&mut initdb).map(drop)
    }

    fn configure(&mut self, options: &PostgresBuilder) -> Result<(), BackendError> {
        let mut settings = format!(
            "listen_addresses = '127.0.0.1'\nport = {}\nunix_socket_directories = '{}'\n\
             wal_level = logical\nmax_replication_slots = 16\nmax_wal_senders = 16\n\
             fsync = off\nmax_connections = 100\n",
            self.port,
            self.folder.path().display(),
        );
        if options.tls {
            let certified = Certified::new()?;
            let certificate = self.write("server.pem", &certified.certificate)?;
            let key = self.write("server.key", &certified.key)?;
            settings.push_str(&format!(
                "ssl = on\nssl_cert_file = '{}'\nssl_key_file = '{}'\n",
                certificate.display(),
                key.display()
            ));
            self.authority = Some(certified.authority);
            let path = self.data().join("pg_hba.conf");
            let rules = "local all all scram-sha-256\nhostssl all all 127.0.0.1/32 scram-sha-256\n\
                         hostssl replication all 127.0.0.1/32 scram-sha-256\n";
            fs::write(&path, rules).map_err(BackendError::prepare(&path))?;
        }
        for (name, value) in &options.settings {
            settings.push_str(&format!("{name} = '{value}'\n"));
        }
        let path = self.data().join("postgresql.conf");
        fs::OpenOptions::new()
            .append(true)
            .open(&path)
            .and_then(|mut file| file.write_all(settings.as_bytes()))
            .map_err(BackendError::prepare(&path))
    }

    /// Writes a file that the server alone may read.
    fn write(&self, name: &str, text: &str) -> Result<PathBuf, BackendError> {
        let path = self.folder.path().join(name);
        fs::write(&path, text).map_err(BackendError::prepare(&path))?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))
            .map_err(BackendError::prepare(&path))?;
        self.account.own(&path)?;
        Ok(path)
    }

    fn program(&self, name: &str) -> Command {
        let mut command = self.account.command(&self.binaries.join(name));
        // The caller's folder and language are nothing to the server.
        command.current_dir(self.folder.path()).env("LC_ALL", "C");
        command
    }

    fn control(&self, arguments: &[&str]) -> Command {
        let mut command = self.program("pg_ctl");
        command.arg("-D").arg(self.data()).args(arguments);
        command
    }

    /// Through its socket, so that rules about encryption and the network play no part.
    fn socket_or_host(&self) -> &str {
        self.folder.path().to_str().unwrap_or("127.0.0.1")
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// The server's process, while its files say so.
    fn pid(&self) -> Option<u32> {
        let text = fs::read_to_string(self.data().join("postmaster.pid")).ok()?;
        text.lines().next()?.trim().parse().ok()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if self.pid().is_some_and(is_running) {
            // At once: its files are about to vanish.
            drop(run(&mut self.control(&["stop", "-w", "-m", "immediate"])));
        }
    }
}

/// Processes whose parent is `pid`.
fn children(pid: u32) -> Vec<u32> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    numbers.filter(|child| stat(*child).is_some_and(|(_, parent)| parent == pid)).collect()
}

/// Whether the process is there and more than a zombie.
fn is_running(pid: u32) -> bool {
    stat(pid).is_some_and(|(state, _)| state != "Z" && state != "X")
}

/// State and parent of a process.
fn stat(pid: u32) -> Option<(String, u32)> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name before may hold anything, also spaces and parentheses.
    let mut fields = text.rsplit_once(") ")?.1.split(' ');
    Some((fields.next()?.to_owned(), fields.next()?.parse().ok()?))
}
