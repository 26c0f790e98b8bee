//! The client against a real server.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed step is a failed test")]

use std::time::Duration;

use kennel_postgres::{Client, ClientError, ConnectionConfig};
use kennel_sdk::{Error, testing};
use kennel_test_backends::Postgres;
use serde_json::{Value, json};

fn config(server: &Postgres, more: Value) -> ConnectionConfig {
    let mut config = json!({
        "host": server.host(), "port": server.port(), "user": server.user(),
        "password": server.password(), "database": server.database(),
    });
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(config).unwrap()
}

async fn one(session: &kennel_postgres::Session) -> Result<i32, ClientError> {
    Ok(session.query_one("select 1", &[]).await?.try_get(0)?)
}

#[test]
fn given_no_answer_in_time_should_give_up_and_go_on_in_a_new_session() {
    let server = Postgres::start().unwrap();
    let mut client = Client::connect(&config(&server, json!({ "timeout_ms": 200 }))).unwrap();
    let first = client.connected().unwrap();

    let slow = client.run(async |session| Ok(session.batch_execute("select pg_sleep(60)").await?));
    assert!(matches!(slow, Err(ClientError::Timeout { .. })), "{slow:?}");
    assert!(matches!(Error::from(slow.unwrap_err()), Error::Unavailable { .. }));

    let lost = client.run_in(first, one);
    assert!(matches!(lost, Err(ClientError::SessionLost)), "{lost:?}");
    assert_eq!(client.run(one).unwrap(), 1);
    assert_eq!(client.connected().unwrap(), first + 1);
    let longer = Duration::from_secs(20);
    let rested = client.run_within(longer, async |session| {
        Ok(session.batch_execute("select pg_sleep(0.4)").await?)
    });
    assert!(rested.is_ok(), "{rested:?}");
}

#[test]
fn given_an_error_of_a_statement_should_keep_the_session_and_tell_what_it_means() {
    let server = Postgres::start().unwrap();
    let mut client = Client::connect(&config(&server, json!({}))).unwrap();
    let session = client.connected().unwrap();
    let mut fail = |sql: &str| {
        let failed = client.run(async |session| Ok(session.batch_execute(sql).await?));
        let error = failed.unwrap_err();
        (error.is_data(), Error::from(error))
    };

    for sql in ["select 1/0", "select 'x'::text::int", "do $$ begin raise 'no'; end $$"] {
        assert!(fail(sql).0, "{sql}");
    }
    for sql in ["select * from absent", "selec", "select absent.f()"] {
        let (is_data, error) = fail(sql);
        assert!(!is_data && matches!(error, Error::InvalidConfig(_)), "{sql}: {error}");
    }
    for code in ["40001", "40P01", "53300", "57014", "55P03"] {
        let sql = format!("do $$ begin raise 'x' using errcode = '{code}'; end $$");
        let (is_data, error) = fail(&sql);
        assert!(!is_data && matches!(error, Error::Unavailable { .. }), "{code}: {error}");
    }
    for code in ["42501", "28000"] {
        let sql = format!("do $$ begin raise 'x' using errcode = '{code}'; end $$");
        assert!(matches!(fail(&sql).1, Error::Unauthorized(_)), "{code}");
    }
    assert_eq!(client.connected().unwrap(), session);
}

#[test]
fn given_a_full_server_should_be_unavailable_until_there_is_room() {
    let server = Postgres::builder()
        .setting("max_connections", "3")
        .setting("superuser_reserved_connections", "0")
        .start()
        .unwrap();
    let config = config(&server, json!({}));
    let mut taken = Vec::new();
    let full = loop {
        match Client::connect(&config) {
            Ok(client) => taken.push(client),
            Err(error) => break Error::from(error),
        }
    };
    assert!(matches!(full, Error::Unavailable { .. }), "{full}");
    assert_eq!(taken.len(), 3);
    taken.pop().unwrap().close();
    // The server needs a moment to notice; the client's own limit is the patience.
    let again = (0..200).find_map(|_| Client::connect(&config).ok());
    assert_eq!(again.unwrap().run(one).unwrap(), 1);
}

#[test]
fn given_a_password_that_stays_in_the_host_should_log_in_by_scram_and_not_otherwise() {
    let mut server = Postgres::start().unwrap();
    testing::set_secret("pw", server.password());
    let named =
        |server: &Postgres, name: &str| config(server, json!({ "password": { "secret": name } }));
    let mut client = Client::connect(&named(&server, "pw")).unwrap();
    assert_eq!(client.run(one).unwrap(), 1);
    testing::set_secret("wrong", "wrong");
    for name in ["wrong", "absent"] {
        let error = Error::from(Client::connect(&named(&server, name)).err().unwrap());
        assert!(matches!(error, Error::Unauthorized(_)), "{name}: {error}");
    }

    // In clear text and by MD5 the component has to learn it.
    for method in ["password", "md5"] {
        let rules = format!("local all all scram-sha-256\nhost all all 127.0.0.1/32 {method}\n");
        std::fs::write(server.folder().join("data/pg_hba.conf"), rules).unwrap();
        let stored = if method == "md5" { "md5" } else { "scram-sha-256" };
        server.restart().unwrap();
        let role = format!("set password_encryption = '{stored}'; drop role if exists reader; ");
        server.sql(&format!("{role} create role reader login password 'r'")).unwrap();
        testing::set_secret("reader", "r");
        let more = json!({ "user": "reader", "password": { "secret": "reader" } });
        let reader = config(&server, more);
        testing::reveal_secrets(false);
        let error = Error::from(Client::connect(&reader).err().unwrap()).to_string();
        assert!(error.starts_with("unauthorized") && error.contains("scram-sha-256"), "{error}");
        testing::reveal_secrets(true);
        assert_eq!(Client::connect(&reader).unwrap().run(one).unwrap(), 1, "{method}");
    }
}

#[test]
fn given_tls_should_bind_a_login_with_a_granted_password_to_the_certificate() {
    let server = Postgres::builder().tls().start().unwrap();
    testing::set_secret("pw", server.password());
    let more = json!({
        "host": "localhost", "tls": "verify-full", "ca": server.authority().unwrap(),
        "password": { "secret": "pw" },
    });
    let mut client = Client::connect(&config(&server, more)).unwrap();
    assert_eq!(client.run(one).unwrap(), 1);
}
