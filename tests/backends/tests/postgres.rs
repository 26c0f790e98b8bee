//! The server itself, before connectors are tested against it.

use kennel_test_backends::Postgres;

#[test]
fn given_a_server_should_answer_and_survive_a_kill() {
    let mut server = Postgres::start().unwrap();
    server.sql("create table t (id int primary key, name text)").unwrap();
    server.sql("insert into t values (1, 'a|b'), (2, null)").unwrap();
    assert_eq!(server.value("show wal_level").unwrap(), "logical");

    server.kill().unwrap();
    server.restart().unwrap();

    let rows = server.sql("select id, name from t order by id").unwrap();
    assert_eq!(rows, [["1", "a|b"], ["2", "NULL"]]);
    server.restart().unwrap();
    assert_eq!(server.value("select count(*) from t").unwrap(), "2");
}

#[test]
fn given_two_servers_should_keep_them_apart_and_leave_nothing_behind() {
    let (first, second) = (Postgres::start().unwrap(), Postgres::start().unwrap());
    first.sql("create table only_here ()").unwrap();
    assert!(second.sql("select * from only_here").is_err());
    let folder = first.folder().to_owned();
    drop(first);
    assert!(!folder.exists());
}
