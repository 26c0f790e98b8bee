//! Requests as a guest makes them, through the functions that it links, to servers of this machine.

mod grants;
mod limits;
mod tls;
mod tricks;

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use wasmtime::component::Resource;
use wasmtime_wasi::p2::{DynInputStream, Pollable, StreamError};
use wasmtime_wasi_http::p2::bindings::http::outgoing_handler::Host as _;
use wasmtime_wasi_http::p2::bindings::http::types::{
    ErrorCode, HeaderError, HostFields, HostFutureIncomingResponse as FutureResponse,
    HostIncomingBody, HostIncomingResponse, HostOutgoingBody, HostOutgoingRequest,
    HostRequestOptions, Method, Scheme,
};
use wasmtime_wasi_http::p2::types::HostFutureIncomingResponse;
use wasmtime_wasi_http::{FieldMap, WasiHttpView as _};

use super::*;
use crate::context::Attributes;
use crate::limits::StoreLimits;
use crate::metrics::GuestMetrics;
use crate::network::{Resolver, SystemResolver};
use crate::{Grants, GuestData, Services};

/// A rule as simple as can be; the grammar of grants belongs to the configuration.
#[derive(Debug)]
struct Rule {
    scheme: &'static str,
    host: String,
    port: u16,
    path: &'static str,
    naming: Naming,
}

impl HttpRule for Rule {
    fn allows(&self, scheme: &str, host: &str, port: u16, path: &str) -> bool {
        let host = match self.naming {
            Naming::Full => host == self.host,
            Naming::Wildcard => host.split_once('.').is_some_and(|(_, parent)| parent == self.host),
        };
        host && (scheme, port) == (self.scheme, self.port) && path.starts_with(self.path)
    }

    fn naming(&self) -> Naming {
        self.naming
    }
}

fn rule(host: &str, port: u16) -> Rule {
    Rule { scheme: "http", host: host.to_owned(), port, path: "/", naming: Naming::Full }
}

/// Answers names as it is told, the last answer for ever, and keeps what it was asked.
#[derive(Debug, Default)]
struct Scripted {
    answers: Mutex<BTreeMap<String, Vec<Vec<IpAddr>>>>,
    asked: Mutex<Vec<String>>,
}

impl Scripted {
    fn of(name: &str, answers: &[&[&str]]) -> Arc<Self> {
        let parsed = |answer: &&[&str]| answer.iter().map(|it| it.parse().unwrap()).collect();
        let scripted = Self::default();
        let answers = answers.iter().map(parsed).collect();
        scripted.answers.lock().unwrap().insert(name.to_owned(), answers);
        Arc::new(scripted)
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

#[async_trait::async_trait]
impl Resolver for Scripted {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        self.asked.lock().unwrap().push(name.to_owned());
        let mut answers = self.answers.lock().unwrap();
        let answers = answers.get_mut(name).ok_or(io::ErrorKind::NotFound)?;
        Ok(if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() })
    }
}

/// The status of an answer, or why there is none.
type Outcome = Result<u16, String>;

/// A code as it is written in the interface.
fn said(code: &ErrorCode) -> String {
    format!("{code:?}").replace("ErrorCode::", "")
}

fn refused(code: &str) -> Outcome {
    Err(code.to_owned())
}

/// A store and what it was granted.
struct Guest {
    data: GuestData,
}

impl Guest {
    fn new(rules: Vec<Rule>) -> Self {
        Self::with(rules, HttpClient::new().unwrap(), StoreLimits::default())
    }

    fn limited(rules: Vec<Rule>, limits: StoreLimits) -> Self {
        Self::with(rules, HttpClient::new().unwrap(), limits)
    }

    fn resolving(rules: Vec<Rule>, resolver: Arc<dyn Resolver>) -> Self {
        let client = HttpClient::with(&Trust::default(), resolver).unwrap();
        Self::with(rules, client, StoreLimits::default())
    }

