//! Rows by insert, upsert and copy; tables that are made and grow.

use kennel_postgres_sink::PostgresSink;
use kennel_sdk::prelude::*;
use kennel_sdk::testing::{self, BatchBuilder};
use serde_json::json;

use crate::support::{batch, config, consume, flush, opened, server};

#[test]
fn given_a_table_should_fill_columns_from_fields_of_their_name() {
    server()
        .sql(
            "create table by_name (id bigint, name varchar(20), price numeric(8,2), paid boolean, \
             at timestamptz, tags text[], more jsonb, key uuid, note text default 'none', \
             twice bigint generated always as (id * 2) stored, row bigserial)",
        )
        .unwrap();
    let mut sink = opened("by_name", json!({}));

    consume(
        &mut sink,
        &batch(
            0,
            [
                json!({
                    "id": 1, "name": "tent \\ \"two\"\t\n", "price": 99.949, "paid": true,
                    "at": "2026-01-01T12:00:00+01:00", "tags": ["a b", "c,d", null], "more": {"x": [1]},
                    "key": "936da01f-9abd-4d9d-80c7-02af85c822a8", "note": "n", "row": 77, "unknown": 1,
                }),
                json!({ "id": "2", "name": null }),
            ],
        ),
    );
    assert_eq!(flush(&mut sink), 2);

    let rows = server()
        .sql(
            "select id, name, price, paid, at at time zone 'UTC', tags, more, key, note, twice, row \
             from by_name order by id",
        )
        .unwrap();
    assert_eq!(
        rows[0],
        [
            "1",
            "tent \\ \"two\"\t\n",
            "99.95",
            "t",
            "2026-01-01 11:00:00",
            r#"{"a b","c,d",NULL}"#,
            r#"{"x": [1]}"#,
            "936da01f-9abd-4d9d-80c7-02af85c822a8",
            "n",
            "2",
            "77"
        ]
    );
    let null = "NULL";
    let expected = ["2", null, null, null, null, null, null, null, "none", "4", "1"];
    assert_eq!(rows[1], expected);
    assert_eq!(testing::counter("rows_total"), 2);
}

