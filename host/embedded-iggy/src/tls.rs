//! TLS for client connections.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use crate::error::ServerError;

/// A server's certificate and private key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tls {
    /// Files in PEM.
    PemFiles {
        /// The certificate, followed by those of its issuers.
        certificates: PathBuf,
        /// The private key: PKCS #8, PKCS #1 or SEC 1.
        key: PathBuf,
    },
    /// In DER.
    Der {
        /// The certificate, followed by those of its issuers.
        certificates: Vec<Vec<u8>>,
        /// The private key: PKCS #8, PKCS #1 or SEC 1.
        key: Vec<u8>,
    },
}

impl Tls {
    /// Reads and checks certificate and key. Blocks.
    pub(crate) fn acceptor(self) -> Result<TlsAcceptor, ServerError> {
        let (certificates, key) = self.load()?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|config| config.with_no_client_auth().with_single_cert(certificates, key))
            .map_err(unusable)?;
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    fn load(self) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), ServerError> {
        match self {
            Self::PemFiles { certificates, key } => {
                let chain: Result<Vec<_>, _> =
                    CertificateDer::pem_file_iter(certificates).map_err(unusable)?.collect();
                let key = PrivateKeyDer::from_pem_file(key).map_err(unusable)?;
                Ok((chain.map_err(unusable)?, key))
            }
            Self::Der { certificates, key } => {
                let chain = certificates.into_iter().map(CertificateDer::from).collect();
                let key = PrivateKeyDer::try_from(key).map_err(unusable)?;
                Ok((chain, key))
            }
        }
    }
}

fn unusable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> ServerError {
    ServerError::Tls(error.into())
}
