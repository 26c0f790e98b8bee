//! Rows that are deleted or marked once they are in Iggy, and not before.

use super::*;

/// A table with rows 1 to `rows`, and a configuration to empty it.
fn emptying(world: &World<'_>, rows: u32) -> Value {
    world.sql("create table $t (id int primary key, name text)");
    world.sql(&format!("insert into $t select n, 'n' || n from generate_series(1, {rows}) n"));
    world.config(json!({"mode": "delete", "table": world.name}))
}

fn left(world: &World<'_>) -> String {
    world.value("select coalesce(string_agg(id::text, ',' order by id), 'none') from $t")
}

#[test]
fn given_rows_should_delete_them_only_when_they_are_confirmed() {
    let world = World::new("deleting");
    let mut source = started(&emptying(&world, 5), None);
    let first = read(&mut source, 3, 3, false);
    let second = read(&mut source, 2, 10, false);
    assert_eq!(second.each("/id"), numbers(4..=5), "not the first again");
    assert_eq!(poll(&mut source, 10).records.len(), 0);
    assert_eq!(left(&world), "1,2,3,4,5");
    source.confirm(first.cursor.clone()).unwrap();
    assert_eq!(left(&world), "4,5");
    source.confirm(first.cursor).unwrap();
    assert_eq!(left(&world), "4,5");
    source.confirm(second.cursor).unwrap();
    assert_eq!(left(&world), "none");
    world.sql("insert into $t values (2, 'back')");
    assert_eq!(drain(&mut source, 1).each("/name"), [json!("back")]);
    assert_eq!(left(&world), "none");
}

#[test]
fn given_a_confirmation_that_was_lost_should_make_up_for_it_with_the_next() {
    let world = World::new("cumulative");
    let mut source = started(&emptying(&world, 6), None);
    read(&mut source, 2, 2, false);
    let second = read(&mut source, 2, 2, false);
    source.confirm(second.cursor).unwrap();
    assert_eq!(left(&world), "5,6");
}

#[test]
fn given_a_crash_should_need_nothing_but_the_cursor_to_delete() {
    let world = World::new("delete_crash");
    let config = emptying(&world, 4);
    let mut source = started(&config, None);
    let saved = read(&mut source, 2, 2, false);
    // Read, but the cursor was not saved: comes again, with the same id.
    let unsaved = read(&mut source, 2, 2, false);
    drop(source);
    let mut source = restarted(&config, &saved.cursor);
    assert_eq!(left(&world), "3,4");
    let again = read(&mut source, 2, 10, false);
    assert_eq!(again.ids(), unsaved.ids());
    source.confirm(again.cursor).unwrap();
    assert_eq!(left(&world), "none");
}

#[test]
fn given_a_row_that_was_changed_or_replaced_since_should_read_it_again_before_it_goes() {
    let world = World::new("changed_since");
    let config = emptying(&world, 3);
    let mut source = started(&config, None);
    let first = read(&mut source, 3, 10, false);
    world.sql("update $t set name = 'changed' where id = 2");
    world.sql("delete from $t where id = 3; insert into $t values (3, 'another')");
    source.confirm(first.cursor.clone()).unwrap();
    assert_eq!(left(&world), "2,3");
    let second = drain(&mut source, 2);
    assert_eq!(second.each("/name"), ["changed", "another"]);
    assert_ne!(second.ids()[0], first.ids()[1], "another version, another message");
    assert_eq!(left(&world), "none");
    // Repeated after a start that was long ago: the key is in use again, by a row that nobody has read.
    world.sql("insert into $t values (1, 'new')");
    drop(source);
    let mut source = restarted(&config, &first.cursor);
    assert_eq!(left(&world), "1");
    assert_eq!(drain(&mut source, 1).each("/name"), [json!("new")]);
}

#[test]
fn given_more_rows_than_a_cursor_can_name_should_wait_for_confirmation() {
    let world = World::new("full_cursor");
    world.sql("create table $t (a uuid, b text, primary key (a, b))");
    world.sql(
        "insert into $t select gen_random_uuid(), 'key \"' || n from generate_series(1, 2000) n",
    );
    let config = world.config(json!({"mode": "delete", "table": world.name}));
    let mut source = started(&config, None);
    let mut count = 0;
    loop {
        let polled = poll(&mut source, 300);
        count += polled.records.len();
        let cursor = serde_json::to_vec(&polled.cursor).unwrap();
        assert!(cursor.len() <= 64 * 1024, "{}", cursor.len());
        if polled.records.is_empty() {
            assert_eq!(polled.progress, Progress::Idle);
            assert!(count > 500, "{count}");
            assert!(count < 2000, "{count}");
            source.confirm(polled.cursor).unwrap();
            break;
        }
    }
    assert_eq!(world.value("select count(*) from $t"), (2000 - count).to_string());
    drain(&mut source, 2000 - count);
    assert_eq!(world.value("select count(*) from $t"), "0");
}

#[test]
fn given_rows_should_mark_them_when_they_are_confirmed() {
    let world = World::new("marking");
    world.sql("create table $t (id int primary key, name text, done timestamptz)");
    world.sql("insert into $t values (1, 'a', null), (2, 'b', null), (3, 'c', now())");
    let config = world.config(json!({
        "mode": "mark", "table": world.name, "set": "done = now()", "filter": "done is null", "columns": ["id", "name"],
    }));
    let mut source = started(&config, None);
    let read = read(&mut source, 2, 10, false);
    assert_eq!(read.json(), [json!({"id": 1, "name": "a"}), json!({"id": 2, "name": "b"})]);
    assert_eq!(read.keys(), ["marking/1", "marking/2"]);
    assert_eq!(world.value("select count(*) from $t where done is null"), "2");
    drop(source);
    let mut source = restarted(&config, &read.cursor);
    assert_eq!(world.value("select count(*) from $t where done is null"), "0");
    assert_eq!(poll(&mut source, 10).records.len(), 0);
    world.sql("update $t set done = null where id = 1");
    assert_eq!(drain(&mut source, 1).each("/id"), [json!(1)]);
}

#[test]
fn given_a_mark_that_marks_nothing_should_stop_instead_of_reading_for_ever() {
    let world = World::new("no_mark");
    world.sql("create table $t (id int primary key, done boolean default false)");
    world.sql("insert into $t values (1)");
    let config = world.config(json!({
        "mode": "mark", "table": world.name, "set": "done = false", "filter": "not done",
    }));
    let mut source = started(&config, None);
    let cursor = read(&mut source, 1, 10, false).cursor;
    stops(source.confirm(cursor), "read for ever");
}
