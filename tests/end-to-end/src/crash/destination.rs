//! What a crash scenario delivers to, and how what arrived is counted there.

use std::path::PathBuf;

use serde_json::Value;

use super::SinkKind;
use crate::{Connector, HttpServer, Target, World, destination};

/// Bytes of a message.
const SIZE: u64 = 200;

/// A destination that outlives the hosts that deliver to it.
pub(super) enum Destination {
    Http(HttpServer),
    File(PathBuf),
}

impl Destination {
    pub(super) fn start(kind: SinkKind, world: &World) -> Self {
        match kind {
            SinkKind::Http => Self::Http(HttpServer::start(0)),
            SinkKind::File => Self::File(world.folder("out")),
        }
    }

    /// The sink that delivers to it.
    pub(super) fn connector(&self, target: &Target) -> Connector {
        match self {
            Self::Http(server) => {
                let url = server.url();
                Connector::sink("http_sink.wasm", target)
                    .config(&format!("url = \"{url}/v1/records\""))
                    .grant(&format!("http = [\"{url}/v1/*\"]"))
                    .stream("batch = { messages = 500 }")
            }
            Self::File(folder) => Connector::files(target, folder)
                .flush("messages = 2000")
                .stream("batch = { messages = 500 }"),
        }
    }

    /// About how many messages have arrived; cheap.
    pub(super) fn progress(&self) -> u64 {
        match self {
            Self::Http(server) => server.count_lines(),
            Self::File(folder) => destination::bytes(folder) / (SIZE + 1),
        }
    }

    /// The number of every message that arrived.
    pub(super) fn numbers(&self) -> Vec<u64> {
        let number = |line: &str| -> u64 {
            let record: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
            record["sequence"].as_u64().unwrap_or_else(|| panic!("no number in {line}"))
        };
        match self {
            Self::Http(server) => server.lines().iter().map(|line| number(line)).collect(),
            Self::File(folder) => {
                destination::lines(folder).iter().map(|line| number(line)).collect()
            }
        }
    }
}
