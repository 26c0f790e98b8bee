//! Brokers that are down, die and misbehave: nothing is lost, and the host recovers by itself.

use std::time::Duration;

use embedded_iggy::{Command, Fault};

use crate::support::broker::free_port;
use crate::support::destination::{self, Account};
use crate::support::{Broker, BrokerProcess, Connector, Target, World};

const COUNT: u64 = 20_000;

/// A source and a sink of the same topic. Answers the sink's folder.
fn configure(world: &World, target: &Target, rate: u64) -> std::path::PathBuf {
    let out = world.folder("out");
    let numbers = Connector::numbers(target, COUNT).create(2).config(&format!("rate = {rate}"));
    world.connector("numbers", numbers);
    world.connector("files", Connector::files(target, &out).create(2).stream("parallelism = 2"));
    out
}

#[test]
fn given_a_broker_that_is_down_at_start_should_wait_and_connect_when_it_comes() {
    let port = free_port();
    let world = World::new(&format!("127.0.0.1:{port}"));
    let out = configure(&world, &Target::unique("numbers"), 0);
    let mut host = world.run(&[]);
    // Source and sink both say what they wait for.
    host.until_logged("cannot be reached", 2);
    let broker = BrokerProcess::start(port, &world.path("data"));
    host.until("all arrived", || Account::of(&out, COUNT).distinct == COUNT);
    host.terminate().with_code(0);
    Account::of(&out, COUNT).assert_complete();
    drop(broker);
}

#[test]
fn given_a_broker_killed_twice_in_mid_stream_should_deliver_everything() {
    let port = free_port();
    let world = World::new(&format!("127.0.0.1:{port}"));
    let out = configure(&world, &Target::unique("numbers"), 10_000);
    let mut broker = BrokerProcess::start(port, &world.path("data"));
    let mut host = world.run(&[]);
    for (outage, part) in [(1, 2_000), (2, 8_000)] {
        host.until("a part arrived", || destination::lines(&out).len() >= part);
        let (port, data) = broker.kill();
        // Sink and source have both noticed.
        host.until_logged("cannot be reached", 2 * outage);
        broker = BrokerProcess::start(port, &data);
    }
    host.until("all arrived", || Account::of(&out, COUNT).missing.is_empty());
    host.terminate().with_code(0);
    let account = Account::of(&out, COUNT);
    eprintln!("broker killed twice: {account}");
    account.assert_complete();
}

#[test]
fn given_a_broker_that_fails_in_every_way_should_deliver_everything() {
    let broker = Broker::embedded();
    let world = broker.world();
    let out = configure(&world, &Target::unique("numbers"), 10_000);
    let faults = broker.faults();
    let commands = [
        Command::Send,
        Command::Poll,
        Command::StoreOffset,
        Command::GetOffset,
        Command::JoinGroup,
        Command::SyncGroup,
        Command::Login,
    ];
    for command in commands {
        faults.inject_after(2, command, Fault::Drop, 1);
        faults.inject_after(1, command, Fault::LoseReply, 1);
        faults.inject_after(1, command, Fault::Delay(Duration::from_millis(50)), 1);
    }
    // Code 1: an error that says nothing.
    faults.inject_after(4, Command::Send, Fault::Refuse(1), 2);
    faults.inject_after(4, Command::Poll, Fault::Refuse(1), 2);
    let mut host = world.run(&[]);
    host.until("all arrived", || Account::of(&out, COUNT).missing.is_empty());
    let ended = host.terminate().with_code(0);
    let account = Account::of(&out, COUNT);
    eprintln!("{} faults, {} still to come: {account}", faults.fired(), faults.armed());
    account.assert_complete();
    assert!(faults.fired() >= 10, "only {} faults struck", faults.fired());
    assert_eq!(ended.connector("files")["dead_lettered"], 0);
}
