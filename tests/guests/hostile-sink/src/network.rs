//! Attacks on the network, through the host and on the host, and on secrets.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream, UdpSocket};

use kennel_sdk::http::Request;

use crate::report::Report;

pub(crate) fn connect(addresses: &[String]) -> Report {
    let mut report = Report::default();
    for address in addresses {
        report.attempt(address, TcpStream::connect(address.as_str()));
    }
    report
}

/// Keeps so many connections; the first that is refused is the answer.
pub(crate) fn connections(address: &str, count: u64) -> Report {
    let mut kept = Vec::new();
    for number in 1..=count {
        match TcpStream::connect(address) {
            Ok(connection) => kept.push(connection),
            Err(error) => {
                return Report::of(&format!("connection {number}"), Err::<(), _>(error));
            }
        }
    }
    Report::reached(&format!("had {count} connections"))
}

pub(crate) fn listen() -> Report {
    let mut report = Report::default();
    for address in ["127.0.0.1:0", "0.0.0.0:0", "[::]:0", "127.0.0.1:47999"] {
        report.attempt(&format!("listen at {address}"), TcpListener::bind(address));
        report.attempt(&format!("datagrams at {address}"), UdpSocket::bind(address));
    }
    report
}

pub(crate) fn read(address: &str) -> Report {
    let mut all = Vec::new();
    let read = TcpStream::connect(address).and_then(|mut from| from.read_to_end(&mut all));
    Report::of("read to the end", read)
}

pub(crate) fn send(address: &str) -> Report {
    let block = [b's'; 16 << 10];
    let sent = TcpStream::connect(address).and_then(|mut to| {
        loop {
            to.write_all(&block)?;
        }
    });
    Report::of::<(), _>("sent for ever", sent)
}

/// So many bytes, no more.
pub(crate) fn send_some(address: &str, bytes: u64) -> Report {
    let bytes = vec![b's'; bytes as usize];
    let sent = TcpStream::connect(address).and_then(|mut to| to.write_all(&bytes));
    Report::of("sent it all", sent)
}

pub(crate) fn get(urls: &[String]) -> Report {
    let mut report = Report::default();
    for url in urls {
        report.attempt(url, Request::get(url).send());
    }
    report
}

pub(crate) fn get_all(url: &str) -> Report {
    let answer = Request::get(url).response_limit(usize::MAX).send();
    Report::of(url, answer.map(|answer| answer.body.len()))
}

/// The redirect itself is granted; where it leads is not.
pub(crate) fn follow_redirect(url: &str) -> Report {
    let mut report = Report::default();
    let location = match Request::get(url).send() {
        Ok(answer) if (300..400).contains(&answer.status) => {
            answer.header("location").unwrap_or_default().to_owned()
        }
        // Followed by the host itself, or not even reached: both are wrong.
        Ok(answer) => return Report::reached(&format!("status {}", answer.status)),
        Err(error) => return Report::reached(&format!("no redirect, but {error:?}")),
    };
    report.attempt(&location, Request::get(&location).send());
    report
}

pub(crate) fn inject_headers(url: &str) -> Report {
    let mut report = Report::default();
    for (name, value) in [
        ("x-one", "1\r\nx-injected: 1"),
        ("x-one", "1\nx-injected: 1"),
        ("x-one\r\nx-injected", "1"),
        ("x-one: 1\r\nx-injected", "1"),
        ("x one", "1"),
        ("", "1"),
        ("x-nul", "a\0b"),
        ("host", "other.example"),
        ("connection", "keep-alive, x-injected"),
        ("transfer-encoding", "chunked"),
        ("proxy-authorization", "Basic eDp5"),
        ("upgrade", "h2c"),
    ] {
        let sent = Request::get(url).header(name, value).send();
        report.attempt(&format!("{name:?}: {value:?}"), sent);
    }
    report
}

pub(crate) use secrets::secret;

#[cfg(target_family = "wasm")]
mod secrets {
    use kennel_sdk::glue::common::kennel::connector::{reveal, secrets};
    use kennel_sdk::http::Request;

    use crate::report::Report;

    /// Every way to learn the value. What is sent is judged where it arrives: the placeholder may, the value not.
    pub(crate) fn secret(name: &str, url: &str) -> Report {
        let mut report = Report::default();
        for other in ["PATH", "CANARY", "secret://env/CANARY", "../canary", ""] {
            report.attempt(&format!("open {other:?}"), secrets::open(other));
        }
        let secret = match secrets::open(name) {
            Ok(secret) => secret,
            Err(error) => {
                report.attempt("open", Err::<(), _>(error));
                return report;
            }
        };
        report.attempt("reveal", reveal::reveal(&secret));
        let weak = secret.scram(secrets::Digest::Sha256, b"salt", 1, b"n=a,r=b");
        report.attempt("an answer of one iteration", weak);
        let Ok(placeholder) = secret.placeholder() else { return report };
        for request in [
            Request::get(url).header("authorization", &placeholder),
            Request::get(format!("{url}?{placeholder}")),
            Request::post(url).body(placeholder.as_bytes()),
            Request::post(url).body(format!("authorization: {placeholder}\r\n")),
            Request::get(url).header(&placeholder, "1"),
        ] {
            // The answer does not matter.
            drop(request.send());
        }
        report
    }
}

#[cfg(not(target_family = "wasm"))]
mod secrets {
    use crate::report::Report;

    pub(crate) fn secret(_name: &str, _url: &str) -> Report {
        Report::default()
    }
}
