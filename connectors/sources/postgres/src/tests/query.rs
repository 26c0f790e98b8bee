//! Rows of a query of the operator's own.

use super::*;

fn config(world: &World<'_>, query: &str, key: Value) -> Value {
    let query = query.replace("$t", world.name);
    world.config(
        json!({"mode": "query", "query": query, "column": "seen", "start_after": "0", "key": key}),
    )
}

#[test]
fn given_a_query_should_go_on_behind_its_last_value() {
    let world = World::new("own_query");
    world.sql("create table $t (id int, total numeric)");
    world.sql("insert into $t select n, n * 1.5 from generate_series(1, 20) n");
    let query = "select id as seen, sum(total) as total from $t where id > $1 group by id order by 1 limit 8;";
    let config = config(&world, query, json!(["seen"]));
    let mut source = started(&config, None);
    let first = read(&mut source, 20, 3, true);
    assert_eq!(first.each("/seen"), numbers(1..=20));
    assert_eq!(first.json()[0], json!({"seen": 1, "total": "1.5"}));
    assert_eq!(first.keys()[0], "query/1");
    world.sql("insert into $t values (21, 0)");
    let mut source = restarted(&config, &first.cursor);
    assert_eq!(drain(&mut source, 1).each("/seen"), [json!(21)]);
}

#[test]
fn given_equal_values_should_repeat_some_after_a_crash_but_lose_none() {
    let world = World::new("equal_values");
    world.sql("create table $t (id int, at int)");
    world.sql("insert into $t select n, n / 5 from generate_series(5, 14) n");
    let query = "select id, at as seen from $t where at > $1 order by at, id";
    let config = config(&world, query, json!([]));
    let mut source = started(&config, None);
    let first = read(&mut source, 7, 7, true);
    drop(source);
    let mut source = restarted(&config, &first.cursor);
    let rest = drain(&mut source, 5);
    assert_eq!(rest.each("/id"), numbers(10..=14), "the second value from its first row");
    assert!(rest.ids().is_empty(), "without a key, equal rows are not told apart");
}

#[test]
fn given_a_query_that_does_not_fit_should_say_so() {
    let world = World::new("wrong_query");
    world.sql("create table $t (id int)");
    for (query, words) in [
        ("select id as seen from $t", "takes 0 values"),
        ("select id as seen from $t where id > $1 and id < $2", "takes 2 values"),
        ("select id from $t where id > $1", "does not answer a column seen"),
        ("select nothing from nowhere", "nowhere"),
    ] {
        stops(open(&config(&world, query, json!([]))).map(drop), words);
    }
}
