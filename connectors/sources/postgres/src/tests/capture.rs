//! Logical replication: what is told, in which order, and that nothing is missing.

use super::*;

#[test]
fn given_changes_should_tell_each_in_order() {
    let world = World::new("every_change");
    world.sql("create table $t (id int primary key, name text)");
    let mut source = started(&world.cdc(), None);
    settle(&mut source);
    world.sql("insert into $t values (1, 'one'), (2, 'two')");
    world
        .sql("begin; update $t set name = 'uno' where id = 1; delete from $t where id = 2; commit");
    world.sql("update $t set id = 3 where id = 1");
    world.sql("truncate $t restart identity");
    let read = drain(&mut source, 7);

    let told: Vec<Value> = read
        .json()
        .into_iter()
        .map(|mut change| {
            let object = change.as_object_mut().unwrap();
            assert_eq!(object.remove("schema"), Some(json!("public")));
            assert_eq!(object.remove("table"), Some(json!("every_change")));
            assert!(object.remove("xid").unwrap().is_u64());
            assert!(object.remove("lsn").unwrap().as_str().unwrap().parse::<lsn::Lsn>().is_ok());
            let time = object.remove("committed_at").unwrap();
            assert!(time.as_str().unwrap().starts_with("20"), "{time}");
            change
        })
        .collect();
    assert_eq!(
        told,
        [
            json!({"op": "insert", "sequence": 0, "after": {"id": 1, "name": "one"}}),
            json!({"op": "insert", "sequence": 1, "after": {"id": 2, "name": "two"}}),
            json!({"op": "update", "sequence": 0, "after": {"id": 1, "name": "uno"}}),
            json!({"op": "delete", "sequence": 1, "before": {"id": 2}}),
            // Another key is another row, in another partition.
            json!({"op": "delete", "sequence": 0, "before": {"id": 1}}),
            json!({"op": "insert", "sequence": 0, "after": {"id": 3, "name": "uno"}}),
            json!({"op": "truncate", "sequence": 0, "cascade": false, "restart_identity": true}),
        ]
    );
    let keys = ["1", "2", "1", "2", "1", "3"].map(|id| format!("public.every_change/{id}"));
    assert_eq!(read.keys()[..6], keys);
    assert_eq!(read.keys()[6], "public.every_change");
    let lsns = read.each("/lsn");
    let order: Vec<lsn::Lsn> =
        lsns.iter().map(|lsn| lsn.as_str().unwrap().parse().unwrap()).collect();
    assert!(order.is_sorted(), "{order:?}");
    let mut ids = read.ids();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 7, "every message has an id of its own");
}

#[test]
fn given_rows_should_tell_them_first_and_then_what_happens_to_them() {
    let world = World::new("rows_first");
    world.sql("create table $t (id int primary key, name text)");
    world.sql("insert into $t select n, 'row ' || n from generate_series(1, 25000) n");
    let mut source = started(&world.cdc(), None);
    while poll(&mut source, 0).cursor == Cursor(Position::Snapshot { lsn: None }) {}
    // The snapshot is taken; these are changes, however late its rows are read.
    world.sql("insert into $t values (25001, 'late'); update $t set name = 'changed' where id = 7");
    let rows = read(&mut source, 25_000, 999, true);
    assert!(rows.each("/op").iter().all(|op| op == "snapshot"));
    assert_eq!(rows.each("/after/id"), numbers(1..=25_000));
    assert_eq!(rows.json()[6]["after"]["name"], "row 7");
    assert_eq!(rows.keys()[6], "public.rows_first/7");
    let changes = drain(&mut source, 2);
    assert_eq!(changes.each("/op"), ["insert", "update"]);
    assert_eq!(changes.json()[1]["after"], json!({"id": 7, "name": "changed"}));
}

#[test]
fn given_a_writer_that_never_rests_should_neither_lose_nor_double_a_row() {
    let world = World::new("busy_writer");
    world.sql("create table $t (id int primary key)");
    world.sql("insert into $t select generate_series(1, 500)");
    let writer = std::thread::spawn(|| {
        for id in 501..=600 {
            shared().sql(&format!("insert into busy_writer values ({id})")).unwrap();
        }
    });
    let mut source = started(&world.cdc(), None);
    let read = read(&mut source, 600, 37, true);
    writer.join().unwrap();
    let mut ids = read.each("/after/id");
    ids.sort_by_key(Value::as_u64);
    assert_eq!(ids, numbers(1..=600));
}

#[test]
fn given_several_tables_should_tell_all_of_them() {
    let world = World::new("first_table");
    world.sql(
        "create table first_table (id int primary key); create table \"Second.Table\" (v text)",
    );
    world.sql("insert into first_table values (1); insert into \"Second.Table\" values ('x')");
    let mut config = world.cdc();
    config["cdc"]["tables"] = json!(["first_table", "public.\"Second.Table\""]);
    let mut source = started(&config, None);
    let rows = drain(&mut source, 2);
    assert_eq!(rows.each("/table"), ["Second.Table", "first_table"]);
    assert_eq!(rows.keys(), ["public.Second.Table", "public.first_table/1"]);
    settle(&mut source);
    world.sql("insert into \"Second.Table\" values ('y'); truncate first_table, \"Second.Table\"");
    let changes = drain(&mut source, 3);
    assert_eq!(changes.each("/op"), ["insert", "truncate", "truncate"]);
    let mut tables = changes.each("/table")[1..].to_vec();
    tables.sort_by_key(ToString::to_string);
    assert_eq!(tables, ["Second.Table", "first_table"]);
    assert_ne!(changes.ids()[1], changes.ids()[2]);
}

