//! 200,000 messages, every one accounted for in the sink's files, however the host was stopped.

use std::path::{Path, PathBuf};

use crate::support::destination::{self, Account};
use crate::support::world::text;
use crate::support::{Broker, Connector, Target, World};

const COUNT: u64 = 200_000;
const SIZE: u64 = 256;
/// A line of a file: a message and its line break.
const LINE: u64 = SIZE + 1;

/// Random source, topic of four partitions, file sink with two lanes. Answers the sink's folder.
fn configure(world: &World, target: &Target) -> PathBuf {
    let out = world.folder("out");
    // Slow enough that the middle can be met, fast enough not to be waited for.
    let numbers = Connector::numbers(target, COUNT)
        .create(4)
        .config(&format!("size = {SIZE}"))
        .config("rate = 60000");
    world.connector("numbers", numbers);
    let files =
        Connector::files(target, &out).create(4).stream("parallelism = 2").flush("messages = 5000");
    world.connector("files", files);
    out
}

fn has_arrived(out: &Path, messages: u64) -> impl FnMut() -> bool {
    move || destination::bytes(out) >= messages * LINE
}

/// Fails unless about so many, but not all, have arrived. What was met were bytes, and after an
/// earlier kill a few of them are duplicates.
fn assert_in_the_middle(out: &Path, about: u64) {
    let account = Account::of(out, COUNT);
    assert!((about / 10 * 9..COUNT).contains(&account.distinct), "{account}");
}

fn assert_all_there(out: &Path, how: &str) {
    let account = Account::of(out, COUNT);
    eprintln!("{how}: {account}");
    account.assert_complete();
    let lines = destination::lines(out);
    assert!(lines.iter().all(|line| line.len() as u64 == SIZE), "a message lost its size");
}

#[test]
fn given_sigterm_half_way_a_restarted_host_should_deliver_every_message() {
    let target = Target::unique("numbers");
    let world = World::new("127.0.0.1:1");
    let out = configure(&world, &target);
    let data = world.path("data");
    let embedded = ["--embedded", "--data", text(&data)];

    let mut host = world.run(&embedded);
    host.until("half of it has arrived", has_arrived(&out, COUNT / 2));
    let ended = host.terminate().with_code(0);
    assert_eq!(ended.connector("files")["state"], "stopped");
    assert_in_the_middle(&out, COUNT / 2);

    world.run(&[&embedded[..], &["--once"]].concat()).wait().with_code(0);
    assert_all_there(&out, "SIGTERM");
}

#[test]
fn given_kill_9_of_the_host_twice_a_restarted_host_should_deliver_every_message() {
    let broker = Broker::start();
    let target = Target::unique("numbers");
    let world = broker.world();
    let out = configure(&world, &target);
    for part in [COUNT / 4, COUNT / 2] {
        let mut host = world.run(&[]);
        host.until("a part of it has arrived", has_arrived(&out, part));
        host.kill();
        assert_in_the_middle(&out, part);
    }
    world.run_once().with_code(0);
    assert_all_there(&out, "kill -9 of the host, twice");
}

#[test]
fn given_kill_9_of_host_and_broker_together_a_restarted_host_should_deliver_every_message() {
    let target = Target::unique("numbers");
    let world = World::new("127.0.0.1:1");
    let out = configure(&world, &target);
    let data = world.path("data");
    let embedded = ["--embedded", "--data", text(&data)];

    let mut host = world.run(&embedded);
    host.until("half of it has arrived", has_arrived(&out, COUNT / 2));
    host.kill();
    assert_in_the_middle(&out, COUNT / 2);

    world.run(&[&embedded[..], &["--once"]].concat()).wait().with_code(0);
    assert_all_there(&out, "kill -9 of host and broker");
}
