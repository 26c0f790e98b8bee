//! A folder's configuration, with the connectors of a URL where `[connectors]` names one.

use std::error::Error as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, HeaderValue};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use kennel_config::{ConfigErrors, Configuration, Environment, ProviderConfig};
use secrecy::ExposeSecret as _;

/// From the first look-up to the last byte.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Largest answer; a configuration is written by people.
const LARGEST: usize = 4 << 20;

/// Reads `folder`, and asks the URL of its `[connectors]` once.
///
/// # Errors
/// Everything that is wrong in files and answer; an answer that cannot be had is one of the errors.
pub(crate) async fn configuration(folder: &Path) -> Result<Configuration, ConfigErrors> {
    let environment = Environment::of_process();
    let read = kennel_config::read_host(folder, &environment)?;
    let fetched = match read.provider() {
        Some(provider) => Some(fetch(provider).await),
        None => None,
    };
    read.finish(fetched)
}

/// The answer's text, or why there is none. Redirects are not followed: they would lead whoever
/// answers to places that the operator did not name. No proxy is taken from the environment.
async fn fetch(provider: &ProviderConfig) -> Result<String, String> {
    let fetching = async {
        let request = request(provider)?;
        let client = client()?;
        let response = client.request(request).await.map_err(|error| cause(&error))?;
        let status = response.status();
        if status != http::StatusCode::OK {
            let redirect =
                if status.is_redirection() { "; redirects are not followed" } else { "" };
            return Err(format!("it answers {status}{redirect}"));
        }
        let body = Limited::new(response.into_body(), LARGEST);
        let bytes = body.collect().await.map_err(|error| match error
            .is::<http_body_util::LengthLimitError>(
        ) {
            true => format!("the answer is larger than {} MiB", LARGEST >> 20),
            false => format!("the answer breaks off: {error}"),
        })?;
        String::from_utf8(bytes.to_bytes().into()).map_err(|_| "the answer is not UTF-8".to_owned())
    };
    match tokio::time::timeout(TIMEOUT, fetching).await {
        Ok(fetched) => fetched,
        Err(_elapsed) => Err(format!("no whole answer within {} s", TIMEOUT.as_secs())),
    }
}

fn request(provider: &ProviderConfig) -> Result<http::Request<Empty<Bytes>>, String> {
    let mut request = http::Request::get(&provider.url).header(ACCEPT, "application/json");
    if let Some(token) = &provider.token {
        let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose_secret()))
            .map_err(|_| "`token` has characters that no header can carry".to_owned())?;
        value.set_sensitive(true);
        request = request.header(AUTHORIZATION, value);
    }
    request.body(Empty::new()).map_err(|error| error.to_string())
}

type HttpsClient = Client<hyper_rustls::HttpsConnector<HttpConnector>, Empty<Bytes>>;

fn client() -> Result<HttpsClient, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.into() };
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = hyper_rustls::HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http()
        .enable_http1()
        .build();
    Ok(Client::builder(TokioExecutor::new()).build(connector))
}

/// The last cause says most: `connection refused`, not `client error`.
fn cause(error: &hyper_util::client::legacy::Error) -> String {
    let mut last = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        last = source.to_string();
        cause = source.source();
    }
    last
}