#[test]
fn given_a_partitioned_table_should_tell_its_partitions_or_its_root() {
    let world = World::new("parted");
    world.sql(
        "create table $t (id int primary key) partition by range (id); \
         create table parted_low partition of $t for values from (0) to (10); \
         create table parted_high partition of $t for values from (10) to (20)",
    );
    world.sql("insert into $t values (1), (11)");
    let mut source = started(&world.cdc(), None);
    let rows = drain(&mut source, 2);
    assert_eq!(rows.keys(), ["public.parted_high/11", "public.parted_low/1"]);
    settle(&mut source);
    world.sql("insert into $t values (2)");
    assert_eq!(drain(&mut source, 1).keys(), ["public.parted_low/2"]);
    source.close();

    let rooted = World::new("parted_root");
    rooted.sql("create publication $t for table parted with (publish_via_partition_root)");
    let mut config = rooted.cdc();
    config["cdc"]["tables"] = json!([]);
    let mut source = started(&config, None);
    let rows = drain(&mut source, 3);
    assert_eq!(rows.each("/table"), ["parted", "parted", "parted"]);
    settle(&mut source);
    rooted.sql("insert into parted values (12)");
    assert_eq!(drain(&mut source, 1).keys(), ["public.parted/12"]);
}

#[test]
fn given_no_snapshot_should_only_tell_changes() {
    let world = World::new("changes_only");
    world.sql("create table $t (id int primary key); insert into $t values (1)");
    let mut config = world.cdc();
    config["cdc"]["snapshot"] = json!(false);
    drop(started(&config, None));
    // Kept by the slot while nobody reads; no cursor was ever saved.
    world.sql("insert into $t values (2)");
    let mut source = started(&config, None);
    assert_eq!(drain(&mut source, 1).each("/after/id"), [json!(2)]);
}

#[test]
fn given_a_publication_with_a_filter_and_columns_should_keep_to_it() {
    let world = World::new("narrow");
    world.sql("create table $t (id int primary key, name text, secret text)");
    world.sql("insert into $t values (1, 'a', 'x'), (2, 'b', 'y')");
    world.sql("create publication $t for table $t (id, name) where (id > 1)");
    let mut source = started(&world.cdc(), None);
    assert_eq!(drain(&mut source, 1).each("/after"), [json!({"id": 2, "name": "b"})]);
    settle(&mut source);
    world.sql("insert into $t values (0, 'no', 'z'), (3, 'c', 'z')");
    assert_eq!(drain(&mut source, 1).each("/after"), [json!({"id": 3, "name": "c"})]);
}

#[test]
fn given_a_transaction_that_began_before_should_wait_for_it_poll_by_poll() {
    use kennel_postgres::{Client, ConnectionConfig};
    // Of its own: the others would wait as well.
    let server = Server::start().unwrap();
    let world = World::on(&server, "long_transaction");
    world.sql("create table $t (id int primary key); insert into $t values (1)");
    let config = world.cdc();
    let connection: ConnectionConfig =
        serde_json::from_value(config["connection"].clone()).unwrap();
    let mut other = Client::connect(&connection).unwrap();
    let mut other_does = |sql: &str| {
        other.run(async |session| Ok(session.batch_execute(sql).await?)).unwrap();
    };
    other_does("begin; insert into long_transaction values (2)");
    let mut source = started(&config, None);
    for _ in 0..3 {
        let polled = poll(&mut source, 10);
        assert_eq!((polled.records.len(), polled.progress), (0, Progress::Idle));
        source.confirm(polled.cursor).unwrap();
    }
    other_does("commit");
    assert_eq!(drain(&mut source, 2).each("/after/id"), numbers(1..=2));
    settle(&mut source);
    world.sql("insert into $t values (3)");
    assert_eq!(drain(&mut source, 1).each("/after/id"), [json!(3)]);
}

#[test]
fn given_nothing_to_read_should_wait_no_longer_than_it_may() {
    let world = World::new("patient");
    world.sql("create table $t (id int primary key)");
    let mut source = started(&world.cdc(), None);
    settle(&mut source);
    let limit = Limit { wait: Duration::from_millis(400), ..limit(10) };
    // Others use the server meanwhile, and their changes move the position without a record of ours.
    let idle = (0..100).find_map(|_| {
        let begun = Instant::now();
        let polled = testing::poll_with(&mut source, &limit).unwrap();
        assert!(polled.records.is_empty());
        (polled.progress == Progress::Idle).then(|| begun.elapsed())
    });
    let waited = idle.expect("nothing happens for once");
    assert!(waited >= Duration::from_millis(390), "{waited:?}");
    assert!(waited < Duration::from_secs(5), "{waited:?}");
}

#[test]
fn given_an_encrypted_connection_should_read_over_it() {
    let server = Server::builder().tls().start().unwrap();
    let world = World::on(&server, "encrypted");
    world.sql("create table $t (id int primary key); insert into $t values (1)");
    let mut config = world.cdc();
    config["connection"]["tls"] = json!("verify-full");
    config["connection"]["ca"] = json!(server.authority().unwrap());
    let mut source = started(&config, None);
    drain(&mut source, 1);
    settle(&mut source);
    world.sql("insert into $t values (2)");
    assert_eq!(drain(&mut source, 1).each("/after/id"), [json!(2)]);

    config["connection"]["ca"] = Value::Null;
    match open(&config).map(drop) {
        Err(Error::InvalidConfig(detail)) => assert!(detail.contains("tls"), "{detail}"),
        other => panic!("{other:?}"),
    }
}
