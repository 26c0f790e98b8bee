//! A server that stops, comes back, or is not there.

use kennel_postgres_sink::PostgresSink;
use kennel_sdk::prelude::*;
use kennel_sdk::testing;
use kennel_test_backends::Postgres;
use serde_json::json;

use crate::support::{config, consume, flush, ids, numbered, origin, server};

fn opened_on(server: &Postgres) -> PostgresSink {
    server.sql("create table orders (id bigint not null)").unwrap();
    let mut sink: PostgresSink = testing::open_sink(config(server, "orders", json!({}))).unwrap();
    sink.assign(&origin(), None).unwrap();
    sink
}

#[test]
fn given_a_server_that_restarts_should_write_again_what_was_held() {
    let mut server = Postgres::start().unwrap();
    let mut sink = opened_on(&server);
    consume(&mut sink, &numbered(0..5));
    consume(&mut sink, &numbered(5..8));

    server.kill().unwrap();
    // Down: neither call loses anything.
    let flushed = sink.flush();
    assert!(matches!(flushed, Err(Error::Unavailable { .. })), "{flushed:?}");
    let consumed = sink.consume(&numbered(8..10)).map(|receipt| receipt.handled());
    assert!(matches!(consumed, Err(Error::Unavailable { .. })), "{consumed:?}");
    server.restart().unwrap();

    consume(&mut sink, &numbered(8..10));
    assert_eq!(flush(&mut sink), 10);
    assert_eq!(ids(&server, "orders"), (0..10).collect::<Vec<_>>());

    consume(&mut sink, &numbered(10..12));
    server.restart().unwrap();
    // A heartbeat may be the first to notice.
    drop(sink.tick());
    assert_eq!(flush_when_back(&mut sink), 12);
    assert_eq!(ids(&server, "orders"), (0..12).collect::<Vec<_>>());
}

/// The first call after a restart finds the old session broken.
fn flush_when_back(sink: &mut PostgresSink) -> u64 {
    match sink.flush() {
        Err(Error::Unavailable { .. }) => flush(sink),
        Ok(positions) => positions[0].next,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn given_a_session_that_the_server_ends_should_go_on_in_another() {
    server().sql("create table ended (id bigint)").unwrap();
    let mut more = config(server(), "ended", json!({}));
    more["connection"]["application_name"] = json!("the one to end");
    let mut sink: PostgresSink = testing::open_sink(more).unwrap();
    sink.assign(&origin(), None).unwrap();
    consume(&mut sink, &numbered(0..5));

    let end = "select count(pg_terminate_backend(pid)) from pg_stat_activity \
               where application_name = 'the one to end'";
    assert_eq!(server().value(end).unwrap(), "1");

    let Err(Error::Unavailable { detail, .. }) = sink.flush() else {
        panic!("the session is gone")
    };
    assert!(detail.contains("57P01"), "the reason is told: {detail}");
    assert_eq!(flush(&mut sink), 5);
    assert_eq!(ids(server(), "ended"), (0..5).collect::<Vec<_>>());
}

#[test]
fn given_held_rows_that_no_longer_fit_should_be_fenced_so_that_they_come_again() {
    server().sql("create table overtaken (id bigint unique)").unwrap();
    let mut more = config(server(), "overtaken", json!({}));
    more["connection"]["application_name"] = json!("overtaken");
    let mut sink: PostgresSink = testing::open_sink(more).unwrap();
    sink.assign(&origin(), None).unwrap();
    consume(&mut sink, &numbered(0..3));
    let end = "select pg_terminate_backend(pid) from pg_stat_activity \
               where application_name = 'overtaken'";
    server().sql(end).unwrap();
    server().sql("insert into overtaken values (1)").unwrap();

    assert!(matches!(sink.flush(), Err(Error::Unavailable { .. })));
    assert!(matches!(sink.flush(), Err(Error::Fenced(_))));
    assert_eq!(sink.assign(&origin(), None), Ok(None));
    let receipt = sink.consume(&numbered(0..3)).unwrap();
    assert_eq!(crate::support::failed(&receipt), [(1, "sql_23505".to_owned())]);
    assert_eq!(flush(&mut sink), 3);
    assert_eq!(ids(server(), "overtaken"), [0, 1, 2]);
}

#[test]
fn given_a_row_that_somebody_keeps_locked_should_be_unavailable_and_lose_nothing() {
    server().sql("create table locked (id bigint primary key)").unwrap();
    let more = json!({ "mode": "upsert", "keys": ["id"] });
    let mut holder = crate::support::opened("locked", more.clone());
    consume(&mut holder, &numbered(0..2));
    let mut waiting: PostgresSink = testing::open_sink(config(server(), "locked", more)).unwrap();
    waiting.assign(&Origin { partition: 9, ..origin() }, None).unwrap();
    let same_key = testing::BatchBuilder::json([json!({ "id": 1 })]).origin("shop", "orders", 9);
    let same_key = same_key.build();

    let consumed = waiting.consume(&same_key).map(|receipt| receipt.handled());
    assert!(matches!(consumed, Err(Error::Unavailable { .. })), "{consumed:?}");
    assert_eq!(flush(&mut holder), 2);
    consume(&mut waiting, &same_key);
    assert_eq!(waiting.flush().unwrap()[0].next, 1);
    assert_eq!(ids(server(), "locked"), [0, 1]);
}

#[test]
fn given_what_an_operator_has_to_mend_should_say_so() {
    server().sql("create role reader login password 'r'").unwrap();
    server().sql("create table forbidden (id bigint)").unwrap();
    let base = config(server(), "forbidden", json!({}));
    let with = |key: &str, value: serde_json::Value| {
        let mut config = base.clone();
        config["connection"][key] = value;
        config
    };
    let open = |config| testing::open_sink::<PostgresSink>(config).err().unwrap();

    assert!(matches!(open(with("password", json!("wrong"))), Error::Unauthorized(_)));
    assert!(matches!(open(with("database", json!("absent"))), Error::InvalidConfig(_)));
    let mut reader = with("user", json!("reader"));
    reader["connection"]["password"] = json!("r");
    reader["positions_table"] = json!("forbidden");
    assert!(matches!(open(reader), Error::Unauthorized(_)));
    // Nobody listens there.
    assert!(matches!(open(with("port", json!(1))), Error::Unavailable { .. }));
    assert!(matches!(open(with("host", json!("absent.invalid"))), Error::Unavailable { .. }));
}
