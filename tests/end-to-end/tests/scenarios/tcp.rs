//! A guest with sockets against a real server.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::thread::{self, JoinHandle};

use crate::support::{Broker, Connector, Target};

const COUNT: u64 = 3_000;

/// Reads the lines of one connection.
struct Server {
    port: u16,
    lines: JoinHandle<Vec<String>>,
}

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let lines = thread::spawn(move || {
            let (connection, _) = listener.accept().unwrap();
            BufReader::new(connection).lines().map(Result::unwrap).collect()
        });
        Self { port, lines }
    }
}

fn client(target: &Target, address: &str) -> Connector {
    Connector::sink("tcp_client.wasm", target).config(&format!("address = \"{address}\""))
}

#[test]
fn given_a_granted_address_or_name_should_send_every_message_in_order() {
    let broker = Broker::start();
    let target = Target::unique("numbers");
    let (by_address, by_name) = (Server::start(), Server::start());
    let world = broker.world();
    world.connector("numbers", Connector::numbers(&target, COUNT).create(1));
    let address = format!("127.0.0.1:{}", by_address.port);
    let granted = client(&target, &address).grant(&format!("tcp = [\"{address}\"]"));
    world.connector("by-address", granted.create(1));
    let address = format!("localhost:{}", by_name.port);
    let granted = client(&target, &address).grant(&format!("tcp = [\"{address}\"]"));
    world.connector("by-name", granted.create(1));
    world.run_once().with_code(0);
    let expected: Vec<_> = (0..COUNT).map(|n| format!("{{\"sequence\":{n}}}")).collect();
    for server in [by_address, by_name] {
        assert_eq!(server.lines.join().unwrap(), expected);
    }
}

#[test]
fn given_what_is_not_granted_should_be_denied_with_the_line_that_grants_it() {
    let broker = Broker::start();
    let target = Target::unique("numbers");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    broker.client.create_topic(&target, 1);
    broker.client.send_numbers(&target, 0, 0..3);
    let world = broker.world();
    let (address, name) = (format!("127.0.0.1:{port}"), format!("localhost:{port}"));
    world.connector("nothing", client(&target, &address));
    let other = client(&target, &address).grant("tcp = [\"10.0.0.0/8:5432\"]");
    world.connector("other-address", other);
    let other = client(&target, &name).grant("tcp = [\"localhost:1\"]");
    world.connector("other-port", other);
    let other = client(&target, &name).grant(&format!("tcp = [\"other.internal:{port}\"]"));
    world.connector("other-name", other);
    let mut host = world.run(&[]);
    // As they stand in a JSON log. The name leads to the same address.
    let line = format!("[grants] tcp = [\\\"{address}\\\"]");
    host.until_logged(&format!("the line that allows it: {line}"), 3);
    host.until_logged("[grants] tcp = [\\\"localhost:PORT\\\"]", 1);
    host.terminate().with_code(0);
    assert!(listener.accept().is_err(), "somebody got through");
    for key in ["nothing", "other-address", "other-port", "other-name"] {
        let stored = broker.client.stored_offset(&target, &format!("kennel-{key}"), 0);
        assert_eq!(stored, None, "{key}");
    }
}
