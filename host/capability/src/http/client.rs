//! The one HTTP client of the process.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;

use super::connect::CheckedResolver;
use super::request_body::RequestBody;
use super::trust::{Trust, TrustError};
use crate::network::{Naming, Resolver, SystemResolver};

/// Idle connections are closed after this.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
/// Most idle connections kept to one host.
const IDLE_PER_HOST: usize = 32;

pub(super) type Pool = Client<HttpsConnector<HttpConnector<CheckedResolver>>, RequestBody>;

/// The one HTTP client of the process, and who looks names up for it and for TCP.
///
/// Connections are pooled by how a name is granted: a name granted in full may lead to private
/// addresses, and one covered by `*` may not. With a pool for each, a connection is only ever used
/// again under the rule that its address was checked by, whichever connector opened it. Everything else
/// that grants distinguish (scheme, host, port, path) is checked for each request before it reaches a
/// pool, and a pool's own key is scheme, host and port.
#[derive(Clone)]
pub struct HttpClient {
    in_full: Pool,
    by_wildcard: Pool,
    resolver: Arc<dyn Resolver>,
}

/// A client that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum HttpClientError {
    /// The authorities cannot be loaded.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The TLS library refuses its own defaults.
    #[error("cannot set up TLS")]
    Tls(#[from] rustls::Error),
}

impl HttpClient {
    /// A client that trusts the Mozilla roots and asks the machine's resolver.
    ///
    /// # Errors
    /// When the TLS library refuses its own defaults.
    pub fn new() -> Result<Self, HttpClientError> {
        Self::with(&Trust::default(), Arc::new(SystemResolver))
    }

    /// A client that trusts these authorities and asks this resolver.
    ///
    /// # Errors
    /// When the authorities cannot be loaded.
    pub fn with(trust: &Trust, resolver: Arc<dyn Resolver>) -> Result<Self, HttpClientError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(trust.roots()?)
            .with_no_client_auth();
        Ok(Self {
            in_full: pool(Naming::Full, &resolver, tls.clone()),
            by_wildcard: pool(Naming::Wildcard, &resolver, tls),
            resolver,
        })
    }

    /// The connections for hosts that are granted so.
    pub(super) fn pool(&self, naming: Naming) -> &Pool {
        match naming {
            Naming::Full => &self.in_full,
            Naming::Wildcard => &self.by_wildcard,
        }
    }

    /// Who looks names up.
    pub(crate) fn resolver(&self) -> &Arc<dyn Resolver> {
        &self.resolver
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("HttpClient").field("resolver", &self.resolver).finish()
    }
}

/// No proxy from the environment, no redirects, HTTP/1.1.
fn pool(naming: Naming, resolver: &Arc<dyn Resolver>, tls: rustls::ClientConfig) -> Pool {
    let resolver = CheckedResolver { naming, resolver: Arc::clone(resolver) };
    let mut tcp = HttpConnector::new_with_resolver(resolver);
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http()
        .enable_http1()
        .wrap_connector(tcp);
    Client::builder(TokioExecutor::new())
        .pool_idle_timeout(IDLE_TIMEOUT)
        .pool_max_idle_per_host(IDLE_PER_HOST)
        .build(connector)
}
