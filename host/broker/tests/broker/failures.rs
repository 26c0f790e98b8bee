use std::error::Error;
use std::time::{Duration, Instant};

use kennel_broker::testing::TestBroker;
use kennel_broker::{
    BrokerConfig, BrokerError, Connection, Credentials, GroupMember, Partitioning, Tls,
};
use secrecy::SecretString;
use tokio::net::TcpListener;

use crate::support::{Relay, message, send};

fn password(username: &str, password: &str) -> Credentials {
    Credentials::Password { username: username.into(), password: SecretString::from(password) }
}

#[tokio::test]
async fn given_an_awkward_password_sign_in_should_work() {
    let awkward = "p@ss:w/o?rd#%20 \"ü\\&=";
    let broker = TestBroker::embedded("o:p@rator", awkward).await.unwrap();
    Connection::connect(&broker.config()).await.unwrap();
    let printed = format!("{:?}", broker.config());
    assert!(!printed.contains("w/o"), "{printed}");
}

#[tokio::test]
async fn given_a_wrong_password_or_token_connect_should_say_so() {
    let broker = TestBroker::start().await.unwrap();
    let wrong = [
        password("iggy", "not the password"),
        password("nobody", "iggy"),
        Credentials::Token(SecretString::from("no-such-token")),
    ];
    for credentials in wrong {
        let config = BrokerConfig { credentials, ..broker.config() };
        let error = Connection::connect(&config).await.unwrap_err();
        assert!(matches!(error, BrokerError::Unauthenticated { .. }), "{error:?}");
        assert!(!error.is_transient());
    }
}

#[tokio::test]
async fn given_nobody_listening_connect_should_fail_at_once_with_the_reason() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let config = BrokerConfig { address, credentials: password("iggy", "iggy"), tls: None };
    let started = Instant::now();
    let error = Connection::connect(&config).await.unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(3));
    assert!(matches!(error, BrokerError::Unreachable { .. }), "{error:?}");
    assert!(error.is_transient() && error.is_disconnected());
    assert!(error.source().unwrap().to_string().contains("refused"), "{error:?}");
}

#[tokio::test]
async fn given_a_listener_that_closes_connect_should_fail_as_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { while listener.accept().await.is_ok() {} });
    let config = BrokerConfig { address, credentials: password("iggy", "iggy"), tls: None };
    let error = Connection::connect(&config).await.unwrap_err();
    assert!(matches!(error, BrokerError::Unreachable { .. }), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn given_a_listener_that_never_answers_connect_should_give_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let config = BrokerConfig { address, credentials: password("iggy", "iggy"), tls: None };
    let error = Connection::connect(&config).await.unwrap_err();
    assert!(matches!(error, BrokerError::Unreachable { .. }), "{error:?}");
    drop(listener);
}

#[tokio::test]
async fn given_a_broker_that_falls_silent_a_request_should_time_out() {
    let broker = TestBroker::start().await.unwrap();
    let relay = Relay::start(broker.config().address).await;
    let config = BrokerConfig { address: relay.address.to_string(), ..broker.config() };
    let connection = Connection::connect(&config).await.unwrap();
    connection.ping().await.unwrap();
    relay.silent.send(true).unwrap();
    // From here on only the clock moves.
    tokio::time::pause();
    let error = connection.ping().await.unwrap_err();
    assert!(matches!(error, BrokerError::Timeout { .. }), "{error:?}");
    assert!(error.is_transient() && error.is_disconnected() && !connection.is_alive());
    let next = connection.ping().await.unwrap_err();
    assert!(matches!(next, BrokerError::Disconnected { .. }), "{next:?}");
}

#[tokio::test]
async fn given_a_broker_that_stops_calls_should_fail_and_a_new_connection_work() {
    let broker = TestBroker::embedded("iggy", "iggy").await.unwrap();
    let target = broker.create_topic("stop", 1).await.unwrap();
    let connection = Connection::connect(&broker.config()).await.unwrap();
    let mut member = GroupMember::join(&broker.config(), &target, "group").await.unwrap();
    send(&connection, &target, 0, 1).await;
    broker.stop().await.unwrap();

    let started = Instant::now();
    let error =
        connection.send(&target, Partitioning::Partition(0), vec![message("x")]).await.unwrap_err();
    assert!(error.is_disconnected() && error.is_transient(), "{error:?}");
    assert!(!connection.is_alive());
    let error = member.poll(0, 0, 1).await.unwrap_err();
    assert!(error.is_disconnected(), "{error:?}");
    assert!(started.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn given_a_ca_file_that_is_missing_connect_should_blame_the_configuration() {
    let broker = TestBroker::start().await.unwrap();
    let tls = Tls { ca_file: Some("/does/not/exist.pem".into()), domain: None };
    let config = BrokerConfig { tls: Some(tls), ..broker.config() };
    let error = Connection::connect(&config).await.unwrap_err();
    assert!(matches!(error, BrokerError::Configuration(_)), "{error:?}");
}
