//! Just under each limit a request succeeds, and just over it fails.

use std::time::Instant;

use wasmtime_wasi::p2::bindings::sockets::network::IpAddressFamily;
use wasmtime_wasi::p2::bindings::sockets::tcp::HostTcpSocket;
use wasmtime_wasi::p2::bindings::sockets::tcp_create_socket::Host as _;

use super::*;

const LIMIT: usize = 10_000;

fn body_limit() -> StoreLimits {
    StoreLimits { http_body: LIMIT as u64, ..StoreLimits::default() }
}

#[tokio::test]
async fn given_request_bodies_should_send_the_longest_and_stop_a_longer_one() {
    let server = Server::start(OK).await;
    let mut guest = Guest::limited(server.rules(), body_limit());
    let url = server.url("/");
    assert_eq!(guest.send(&Ask::post(&url, LIMIT)).await, Ok(200));
    let exceeded = refused(&format!("HttpRequestBodySize(Some({LIMIT}))"));
    assert_eq!(guest.send(&Ask::post(&url, LIMIT + 1)).await, exceeded);
    let length = (LIMIT + 1).to_string();
    let announced =
        Ask { headers: vec![("content-length", &length)], ..Ask::post(&url, LIMIT + 1) };
    assert_eq!(guest.send(&announced).await, exceeded);
    assert_eq!(server.requests().iter().map(|it| it.body).collect::<Vec<_>>(), [LIMIT]);
}

#[tokio::test]
async fn given_response_bodies_should_give_the_longest_and_stop_a_longer_one() {
    let sized = |length: usize| format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n");
    let body = |length: usize| "x".repeat(length);
    let chunked = |length: usize| {
        let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        format!("{head}{:x}\r\n{}\r\n1\r\nx\r\n0\r\n\r\n", length - 1, body(length - 1))
    };
    for (answer, length) in [
        (sized(LIMIT) + &body(LIMIT), Some(LIMIT)),
        (chunked(LIMIT), Some(LIMIT)),
        (sized(LIMIT + 1) + &body(LIMIT + 1), None),
        (chunked(LIMIT + 1), None),
    ] {
        let server = Server::start(answer).await;
        let mut guest = Guest::limited(server.rules(), body_limit());
        let pending = guest.start(&Ask::get(&server.url("/"))).await.unwrap();
        let outcome = match guest.response(pending).await {
            Ok(opened) => guest.read(&opened).await,
            Err(code) => Err(code),
        };
        match length {
            Some(length) => assert_eq!(outcome.unwrap().len(), length),
            None => {
                let error = outcome.unwrap_err();
                assert!(error.contains(&LIMIT.to_string()), "{error}");
            }
        }
    }
}

#[tokio::test]
async fn given_requests_and_sockets_should_count_them_together() {
    let server = Server::start(OK).await;
    let limits = StoreLimits { connections: 2, ..StoreLimits::default() };
    let mut guest = Guest::limited(server.rules(), limits);
    let url = server.url("/");
    let socket = guest.data.create_tcp_socket(IpAddressFamily::Ipv4).unwrap();
    let pending = guest.start(&Ask::get(&url)).await.unwrap();
    let opened = guest.response(pending).await.unwrap();
    assert_eq!(guest.get(&url).await, refused("ConnectionLimitReached"));
    assert!(guest.data.create_tcp_socket(IpAddressFamily::Ipv4).is_err());
    assert_eq!(server.requests().len(), 1);

    guest.close(&opened);
    assert_eq!(guest.get(&url).await, Ok(200), "an answered request is none in flight");
    let second = guest.data.create_tcp_socket(IpAddressFamily::Ipv4).unwrap();
    assert_eq!(guest.get(&url).await, refused("ConnectionLimitReached"));
    HostTcpSocket::drop(&mut guest.data, socket).unwrap();
    HostTcpSocket::drop(&mut guest.data, second).unwrap();
    assert_eq!(guest.get(&url).await, Ok(200), "a closed socket is none");
}

#[tokio::test]
async fn given_more_bytes_than_a_second_brings_should_wait_and_not_fail() {
    const RATE: usize = 100_000;
    let server = Server::start(OK).await;
    let limits = StoreLimits { egress_per_second: Some(RATE as u64), ..StoreLimits::default() };
    let url = server.url("/");
    // The wait is the host's, so it is not held against the server.
    let impatient =
        |length| Ask { timeout: Some(Duration::from_millis(100)), ..Ask::post(&url, length) };
    let mut guest = Guest::limited(server.rules(), limits);
    let started = Instant::now();
    assert_eq!(guest.send(&impatient(RATE / 2)).await, Ok(200));
    assert_eq!(guest.send(&impatient(RATE)).await, Ok(200));
    // Half of the second request came when the budget was empty.
    assert!(started.elapsed() >= Duration::from_millis(450), "{:?}", started.elapsed());
    assert_eq!(server.requests().iter().map(|it| it.body).sum::<usize>(), RATE / 2 + RATE);
}

#[tokio::test]
async fn given_a_server_that_sends_its_headers_for_ever_should_give_up() {
    let server = dripping("x-a: 1\r\n").await;
    let mut guest = Guest::new(server.rules());
    let url = server.url("/");
    let ask = Ask { timeout: Some(Duration::from_millis(100)), ..Ask::get(&url) };
    assert_eq!(guest.send(&ask).await, refused("HttpResponseTimeout"));
}

#[tokio::test]
async fn given_a_server_that_stops_in_the_middle_of_its_body_should_give_up() {
    let server = Server::start("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc").await;
    let mut guest = Guest::new(server.rules());
    let url = server.url("/");
    let ask = Ask { timeout: Some(Duration::from_millis(100)), ..Ask::get(&url) };
    let pending = guest.start(&ask).await.unwrap();
    let opened = guest.response(pending).await.unwrap();
    let error = guest.read(&opened).await.unwrap_err();
    assert!(error.contains("read timeout"), "{error}");
}

/// Begins an answer and repeats `piece` until nobody listens.
async fn dripping(piece: &'static str) -> Server {
    Server::serve(Vec::new(), move |mut stream| async move {
        read_request(&mut stream).await?;
        stream.write_all(b"HTTP/1.1 200 OK\r\n").await.ok()?;
        let mut pace = tokio::time::interval(Duration::from_millis(20));
        loop {
            pace.tick().await;
            stream.write_all(piece.as_bytes()).await.ok()?;
            if stream.peer_addr().is_err() {
                return Some(stream);
            }
        }
    })
    .await
}
