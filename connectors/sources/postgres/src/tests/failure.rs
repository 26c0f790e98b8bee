//! Logical replication: what stops it, what it waits for, and what it says.

use super::*;

#[test]
fn given_a_lost_slot_should_say_so_and_never_skip() {
    let world = World::new("dropped_slot");
    world.sql("create table $t (id int primary key)");
    let mut source = started(&world.cdc(), None);
    let cursor = settle(&mut source);
    source.close();
    world.until("select not active from pg_replication_slots where slot_name = '$t'");
    world.sql("select pg_drop_replication_slot('$t')");
    world.sql("insert into $t values (1)");
    let again = || open(&world.cdc()).unwrap().start(Some(cursor.clone()));
    stops(again(), "slot dropped_slot is lost: it is not there any more");
    // Somebody made a new one, which does not have the changes in between.
    world.sql("select pg_create_logical_replication_slot('$t', 'pgoutput')");
    stops(again(), "slot dropped_slot is lost: it was moved on");
}

#[test]
fn given_an_invalidated_slot_should_say_so() {
    let server = Server::builder()
        .setting("max_slot_wal_keep_size", "1MB")
        .setting("min_wal_size", "32MB")
        .setting("max_wal_size", "32MB")
        .start()
        .unwrap();
    let world = World::on(&server, "invalidated");
    world.sql("create table $t (id int primary key)");
    let mut source = started(&world.cdc(), None);
    let cursor = settle(&mut source);
    source.close();
    for id in 1..=5 {
        world.sql(&format!("insert into $t values ({id})"));
        world.sql("select pg_switch_wal()");
    }
    world.sql("checkpoint");
    world.until("select wal_status = 'lost' from pg_replication_slots where slot_name = '$t'");
    stops(open(&world.cdc()).unwrap().start(Some(cursor)), "slot invalidated is lost");
}

#[test]
fn given_a_slot_that_is_in_use_should_wait_for_it() {
    let world = World::new("busy_slot");
    world.sql("create table $t (id int primary key)");
    let mut first = started(&world.cdc(), None);
    let cursor = settle(&mut first);
    // During a swap the new version opens, and starts only when the old one is gone.
    let mut second = open(&world.cdc()).unwrap();
    match second.start(Some(cursor.clone())) {
        Err(Error::Unavailable { detail, .. }) => assert!(detail.contains("busy_slot"), "{detail}"),
        other => panic!("{other:?}"),
    }
    first.close();
    drop(started(&world.cdc(), Some(cursor)));
}

#[test]
fn given_a_slot_without_a_saved_position_should_not_guess() {
    let world = World::new("foreign_slot");
    world.sql("create table $t (id int primary key)");
    world.sql("select pg_create_logical_replication_slot('$t', 'pgoutput')");
    stops(open(&world.cdc()).unwrap().start(None), "slot foreign_slot is there already");
    let mut config = world.cdc();
    config["cdc"]["snapshot"] = json!(false);
    world.sql("select pg_drop_replication_slot('$t')");
    world.sql("select pg_create_logical_replication_slot('$t', 'test_decoding')");
    stops(open(&config).unwrap().start(None), "has to be pgoutput");
    world.sql("select pg_drop_replication_slot('$t')");
    config["cdc"]["create_slot"] = json!(false);
    stops(open(&config).unwrap().start(None), "there is no replication slot foreign_slot");
}

#[test]
fn given_a_publication_that_does_not_fit_should_say_so() {
    let world = World::new("publication");
    world.sql("create table $t (id int primary key); create table publication_other (id int)");
    let mut config = world.cdc();
    config["cdc"]["tables"] = json!([]);
    stops(open(&config).unwrap().start(None), "there is no publication publication");
    world.sql("create publication $t for table publication_other");
    stops(open(&world.cdc()).unwrap().start(None), "is not part of the publication publication");
    config["cdc"]["tables"] = json!(["missing"]);
    stops(open(&config).unwrap().start(None), "\"missing\" is not part");
}

#[test]
fn given_a_server_without_a_logical_log_should_say_so() {
    let server = Server::builder().setting("wal_level", "replica").start().unwrap();
    let world = World::on(&server, "physical");
    world.sql("create table $t (id int primary key)");
    stops(open(&world.cdc()).unwrap().start(None), "wal_level");
}

#[test]
fn given_a_wrong_password_should_wait_for_the_operator() {
    let world = World::new("password");
    let mut config = world.cdc();
    config["connection"]["password"] = json!("wrong");
    match open(&config).map(drop) {
        Err(Error::Unauthorized(detail)) => assert!(!detail.contains("wrong"), "{detail}"),
        other => panic!("{other:?}"),
    }
}

/// Polls until it answers; every error on the way says that it may pass.
fn recovered(source: &mut Postgres, count: usize) -> Vec<Value> {
    let deadline = Instant::now() + PATIENCE;
    let mut read = Vec::new();
    while read.len() < count {
        assert!(Instant::now() < deadline, "{read:?}");
        match testing::poll_with(source, &limit(100)) {
            Ok(polled) => {
                read.extend(polled.records.iter().map(Emitted::json));
                // What is not confirmed now is with a later cursor.
                drop(source.confirm(polled.cursor));
            }
            Err(Error::Unavailable { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
    read
}

#[test]
fn given_a_server_that_comes_back_should_go_on_where_it_was() {
    let mut server = Server::start().unwrap();
    let config = {
        let world = World::on(&server, "comes_back");
        world.sql("create table $t (id int primary key); create table rows (id int primary key)");
        world.cdc()
    };
    let mut source = started(&config, None);
    settle(&mut source);
    let rows = json!({"mode": "increasing", "table": "rows", "column": "id"});
    let rows = World::on(&server, "none").config(rows);
    let mut rows = started(&rows, None);
    server.sql("insert into comes_back values (1); insert into rows values (1)").unwrap();
    assert_eq!(recovered(&mut source, 1)[0]["after"]["id"], 1);
    assert_eq!(recovered(&mut rows, 1)[0]["id"], 1);

    server.kill().unwrap();
    for source in [&mut source, &mut rows] {
        for _ in 0..2 {
            match testing::poll_with(source, &limit(10)) {
                Err(Error::Unavailable { .. }) => {}
                other => panic!("{other:?}"),
            }
        }
    }
    server.restart().unwrap();
    server.sql("insert into comes_back values (2); insert into rows values (2)").unwrap();
    assert_eq!(recovered(&mut source, 1)[0]["after"]["id"], 2);
    assert_eq!(recovered(&mut rows, 1)[0]["id"], 2);
}

#[test]
fn given_a_server_that_ends_within_a_snapshot_should_begin_it_anew() {
    let mut server = Server::start().unwrap();
    let config = {
        let world = World::on(&server, "ends_early");
        world.sql("create table $t (id int primary key)");
        world.sql("insert into $t select generate_series(1, 5)");
        world.cdc()
    };
    let mut source = started(&config, None);
    assert_eq!(read(&mut source, 2, 2, true).each("/after/id"), numbers(1..=2));
    server.kill().unwrap();
    server.restart().unwrap();
    server.sql("insert into ends_early values (6)").unwrap();
    let read = recovered(&mut source, 6);
    let ids: Vec<_> = read.iter().map(|change| change["after"]["id"].clone()).collect();
    assert_eq!(ids, numbers(1..=6));
}
