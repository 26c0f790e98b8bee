//! What a crash scenario delivers to, and how what arrived is counted there.

use std::path::PathBuf;

use kennel_test_backends::Postgres;
use serde_json::Value;

use super::SinkKind;
use crate::{Connector, HttpServer, Target, World, destination};

/// Bytes of a message.
const SIZE: u64 = 200;

/// A destination that outlives the hosts that deliver to it.
pub(super) enum Destination {
    Http(HttpServer),
    File(PathBuf),
    Postgres(Box<Postgres>),
}

impl Destination {
    pub(super) fn start(kind: SinkKind, world: &World) -> Self {
        match kind {
            SinkKind::Http => Self::Http(HttpServer::start(0)),
            SinkKind::File => Self::File(world.folder("out")),
            SinkKind::Postgres => {
                let server =
                    Postgres::start().unwrap_or_else(|error| panic!("PostgreSQL: {error}"));
                Self::Postgres(Box::new(server))
            }
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
            Self::Postgres(server) => Connector::sink("postgres_sink.wasm", target)
                .config("table = \"numbers\"\ncreate = true\nmode = \"copy\"")
                .config("columns = [{ name = \"sequence\", type = \"bigint\" }]")
                .postgres(server)
                .flush("messages = 2000\nage = \"100ms\"")
                .stream("batch = { messages = 500 }"),
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
            // Before the sink has created it there is no table.
            Self::Postgres(server) => {
                let count = server.value("select count(*) from numbers");
                count.ok().and_then(|count| count.parse().ok()).unwrap_or(0)
            }
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
            Self::Postgres(server) => {
                let rows = server.sql("select sequence from numbers").unwrap();
                rows.iter().map(|row| row[0].parse().unwrap()).collect()
            }
        }
    }
}
