//! Messages that cannot become rows, and their neighbours that do.

use kennel_sdk::prelude::*;
use serde_json::{Value, json};

use crate::support::{batch, consume, failed, flush, ids, numbered, opened, server};

/// Consumes `payloads`, flushes, and answers who failed.
fn rejected(table: &str, more: Value, payloads: Vec<String>) -> Vec<(u32, String)> {
    let mut sink = opened(table, more);
    let batch = batch(0, payloads);
    let receipt = sink.consume(&batch).unwrap();
    assert_eq!(receipt.handled() as usize, batch.len());
    assert_eq!(flush(&mut sink), batch.end(), "rejected messages are passed all the same");
    failed(&receipt)
}

fn failure(index: u32, code: &str) -> (u32, String) {
    (index, code.to_owned())
}

#[test]
fn given_values_of_a_wrong_type_should_reject_only_them() {
    server().sql("create table typed (id int not null, at timestamptz)").unwrap();
    let payloads = [
        r#"{"id": 0}"#,
        r#"{"id": "many"}"#,
        r#"{"id": 2147483648}"#,
        r#"{"id": 3}"#,
        r#"{"at": "2026-01-01"}"#,
        "not JSON",
        "[1]",
        r#"{"id": 7, "at": "the day after tomorrow"}"#,
        r#"{"id": 8}"#,
    ];

    let failed = rejected("typed", json!({}), payloads.map(str::to_owned).to_vec());

    let expected = [
        failure(1, "wrong_type"),
        failure(2, "wrong_type"),
        failure(4, "no_value"),
        failure(5, "not_json"),
        failure(6, "not_an_object"),
        // Only the server reads times.
        failure(7, "sql_22007"),
    ];
    assert_eq!(failed, expected);
    assert_eq!(ids(server(), "typed"), [0, 3, 8]);
}

#[test]
fn given_rows_that_only_the_server_refuses_should_find_them_in_every_mode() {
    for mode in ["insert", "upsert", "copy"] {
        let table = format!("refused_{mode}");
        server()
            .sql(&format!(
                "create table {table} (id bigint primary key, name varchar(3), \
                 total int check (total > 0), doc jsonb)"
            ))
            .unwrap();
        let keys = if mode == "upsert" { json!(["id"]) } else { json!([]) };
        let mut payloads: Vec<_> = (0..100).map(|id| format!(r#"{{"id": {id}}}"#)).collect();
        payloads[17] = r#"{"id": 17, "total": -1}"#.to_owned();
        payloads[18] = r#"{"id": 18, "name": "long"}"#.to_owned();
        payloads[99] = r#"{"id": 99, "doc": "\u0000"}"#.to_owned();

        let failed = rejected(&table, json!({ "mode": mode, "keys": keys }), payloads);

        let expected =
            [failure(17, "sql_23514"), failure(18, "sql_22001"), failure(99, "sql_22P05")];
        assert_eq!(failed, expected, "{mode}");
        let expected: Vec<_> = (0..99).filter(|id| ![17, 18].contains(id)).collect();
        assert_eq!(ids(server(), &table), expected, "{mode}");
    }
}

#[test]
fn given_keys_that_are_there_should_reject_the_later_message() {
    server()
        .sql("create table unique_ids (id bigint unique deferrable initially deferred)")
        .unwrap();
    let payloads = [1, 2, 1, 3].map(|id| format!(r#"{{"id": {id}}}"#)).to_vec();
    let failed = rejected("unique_ids", json!({}), payloads);
    assert_eq!(failed, [failure(2, "sql_23505")]);
    assert_eq!(ids(server(), "unique_ids"), [1, 2, 3]);
}

#[test]
fn given_a_trigger_that_refuses_should_reject_what_it_refuses() {
    server()
        .sql(
            "create table guarded (id bigint); \
             create function refuse() returns trigger language plpgsql as \
             $$ begin if new.id = 1 then raise exception 'not this one'; end if; return new; end $$; \
             create trigger guard before insert on guarded for each row execute function refuse()",
        )
        .unwrap();
    let payloads = [0, 1, 2].map(|id| format!(r#"{{"id": {id}}}"#)).to_vec();
    assert_eq!(rejected("guarded", json!({}), payloads), [failure(1, "sql_P0001")]);
    assert_eq!(ids(server(), "guarded"), [0, 2]);
}

#[test]
fn given_a_batch_of_nothing_but_refused_rows_should_take_it_in_parts() {
    server().sql("create table picky (id bigint check (id < 0))").unwrap();
    let mut sink = opened("picky", json!({}));
    let (mut first, mut calls, end) = (0, 0, 100);
    while first < end {
        let receipt = sink.consume(&numbered(first..end)).unwrap();
        assert!(receipt.handled() > 0, "each call gets on");
        assert_eq!(receipt.failures(), receipt.handled() as usize);
        first += u64::from(receipt.handled());
        calls += 1;
        assert_eq!(flush(&mut sink), first);
    }
    assert!(calls > 1);
}

#[test]
fn given_a_batch_without_a_row_should_still_move_the_position() {
    server().sql("create table nothing_fits (id bigint not null)").unwrap();
    let mut sink = opened("nothing_fits", json!({}));
    let receipt = sink.consume(&batch(0, ["{}", "{}"])).unwrap();
    assert_eq!(receipt.failures(), 2);
    assert_eq!(flush(&mut sink), 2);
    consume(&mut sink, &batch(2, [json!({ "id": 1 })]));
    assert_eq!(flush(&mut sink), 3);
    assert_eq!(ids(server(), "nothing_fits"), [1]);
}
