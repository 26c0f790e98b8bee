//! A server that all tests share, each with tables of its own, and a sink as the host would use it.

use std::sync::OnceLock;

use kennel_postgres_sink::PostgresSink;
use kennel_sdk::prelude::*;
use kennel_sdk::testing::{self, BatchBuilder, IntoJson};
use kennel_test_backends::Postgres;
use serde_json::{Value, json};

/// The server for tests that do not stop it. It ends with the process.
pub(crate) fn server() -> &'static Postgres {
    static SERVER: OnceLock<Postgres> = OnceLock::new();
    SERVER.get_or_init(|| Postgres::start().unwrap())
}

/// How to reach `server`, perhaps by another port.
pub(crate) fn connection(server: &Postgres, port: u16) -> Value {
    json!({
        "host": server.host(), "port": port, "user": server.user(),
        "password": server.password(), "database": server.database(),
    })
}

/// A configuration for `table`; the positions are in a table beside it.
pub(crate) fn config(server: &Postgres, table: &str, more: Value) -> Value {
    let mut config = json!({
        "connection": connection(server, server.port()), "table": table,
        "positions_table": format!("{table}_positions"),
    });
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    config
}

/// Opens a sink for `table` of the shared server and assigns the one partition of the tests.
pub(crate) fn opened(table: &str, more: Value) -> PostgresSink {
    let mut sink: PostgresSink = testing::open_sink(config(server(), table, more)).unwrap();
    sink.assign(&origin(), None).unwrap();
    sink
}

/// The origin that [`batch`] gives its messages.
pub(crate) fn origin() -> Origin {
    Origin { stream: "shop".to_owned(), topic: "orders".to_owned(), partition: 3, epoch: 0 }
}

/// Messages of [`origin`], from offset `first` on.
pub(crate) fn batch<T: IntoJson>(first: u64, payloads: impl IntoIterator<Item = T>) -> Batch {
    BatchBuilder::json(payloads).origin("shop", "orders", 3).offset(first).build()
}

/// `{"id": …}` for each of `ids`; the offset is the id.
pub(crate) fn numbered(ids: std::ops::Range<u64>) -> Batch {
    batch(ids.start, ids.map(|id| json!({ "id": id })))
}

/// Consumes a batch of which no message may fail.
pub(crate) fn consume(sink: &mut PostgresSink, batch: &Batch) {
    let receipt = sink.consume(batch).unwrap();
    assert!(receipt.is_held(), "a transactional sink always holds");
    assert_eq!(failed(&receipt), [] as [(u32, String); 0]);
    assert_eq!(receipt.handled() as usize, batch.len());
}

/// Index and code of each message that failed.
pub(crate) fn failed(receipt: &Receipt) -> Vec<(u32, String)> {
    receipt.failed().map(|(index, _, code, _)| (index, code.to_owned())).collect()
}

/// Flushes; answers the one position.
pub(crate) fn flush(sink: &mut PostgresSink) -> u64 {
    let positions = sink.flush().unwrap();
    assert_eq!(positions.len(), 1, "{positions:?}");
    assert_eq!(positions[0].origin, origin());
    positions[0].next
}

/// The ids in `table`, in order.
pub(crate) fn ids(server: &Postgres, table: &str) -> Vec<u64> {
    let rows = server.sql(&format!("select id from {table} order by id")).unwrap();
    rows.into_iter().map(|row| row[0].parse().unwrap()).collect()
}
