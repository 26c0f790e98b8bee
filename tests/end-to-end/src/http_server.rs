//! A small HTTP server that keeps what it gets.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;

use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};

use crate::authority::Authority;

/// A request that was answered with success.
#[derive(Clone, Debug)]
pub struct Request {
    pub path: String,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

#[derive(Default)]
struct Shared {
    accepted: Mutex<Vec<Request>>,
    /// Requests still to be refused with 503.
    refusals: AtomicU32,
    refused: AtomicU32,
    stopped: AtomicBool,
}

/// Answers 200 and keeps the request, or 503 for the first so many.
pub struct HttpServer {
    address: String,
    shared: Arc<Shared>,
}

impl HttpServer {
    pub fn start(refusals: u32) -> Self {
        Self::serving(refusals, Some)
    }

    /// Speaks TLS with the certificate that the authority has issued.
    pub fn start_tls(authority: &Authority) -> Self {
        let certificate = fs::read(authority.file("server.pem")).unwrap();
        let key = fs::read(authority.file("server.key")).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![CertificateDer::from_pem_slice(&certificate).unwrap()],
                PrivateKeyDer::from_pem_slice(&key).unwrap(),
            )
            .unwrap();
        let config = Arc::new(config);
        Self::serving(0, move |stream| {
            let connection = rustls::ServerConnection::new(Arc::clone(&config)).ok()?;
            Some(rustls::StreamOwned::new(connection, stream))
        })
    }

    fn serving<S: Read + Write + Send + 'static>(
        refusals: u32,
        wrap: impl Fn(TcpStream) -> Option<S> + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let shared = Arc::new(Shared { refusals: AtomicU32::new(refusals), ..Shared::default() });
        let serving = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if serving.stopped.load(SeqCst) {
                    return;
                }
                let Some(stream) = wrap(stream.unwrap()) else { continue };
                let serving = Arc::clone(&serving);
                // A connection that breaks ends its thread; the sink sends again on another one.
                thread::spawn(move || drop(serve(stream, &serving)));
            }
        });
        Self { address, shared }
    }

    /// `http://host:port`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.address.parse::<SocketAddr>().unwrap().port()
    }

    /// Requests answered with 200 so far.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.accepted.lock().unwrap().clone()
    }

    /// Bodies of those requests, line by line.
    pub fn lines(&self) -> Vec<String> {
        let bodies = self.requests().into_iter().map(|it| String::from_utf8(it.body).unwrap());
        bodies.flat_map(|body| body.lines().map(str::to_owned).collect::<Vec<_>>()).collect()
    }

    /// Lines of those bodies.
    pub fn count_lines(&self) -> u64 {
        let accepted = self.shared.accepted.lock().unwrap();
        let lines = |request: &Request| request.body.iter().filter(|byte| **byte == b'\n').count();
        accepted.iter().map(lines).sum::<usize>() as u64
    }

    /// Refuses no more.
    pub fn recover(&self) {
        self.shared.refusals.store(0, SeqCst);
    }

    /// Requests answered with 503 so far.
    pub fn refused(&self) -> u32 {
        self.shared.refused.load(SeqCst)
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        self.shared.stopped.store(true, SeqCst);
        // Wakes the thread that waits for connections.
        drop(TcpStream::connect(&self.address));
    }
}

fn serve(stream: impl Read + Write, shared: &Shared) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    while let Some(request) = read_request(&mut reader)? {
        let refuse =
            shared.refusals.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).is_ok();
        let status = match refuse {
            true => {
                shared.refused.fetch_add(1, SeqCst);
                "503 Service Unavailable"
            }
            false => {
                shared.accepted.lock().unwrap().push(request);
                "200 OK"
            }
        };
        let writer = reader.get_mut();
        write!(writer, "HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n")?;
        writer.flush()?;
    }
    Ok(())
}

fn read_request(reader: &mut impl BufRead) -> std::io::Result<Option<Request>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut headers = BTreeMap::new();
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let mut body = Vec::new();
    if headers.get("transfer-encoding").is_some_and(|coding| coding == "chunked") {
        while read_chunk(reader, &mut body)? {}
    } else {
        let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
        body.resize(length, 0);
        reader.read_exact(&mut body)?;
    }
    Ok(Some(Request { path, headers, body }))
}

/// Reads a chunk; false at the last one.
fn read_chunk(reader: &mut impl BufRead, body: &mut Vec<u8>) -> std::io::Result<bool> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let length = usize::from_str_radix(line.trim(), 16).map_err(std::io::Error::other)?;
    let start = body.len();
    body.resize(start + length, 0);
    reader.read_exact(&mut body[start..])?;
    line.clear();
    reader.read_line(&mut line)?;
    Ok(length > 0)
}
