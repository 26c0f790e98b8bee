//! Uses sockets as it is told to, and says what came of it: what grants allow, seen from inside.

#![forbid(unsafe_code)]

use std::io::{self, Write as _};
use std::net::{TcpListener, TcpStream, ToSocketAddrs as _, UdpSocket};

use kennel_sdk::prelude::*;

/// What to do in each `consume`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// What to do with `address`.
    #[serde(default)]
    action: Action,
    /// `host:port`.
    address: String,
    /// A `host:port` whose name is looked up before.
    look_up: Option<String>,
    /// Connections to have open at the same time.
    #[serde(default = "one")]
    connections: usize,
}

fn one() -> usize {
    1
}

/// What to do with an address.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Action {
    /// Connect to it and send each payload as a line. The connection is kept.
    #[default]
    Send,
    /// Accept connections at it.
    Listen,
    /// Exchange datagrams at it.
    Datagram,
}

struct TcpClient {
    config: Config,
    connections: Vec<TcpStream>,
}

#[kennel_sdk::sink(
    name = "tcp-client",
    summary = "uses sockets as it is told to",
    asks(tcp = "config:/address", reason = "messages are sent there", optional)
)]
impl Sink for TcpClient {
    type Config = Config;

    fn open(config: Config) -> Result<Self, Error> {
        Ok(Self { config, connections: Vec::new() })
    }

    fn consume(&mut self, batch: &Batch) -> Result<Receipt, Error> {
        match self.act(batch) {
            Ok(()) => Ok(Receipt::delivered(batch)),
            Err(error) => {
                self.connections.clear();
                let (action, kind) = (self.config.action, error.kind());
                let detail = format!("{action:?} {}: {kind:?}: {error}", self.config.address);
                Err(Error::unavailable(detail))
            }
        }
    }
}

impl TcpClient {
    fn act(&mut self, batch: &Batch) -> io::Result<()> {
        let address = self.config.address.as_str();
        if let Some(name) = &self.config.look_up {
            name.to_socket_addrs()?;
        }
        match self.config.action {
            Action::Listen => TcpListener::bind(address).map(drop),
            Action::Datagram => UdpSocket::bind(address).map(drop),
            Action::Send => {
                while self.connections.len() < self.config.connections {
                    self.connections.push(TcpStream::connect(address)?);
                }
                let mut lines = Vec::new();
                for message in batch.iter() {
                    lines.extend_from_slice(message.payload());
                    lines.push(b'\n');
                }
                self.connections.iter().try_for_each(|mut connection| connection.write_all(&lines))
            }
        }
    }
}
