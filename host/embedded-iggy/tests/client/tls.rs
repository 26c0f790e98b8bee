//! TLS with the client's own verification.

use embedded_iggy::{Server, ServerError, Tls};
use iggy::prelude::*;

use crate::support::{create_topic, numbered, payloads, poll, send};

struct Identity {
    folder: tempfile::TempDir,
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl Identity {
    fn new() -> Self {
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let made = rcgen::generate_simple_self_signed(names).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("cert.pem"), made.cert.pem()).unwrap();
        std::fs::write(folder.path().join("key.pem"), made.signing_key.serialize_pem()).unwrap();
        let (certificate, key) = (made.cert.der().to_vec(), made.signing_key.serialize_der());
        Self { folder, certificate, key }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }
}

async fn client(address: std::net::SocketAddr, authority: std::path::PathBuf) -> IggyClient {
    let client = IggyClient::builder()
        .with_tcp()
        .with_server_address(address.to_string())
        .with_tls_enabled(true)
        .with_tls_domain("localhost".into())
        .with_tls_ca_file(authority.display().to_string())
        .with_reconnection_max_retries(Some(0))
        .build()
        .unwrap();
    client.connect().await.unwrap();
    client.login_user("iggy", "iggy").await.unwrap();
    client
}

#[tokio::test]
async fn given_a_certificate_when_a_client_verifies_it_should_work_over_tls() {
    let identity = Identity::new();
    let files =
        Tls::PemFiles { certificates: identity.path("cert.pem"), key: identity.path("key.pem") };
    let der =
        Tls::Der { certificates: vec![identity.certificate.clone()], key: identity.key.clone() };
    for tls in [files, der] {
        let server = Server::builder().tls(tls).start().await.unwrap();
        let client = client(server.local_addr(), identity.path("cert.pem")).await;
        create_topic(&client, 1).await;
        send(&client, 0, &mut numbered(0..1000)).await;
        let polled = poll(&client, 0, PollingStrategy::first(), 1000).await;
        assert_eq!(payloads(&polled)[999], "999");
        client.shutdown().await.unwrap();
        server.shutdown().await;
    }
}

#[tokio::test]
async fn given_a_tls_server_when_a_client_speaks_plain_should_close() {
    let identity = Identity::new();
    let tls =
        Tls::Der { certificates: vec![identity.certificate.clone()], key: identity.key.clone() };
    let server = Server::builder().tls(tls).start().await.unwrap();
    let client = IggyClient::builder()
        .with_tcp()
        .with_server_address(server.local_addr().to_string())
        .with_reconnection_max_retries(Some(0))
        .build()
        .unwrap();
    client.connect().await.unwrap();
    assert!(client.login_user("iggy", "iggy").await.is_err());
}

#[tokio::test]
async fn given_no_usable_certificate_when_starting_should_refuse() {
    let identity = Identity::new();
    for tls in [
        Tls::PemFiles { certificates: identity.path("none.pem"), key: identity.path("key.pem") },
        Tls::PemFiles { certificates: identity.path("key.pem"), key: identity.path("cert.pem") },
        Tls::Der { certificates: vec![vec![1, 2, 3]], key: identity.key.clone() },
        Tls::Der { certificates: vec![identity.certificate.clone()], key: vec![1, 2, 3] },
    ] {
        let result = Server::builder().tls(tls).start().await;
        assert!(matches!(result, Err(ServerError::Tls(_))));
    }
}
