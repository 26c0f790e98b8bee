//! The source against a real server. All tests share one; each has tables and slots of its own.

mod capture;
mod failure;
mod increasing;
mod query;
mod resume;
mod taken;
mod types;

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use kennel_sdk::testing::{self, Emitted, Reading as Polled};
use kennel_test_backends::Postgres as Server;
use serde_json::{Value, json};

use super::*;

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server, the part of it that belongs to one test, and how to reach it.
struct World<'a> {
    server: &'a Server,
    name: &'static str,
}

/// The server that tests share. It ends with the process.
fn shared() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::start().expect("a server"))
}

impl World<'static> {
    /// `name`: of the test, as a table's name.
    fn new(name: &'static str) -> Self {
        World::on(shared(), name)
    }
}

impl<'a> World<'a> {
    fn on(server: &'a Server, name: &'static str) -> Self {
        Self { server, name }
    }

    /// Runs SQL in which `$t` is the test's table.
    fn sql(&self, sql: &str) -> Vec<Vec<String>> {
        self.server.sql(&sql.replace("$t", self.name)).unwrap()
    }

    fn value(&self, sql: &str) -> String {
        self.server.value(&sql.replace("$t", self.name)).unwrap()
    }

    /// A configuration with the server's address and `more`.
    fn config(&self, more: Value) -> Value {
        let mut config = json!({"connection": {
            "host": self.server.host(), "port": self.server.port(), "user": self.server.user(),
            "password": self.server.password(), "database": self.server.database(),
        }});
        for (key, value) in more.as_object().unwrap() {
            config[key] = value.clone();
        }
        config
    }

    /// Configuration of `cdc` for the test's table.
    fn cdc(&self) -> Value {
        self.config(json!({"mode": "cdc", "cdc": {
            "publication": self.name, "slot": self.name, "tables": [format!("public.{}", self.name)],
        }}))
    }

    /// Where the slot's reader has got to, as the server sees it.
    fn confirmed(&self) -> lsn::Lsn {
        let sql = "select confirmed_flush_lsn from pg_replication_slots where slot_name = '$t'";
        self.value(sql).parse().unwrap()
    }

    /// Waits until the server sees that.
    fn until(&self, sql: &str) {
        let deadline = Instant::now() + PATIENCE;
        while self.value(&format!("select ({sql})::text")) != "true" {
            assert!(Instant::now() < deadline, "never: {sql}");
        }
    }
}

/// The server keeps the log for a slot that nobody reads.
impl Drop for World<'_> {
    fn drop(&mut self) {
        let sql = format!(
            "select pg_drop_replication_slot(slot_name) from pg_replication_slots \
             where slot_name = '{}' and not active",
            self.name
        );
        // A test that has stopped the server on purpose may have left none.
        drop(self.server.sql(&sql));
    }
}

fn open(config: &Value) -> Result<Postgres, Error> {
    testing::open_source(config.clone())
}

/// Opens and starts; tries again while the server says that an earlier reader is still there.
fn started(config: &Value, cursor: Option<Cursor>) -> Postgres {
    let mut source = open(config).unwrap();
    let deadline = Instant::now() + PATIENCE;
    loop {
        match source.start(cursor.clone()) {
            Ok(()) => return source,
            Err(Error::Unavailable { .. }) if Instant::now() < deadline => {}
            Err(error) => panic!("{error}"),
        }
    }
}

/// As the host does after a crash: a new instance gets the saved cursor, and the confirmation once more.
fn restarted(config: &Value, cursor: &Cursor) -> Postgres {
    let mut source = started(config, Some(cursor.clone()));
    source.confirm(cursor.clone()).unwrap();
    source
}

fn limit(messages: u32) -> Limit {
    Limit { messages, bytes: 1 << 20, wait: Duration::from_millis(50) }
}

fn poll(source: &mut Postgres, messages: u32) -> Polled<Cursor> {
    testing::poll_with(source, &limit(messages)).unwrap()
}

/// What was read: the messages with their ids, and where to go on.
#[derive(Debug)]
struct Read {
    records: Vec<(Emitted, Option<u128>)>,
    cursor: Cursor,
}

impl Read {
    fn json(&self) -> Vec<Value> {
        self.records.iter().map(|(record, _)| record.json()).collect()
    }

