//! HTTP towards a registry: where a request may go, how long it may take, how much may come back.

mod challenge;
mod session;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::time::timeout;

pub(crate) use session::{Access, Blob, Session};

use crate::credentials::Credentials;
use crate::error::RegistryError;
use crate::progress::Progress;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Until an answer begins, and between its parts.
const PATIENCE: Duration = Duration::from_secs(30);
/// A transfer that is slower than this, in bytes a second, is given up.
const SLOWEST: u64 = 16 << 10;

pub(crate) struct Client {
    http: HyperClient<HttpsConnector<HttpConnector>, Full<Bytes>>,
    plain_http: Vec<String>,
    credentials: Credentials,
}

impl Client {
    /// A client that trusts the system's authorities, or Mozilla's where the system has none, and takes
    /// no proxy from the environment.
    pub(crate) fn new(
        plain_http: Vec<String>,
        credentials: Credentials,
    ) -> Result<Self, RegistryError> {
        let mut roots = rustls::RootCertStore::empty();
        let (added, _) =
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if added == 0 {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| RegistryError::Setup(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let http = HyperClient::builder(TokioExecutor::new()).build(connector);
        Ok(Self { http, plain_http, credentials })
    }

    /// Whether this host and port is spoken to without TLS: this machine, and what the operator named.
    fn is_plain(&self, authority: &str) -> bool {
        let host = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => host,
            _ => authority,
        };
        let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        host == "localhost"
            || address.is_ok_and(|address| address.is_loopback())
            || self.plain_http.iter().any(|known| known == authority)
    }

    /// Whether a request may go to `uri`.
    fn check_place(&self, uri: &Uri) -> Result<(), RegistryError> {
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        let refuse = |detail| {
            let scheme = uri.scheme_str().unwrap_or_default();
            // Path and query may hold tokens, and what stands before @ is a password.
            let host = uri.host().unwrap_or_default();
            Err(RegistryError::Place { place: format!("{scheme}://{host}"), detail })
        };
        if authority.contains('@') {
            return refuse("an address has no user name");
        }
        match uri.scheme_str() {
            Some("https") => Ok(()),
            Some("http") if self.is_plain(authority) => Ok(()),
            Some("http") => refuse("it has no TLS"),
            _ => refuse("it is not https"),
        }
    }

    /// Sends a request and returns when the answer begins.
    async fn send(
        &self,
        registry: &str,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, RegistryError> {
        use hyper::body::Body as _;
        self.check_place(request.uri())?;
        let length = request.body().size_hint().exact().unwrap_or_default();
        let sent = timeout(time_for(length), self.http.request(request)).await;
        sent.map_err(|_| RegistryError::Late { registry: registry.to_owned(), what: "answer" })?
            .map_err(|error| unreachable(registry, error))
    }
}

/// How long a transfer of so many bytes may take.
fn time_for(bytes: u64) -> Duration {
    PATIENCE + Duration::from_secs(bytes / SLOWEST)
}

fn unreachable(
    registry: &str,
    error: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> RegistryError {
    RegistryError::Unreachable { registry: registry.to_owned(), source: error.into() }
}

/// What an answer may hold.
#[derive(Clone, Copy)]
struct Expected {
    what: &'static str,
    limit: u64,
}

/// The whole body, at most as much as expected.
async fn read_body(
    registry: &str,
    body: Incoming,
    expected: Expected,
    progress: &dyn Progress,
) -> Result<Vec<u8>, RegistryError> {
    use hyper::body::Body as _;
    let total = body.size_hint().exact();
    let too_large = || RegistryError::TooLarge { what: expected.what, limit: expected.limit };
    if total.is_some_and(|total| total > expected.limit) {
        return Err(too_large());
    }
    let late = || RegistryError::Late { registry: registry.to_owned(), what: "send its answer" };
    let read = async {
        let mut body = body;
        let mut bytes = Vec::new();
        while let Some(frame) = timeout(PATIENCE, body.frame()).await.map_err(|_| late())? {
            let frame = frame.map_err(|error| unreachable(registry, error))?;
            let Some(data) = frame.data_ref() else { continue };
            if bytes.len() as u64 + data.len() as u64 > expected.limit {
                return Err(too_large());
            }
            bytes.extend_from_slice(data);
            progress.transferred(bytes.len() as u64, total);
        }
        Ok(bytes)
    };
    timeout(time_for(total.unwrap_or(expected.limit)), read).await.map_err(|_| late())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_places_should_go_without_tls_only_where_it_is_allowed() {
        let client =
            Client::new(vec!["registry.lan:5000".to_owned()], Credentials::anonymous()).unwrap();
        for (place, allowed) in [
            ("https://r.example/v2/", true),
            ("http://r.example/v2/", false),
            ("http://registry.lan:5000/v2/", true),
            ("http://registry.lan/v2/", false),
            ("http://registry.lan:5001/v2/", false),
            ("http://localhost/v2/", true),
            ("http://localhost:5000/v2/", true),
            ("http://localhost.example:5000/v2/", false),
            ("http://127.0.0.1:5000/v2/", true),
            ("http://127.9.9.9/v2/", true),
            ("http://128.0.0.1/v2/", false),
            ("http://[::1]:5000/v2/", true),
            ("http://[::2]:5000/v2/", false),
            ("http://127.0.0.1.example/v2/", false),
            ("http://0177.0.0.1/v2/", false),
            ("http://169.254.169.254/latest/", false),
            ("https://user:pw@r.example/", false),
            ("http://localhost:5000@r.example/", false),
            ("ftp://r.example/", false),
        ] {
            let uri: Uri = place.parse().unwrap();
            let checked = client.check_place(&uri);
            assert_eq!(checked.is_ok(), allowed, "{place}");
            let words = checked.err().map(|error| error.to_string()).unwrap_or_default();
            assert!(!words.contains("pw"), "{words}");
        }
    }
}
