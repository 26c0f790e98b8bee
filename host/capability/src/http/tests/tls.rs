//! Whom HTTPS requests believe.

use std::fs;
use std::path::PathBuf;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use tokio_rustls::TlsAcceptor;

use super::*;

/// A server with a certificate for `localhost`, and the file of the authority that gave it.
async fn private_server() -> (Server, tempfile::TempDir, PathBuf) {
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    fs::write(&file, params.self_signed(&key).unwrap().pem()).unwrap();
    let issuer = Issuer::new(params, key);
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap().pem();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()],
            PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).unwrap(),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let server = Server::serve(OK.into(), move |stream| {
        let acceptor = acceptor.clone();
        async move { acceptor.accept(stream).await.ok() }
    });
    (server.await, folder, file)
}

fn guest(host: &str, port: u16, trust: &Trust) -> Guest {
    let client = HttpClient::with(trust, Arc::new(SystemResolver)).unwrap();
    let rules = vec![Rule { scheme: "https", ..rule(host, port) }];
    Guest::with(rules, client, StoreLimits::default())
}

#[tokio::test]
async fn given_the_file_of_a_private_authority_should_believe_its_servers() {
    let (server, _folder, file) = private_server().await;
    let url = format!("https://localhost:{}/", server.port);
    for public in [true, false] {
        let trust = Trust { public, files: vec![file.clone()] };
        assert_eq!(guest("localhost", server.port, &trust).get(&url).await, Ok(200));
    }
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn given_an_unknown_authority_or_another_name_should_send_nothing() {
    let (server, _folder, file) = private_server().await;
    let port = server.port;
    let private = Trust { public: true, files: vec![file] };
    for (host, trust) in [("localhost", &Trust::default()), ("127.0.0.1", &private)] {
        let outcome = guest(host, port, trust).get(&format!("https://{host}:{port}/")).await;
        assert_eq!(outcome, refused("TlsCertificateError"), "{host}");
    }
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn given_a_server_without_tls_should_not_speak_in_clear() {
    let server = Server::start(OK).await;
    let port = server.port;
    let mut guest = guest("127.0.0.1", port, &Trust::default());
    let outcome = guest.get(&format!("https://127.0.0.1:{port}/")).await;
    assert!(outcome.is_err(), "{outcome:?}");
    assert!(server.requests().is_empty());
}
