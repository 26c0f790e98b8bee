use std::path::PathBuf;
use std::sync::Arc;

use kennel_broker::testing::TestBroker;
use kennel_broker::{BrokerConfig, BrokerError, Connection, GroupMember, Tls};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::support::{payloads, send};

/// TLS in front of the test broker, with a certificate for `broker.test`.
struct TlsFront {
    config: BrokerConfig,
    ca_file: PathBuf,
    _folder: TempDir,
}

async fn front(broker: &TestBroker) -> TlsFront {
    let certified = rcgen::generate_simple_self_signed(["broker.test".to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let ca_file = folder.path().join("ca.pem");
    std::fs::write(&ca_file, certified.cert.pem()).unwrap();
    let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
    let server = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(server));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let upstream = broker.config().address;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, upstream) = (acceptor.clone(), upstream.clone());
            tokio::spawn(async move {
                let Ok(mut client) = acceptor.accept(stream).await else { return };
                let mut server = TcpStream::connect(upstream).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    TlsFront { config: BrokerConfig { address, ..broker.config() }, ca_file, _folder: folder }
}

#[tokio::test]
async fn given_a_trusted_certificate_messages_should_pass_over_tls() {
    let broker = TestBroker::start().await.unwrap();
    let target = broker.create_topic("tls", 1).await.unwrap();
    let front = front(&broker).await;
    let tls = Tls { ca_file: Some(front.ca_file.clone()), domain: Some("broker.test".into()) };
    let config = BrokerConfig { tls: Some(tls), ..front.config.clone() };
    let connection = Connection::connect(&config).await.unwrap();
    send(&connection, &target, 0, 3).await;
    let mut member = GroupMember::join(&config, &target, "group").await.unwrap();
    assert_eq!(payloads(&mut member, 0, 1).await, ["message 1", "message 2"]);
}

#[tokio::test]
async fn given_a_certificate_that_does_not_fit_connect_should_fail_and_speak_of_tls() {
    let broker = TestBroker::start().await.unwrap();
    let front = front(&broker).await;
    let unfit = [
        Tls { ca_file: None, domain: Some("broker.test".into()) },
        Tls { ca_file: Some(front.ca_file.clone()), domain: Some("other.test".into()) },
        Tls { ca_file: Some(front.ca_file.clone()), domain: None },
    ];
    for tls in unfit {
        let config = BrokerConfig { tls: Some(tls), ..front.config.clone() };
        match Connection::connect(&config).await.unwrap_err() {
            BrokerError::Unreachable { source, .. } => {
                assert!(source.to_string().contains("TLS"), "{source}");
            }
            other => panic!("{other:?}"),
        }
    }
}