    /// One member of each message.
    fn each(&self, pointer: &str) -> Vec<Value> {
        self.json().iter().map(|json| json.pointer(pointer).cloned().unwrap_or_default()).collect()
    }

    fn ids(&self) -> Vec<u128> {
        self.records.iter().filter_map(|(_, id)| *id).collect()
    }

    fn keys(&self) -> Vec<&str> {
        self.records.iter().map(|(record, _)| std::str::from_utf8(&record.key).unwrap()).collect()
    }
}

/// Reads that many messages; `batch` at a time, and confirms each batch if `confirm`.
fn read(source: &mut Postgres, count: usize, batch: u32, confirm: bool) -> Read {
    let deadline = Instant::now() + PATIENCE;
    let mut records = Vec::new();
    loop {
        let polled = poll(source, batch);
        let ids = polled.ids.into_iter().map(Some).chain(std::iter::repeat(None));
        records.extend(polled.records.into_iter().zip(ids));
        if confirm {
            source.confirm(polled.cursor.clone()).unwrap();
        }
        if records.len() >= count {
            assert_eq!(records.len(), count, "too many: {records:?}");
            return Read { records, cursor: polled.cursor };
        }
        assert!(Instant::now() < deadline, "{} of {count} messages", records.len());
    }
}

/// Reads and confirms.
fn drain(source: &mut Postgres, count: usize) -> Read {
    read(source, count, 1000, true)
}

/// Polls and confirms until a poll finds nothing, with nothing left to come from a snapshot.
fn settle(source: &mut Postgres) -> Cursor {
    loop {
        let polled = poll(source, 1000);
        source.confirm(polled.cursor.clone()).unwrap();
        let slotted = match &polled.cursor.0 {
            Position::Snapshot { .. } => false,
            Position::Changes(changes) => !changes.unslotted,
            Position::Bookmark { .. } | Position::Taken(_) => true,
        };
        if slotted && polled.records.is_empty() && polled.progress == Progress::Idle {
            return polled.cursor;
        }
    }
}

fn numbers(range: std::ops::RangeInclusive<u64>) -> Vec<Value> {
    range.map(Value::from).collect()
}

/// The words of an error that the operator has to see.
fn stops(answer: Result<(), Error>, words: &str) {
    match answer {
        Err(Error::InvalidConfig(detail)) => assert!(detail.contains(words), "{detail}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn given_a_wrong_configuration_should_point_at_each_mistake() {
    let connection = json!({"host": "db", "user": "u", "database": "d"});
    for (config, expected) in [
        (json!({"mode": "increasing"}), vec!["/table", "/column"]),
        (json!({"mode": "query"}), vec!["/query", "/column", "/start_after"]),
        (json!({"mode": "mark", "table": "t"}), vec!["/set", "/filter"]),
        (json!({"mode": "delete", "table": "t", "set": "a = 1"}), vec!["/set"]),
        (json!({"mode": "cdc"}), vec!["/cdc"]),
        (
            json!({"mode": "cdc", "table": "t", "cdc": {"publication": "", "slot": "A-b", "create_slot": false}}),
            vec!["/table", "/cdc/publication", "/cdc/slot", "/cdc/snapshot"],
        ),
    ] {
        let mut config = config;
        config["connection"] = connection.clone();
        let problems = testing::validate_source::<Postgres>(config.clone());
        let paths: Vec<&str> = problems.iter().map(|problem| problem.path.as_str()).collect();
        assert_eq!(paths, expected, "{config}");
    }
}

#[test]
fn given_the_sample_configurations_should_be_valid() {
    let samples = [
        include_str!("../../sample.toml"),
        include_str!("../../../../../configs/postgres-source/orders-changes.toml"),
        include_str!("../../../../../configs/postgres-source/outbox.toml"),
    ];
    for sample in samples {
        let sample: toml::Table = sample.parse().unwrap();
        let config = serde_json::to_value(&sample["config"]).unwrap();
        assert_eq!(testing::validate_source::<Postgres>(config), []);
    }
}

#[test]
fn given_a_cursor_of_another_mode_should_stop() {
    let world = World::new("other_mode");
    world.sql("create table $t (id int primary key)");
    let config = world.config(json!({"mode": "delete", "table": world.name}));
    let cursor = Cursor(Position::Bookmark { values: None });
    stops(open(&config).unwrap().start(Some(cursor)), "another `mode`");
}
