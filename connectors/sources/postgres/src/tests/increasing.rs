//! Rows by a column that grows.

use super::*;

#[test]
fn given_rows_should_read_each_once_and_go_on_with_new_ones() {
    let world = World::new("increasing");
    world.sql("create table $t (id bigserial primary key, name text)");
    world.sql("insert into $t (name) select 'n' || n from generate_series(1, 25) n");
    let config = world.config(json!({"mode": "increasing", "table": world.name, "column": "id"}));
    let mut source = started(&config, None);
    let first = read(&mut source, 25, 10, true);
    assert_eq!(first.each("/id"), numbers(1..=25));
    assert_eq!(first.json()[0], json!({"id": 1, "name": "n1"}));
    assert_eq!(first.keys()[0], "increasing/1");
    let idle = poll(&mut source, 10);
    assert_eq!((idle.records.len(), idle.progress), (0, Progress::Idle));

    world.sql("insert into $t (name) values ('late')");
    drop(source);
    let mut source = restarted(&config, &idle.cursor);
    assert_eq!(drain(&mut source, 1).each("/id"), [json!(26)]);
    source.start(None).unwrap();
    let again = read(&mut source, 26, 100, true);
    assert_eq!(again.ids()[..25], first.ids());
}

#[test]
fn given_rows_of_one_instant_should_cut_between_them_without_loss() {
    let world = World::new("instants");
    world.sql("create table $t (id text primary key, at timestamptz)");
    world.sql(
        "insert into $t select 'r' || n, '2026-01-01T00:00:00Z'::timestamptz + (n / 10) * interval '1 second' \
         from generate_series(100, 139) n",
    );
    world.sql("insert into $t values ('never', null)");
    let config = world.config(json!({"mode": "increasing", "table": world.name, "column": "at"}));
    let mut cursor = None;
    let mut ids = Vec::new();
    // A crash after every batch, most of them within an instant.
    while ids.len() < 40 {
        let mut source = started(&config, cursor);
        let polled = poll(&mut source, 7);
        ids.extend(polled.records.iter().map(|record| record.json()["id"].clone()));
        cursor = Some(polled.cursor);
    }
    let expected: Vec<Value> = (100..=139).map(|n| json!(format!("r{n}"))).collect();
    assert_eq!(ids, expected);
}

#[test]
fn given_conditions_should_keep_to_them() {
    let world = World::new("conditions");
    world.sql("create table $t (id int primary key, at timestamptz, kind text, \"Odd name\" int)");
    world.sql(
        "insert into $t values (1, now() - interval '1 hour', 'a', 1), (2, now() - interval '59 minutes', 'b', 2), \
         (3, now() - interval '58 minutes', 'a', 3), (4, now() + interval '1 hour', 'a', 4)",
    );
    let config = world.config(json!({
        "mode": "increasing", "table": format!("public.{}", world.name), "column": "at",
        "columns": ["Odd name"], "filter": "kind = 'a' or false", "settle_ms": 60_000,
        "start_after": "2020-01-01",
    }));
    let mut source = started(&config, None);
    let read = drain(&mut source, 2);
    assert_eq!(read.json(), [json!({"Odd name": 1}), json!({"Odd name": 3})]);
    assert_eq!(poll(&mut source, 10).records.len(), 0, "the last is too young");
}

#[test]
fn given_large_rows_should_stay_near_the_limit_of_bytes() {
    let world = World::new("large_rows");
    world.sql("create table $t (id int primary key, body text)");
    world.sql("insert into $t select n, repeat('x', 10000) from generate_series(1, 50) n");
    let config = world.config(json!({"mode": "increasing", "table": world.name, "column": "id"}));
    let mut source = started(&config, None);
    let limit = Limit { messages: 1000, bytes: 50_000, wait: Duration::ZERO };
    let mut ids = Vec::new();
    while ids.len() < 50 {
        let polled = testing::poll_with(&mut source, &limit).unwrap();
        assert!(polled.records.len() <= 5, "{}", polled.records.len());
        ids.extend(polled.records.iter().map(|record| record.json()["id"].clone()));
    }
    assert_eq!(ids, numbers(1..=50));
}

#[test]
fn given_a_table_that_does_not_fit_should_say_so() {
    let world = World::new("no_key");
    world.sql("create table $t (id int)");
    let config = json!({"mode": "increasing", "table": world.name, "column": "id"});
    stops(open(&world.config(config)).map(drop), "no primary key");
    let config = json!({"mode": "increasing", "table": world.name, "column": "id", "key": ["id"]});
    let mut source = started(&world.config(config), None);
    world.sql("insert into $t values (1)");
    drain(&mut source, 1);
    for (table, column) in [("missing_table", "id"), ("no_key", "missing")] {
        let config = json!({"mode": "increasing", "table": table, "column": column, "key": ["id"]});
        let config = world.config(config);
        let answer = open(&config).and_then(|mut source| {
            source.start(None)?;
            testing::poll_with(&mut source, &limit(1)).map(drop)
        });
        stops(answer, "missing");
    }
}
