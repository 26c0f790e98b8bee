//! Writes a connector's file.

use std::fmt::Write as _;
use std::path::Path;

use kennel_test_backends::Postgres;

use crate::client::Target;

/// What a connector's file will say. Lines are TOML.
#[derive(Clone, Default)]
pub struct Connector {
    head: String,
    streams: String,
    transforms: String,
    config: String,
    grants: String,
    folders: String,
    limits: String,
    delivery: String,
    flush: String,
}

impl Connector {
    fn new(kind: &str, component: &str, target: &Target) -> Self {
        let Target { stream, topic } = target;
        Self {
            head: format!("type = \"{kind}\"\ncomponent = \"{component}\"\n"),
            streams: format!("stream = \"{stream}\"\ntopics = [\"{topic}\"]\n"),
            ..Self::default()
        }
    }

    pub fn sink(component: &str, target: &Target) -> Self {
        Self::new("sink", component, target)
    }

    pub fn source(component: &str, target: &Target) -> Self {
        Self::new("source", component, target)
    }

    /// The random source: `count` records `{"sequence":0}`, `{"sequence":1}` …
    pub fn numbers(target: &Target, count: u64) -> Self {
        Self::source("random_source.wasm", target)
            .config(&format!("count = {count}"))
            .config("seed = 7")
            .config("schema = { sequence = { type = \"sequence\" } }")
    }

    /// The file sink, which shows soon what it got.
    pub fn files(target: &Target, folder: &Path) -> Self {
        Self::sink("file_sink.wasm", target)
            .config("folder = \"/out\"")
            .folder(folder, "/out", "rw")
            .flush("age = \"50ms\"")
    }

    /// A PostgreSQL connector's connection, and the grant that it needs. After all other lines of its
    /// configuration: they would become part of the connection.
    pub fn postgres(self, server: &Postgres) -> Self {
        let (host, port, user) = (server.host(), server.port(), server.user());
        let (password, database) = (server.password(), server.database());
        self.config("[config.connection]")
            .config(&format!("host = {host:?}\nport = {port}\nuser = {user:?}"))
            .config(&format!("password = {password:?}\ndatabase = {database:?}"))
            .grant(&format!("tcp = [\"{host}:{port}\"]"))
    }

    pub fn stream(mut self, line: &str) -> Self {
        add(&mut self.streams, line);
        self
    }

    /// `create = true` with so many partitions.
    pub fn create(self, partitions: u32) -> Self {
        self.stream(&format!("create = true\npartitions = {partitions}"))
    }

    pub fn transform(mut self, component: &str, config: &str) -> Self {
        let transforms = &mut self.transforms;
        writeln!(transforms, "[[transforms]]\ncomponent = \"{component}\"").unwrap();
        writeln!(transforms, "[transforms.config]\n{config}").unwrap();
        self
    }

    pub fn config(mut self, line: &str) -> Self {
        add(&mut self.config, line);
        self
    }

    pub fn grant(mut self, line: &str) -> Self {
        add(&mut self.grants, line);
        self
    }

    pub fn folder(mut self, folder: &Path, guest: &str, mode: &str) -> Self {
        let folders = &mut self.folders;
        writeln!(folders, "[[grants.files]]\npath = {folder:?}\nguest = \"{guest}\"").unwrap();
        writeln!(folders, "mode = \"{mode}\"").unwrap();
        self
    }

    pub fn limit(mut self, line: &str) -> Self {
        add(&mut self.limits, line);
        self
    }

    pub fn delivery(mut self, line: &str) -> Self {
        add(&mut self.delivery, line);
        self
    }

    pub fn dead_letters(self, topic: &str) -> Self {
        self.delivery(&format!("on_error = \"dead_letter\"\ndead_letter_topic = \"{topic}\""))
    }

    pub fn flush(mut self, line: &str) -> Self {
        add(&mut self.flush, line);
        self
    }

    /// The whole file.
    pub fn text(&self) -> String {
        let mut text = format!("{}\n[[streams]]\n{}\n{}", self.head, self.streams, self.transforms);
        let sections = [
            ("[config]", &self.config),
            ("[grants]", &self.grants),
            ("", &self.folders),
            ("[limits]", &self.limits),
            ("[delivery]", &self.delivery),
            ("[delivery.flush]", &self.flush),
        ];
        for (header, lines) in sections.into_iter().filter(|(_, lines)| !lines.is_empty()) {
            write!(text, "\n{header}\n{lines}").unwrap();
        }
        text
    }
}

fn add(section: &mut String, line: &str) {
    section.push_str(line);
    section.push('\n');
}
