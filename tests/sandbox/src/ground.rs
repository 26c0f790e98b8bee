//! What attacks aim at: servers that count who reaches them, and files beside those that are granted.
//!
//! Names in braces in a configuration stand for it: `{allowed}` (address of the HTTP server that grants may
//! name), `{forbidden}` (address that no attack may reach), `{drip}` (an address that sends a byte now and
//! then), `{mute}` (one that accepts and never reads), `{drain}` (one that reads all), `{loopback_name}`, `{folder}`.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::thread;

use end_to_end::World;

/// In every secret; nothing that the host writes may ever contain it.
pub(crate) const CANARY: &str = "canary-7b1f0c52";

/// A listener that serves each connection on a thread of its own.
struct Server {
    address: String,
    connections: Arc<AtomicU64>,
    stopped: Arc<AtomicBool>,
}

impl Server {
    fn start(serve: impl Fn(TcpStream, &AtomicBool) + Clone + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (connections, stopped) =
            (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (counted, ended) = (Arc::clone(&connections), Arc::clone(&stopped));
        thread::spawn(move || {
            for stream in listener.incoming() {
                if ended.load(SeqCst) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                counted.fetch_add(1, SeqCst);
                let (serve, ended) = (serve.clone(), Arc::clone(&ended));
                thread::spawn(move || serve(stream, &ended));
            }
        });
        Self { address, connections, stopped }
    }

    fn port(&self) -> &str {
        self.address.rsplit(':').next().unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stopped.store(true, SeqCst);
        // Wakes the thread that waits for connections.
        drop(TcpStream::connect(&self.address));
    }
}

/// All of it.
pub(crate) struct Ground {
    folder: PathBuf,
    allowed: Server,
    forbidden: Server,
    drip: Server,
    mute: Server,
    drain: Server,
    found: Arc<Found>,
}

/// What reached the HTTP server and should not have.
#[derive(Default)]
struct Found {
    injected: AtomicBool,
    canary: AtomicBool,
}

impl Ground {
    pub(crate) fn new(world: &World) -> Self {
        let folder = world.folder("ground");
        for name in ["data", "reading", "outside"] {
            fs::create_dir_all(folder.join(name)).unwrap();
        }
        fs::write(folder.join("data/own"), "own").unwrap();
        fs::write(folder.join("reading/own"), "own").unwrap();
        fs::write(folder.join("outside/secret"), CANARY).unwrap();
        symlink("../outside", folder.join("data/beside")).unwrap();
        symlink(folder.join("outside/secret"), folder.join("data/absolute")).unwrap();
        let found = Arc::new(Found::default());
        let seen = Arc::clone(&found);
        let forbidden = Server::start(|_, _| ());
        let elsewhere = format!("http://{}/", forbidden.address);
        Self {
            folder,
            allowed: Server::start(move |stream, ended| {
                // A connection that breaks ends its thread.
                drop(answer(stream, ended, &elsewhere, &seen));
            }),
            forbidden,
            drip: Server::start(|stream, ended| drop(drip(stream, ended))),
            mute: Server::start(|stream, ended| {
                while !ended.load(SeqCst) {
                    pause();
                }
                drop(stream);
            }),
            drain: Server::start(|mut stream, _| {
                drop(std::io::copy(&mut stream, &mut std::io::sink()));
            }),
            found,
        }
    }

    /// `line` with the ground's names in place.
    pub(crate) fn resolve(&self, line: &str) -> String {
        let names = [
            ("{allowed}", self.allowed.address.as_str()),
            ("{forbidden}", self.forbidden.address.as_str()),
            ("{forbidden_port}", self.forbidden.port()),
            ("{drip}", self.drip.address.as_str()),
            ("{mute}", self.mute.address.as_str()),
            ("{drain}", self.drain.address.as_str()),
            ("{folder}", self.folder.to_str().unwrap_or_default()),
            ("{loopback_name}", loopback_name()),
        ];
        names.iter().fold(line.to_owned(), |line, (name, value)| line.replace(name, value))
    }

    /// What attacks have done here that none may, since the last look. It is mended.
    pub(crate) fn damage(&self) -> Vec<String> {
        let mut damage = Vec::new();
        let connections = self.forbidden.connections.swap(0, SeqCst);
        if connections > 0 {
            damage.push(format!("{connections} connections reached the forbidden server"));
        }
        if self.found.injected.swap(false, SeqCst) {
            damage.push("an injected header reached a server".to_owned());
        }
        if self.found.canary.swap(false, SeqCst) {
            damage.push("a secret reached a server".to_owned());
        }
        for (file, content) in [("outside/secret", CANARY), ("reading/own", "own")] {
            let path = self.folder.join(file);
            if fs::read_to_string(&path).is_ok_and(|found| found == content) {
                continue;
            }
            damage.push(format!("{file} was changed"));
            fs::write(path, content).unwrap();
        }
        for (folder, own) in [("outside", "secret"), ("reading", "own")] {
            let entries = fs::read_dir(self.folder.join(folder)).unwrap();
            for path in entries.map(|entry| entry.unwrap().path()) {
                if !path.ends_with(own) {
                    damage.push(format!("{} was made", path.display()));
                    drop(fs::remove_file(path));
                }
            }
        }
        damage
    }
}

/// A name other than `localhost` that the system's own table says is this machine, where there is one:
/// whoever answers for a granted name may point it here.
fn loopback_name() -> &'static str {
    static NAME: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    NAME.get_or_init(|| {
        let hosts = fs::read_to_string("/etc/hosts").unwrap_or_default();
        let lines =
            hosts.lines().filter(|line| line.starts_with("127.") || line.starts_with("::1"));
        let names = lines.flat_map(|line| line.split_whitespace().skip(1).map(str::to_owned));
        let other = names.into_iter().find(|name| !name.contains("localhost"));
        other.unwrap_or_else(|| "ip6-localhost".to_owned())
    })
}

fn answer(
    stream: TcpStream,
    ended: &AtomicBool,
    elsewhere: &str,
    found: &Found,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let note = |text: &str| {
            if text.contains(CANARY) {
                found.canary.store(true, SeqCst);
            }
        };
        note(&line);
        let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
        let mut length = 0;
        loop {
            line.clear();
            reader.read_line(&mut line)?;
            note(&line);
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            let name = name.to_ascii_lowercase();
            if name == "x-injected" || value.contains("other.example") {
                found.injected.store(true, SeqCst);
            }
            if name == "content-length" {
                length = value.trim().parse().unwrap_or(0);
            }
        }
        let mut body = Vec::new();
        (&mut reader).take(length).read_to_end(&mut body)?;
        note(&String::from_utf8_lossy(&body));
        match path.as_str() {
            "/redirect" => {
                let head = "HTTP/1.1 302 Found\r\ncontent-length: 0\r\n";
                write!(writer, "{head}location: {elsewhere}\r\n\r\n")?;
            }
            "/endless" => {
                write!(writer, "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n")?;
                let block = [b'e'; 64 << 10];
                while !ended.load(SeqCst) {
                    writer.write_all(&block)?;
                }
            }
            "/half" => {
                let body = "h".repeat(32 << 10);
                write!(writer, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len())?;
            }
            "/drip" => {
                write!(writer, "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n")?;
                return drip(writer, ended);
            }
            _ => write!(writer, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")?,
        }
    }
}

/// A byte now and then, until the other end is gone.
fn drip(mut stream: TcpStream, ended: &AtomicBool) -> std::io::Result<()> {
    while !ended.load(SeqCst) {
        stream.write_all(b".")?;
        pause();
    }
    Ok(())
}

fn pause() {
    end_to_end::wait::pause();
}
