use std::error::Error;
use std::time::{Duration, Instant};

use embedded_iggy::{Command as Commands, Fault};
use iggy::prelude::{
    Client, IggyClient, PersonalAccessTokenClient, PersonalAccessTokenExpiry, UserClient,
};
use iggy_binary_protocol::consensus::{EvictionReason, HEADER_SIZE};
use iggy_binary_protocol::requests::users::LoginRegisterWithPatRequest;
use iggy_binary_protocol::{Command, SIZE_FIELD_OFFSET, WireDecode, read_size_field};
use kennel_broker::testing::TestBroker;
use kennel_broker::{
    BrokerConfig, BrokerError, Connection, Credentials, GroupMember, Partitioning, Poll, Tls,
};
use secrecy::{ExposeSecret, SecretString};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
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
async fn given_a_wrong_user_or_password_connect_should_say_so() {
    let broker = TestBroker::start().await.unwrap();
    for credentials in [password("iggy", "not the password"), password("nobody", "iggy")] {
        let config = BrokerConfig { credentials, ..broker.config() };
        let error = Connection::connect(&config).await.unwrap_err();
        assert!(matches!(error, BrokerError::Unauthenticated { .. }), "{error:?}");
        assert!(!error.is_transient());
    }
}

#[tokio::test]
async fn given_a_token_of_the_broker_sign_in_should_work() {
    let broker = TestBroker::embedded("iggy", "iggy").await.unwrap();
    let client = IggyClient::builder()
        .with_tcp()
        .with_server_address(broker.config().address)
        .build()
        .unwrap();
    client.connect().await.unwrap();
    client.login_user("iggy", "iggy").await.unwrap();
    let created = client
        .create_personal_access_token("test", PersonalAccessTokenExpiry::NeverExpire)
        .await
        .unwrap();
    let config =
        BrokerConfig { credentials: Credentials::Token(created.token.into()), ..broker.config() };
    Connection::connect(&config).await.unwrap().ping().await.unwrap();
    let credentials = Credentials::Token(SecretString::from("no-such-token"));
    let error = Connection::connect(&BrokerConfig { credentials, ..config }).await.unwrap_err();
    assert!(matches!(error, BrokerError::Unauthenticated { .. }), "{error:?}");
}

/// Reads one request, and refuses it as a wrong token. Answers the request's body.
async fn refuse_token(listener: TcpListener) -> Vec<u8> {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut header = [0; HEADER_SIZE];
    stream.read_exact(&mut header).await.unwrap();
    let mut body = vec![0; read_size_field(&header).unwrap() as usize - HEADER_SIZE];
    stream.read_exact(&mut body).await.unwrap();
    let mut refusal = [0; HEADER_SIZE];
    refusal[SIZE_FIELD_OFFSET..SIZE_FIELD_OFFSET + 4]
        .copy_from_slice(&(HEADER_SIZE as u32).to_le_bytes());
    refusal[60] = Command::Eviction as u8;
    refusal[255] = EvictionReason::InvalidToken as u8;
    stream.write_all(&refusal).await.unwrap();
    body
}

#[tokio::test]
async fn given_a_token_it_should_be_sent_as_one_and_its_refusal_be_told() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let request = tokio::spawn(refuse_token(listener));
    let credentials = Credentials::Token(SecretString::from("tok:en/17"));
    let config = BrokerConfig { address, credentials, tls: None };
    let error = Connection::connect(&config).await.unwrap_err();
    assert!(matches!(error, BrokerError::Unauthenticated { .. }), "{error:?}");
    let sent = LoginRegisterWithPatRequest::decode_from(&request.await.unwrap()).unwrap();
    assert_eq!(sent.token.expose_secret(), "tok:en/17");
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
    broker.stop().await;

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

#[tokio::test]
async fn given_a_send_whose_answer_is_lost_it_should_be_an_outage_of_unknown_outcome() {
    let broker = TestBroker::embedded("iggy", "iggy").await.unwrap();
    let target = broker.create_topic("lost", 1).await.unwrap();
    let connection = Connection::connect(&broker.config()).await.unwrap();
    broker.server().unwrap().faults().inject(Commands::Send, Fault::LoseReply, 1);
    let to = Partitioning::Partition(0);
    let error = connection.send(&target, to, vec![message("once")]).await.unwrap_err();
    assert!(error.is_disconnected() && error.is_transient(), "{error:?}");
    assert!(!connection.is_alive());
    let next = Connection::connect(&broker.config()).await.unwrap();
    let info = next.topic(&target.stream, &target.topic).await.unwrap().unwrap();
    assert_eq!(info.messages, 1, "stored once, and not sent again behind our back");
}

#[tokio::test]
async fn given_a_broker_that_refuses_the_code_should_be_kept_and_the_connection_live() {
    let broker = TestBroker::embedded("iggy", "iggy").await.unwrap();
    let target = broker.create_topic("refused", 1).await.unwrap();
    let mut member = GroupMember::join(&broker.config(), &target, "group").await.unwrap();
    let faults = broker.server().unwrap().faults();
    faults.inject(Commands::Poll, Fault::Refuse(4011), 1);
    let error = member.poll(0, 0, 1).await.unwrap_err();
    assert!(matches!(error, BrokerError::Refused { code: 4011, .. }), "{error:?}");
    faults.inject(Commands::Poll, Fault::Refuse(5009), 1);
    assert!(matches!(member.poll(0, 0, 1).await.unwrap(), Poll::NotAssigned));
    assert!(matches!(member.poll(0, 0, 1).await.unwrap(), Poll::Empty { .. }));
    // Not admitted: the client asks again by itself.
    faults.inject(Commands::Poll, Fault::Refuse(58), 2);
    assert!(matches!(member.poll(0, 0, 1).await.unwrap(), Poll::Empty { .. }));
}
