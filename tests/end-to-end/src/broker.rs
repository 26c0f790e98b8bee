//! Brokers outside of the process under test.

use std::env;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use embedded_iggy::{Faults, RunningServer, Server};

use crate::client::{Access, Client, runtime};
use crate::eventually;
use crate::installation::kennel;
use crate::process::Process;
use crate::world::World;

/// A broker that is up while this value lives, and a client of it.
pub struct Broker {
    server: Option<RunningServer>,
    pub client: Client,
}

impl Broker {
    /// The server that `KENNEL_TEST_IGGY` names, else an embedded one in memory.
    pub fn start() -> Self {
        let variable =
            |name: &str, default: &str| env::var(name).unwrap_or_else(|_| default.to_owned());
        match env::var("KENNEL_TEST_IGGY") {
            Ok(address) if !address.is_empty() => {
                let access = Access {
                    address,
                    username: variable("KENNEL_TEST_IGGY_USER", "iggy"),
                    password: variable("KENNEL_TEST_IGGY_PASSWORD", "iggy"),
                    tls: None,
                };
                Self { server: None, client: Client::connect(access, runtime()) }
            }
            _ => Self::embedded(),
        }
    }

    /// An embedded one, whatever the environment says: for tests that make it fail.
    pub fn embedded() -> Self {
        Self::with(Server::builder())
    }

    /// An embedded one whose segments hold about so many bytes each.
    pub fn with_segments(bytes: u64) -> Self {
        Self::with(Server::builder().segment_bytes(bytes))
    }

    fn with(builder: embedded_iggy::ServerBuilder) -> Self {
        let runtime = runtime();
        let server = runtime.block_on(builder.start()).unwrap();
        let access = Access::root(&server.local_addr().to_string());
        Self { server: Some(server), client: Client::connect(access, runtime) }
    }

    /// An embedded one that speaks TLS.
    pub fn with_tls(tls: embedded_iggy::Tls, access: Access) -> Self {
        let runtime = runtime();
        let builder = Server::builder().tls(tls).credentials(&access.username, &access.password);
        let server = runtime.block_on(builder.start()).unwrap();
        let access = Access { address: server.local_addr().to_string(), ..access };
        Self { server: Some(server), client: Client::connect(access, runtime) }
    }

    /// What can go wrong on demand.
    pub fn faults(&self) -> Faults {
        self.server.as_ref().unwrap().faults()
    }

    /// A world whose host uses this broker.
    pub fn world(&self) -> World {
        World::with_iggy(&self.client.access().config())
    }
}

/// `kennel iggy` as a process of its own, with a data folder.
pub struct BrokerProcess {
    process: Process,
    port: u16,
    data: PathBuf,
}

impl BrokerProcess {
    pub fn start(port: u16, data: &Path) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let mut command = kennel();
        command.args(["iggy", "--json", "--address", &format!("127.0.0.1:{port}"), "--data"]);
        command.arg(data);
        let output = data.with_extension(format!("broker-{}", NUMBER.fetch_add(1, Relaxed)));
        let process = Process::start(command, output);
        // It prints its address when it listens.
        eventually("the broker listens", || process.output().contains("address"));
        Self { process, port, data: data.to_owned() }
    }

    /// Ends it as a crash would; [`Self::start`] with the same port and folder brings it back.
    pub fn kill(self) -> (u16, PathBuf) {
        self.process.kill();
        (self.port, self.data)
    }
}

/// A port that nobody listens on now. It lies below those that the system hands out by itself, so
/// that no other test gets it meanwhile.
pub fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let step = NEXT.fetch_add(1, Relaxed) + std::process::id() * 16;
        let port = 20_000 + u16::try_from(step % 10_000).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
