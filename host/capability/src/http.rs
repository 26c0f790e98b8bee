//! Outgoing HTTP: the allow-list of the operator in front of one pooled client.
//!
//! wasmtime's own sender opens a connection per request; here every guest of the process shares a
//! pool. A request is checked three times: its URL and method before anything is done, the addresses
//! that its name leads to when a connection is opened, and its bodies while they pass. The client
//! follows no redirect (the guest sees it, and its next request is checked again), uses no proxy from
//! the environment, and trusts its own list of roots.

mod client;
mod connect;
mod failure;
mod headers;
mod request_body;
mod response_body;
mod target;
mod trust;

use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::time::{Instant, timeout_at};
use wasmtime_wasi_http::{Error, ForbiddenHeaderFilter, RequestOptions, WasiBody, WasiHttpHooks};

use crate::denials::Denials;
use crate::grants::HttpRule;
use crate::network::{Naming, Traffic};
use crate::secrets::SecretStore;
use client::Pool;
use connect::ResolveError;
use request_body::{Pauses, RequestBody};
use response_body::ResponseBody;
use target::Target;

pub use client::{HttpClient, HttpClientError};
pub use trust::{Trust, TrustError};

type Sending<T> = Box<dyn Future<Output = T> + Send>;
type Response = (http::Response<WasiBody>, Sending<Result<(), Error>>);

/// What a request waits for when the guest sets no timeout of its own.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);
/// Most of a denied path that is logged. Bytes.
const MAX_PATH: usize = 200;

/// The hooks of one store: its rules, what it may use, and the shared client.
pub(crate) struct HttpHooks {
    rules: Vec<Arc<dyn HttpRule>>,
    client: HttpClient,
    traffic: Traffic,
    denials: Arc<Denials>,
    secrets: Arc<SecretStore>,
}

impl HttpHooks {
    pub(crate) fn new(
        rules: Vec<Arc<dyn HttpRule>>,
        client: HttpClient,
        traffic: Traffic,
        (denials, secrets): (Arc<Denials>, Arc<SecretStore>),
    ) -> Self {
        Self { rules, client, traffic, denials, secrets }
    }

    /// Where the request goes, and how that is granted.
    fn check<T>(&self, request: &http::Request<T>) -> Result<(Target, Naming), Error> {
        let target = Target::of(request.uri())?;
        // One makes a tunnel of a proxy, the others return what was sent, with its secrets.
        let method = request.method().as_str();
        if ["CONNECT", "TRACE", "TRACK"].iter().any(|it| method.eq_ignore_ascii_case(it)) {
            return Err(Error::HttpRequestMethodInvalid);
        }
        let Target { scheme, host, port } = &target;
        let path = request.uri().path();
        let mut naming = None;
        for rule in self.rules.iter().filter(|rule| rule.allows(scheme, host, *port, path)) {
            // The rule that leads further counts.
            naming = Some(rule.naming());
            if naming == Some(Naming::Full) {
                break;
            }
        }
        match naming {
            Some(naming) => Ok((target, naming)),
            None => {
                self.deny(&target, path);
                Err(Error::HttpRequestDenied)
            }
        }
    }

    fn deny(&self, target: &Target, path: &str) {
        self.denials.tell("http_denied", &target.to_string(), || {
            let path = &path[..path.floor_char_boundary(MAX_PATH)];
            match target.is_nameable() {
                true => format!(
                    "denied HTTP request to {target}{path}; the line that allows it: \
                     [grants] http = [\"{target}/*\"]"
                ),
                false => format!(
                    "denied HTTP request to {target}{path}: no grant covers such a host; it is a \
                     name in ASCII without a dot at its end, or an address written in full"
                ),
            }
        });
    }
}

impl WasiHttpHooks for HttpHooks {
    fn is_forbidden_header(&mut self, name: &http::HeaderName) -> bool {
        headers::is_forbidden(name)
    }

    fn forbidden_header_filter(&mut self) -> ForbiddenHeaderFilter {
        Arc::new(headers::is_forbidden)
    }

    fn send_request(
        &mut self,
        mut request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _processed: Sending<Result<(), Error>>,
    ) -> Sending<Result<Response, Error>> {
        let (target, naming) = match self.check(&request) {
            Ok(checked) => checked,
            Err(denial) => return Box::new(async { Err(denial) }),
        };
        if let Err(denial) = self.secrets.replace_placeholders(&mut request) {
            return Box::new(async { Err(denial) });
        }
        let Some(connection) = self.traffic.connect() else {
            return Box::new(async { Err(Error::ConnectionLimitReached) });
        };
        let exchange = Exchange {
            pool: self.client.pool(naming).clone(),
            target,
            traffic: self.traffic.clone(),
            denials: Arc::clone(&self.denials),
            options: options.unwrap_or_default(),
        };
        Box::new(async move {
            let response = exchange.run(request).await?;
            let between = exchange.options.between_bytes_timeout.unwrap_or(DEFAULT_TIMEOUT);
            let (head, body) = response.into_parts();
            let body = ResponseBody::new(body, exchange.traffic, connection, between)?;
            let done: Sending<Result<(), Error>> = Box::new(async { Ok(()) });
            Ok((http::Response::from_parts(head, body.boxed_unsync()), done))
        })
    }
}

/// A request that may be sent.
struct Exchange {
    pool: Pool,
    target: Target,
    traffic: Traffic,
    denials: Arc<Denials>,
    options: RequestOptions,
}

impl Exchange {
    /// Sends, and returns what the server begins to answer.
    async fn run(
        &self,
        request: http::Request<WasiBody>,
    ) -> Result<http::Response<Incoming>, Error> {
        if let Some(egress) = self.traffic.egress() {
            let head = request.uri().path().len() + headers::length(request.headers());
            if let Some(paid) = egress.take(head) {
                tokio::time::sleep_until(paid).await;
            }
        }
        let pauses = Arc::new(Pauses::default());
        let request = request.map(|body| RequestBody::new(body, &self.traffic, &pauses));
        let patience = self.options.connect_timeout.unwrap_or(DEFAULT_TIMEOUT)
            + self.options.first_byte_timeout.unwrap_or(DEFAULT_TIMEOUT);
        let started = Instant::now();
        let mut sending = self.pool.request(request);
        loop {
            let held_back = pauses.total();
            let Some(deadline) = started.checked_add(patience.saturating_add(held_back)) else {
                return Err(Error::HttpResponseTimeout);
            };
            match timeout_at(deadline, &mut sending).await {
                Ok(outcome) => return outcome.map_err(|error| self.explain(&error)),
                // Held back even longer in the meantime.
                Err(_) if pauses.total() > held_back => {}
                Err(_) => return Err(Error::HttpResponseTimeout),
            }
        }
    }

    fn explain(&self, error: &hyper_util::client::legacy::Error) -> Error {
        if let Some(ResolveError::Denied { name, address }) = failure::denied_answer(error) {
            let Target { scheme, port, .. } = self.target;
            let target = Target { scheme, host: address.to_string(), port };
            self.denials.tell("address_denied", &format!("{name} {address}"), || {
                format!(
                    "denied HTTP request to {name}: it leads to {address}, which is private, local \
                     or reserved, and as it is granted this name does not lead to such addresses; \
                     the line that allows the address itself: [grants] http = [\"{target}/*\"]"
                )
            });
        }
        failure::classify(error)
    }
}

#[cfg(test)]
mod tests;
