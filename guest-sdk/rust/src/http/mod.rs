//! HTTP requests through the host, which resolves, connects, encrypts and checks the grants.
//!
//! A request asks for nothing but a URL that the operator granted under `[grants] http`. Several at once:
//! [`send_all`]. On the machine of a unit test the answers come from [`crate::testing::serve`].

use std::fmt;
use std::time::Duration;

mod url;
#[cfg(target_arch = "wasm32")]
mod wasi;

#[cfg(not(target_arch = "wasm32"))]
use crate::testing::world::send_all as transport;
#[cfg(target_arch = "wasm32")]
use wasi::send_all as transport;

pub use url::{Url, UrlError};

/// Bytes of an answer that are read unless the request says otherwise: sinks need no more than an error text.
const DEFAULT_RESPONSE_LIMIT: usize = 1 << 20;

/// One request.
#[derive(Clone, Debug)]
#[must_use = "call send()"]
pub struct Request {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    timeout: Option<Duration>,
    response_limit: usize,
}

impl Request {
    /// A request with any method.
    pub fn new(method: impl Into<String>, url: impl Into<String>) -> Self {
        Self {
            method: method.into(),
            url: url.into(),
            headers: Vec::new(),
            body: Vec::new(),
            timeout: None,
            response_limit: DEFAULT_RESPONSE_LIMIT,
        }
    }

    /// `GET`.
    pub fn get(url: impl Into<String>) -> Self {
        Self::new("GET", url)
    }

    /// `POST`.
    pub fn post(url: impl Into<String>) -> Self {
        Self::new("POST", url)
    }

    /// `PUT`.
    pub fn put(url: impl Into<String>) -> Self {
        Self::new("PUT", url)
    }

    /// `DELETE`.
    pub fn delete(url: impl Into<String>) -> Self {
        Self::new("DELETE", url)
    }

    /// Adds a header. `content-length` is added by itself.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Longest wait for the connection, for the answer to begin, and between its parts: each by itself.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Longest answer in bytes; a longer one is an error. 1 MiB if not set.
    pub fn response_limit(mut self, bytes: usize) -> Self {
        self.response_limit = bytes;
        self
    }

    /// The method's name.
    #[must_use]
    pub fn method_name(&self) -> &str {
        &self.method
    }

    /// The URL as given.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The headers as given.
    #[must_use]
    pub fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    /// The body as given.
    #[must_use]
    pub fn body_bytes(&self) -> &[u8] {
        &self.body
    }

    /// Sends, and waits for the whole answer. Any status is an answer.
    ///
    /// # Errors
    /// If there is no answer.
    pub fn send(self) -> Result<Response, Error> {
        send_all(vec![self], 1)
            .pop()
            .unwrap_or_else(|| Err(Error::Other("the request was not sent".to_owned())))
    }
}

/// Sends all, at most `concurrency` at a time, and answers in the order of the requests.
#[must_use]
pub fn send_all(requests: Vec<Request>, concurrency: usize) -> Vec<Result<Response, Error>> {
    transport(requests, concurrency.max(1))
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Response {
    /// An answer without headers and body.
    #[must_use]
    pub fn new(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    /// The first header of this name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Whether the status is 200 to 299.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as text, with replacement characters where it is none.
    #[must_use]
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// The wait that a `retry-after` header asks for, if it gives seconds.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.header("retry-after")?.trim().parse().ok().map(Duration::from_secs)
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The operator has not granted this request.
    Denied(String),
    /// Waited too long.
    Timeout(String),
    /// No connection: name, route, refusal, TLS.
    Connect(String),
    /// The request itself cannot be sent: URL, method or header.
    Invalid(String),
    /// Anything else.
    Other(String),
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied(detail) => write!(formatter, "request denied: {detail}"),
            Self::Timeout(detail) => write!(formatter, "request timed out: {detail}"),
            Self::Connect(detail) => write!(formatter, "no connection: {detail}"),
            Self::Invalid(detail) => write!(formatter, "request cannot be sent: {detail}"),
            Self::Other(detail) => write!(formatter, "request failed: {detail}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<UrlError> for Error {
    fn from(error: UrlError) -> Self {
        Self::Invalid(error.to_string())
    }
}

impl From<Error> for crate::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Denied(_) => Self::unauthorized(error),
            Error::Invalid(_) => Self::invalid_config(error),
            Error::Timeout(_) | Error::Connect(_) | Error::Other(_) => Self::unavailable(error),
        }
    }
}
