//! The registry itself, before components are stored in it.

// Helpers of tests may fail like tests.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use kennel_test_backends::Registry;

fn status(registry: &Registry) -> String {
    let mut stream = TcpStream::connect(registry.address()).unwrap();
    stream.write_all(b"GET /v2/ HTTP/1.0\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn given_registries_should_answer_and_end_with_the_test() {
    let open = match Registry::start() {
        Ok(open) => open,
        Err(error) => return eprintln!("skipped: {error}"),
    };
    let closed = Registry::with_login().unwrap();
    assert!(status(&open).contains("200"), "{}", status(&open));
    assert!(status(&closed).contains("401"), "{}", status(&closed));
    let address = open.address();
    drop(open);
    assert!(TcpStream::connect(address).is_err());
}
