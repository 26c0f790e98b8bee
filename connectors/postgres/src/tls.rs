//! TLS within the component: rustls with algorithms in Rust, so that a guest needs no C compiler.

use std::fs;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::channel_binding::end_point;
use crate::{ClientError, Tls};

/// What encrypts connections: with a check of the certificate against `ca` or the public authorities, or without.
pub(crate) fn connector(
    encryption: Tls,
    authorities: Option<&str>,
) -> Result<TlsConnector, ClientError> {
    let provider = Arc::new(rustls_rustcrypto::provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| ClientError::Tls(error.to_string()))?;
    let config = match encryption {
        Tls::VerifyFull => builder.with_root_certificates(roots(authorities)?),
        Tls::Require | Tls::Disable => {
            builder.dangerous().with_custom_certificate_verifier(Arc::new(Unchecked(provider)))
        }
    };
    Ok(TlsConnector::from(Arc::new(config.with_no_client_auth())))
}

fn roots(authorities: Option<&str>) -> Result<RootCertStore, ClientError> {
    let mut roots = RootCertStore::empty();
    let Some(authorities) = authorities else {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        return Ok(roots);
    };
    let pem = match authorities.contains("-----BEGIN") {
        true => authorities.as_bytes().to_vec(),
        false => fs::read(authorities).map_err(|error| {
            ClientError::Tls(format!(
                "cannot read `ca` {authorities}: {error}; is it granted under [[grants.files]]?"
            ))
        })?,
    };
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate =
            certificate.map_err(|error| ClientError::Tls(format!("`ca` is not PEM: {error}")))?;
        roots.add(certificate).map_err(|error| ClientError::Tls(format!("`ca`: {error}")))?;
    }
    if roots.is_empty() {
        return Err(ClientError::Tls("`ca` holds no certificate".to_owned()));
    }
    Ok(roots)
}

/// Accepts every certificate, but not a peer that cannot prove to own it.
#[derive(Debug)]
struct Unchecked(Arc<CryptoProvider>);

impl ServerCertVerifier for Unchecked {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// One handshake with a server of a known name.
pub(crate) struct Handshake {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl Handshake {
    pub(crate) fn new(connector: TlsConnector, host: &str) -> Result<Self, ClientError> {
        let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned());
        let name =
            name.map_err(|_| ClientError::Tls(format!("`{host}` is no name for a certificate")))?;
        Ok(Self { connector, name })
    }

    pub(crate) async fn connect(self, stream: TcpStream) -> io::Result<Encrypted> {
        Ok(Encrypted(self.connector.connect(self.name, stream).await?))
    }
}

/// Why a handshake failed. A certificate that does not fit will not fit at the next attempt either.
pub(crate) fn failed(address: String, error: io::Error) -> ClientError {
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>());
    match cause {
        Some(rustls::Error::InvalidCertificate(_)) => ClientError::Tls(error.to_string()),
        _ => ClientError::Lost { address, source: error },
    }
}

/// An encrypted connection that knows what it is bound to.
pub(crate) struct Encrypted(tokio_rustls::client::TlsStream<TcpStream>);

impl Encrypted {
    /// Digest of the server's certificate.
    pub(crate) fn end_point(&self) -> Option<Vec<u8>> {
        let (_, session) = self.0.get_ref();
        let certificate = session.peer_certificates().and_then(<[_]>::first);
        certificate.and_then(|certificate| end_point(certificate))
    }
}

impl AsyncRead for Encrypted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for Encrypted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}