    fn with(rules: Vec<Rule>, http: HttpClient, limits: StoreLimits) -> Self {
        let rules = rules.into_iter().map(|rule| Arc::new(rule) as Arc<dyn HttpRule>);
        let grants = Grants { http: rules.collect(), ..Grants::default() };
        let services = Services { http, state: None, metrics: GuestMetrics::new([]) };
        Self { data: GuestData::new(&grants, services, Attributes::default(), limits).unwrap() }
    }

    fn fields(&mut self, headers: &[(&str, &str)]) -> Result<Resource<FieldMap>, HeaderError> {
        let entries = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).into()));
        let fields = HostFields::from_list(&mut self.data.http(), entries.collect());
        fields.map_err(|error| error.downcast().unwrap())
    }

    /// Sends a request and does not wait for the answer. None: the host does not even take the URL.
    async fn start(&mut self, ask: &Ask<'_>) -> Option<Pending> {
        let fields = self.fields(&ask.headers).unwrap();
        let mut http = self.data.http();
        let request = HostOutgoingRequest::new(&mut http, fields).unwrap();
        let own = || Resource::new_own(request.rep());
        http.set_method(own(), ask.method.clone()).unwrap().ok()?;
        let (scheme, rest) = ask.url.split_once("://").unwrap();
        let scheme = if scheme == "https" { Scheme::Https } else { Scheme::Http };
        http.set_scheme(own(), Some(scheme)).unwrap().ok()?;
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        http.set_authority(own(), Some(authority.to_owned())).unwrap().ok()?;
        http.set_path_with_query(own(), Some(path.to_owned())).unwrap().ok()?;
        let body = HostOutgoingRequest::body(&mut http, own()).unwrap().unwrap();
        let options = ask.timeout.map(|timeout| {
            let options = HostRequestOptions::new(&mut http).unwrap();
            let nanoseconds = Some(timeout.as_nanos() as u64);
            let own = || Resource::new_own(options.rep());
            http.set_connect_timeout(own(), nanoseconds).unwrap().unwrap();
            http.set_first_byte_timeout(own(), nanoseconds).unwrap().unwrap();
            http.set_between_bytes_timeout(own(), nanoseconds).unwrap().unwrap();
            options
        });
        let stream = HostOutgoingBody::write(&mut http, Resource::new_own(body.rep()));
        let stream = stream.unwrap().unwrap();
        let future = http.handle(request, options);
        let future = future.map_err(|error| error.downcast().unwrap());
        for piece in ask.body.chunks(4096) {
            let output = self.data.table.get_mut(&stream).unwrap();
            // The answer tells why the rest is not wanted.
            if output.blocking_write_and_flush(piece.to_vec().into()).await.is_err() {
                break;
            }
        }
        self.data.table.delete(stream).unwrap();
        drop(HostOutgoingBody::finish(&mut self.data.http(), body, None));
        Some(Pending { future })
    }

    async fn response(&mut self, pending: Pending) -> Result<Opened, String> {
        let future = pending.future.map_err(|code| said(&code))?;
        self.data.table.get_mut(&future).unwrap().ready().await;
        let mut http = self.data.http();
        let response = FutureResponse::get(&mut http, future).unwrap().unwrap().unwrap();
        let response = response.map_err(|code| said(&code))?;
        let own = || Resource::new_own(response.rep());
        let status = HostIncomingResponse::status(&mut http, own()).unwrap();
        let body = http.consume(own()).unwrap().unwrap();
        let stream = http.stream(Resource::new_own(body.rep())).unwrap().unwrap();
        Ok(Opened { status, response: response.rep(), body: body.rep(), stream: stream.rep() })
    }

    /// The whole body, or why there is no more.
    async fn read(&mut self, opened: &Opened) -> Result<Vec<u8>, String> {
        let stream: Resource<DynInputStream> = Resource::new_own(opened.stream);
        let mut bytes = Vec::new();
        loop {
            match self.data.table.get_mut(&stream).unwrap().blocking_read(64 * 1024).await {
                Ok(part) => bytes.extend_from_slice(&part),
                Err(StreamError::Closed) => return Ok(bytes),
                Err(error) => return Err(error.to_string()),
            }
        }
    }

    fn close(&mut self, opened: &Opened) {
        let stream: Resource<DynInputStream> = Resource::new_own(opened.stream);
        self.data.table.delete(stream).unwrap();
        let mut http = self.data.http();
        HostIncomingBody::drop(&mut http, Resource::new_own(opened.body)).unwrap();
        HostIncomingResponse::drop(&mut http, Resource::new_own(opened.response)).unwrap();
    }

    /// The status of the answer.
    async fn send(&mut self, ask: &Ask<'_>) -> Outcome {
        let pending = self.start(ask).await.ok_or("HttpRequestUriInvalid")?;
        let opened = self.response(pending).await?;
        self.close(&opened);
        Ok(opened.status)
    }

    async fn get(&mut self, url: &str) -> Outcome {
        self.send(&Ask::get(url)).await
    }
}

