//! A commit whose answer is lost on the way, or whose request is.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread;

use kennel_postgres_sink::PostgresSink;
use kennel_sdk::prelude::*;
use kennel_sdk::testing;
use serde_json::json;

use crate::support::{config, consume, flush, ids, numbered, origin, server};

/// What the network does with the next commit.
#[derive(Clone, Copy, PartialEq)]
#[repr(u8)]
enum Fate {
    Passed,
    /// The server has it, and its answer is lost.
    Answered,
    /// The server never sees it.
    Swallowed,
}

/// A network that loses what it is told to lose.
struct Network {
    port: u16,
    fate: Arc<AtomicU8>,
}

impl Network {
    fn before(server_port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let fate = Arc::new(AtomicU8::new(Fate::Passed as u8));
        let shared = Arc::clone(&fate);
        thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                let server = TcpStream::connect(("127.0.0.1", server_port)).unwrap();
                let (to_client, from_server) =
                    (client.try_clone().unwrap(), server.try_clone().unwrap());
                thread::spawn(move || pass(from_server, to_client));
                let fate = Arc::clone(&shared);
                thread::spawn(move || pass_until_commit(client, server, &fate));
            }
        });
        Self { port, fate }
    }

    fn lose(&self, fate: Fate) {
        self.fate.store(fate as u8, Ordering::SeqCst);
    }
}

/// Passes on until one side ends.
fn pass(mut from: TcpStream, mut to: TcpStream) {
    drop(std::io::copy(&mut from, &mut to));
    drop(to.shutdown(Shutdown::Both));
}

/// Passes on what the client says, and cuts the connection at a commit that is to be lost.
fn pass_until_commit(mut client: TcpStream, mut server: TcpStream, fate: &AtomicU8) {
    let mut buffer = [0; 65536];
    while let Ok(length @ 1..) = client.read(&mut buffer) {
        let said = &buffer[..length];
        let commits = said.windows(7).any(|window| window == b"commit\0");
        let lost = if commits { fate.swap(Fate::Passed as u8, Ordering::SeqCst) } else { 0 };
        if lost == Fate::Passed as u8 {
            if server.write_all(said).is_err() {
                break;
            }
            continue;
        }
        // First deaf to the answer, then speaking.
        client.shutdown(Shutdown::Both).unwrap();
        if lost == Fate::Answered as u8 {
            server.write_all(said).unwrap();
            // A goodbye behind it: the server reads it once the commit is done.
            server.write_all(b"X\0\0\0\x04").unwrap();
        } else {
            drop(server.shutdown(Shutdown::Both));
        }
        return;
    }
    drop(server.shutdown(Shutdown::Both));
}

fn sink_behind(network: &Network, table: &str) -> PostgresSink {
    let mut config = config(server(), table, json!({}));
    config["connection"]["port"] = json!(network.port);
    let mut sink: PostgresSink = testing::open_sink(config).unwrap();
    sink.assign(&origin(), None).unwrap();
    sink
}

fn lost(table: &str, fate: Fate) {
    server().sql(&format!("create table {table} (id bigint not null)")).unwrap();
    let network = Network::before(server().port());
    let mut sink = sink_behind(&network, table);
    consume(&mut sink, &numbered(0..4));
    flush(&mut sink);
    for begin in [4, 8] {
        consume(&mut sink, &numbered(begin..begin + 4));
        network.lose(fate);
        let flushed = sink.flush();
        assert!(matches!(flushed, Err(Error::Unavailable { .. })), "{flushed:?}");
        // Once with a flush again, as the host does it, once with more messages before.
        let end = if begin == 8 { 14 } else { 8 };
        if end > begin + 4 {
            consume(&mut sink, &numbered(begin + 4..end));
        }
        assert_eq!(flush(&mut sink), end);
        assert_eq!(ids(server(), table), (0..end).collect::<Vec<_>>());
    }
}

#[test]
fn given_a_commit_whose_answer_was_lost_should_not_write_twice() {
    lost("answer_lost", Fate::Answered);
}

#[test]
fn given_a_commit_that_never_arrived_should_write_again() {
    lost("commit_lost", Fate::Swallowed);
}

#[test]
fn given_a_first_commit_whose_answer_was_lost_should_not_write_twice() {
    server().sql("create table first_lost (id bigint not null)").unwrap();
    let network = Network::before(server().port());
    let mut sink = sink_behind(&network, "first_lost");
    consume(&mut sink, &numbered(0..4));
    network.lose(Fate::Answered);
    assert!(matches!(sink.flush(), Err(Error::Unavailable { .. })));
    assert_eq!(flush_or_come_again(&mut sink), 4);
    assert_eq!(ids(server(), "first_lost"), [0, 1, 2, 3]);
}

/// While the very first commit is on its way there is no row to wait for: then the sink is fenced, and the host assigns
/// again and replays.
fn flush_or_come_again(sink: &mut PostgresSink) -> u64 {
    match sink.flush() {
        Ok(positions) => positions[0].next,
        Err(Error::Fenced(_)) => sink.assign(&origin(), None).unwrap().unwrap(),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn given_a_lost_answer_and_a_new_owner_should_tell_it_where_the_rows_end() {
    server().sql("create table inherited (id bigint not null)").unwrap();
    let network = Network::before(server().port());
    let mut sink = sink_behind(&network, "inherited");
    consume(&mut sink, &numbered(0..4));
    flush(&mut sink);
    consume(&mut sink, &numbered(4..8));
    network.lose(Fate::Answered);
    assert!(sink.flush().is_err());
    drop(sink);

    let mut heir: PostgresSink =
        testing::open_sink(config(server(), "inherited", json!({}))).unwrap();
    assert_eq!(heir.assign(&origin(), Some(4)), Ok(Some(8)));
    consume(&mut heir, &numbered(4..9));
    assert_eq!(flush(&mut heir), 9);
    assert_eq!(ids(server(), "inherited"), (0..9).collect::<Vec<_>>());
}
