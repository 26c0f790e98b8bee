//! Encrypted connections.

use kennel_postgres_sink::PostgresSink;
use kennel_sdk::prelude::*;
use kennel_sdk::testing;
use kennel_test_backends::Postgres;
use serde_json::{Value, json};

use crate::support::{config, consume, flush, ids, numbered, origin};

fn open(server: &Postgres, changes: Value) -> Result<PostgresSink, Error> {
    let mut config = config(server, "orders", json!({}));
    let connection = config["connection"].as_object_mut().unwrap();
    connection.extend(changes.as_object().unwrap().clone());
    testing::open_sink(config)
}

#[test]
fn given_a_server_that_insists_on_tls_should_check_it_and_write() {
    let server = Postgres::builder().tls().start().unwrap();
    server.sql("create table orders (id bigint)").unwrap();
    let authority = server.authority().unwrap();

    let verified = json!({ "host": "localhost", "tls": "verify-full", "ca": authority });
    let mut sink = open(&server, verified).unwrap();
    sink.assign(&origin(), None).unwrap();
    consume(&mut sink, &numbered(0..1000));
    assert_eq!(flush(&mut sink), 1000);
    assert_eq!(ids(&server, "orders").len(), 1000);
    let encrypted = "select count(*) from pg_stat_ssl join pg_stat_activity using (pid) \
                     where application_name = 'kennel' and ssl";
    assert_eq!(server.value(encrypted).unwrap(), "1");

    // By address, with the authority in a file.
    let file = server.folder().join("ca.pem");
    std::fs::write(&file, authority).unwrap();
    let by_file = json!({ "tls": "verify-full", "ca": file });
    open(&server, by_file).unwrap();
    open(&server, json!({ "tls": "require" })).unwrap();

    // Not encrypted; not by an authority that is trusted; an authority that is none.
    for (changes, expected) in [
        (json!({ "tls": "disable" }), "unauthorized"),
        (json!({ "tls": "verify-full" }), "invalid configuration"),
        (json!({ "tls": "verify-full", "ca": "absent.pem" }), "invalid configuration"),
        (json!({ "tls": "require", "password": "wrong" }), "unauthorized"),
    ] {
        let error = open(&server, changes.clone()).err().unwrap().to_string();
        assert!(error.starts_with(expected), "{changes}: {error}");
    }
}

#[test]
fn given_a_server_without_tls_should_not_go_on_in_clear_text() {
    let server = crate::support::server();
    let error = open(server, json!({ "tls": "require" })).err().unwrap();
    assert!(matches!(&error, Error::InvalidConfig(detail) if detail.contains("TLS")), "{error}");
}
