//! What a guest with sockets reaches: exactly what is granted.

use std::io::{BufRead as _, BufReader};
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::time::Duration;

use kennel_sandbox::capability::tcp::{AddressRange, TcpGrants, TcpHost, TcpRule};
use kennel_sandbox::{GuestError, InstanceSpec, Sink};

use crate::world::{batch, component, origin, spec};

const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A server of this machine.
struct Server {
    listener: TcpListener,
    port: u16,
}

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind((LOCAL, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        Self { listener, port }
    }

    /// What the next connection sends first.
    fn line(&self) -> String {
        let (connection, _) = self.listener.accept().unwrap();
        let mut line = String::new();
        BufReader::new(connection).read_line(&mut line).unwrap();
        line
    }

    /// Fails if anybody has connected. A connection that the guest was told of would be here already.
    fn assert_untouched(&self) {
        self.listener.set_nonblocking(true).unwrap();
        let accepted = self.listener.accept();
        assert_eq!(accepted.unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    }
}

fn name(name: &str, port: u16) -> TcpRule {
    TcpRule { host: TcpHost::Name(name.to_owned()), port }
}

fn range(first: IpAddr, length: u8, port: u16) -> TcpRule {
    TcpRule { host: TcpHost::Range(AddressRange::new(first, length)), port }
}

/// What a guest with these rules makes of a batch.
async fn outcome(rules: Vec<TcpRule>, config: &str) -> Result<Sink, String> {
    outcome_of(spec(config), rules, &["hello"]).await
}

async fn outcome_of(
    mut spec: InstanceSpec,
    rules: Vec<TcpRule>,
    payloads: &[&str],
) -> Result<Sink, String> {
    spec.grants.tcp = TcpGrants::new(rules);
    let sink = Sink::open(&component("tcp_client").await, &spec).await.unwrap();
    let (sink, assigned) = sink.assign(origin(), None).await.unwrap();
    assigned.unwrap();
    let (sink, answer) = sink.consume(batch(payloads), None).await.unwrap();
    match answer {
        Ok(receipt) => {
            assert_eq!(receipt.handled, 1);
            Ok(sink)
        }
        Err(GuestError::Unavailable(unavailability)) => Err(unavailability.detail),
        Err(other) => panic!("{other}"),
    }
}

async fn assert_arrives(server: &Server, rules: Vec<TcpRule>, config: &str) {
    // Dropped only after the line is read.
    let _sink = outcome(rules, config).await.unwrap_or_else(|error| panic!("{config}: {error}"));
    assert_eq!(server.line(), "hello\n", "{config}");
}

async fn assert_denied(server: &Server, rules: Vec<TcpRule>, config: &str) {
    let Err(error) = outcome(rules, config).await else { panic!("{config} passed") };
    assert!(error.contains("PermissionDenied"), "{config}: {error}");
    server.assert_untouched();
}

#[tokio::test]
async fn given_a_granted_address_range_or_name_should_connect() {
    let server = Server::start();
    let port = server.port;
    let by_address = format!(r#"{{"address":"127.0.0.1:{port}"}}"#);
    let by_name = format!(r#"{{"address":"localhost:{port}"}}"#);
    assert_arrives(&server, vec![range(LOCAL, 32, port)], &by_address).await;
    let first = Ipv4Addr::new(127, 0, 0, 0).into();
    assert_arrives(&server, vec![range(first, 8, port)], &by_address).await;
    assert_arrives(&server, vec![name("localhost", port)], &by_name).await;
}

#[tokio::test]
async fn given_a_looked_up_name_should_connect_to_its_address_only_after_that() {
    let server = Server::start();
    let port = server.port;
    let config = format!(r#"{{"address":"127.0.0.1:{port}"}}"#);
    assert_denied(&server, vec![name("localhost", port)], &config).await;
    let server = Server::start();
    let port = server.port;
    let config = format!(r#"{{"address":"127.0.0.1:{port}","look_up":"localhost:{port}"}}"#);
    assert_arrives(&server, vec![name("localhost", port)], &config).await;
}

#[tokio::test]
async fn given_no_grant_or_another_should_be_denied_before_anything_is_sent() {
    let server = Server::start();
    let port = server.port;
    let other = port.checked_add(1).unwrap_or(1);
    let config = format!(r#"{{"address":"127.0.0.1:{port}"}}"#);
    let everything = Ipv4Addr::UNSPECIFIED.into();
    for rules in [
        vec![],
        vec![range(LOCAL, 32, other)],
        vec![range(Ipv4Addr::new(127, 0, 0, 2).into(), 32, port)],
        vec![range("::1".parse().unwrap(), 128, port)],
        // A wide range covers nothing local.
        vec![range(everything, 0, port)],
    ] {
        assert_denied(&server, rules, &config).await;
    }
    let by_name = format!(r#"{{"address":"localhost:{port}"}}"#);
    assert_denied(&server, vec![name("localhost", other)], &by_name).await;
}

#[tokio::test]
async fn given_a_name_that_is_not_granted_should_not_even_look_it_up() {
    let server = Server::start();
    let port = server.port;
    // Whoever looks the second one up is told that it does not exist.
    for address in [format!("localhost:{port}"), format!("nowhere.invalid:{port}")] {
        let config = format!(r#"{{"address":"{address}"}}"#);
        for rules in [vec![], vec![name("other.internal", port)], vec![range(LOCAL, 32, port)]] {
            assert_denied(&server, rules, &config).await;
        }
    }
}

#[tokio::test]
async fn given_the_ipv6_form_of_an_ipv4_address_should_not_connect() {
    let server = Server::start();
    let port = server.port;
    let config = format!(r#"{{"address":"[::ffff:127.0.0.1]:{port}"}}"#);
    let Err(error) = outcome(vec![], &config).await else { panic!("it passed") };
    assert!(error.contains("InvalidInput"), "{error}");
    server.assert_untouched();
}

#[tokio::test]
async fn given_any_grant_should_neither_listen_nor_exchange_datagrams() {
    let server = Server::start();
    let rules = || vec![range(LOCAL, 32, server.port), range(LOCAL, 32, 1)];
    for address in ["127.0.0.1:0", "127.0.0.1:1", "0.0.0.0:0", "0.0.0.0:1"] {
        for action in ["listen", "datagram"] {
            let config = format!(r#"{{"action":"{action}","address":"{address}"}}"#);
            assert_denied(&server, rules(), &config).await;
        }
    }
}

#[tokio::test]
async fn given_too_many_connections_should_refuse_the_next() {
    let server = Server::start();
    let port = server.port;
    let rules = || vec![range(LOCAL, 32, port)];
    let config = |count| format!(r#"{{"address":"127.0.0.1:{port}","connections":{count}}}"#);
    let sink = outcome(rules(), &config(64)).await.unwrap();
    drop(sink);
    let Err(error) = outcome(rules(), &config(65)).await else { panic!("65 were opened") };
    assert!(error.contains("No file descriptors available"), "{error}");
}

#[tokio::test]
async fn given_a_limit_of_connections_should_open_as_many_and_name_the_next() {
    let server = Server::start();
    let port = server.port;
    let opened = async |count| {
        let mut spec = spec(&format!(r#"{{"address":"127.0.0.1:{port}","connections":{count}}}"#));
        spec.limits.store.connections = 3;
        outcome_of(spec, vec![range(LOCAL, 32, port)], &["hello"]).await
    };
    assert!(opened(3).await.is_ok());
    let Err(error) = opened(4).await else { panic!("4 were opened") };
    assert!(error.contains("No file descriptors available"), "{error}");
}

#[tokio::test]
async fn given_a_limit_of_bytes_per_second_should_send_everything_in_time() {
    const RATE: u64 = 200_000;
    let server = Server::start();
    let port = server.port;
    let mut spec = spec(&format!(r#"{{"address":"127.0.0.1:{port}"}}"#));
    spec.limits.store.egress_per_second = Some(RATE);
    let payload = "x".repeat(2 * usize::try_from(RATE).unwrap());
    let reading = std::thread::spawn(move || server.line());
    let started = std::time::Instant::now();
    let sink = outcome_of(spec, vec![range(LOCAL, 32, port)], &[&payload]).await.unwrap();
    assert_eq!(reading.join().unwrap().trim_end(), payload);
    // One second's worth was there; the last piece leaves before it is paid for.
    let elapsed = started.elapsed();
    assert!(elapsed >= Duration::from_millis(500), "{elapsed:?}");
    drop(sink);
}
