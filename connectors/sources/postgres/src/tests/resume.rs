//! Logical replication: what a crash at any moment costs, and what the server may forget.

use super::*;
use crate::cursor::Changes;

/// A source that reads changes of a table with rows 1 to `rows`; all of them are read and confirmed.
fn streaming(world: &World<'_>, rows: u32) -> Postgres {
    world.sql("create table $t (id int primary key)");
    world.sql(&format!("insert into $t select generate_series(1, {rows})"));
    let mut source = started(&world.cdc(), None);
    drain(&mut source, rows as usize);
    settle(&mut source);
    source
}

#[test]
fn given_a_crash_within_a_transaction_should_go_on_within_it() {
    let world = World::new("cut_transaction");
    let mut source = streaming(&world, 1);
    world.sql("insert into $t select generate_series(2, 11)");
    world.sql("insert into $t values (12)");
    let first = read(&mut source, 4, 4, false);
    let again = read(&mut source, 7, 7, false);
    drop(source);

    let mut source = restarted(&world.cdc(), &first.cursor);
    let rest = drain(&mut source, 7);
    assert_eq!(rest.each("/after/id"), numbers(6..=12));
    assert_eq!(rest.ids(), again.ids(), "the same at every reading");
    assert_eq!(rest.each("/sequence")[0], 4);
}

#[test]
fn given_going_back_should_read_the_same_again() {
    let world = World::new("going_back");
    let mut source = streaming(&world, 1);
    let before = settle(&mut source);
    world.sql("insert into $t values (2); insert into $t values (3)");
    let first = read(&mut source, 2, 10, false);
    source.start(Some(before)).unwrap();
    let second = read(&mut source, 2, 10, false);
    assert_eq!(first.ids(), second.ids());
    assert_eq!(first.json(), second.json());
}

#[test]
fn given_messages_should_let_the_server_forget_only_what_is_confirmed() {
    let world = World::new("forgetting");
    let mut source = streaming(&world, 1);
    let before = world.confirmed();
    world.sql("insert into $t values (2)");
    let written: lsn::Lsn = world.value("select pg_current_wal_lsn()").parse().unwrap();
    let read = read(&mut source, 1, 10, false);
    source.tick().unwrap();
    poll(&mut source, 10);
    assert!(world.confirmed() < written, "not confirmed");

    source.confirm(read.cursor.clone()).unwrap();
    let Position::Changes(changes) = read.cursor.0 else { panic!() };
    let moved = format!(
        "select confirmed_flush_lsn >= '{}' from pg_replication_slots where slot_name = '$t'",
        changes.lsn
    );
    world.until(&moved);
    assert!(world.confirmed() > before);
}

#[test]
fn given_a_part_of_a_transaction_should_not_let_the_server_forget_it() {
    let world = World::new("half_confirmed");
    let mut source = streaming(&world, 1);
    world.sql("insert into $t select generate_series(2, 9)");
    let half = read(&mut source, 4, 4, true);
    let Position::Changes(Changes { lsn, part: Some(part), .. }) = half.cursor.0 else { panic!() };
    assert_eq!(part.changes, 4);
    assert!(lsn <= part.commit);
    drop(source);
    let mut source = restarted(&world.cdc(), &half.cursor);
    assert_eq!(drain(&mut source, 4).each("/after/id"), numbers(6..=9));
}

#[test]
fn given_changes_of_other_tables_should_let_the_server_forget_them() {
    let world = World::new("quiet_table");
    let mut source = streaming(&world, 1);
    world.sql("create table quiet_other as select generate_series(1, 1000)");
    let written = world.value("select pg_current_wal_lsn()");
    let deadline = Instant::now() + PATIENCE;
    while world.confirmed() < written.parse().unwrap() {
        let polled = poll(&mut source, 10);
        assert!(polled.records.is_empty());
        source.confirm(polled.cursor).unwrap();
        assert!(Instant::now() < deadline, "the log would be kept for ever");
    }
}

#[test]
fn given_a_crash_within_a_snapshot_should_begin_it_anew_and_leave_nothing_behind() {
    let world = World::new("half_snapshot");
    world.sql("create table $t (id int primary key)");
    world.sql("insert into $t select generate_series(1, 10)");
    let mut source = started(&world.cdc(), None);
    let first = read(&mut source, 4, 4, true);
    assert!(matches!(first.cursor.0, Position::Snapshot { .. }));
    drop(source);
    world.until("select count(*) = 0 from pg_replication_slots where slot_name like '$t%'");

    world.sql("insert into $t values (11)");
    let mut source = restarted(&world.cdc(), &first.cursor);
    assert_eq!(drain(&mut source, 11).each("/after/id"), numbers(1..=11));
    settle(&mut source);
    world.sql("insert into $t values (12)");
    assert_eq!(drain(&mut source, 1).each("/after/id"), [json!(12)]);
}

#[test]
fn given_a_crash_before_the_snapshot_is_confirmed_should_begin_it_anew() {
    let world = World::new("unconfirmed_snapshot");
    world.sql("create table $t (id int primary key)");
    world.sql("insert into $t select generate_series(1, 3)");
    let mut source = started(&world.cdc(), None);
    let rows = read(&mut source, 3, 10, false);
    let last = if matches!(rows.cursor.0, Position::Changes(_)) {
        rows.cursor
    } else {
        poll(&mut source, 10).cursor
    };
    assert!(matches!(last.0, Position::Changes(Changes { unslotted: true, .. })), "{last:?}");
    let waiting = poll(&mut source, 10);
    assert!(waiting.records.is_empty());
    assert_eq!(waiting.cursor, last);
    drop(source);

    world.sql("insert into $t values (4)");
    // The host confirms again, although there is nothing left that could be made to last.
    let mut source = restarted(&world.cdc(), &last);
    assert_eq!(drain(&mut source, 4).each("/after/id"), numbers(1..=4));
}

#[test]
fn given_a_crash_right_after_the_slot_was_made_should_go_on_with_it() {
    let world = World::new("just_slotted");
    world.sql("create table $t (id int primary key); insert into $t values (1)");
    let mut source = started(&world.cdc(), None);
    drain(&mut source, 1);
    let last = poll(&mut source, 10).cursor;
    source.confirm(last.clone()).unwrap();
    drop(source);
    world.sql("insert into $t values (2)");
    let saved = match last.0 {
        Position::Changes(changes) => {
            Cursor(Position::Changes(Changes { unslotted: true, ..changes }))
        }
        other => panic!("{other:?}"),
    };
    let mut source = restarted(&world.cdc(), &saved);
    assert_eq!(drain(&mut source, 1).each("/after/id"), [json!(2)]);
}

#[test]
fn given_a_crash_after_every_batch_should_lose_nothing() {
    let world = World::new("many_crashes");
    let mut source = streaming(&world, 1);
    let mut cursor = settle(&mut source);
    for first in [2, 12, 22, 32] {
        world.sql(&format!("insert into $t select generate_series({first}, {})", first + 9));
    }
    let mut ids = Vec::new();
    while ids.len() < 40 {
        drop(source);
        source = restarted(&world.cdc(), &cursor);
        let read = read(&mut source, 5, 5, false);
        ids.extend(read.each("/after/id"));
        cursor = read.cursor;
    }
    assert_eq!(ids, numbers(2..=41));
}