#[test]
fn given_columns_should_create_the_table_and_fill_them_from_paths_and_facts() {
    server().sql("create schema mapped").unwrap();
    let columns = json!({ "create": true, "positions_table": "mapped.positions", "columns": [
        { "name": "id", "type": "bigint", "path": "order.id" },
        { "name": "first sku", "type": "text", "path": "/order/lines/0/sku" },
        { "name": "at_offset", "type": "bigint", "source": "offset" },
        { "name": "partition", "type": "int", "source": "partition" },
        { "name": "topic", "type": "text", "source": "topic" },
        { "name": "taken", "type": "timestamptz", "source": "timestamp" },
        { "name": "taken_micros", "type": "bigint", "source": "timestamp" },
        { "name": "message", "type": "uuid", "source": "id" },
        { "name": "region", "type": "text", "source": "header:region" },
        { "name": "retries", "type": "int", "source": "header:retries" },
        { "name": "whole", "type": "jsonb", "source": "payload" },
        { "name": "bytes", "type": "bytea", "source": "payload" },
    ]});
    let mut sink = opened("mapped.orders", columns);
    let messages = BatchBuilder::json([r#"{"order": {"id": 7, "lines": [{"sku": "A1"}]}}"#, "{}"])
        .origin("shop", "orders", 3)
        .offset(40)
        .timestamps([1_767_268_800_123_456, 0])
        .ids([0x936d_a01f_9abd_4d9d_80c7_02af_85c8_22a8, 1])
        .header(0, "region", "eu")
        .header(0, "retries", 5_u8);

    consume(&mut sink, &messages.build());
    assert_eq!(flush(&mut sink), 42);

    let row = &server()
        .sql(
            "select id, \"first sku\", at_offset, partition, topic, taken at time zone 'UTC', \
             taken_micros, message, region, retries, whole, convert_from(bytes, 'UTF8') \
             from mapped.orders order by at_offset",
        )
        .unwrap()[0];
    let whole = r#"{"order": {"id": 7, "lines": [{"sku": "A1"}]}}"#;
    assert_eq!(
        *row,
        [
            "7",
            "A1",
            "40",
            "3",
            "orders",
            "2026-01-01 12:00:00.123456",
            "1767268800123456",
            "936da01f-9abd-4d9d-80c7-02af85c822a8",
            "eu",
            "5",
            whole,
            whole
        ]
    );
}

#[test]
fn given_upsert_should_keep_the_last_message_of_each_key() {
    let mut sink = opened(
        "prices",
        json!({ "mode": "upsert", "keys": ["shop", "sku"], "create": true, "columns": [
            { "name": "sku", "type": "text" }, { "name": "price", "type": "int" },
            { "name": "shop", "type": "int" },
        ]}),
    );
    let price = |sku: &str, price: u32| json!({ "shop": 1, "sku": sku, "price": price });

    consume(&mut sink, &batch(0, [price("a", 1), price("b", 1), price("a", 2)]));
    consume(&mut sink, &batch(3, [price("b", 3)]));
    flush(&mut sink);
    consume(&mut sink, &batch(4, [price("a", 4), price("c", 4)]));
    flush(&mut sink);

    let rows = server().sql("select sku, price from prices order by sku").unwrap();
    assert_eq!(rows, [["a", "4"], ["b", "3"], ["c", "4"]]);
}

#[test]
fn given_copy_should_write_the_same_rows() {
    server().sql("create table copied (id bigint, text text, list int[], json jsonb)").unwrap();
    let mut sink = opened("copied", json!({ "mode": "copy" }));
    let awkward = "\\N tab\t line\n return\r \\. quote\" 'single' ☃";

    consume(
        &mut sink,
        &batch(
            0,
            [
                json!({ "id": 1, "text": awkward, "list": [1, null], "json": { "a": "\\n" } }),
                json!({ "id": 2, "text": "" }),
                json!({ "id": 3, "text": "\\." }),
            ],
        ),
    );
    flush(&mut sink);

    let rows = server().sql("select text, list, json from copied order by id").unwrap();
    assert_eq!(rows[0], [awkward, "{1,NULL}", r#"{"a": "\\n"}"#]);
    assert_eq!(rows[1], ["", "NULL", "NULL"]);
    assert_eq!(rows[2][0], "\\.");
}

#[test]
fn given_no_table_and_no_columns_should_create_one_for_whole_payloads() {
    let mut sink = opened("whole", json!({ "create": true }));
    consume(&mut sink, &batch(5, [json!({ "a": 1 }), json!([2])]));
    flush(&mut sink);
    drop(sink);
    // Opened again, the table is there.
    let mut sink = opened("whole", json!({ "create": true }));
    consume(&mut sink, &batch(7, [json!("three")]));
    flush(&mut sink);

    let rows = server()
        .sql("select topic, partition, \"offset\", payload from whole order by \"offset\"")
        .unwrap();
    assert_eq!(rows[0], ["orders", "3", "5", r#"{"a": 1}"#]);
    assert_eq!(rows[1][3], "[2]");
    assert_eq!(rows[2][3], r#""three""#);
}

#[test]
fn given_evolve_should_add_a_column_for_each_new_field() {
    let mut sink = opened("grown", json!({ "create": true, "evolve": true }));
    consume(&mut sink, &batch(0, [json!({ "id": 1, "name": "a" })]));
    // What is held when the table changes is not lost.
    consume(
        &mut sink,
        &batch(
            1,
            [
                json!({ "id": 2, "total": 1 }),
                json!({ "id": 3, "total": 2.5, "mixed": "x", "ok": true, "nothing": null }),
                json!({ "id": 4, "mixed": 1, "a\"b": [1] }),
            ],
        ),
    );
    assert_eq!(flush(&mut sink), 4);

    let columns = server()
        .sql(
            "select column_name, data_type from information_schema.columns \
             where table_name = 'grown' order by column_name",
        )
        .unwrap();
    let expected = [
        ["a\"b", "jsonb"],
        ["id", "bigint"],
        ["mixed", "jsonb"],
        ["name", "text"],
        ["ok", "boolean"],
        ["total", "numeric"],
    ];
    assert_eq!(columns, expected);
    let rows = server().sql("select id, name, total, mixed from grown order by id").unwrap();
    assert_eq!(rows[0], ["1", "a", "NULL", "NULL"]);
    assert_eq!(rows[2], ["3", "NULL", "2.5", "\"x\""]);
    assert_eq!(rows[3], ["4", "NULL", "NULL", "1"]);
}

#[test]
fn given_listed_columns_that_are_missing_should_add_them_only_with_evolve() {
    server().sql("create table extended (id bigint)").unwrap();
    let columns = json!([{ "name": "id", "type": "bigint" }, { "name": "note", "type": "text" }]);
    let more = |evolve: bool| json!({ "evolve": evolve, "columns": columns });

    let refused = testing::open_sink::<PostgresSink>(config(server(), "extended", more(false)));
    assert!(matches!(refused.err(), Some(Error::InvalidConfig(detail)) if detail.contains("note")));

    let mut sink = opened("extended", more(true));
    consume(&mut sink, &batch(0, [json!({ "id": 1, "note": "n" })]));
    flush(&mut sink);
    assert_eq!(server().value("select note from extended").unwrap(), "n");
}

#[test]
fn given_a_table_that_cannot_work_should_say_so_when_opened() {
    server().sql("create table without_key (id bigint)").unwrap();
    for (table, more, named) in [
        ("absent", json!({}), "no table"),
        ("without_key", json!({ "mode": "upsert", "keys": ["id"] }), "ON CONFLICT"),
    ] {
        let opened = testing::open_sink::<PostgresSink>(config(server(), table, more));
        let Some(Error::InvalidConfig(detail)) = opened.err() else { panic!("{table}") };
        assert!(detail.contains(named), "{detail}");
    }
}

#[test]
fn given_lanes_that_open_at_once_should_create_everything_once() {
    let opened = std::thread::scope(|scope| {
        let lanes: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| drop(opened("at_once", json!({ "create": true })))))
            .collect();
        lanes.into_iter().map(|lane| lane.join().is_ok()).collect::<Vec<_>>()
    });
    assert_eq!(opened, [true; 4]);
}

#[test]
fn given_a_lane_that_is_writing_should_let_the_table_grow_after_its_flush() {
    server().sql("create table growing (id bigint)").unwrap();
    let mut writing = opened("growing", json!({ "evolve": true }));
    consume(&mut writing, &batch(0, [json!({ "id": 0 })]));
    let mut growing: PostgresSink =
        testing::open_sink(config(server(), "growing", json!({ "evolve": true }))).unwrap();
    let other = Origin { partition: 9, ..crate::support::origin() };
    growing.assign(&other, None).unwrap();
    let new_field =
        BatchBuilder::json([json!({ "id": 1, "note": "n" })]).origin("shop", "orders", 9);
    let new_field = new_field.build();

    let waited = growing.consume(&new_field).map(|receipt| receipt.handled());
    assert!(matches!(waited, Err(Error::Unavailable { .. })), "{waited:?}");
    assert_eq!(flush(&mut writing), 1);
    consume(&mut growing, &new_field);
    assert_eq!(growing.flush().unwrap()[0].next, 1);
    // Who does not know the column yet learns it from its own first message with it.
    consume(&mut writing, &batch(1, [json!({ "id": 2, "note": "m" })]));
    assert_eq!(flush(&mut writing), 2);

    let rows = server().sql("select id, note from growing order by id").unwrap();
    assert_eq!(rows, [["0", "NULL"], ["1", "n"], ["2", "m"]]);
}