struct Pending {
    future: Result<Resource<HostFutureIncomingResponse>, ErrorCode>,
}

/// A response whose body is not read.
struct Opened {
    status: u16,
    response: u32,
    body: u32,
    stream: u32,
}

/// A request to be sent.
struct Ask<'a> {
    method: Method,
    url: &'a str,
    headers: Vec<(&'a str, &'a str)>,
    body: Vec<u8>,
    timeout: Option<Duration>,
}

impl<'a> Ask<'a> {
    fn get(url: &'a str) -> Self {
        Self { method: Method::Get, url, headers: Vec::new(), body: Vec::new(), timeout: None }
    }

    fn post(url: &'a str, length: usize) -> Self {
        Self { method: Method::Post, body: vec![b'x'; length], ..Self::get(url) }
    }
}

/// What a server got: the head as it came, and the length of the body.
#[derive(Debug, Clone)]
struct Request {
    head: String,
    body: usize,
}

/// A server of this machine that gives the same answer to everybody.
struct Server {
    port: u16,
    requests: Arc<Mutex<Vec<Request>>>,
    connections: Arc<Mutex<u32>>,
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

impl Server {
    /// Serves in the background of the test.
    async fn start(answer: impl Into<Vec<u8>>) -> Self {
        Self::serve(answer.into(), |stream| async move { Some(stream) }).await
    }

    /// As [`Server::start`], over what `wrap` makes of a connection.
    async fn serve<S, F>(
        answer: Vec<u8>,
        wrap: impl Fn(tokio::net::TcpStream) -> F + Send + 'static,
    ) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        F: Future<Output = Option<S>> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (requests, connections) = (Arc::default(), Arc::default());
        let server = Self { port, requests, connections };
        let (requests, connections) = (server.requests.clone(), server.connections.clone());
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                *connections.lock().unwrap() += 1;
                let (answer, requests) = (answer.clone(), Arc::clone(&requests));
                let wrapped = wrap(stream);
                tokio::spawn(async move {
                    let Some(mut stream) = wrapped.await else { return };
                    while let Some(request) = read_request(&mut stream).await {
                        requests.lock().unwrap().push(request);
                        if stream.write_all(&answer).await.is_err() {
                            return;
                        }
                    }
                });
            }
        });
        server
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    fn requests(&self) -> MutexGuard<'_, Vec<Request>> {
        self.requests.lock().unwrap()
    }

    fn connections(&self) -> u32 {
        *self.connections.lock().unwrap()
    }

    /// Granted by its address.
    fn rules(&self) -> Vec<Rule> {
        vec![rule("127.0.0.1", self.port)]
    }
}

async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<Request> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = length.map_or(0, |length| length.parse().unwrap());
    stream.read_exact(&mut vec![0; body]).await.ok()?;
    if head.contains("transfer-encoding: chunked") {
        loop {
            let mut line = String::new();
            while !line.ends_with("\r\n") {
                line.push(stream.read_u8().await.ok()?.into());
            }
            let length = usize::from_str_radix(line.trim(), 16).unwrap();
            stream.read_exact(&mut vec![0; length + 2]).await.ok()?;
            body += length;
            if length == 0 {
                break;
            }
        }
    }
    Some(Request { head, body })
}
