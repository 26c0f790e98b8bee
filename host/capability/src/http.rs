//! Outgoing HTTP: the allow-list of the operator in front of one pooled client.
//!
//! wasmtime's own sender opens a connection per request; here every guest of the process shares a
//! pool. The client follows no redirect (the guest sees it, and its next request is checked
//! again), uses no proxy from the environment, and trusts its own list of roots.

use std::error::Error as _;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

use crate::denials::Denials;
use crate::grants::HttpRule;
use crate::secrets::SecretStore;

type Sending<T> = Box<dyn Future<Output = T> + Send>;
type Response = (http::Response<WasiBody>, Sending<Result<(), Error>>);

/// What a request waits for when the guest sets no timeout of its own.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);
/// Idle connections are closed after this.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
/// Most idle connections kept to one host.
const IDLE_PER_HOST: usize = 32;

/// The one HTTP client of the process.
#[derive(Clone, Debug)]
pub struct HttpClient {
    client: Client<HttpsConnector<HttpConnector>, WasiBody>,
}

impl HttpClient {
    /// A client that trusts the Mozilla roots.
    ///
    /// # Errors
    /// When the TLS library refuses its own defaults.
    pub fn new() -> Result<Self, rustls::Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.into() };
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let connector = hyper_rustls::HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(IDLE_PER_HOST)
            .build(connector);
        Ok(Self { client })
    }
}

/// The hooks of one store: its rules and the shared client.
pub(crate) struct HttpHooks {
    connector: String,
    rules: Vec<Arc<dyn HttpRule>>,
    client: HttpClient,
    denials: Denials,
    secrets: Arc<SecretStore>,
}

impl HttpHooks {
    pub(crate) fn new(
        connector: &str,
        rules: Vec<Arc<dyn HttpRule>>,
        client: HttpClient,
        secrets: Arc<SecretStore>,
    ) -> Self {
        let connector = connector.to_owned();
        Self { connector, rules, client, denials: Denials::default(), secrets }
    }

    fn check(&mut self, uri: &http::Uri) -> Result<(), Error> {
        let scheme = uri.scheme_str().ok_or(Error::HttpRequestUriInvalid)?;
        let authority = uri.authority().ok_or(Error::HttpRequestUriInvalid)?;
        // `user@host` serves only to mislead a reader of the log.
        if authority.as_str().contains('@') {
            return Err(Error::HttpRequestUriInvalid);
        }
        let host = authority.host().trim_matches(['[', ']']).to_ascii_lowercase();
        let port = authority.port_u16().unwrap_or(if scheme == "https" { 443 } else { 80 });
        if self.rules.iter().any(|rule| rule.allows(scheme, &host, port, uri.path())) {
            return Ok(());
        }
        let target = format!("{scheme}://{host}:{port}");
        if self.denials.is_first(&target) {
            tracing::warn!(
                connector = self.connector,
                "denied HTTP request to {target}{}; the line that allows it: \
                 [grants] http = [\"{target}/*\"]",
                uri.path(),
            );
        }
        Err(Error::HttpRequestDenied)
    }
}

impl WasiHttpHooks for HttpHooks {
    fn send_request(
        &mut self,
        mut request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _processed: Sending<Result<(), Error>>,
    ) -> Sending<Result<Response, Error>> {
        if let Err(denial) = self.check(request.uri()) {
            return Box::new(async { Err(denial) });
        }
        if let Err(denial) = self.secrets.replace_placeholders(&mut request) {
            return Box::new(async { Err(denial) });
        }
        let client = self.client.client.clone();
        let options = options.unwrap_or_default();
        let wait = options.connect_timeout.unwrap_or(DEFAULT_TIMEOUT)
            + options.first_byte_timeout.unwrap_or(DEFAULT_TIMEOUT);
        Box::new(async move {
            let response = tokio::time::timeout(wait, client.request(request))
                .await
                .map_err(|_elapsed| Error::HttpResponseTimeout)?
                .map_err(|error| classify(&error))?;
            let body = response.map(|body| body.map_err(Error::Hyper).boxed_unsync());
            let done: Sending<Result<(), Error>> = Box::new(async { Ok(()) });
            Ok((body, done))
        })
    }
}

/// Which of WASI's errors tells the guest what happened.
fn classify(error: &hyper_util::client::legacy::Error) -> Error {
    let mut cause = error.source();
    while let Some(source) = cause {
        if let Some(io) = source.downcast_ref::<io::Error>() {
            return match io.kind() {
                io::ErrorKind::ConnectionRefused => Error::ConnectionRefused,
                io::ErrorKind::TimedOut => Error::ConnectionTimeout,
                io::ErrorKind::ConnectionReset
                | io::ErrorKind::BrokenPipe
                | io::ErrorKind::UnexpectedEof => Error::ConnectionTerminated,
                io::ErrorKind::InvalidData if error.is_connect() => Error::TlsProtocolError,
                _ if error.is_connect() => Error::DestinationUnavailable,
                _ => Error::ConnectionTerminated,
            };
        }
        cause = source.source();
    }
    if error.is_connect() { Error::DestinationUnavailable } else { Error::ConnectionTerminated }
}
