//! Values: the same in the snapshot, in changes and in the rows of a query.

use super::*;

const TABLE: &str = "create type $t_mood as enum ('sad', 'happy'); create domain $t_count as int; \
    create table $t (id bigint primary key, b boolean, i smallint, f double precision, n numeric, t text, c char(4), \
    by bytea, j json, jb jsonb, ts timestamp, tz timestamptz, d date, u uuid, a int[], at text[], m $t_mood, k $t_count)";
const ROW: &str = "insert into $t values (9007199254740993, true, -1, 'NaN', 123456789012345678901.50, 'naïve \"☃\"', 'ab', \
    '\\x00ff', '{\"a\": 1}', '[1, null]', '2026-01-31 12:00:00', '2026-01-31 12:00:00.5+02', '2026-01-31', \
    '0a0b0c0d-0000-4000-8000-000000000001', '{{1,2},{3,null}}', '{\"a b\",c}', 'happy', 7)";

fn expected() -> Value {
    json!({
        "id": 9_007_199_254_740_993_u64, "b": true, "i": -1, "f": "NaN", "n": "123456789012345678901.50",
        "t": "naïve \"☃\"", "c": "ab  ", "by": "AP8=", "j": {"a": 1}, "jb": [1, null],
        "ts": "2026-01-31T12:00:00", "tz": "2026-01-31T10:00:00.5Z", "d": "2026-01-31",
        "u": "0a0b0c0d-0000-4000-8000-000000000001", "a": [[1, 2], [3, null]], "at": ["a b", "c"],
        "m": "happy", "k": 7,
    })
}

#[test]
fn given_values_of_every_kind_should_be_the_same_in_snapshot_and_changes() {
    let world = World::new("kinds");
    // Whatever the server writes by default.
    world.sql("alter user kennel set datestyle = 'German'");
    world.sql(TABLE);
    world.sql(ROW);
    let mut source = started(&world.cdc(), None);
    assert_eq!(drain(&mut source, 1).json()[0]["after"], expected());
    settle(&mut source);
    world.sql("truncate $t");
    world.sql(ROW);
    assert_eq!(drain(&mut source, 2).json()[1]["after"], expected());
    world.sql("update $t set b = null, t = '', a = '{}'");
    let updated = &drain(&mut source, 1).json()[0]["after"];
    assert_eq!(
        (&updated["b"], &updated["t"], &updated["a"]),
        (&Value::Null, &json!(""), &json!([]))
    );
}

#[test]
fn given_values_of_every_kind_should_be_the_same_in_rows() {
    let world = World::new("row_kinds");
    world.sql(TABLE);
    world.sql(ROW);
    let config = world.config(json!({"mode": "increasing", "table": world.name, "column": "id"}));
    let mut source = started(&config, None);
    let mut expected = expected();
    // A cast to text drops the blanks that mean nothing in `char(n)`.
    expected["c"] = json!("ab");
    assert_eq!(drain(&mut source, 1).json()[0], expected);
}

#[test]
fn given_a_large_value_that_was_not_changed_should_mark_it() {
    let world = World::new("toast");
    world.sql("create table $t (id int primary key, body text, n int)");
    world.sql("alter table $t alter body set storage external");
    let mut source = started(&world.cdc(), None);
    settle(&mut source);
    world.sql("insert into $t values (1, repeat('x', 10000), 1)");
    world.sql("update $t set n = 2");
    let changes = drain(&mut source, 2).json();
    assert_eq!(changes[0]["after"]["body"].as_str().unwrap().len(), 10_000);
    assert_eq!(changes[1]["after"], json!({"id": 1, "n": 2}));
    assert_eq!(changes[1]["unchanged"], json!(["body"]));
}

#[test]
fn given_the_whole_row_as_identity_should_tell_all_of_what_was() {
    let world = World::new("full_identity");
    world.sql("create table $t (id int primary key, body text, n int)");
    world.sql("alter table $t alter body set storage external, replica identity full");
    let mut source = started(&world.cdc(), None);
    settle(&mut source);
    world.sql("insert into $t values (1, repeat('x', 10000), 1)");
    world.sql("update $t set n = 2");
    world.sql("delete from $t");
    let read = drain(&mut source, 3);
    let changes = read.json();
    assert_eq!(changes[1]["op"], "update");
    assert_eq!(changes[1]["before"]["n"], 1);
    assert_eq!(changes[1]["after"]["body"], changes[1]["before"]["body"], "known from before");
    assert_eq!(changes[1].get("unchanged"), None);
    assert_eq!(changes[2]["before"]["n"], 2);
    assert_eq!(read.keys(), ["public.full_identity/1"; 3]);
}

#[test]
fn given_no_key_at_all_should_keep_the_order_of_the_table() {
    let world = World::new("keyless");
    world.sql("create table $t (n int); alter table $t replica identity full");
    let mut source = started(&world.cdc(), None);
    settle(&mut source);
    world.sql("insert into $t values (1); update $t set n = 2; delete from $t");
    let read = drain(&mut source, 3);
    assert_eq!(read.each("/op"), ["insert", "update", "delete"]);
    assert_eq!(read.keys(), ["public.keyless"; 3]);
}

#[test]
fn given_another_column_while_reading_should_tell_it_from_then_on() {
    let world = World::new("altered");
    world.sql("create table $t (id int primary key)");
    let mut source = started(&world.cdc(), None);
    settle(&mut source);
    world.sql("insert into $t values (1)");
    world.sql("alter table $t add extra text default 'x'");
    world.sql("insert into $t values (2)");
    let read = drain(&mut source, 2);
    assert_eq!(read.each("/after"), [json!({"id": 1}), json!({"id": 2, "extra": "x"})]);
}
