//! Topics that do not exist yet.

use crate::support::destination::Account;
use crate::support::{Broker, Connector, Target};

#[test]
fn given_a_missing_topic_a_sink_should_wait_with_a_clear_status_until_somebody_creates_it() {
    let broker = Broker::start();
    let target = Target::unique("late");
    let world = broker.world();
    let out = world.folder("out");
    world.connector("files", Connector::files(&target, &out));
    let summary = world.path("summary.json");
    let mut host = world.run(&["--summary-file", summary.to_str().unwrap()]);
    let status = format!(
        "topic {}/late does not exist; create it, or set create = true in [[streams]]",
        target.stream
    );
    host.until_logged(&status, 1);
    assert_eq!(broker.client.partitions(&target), None, "nobody allowed it to create the topic");
    broker.client.create_topic(&target, 2);
    broker.client.send_numbers(&target, 1, 0..20);
    host.until("all arrived", || Account::of(&out, 20).distinct == 20);
    let ended = host.terminate().with_code(0);
    Account::of(&out, 20).assert_exact();
    let written = std::fs::read_to_string(summary).unwrap();
    assert_eq!(written.trim(), ended.output.trim(), "the file holds what is printed");
}

#[test]
fn given_a_missing_topic_once_should_end_and_say_what_it_waited_for() {
    let broker = Broker::start();
    let target = Target::unique("never");
    let world = broker.world();
    world.connector("sink", Connector::sink("noop_sink.wasm", &target));
    let ended = world.run_once().with_code(0);
    assert!(ended.log.contains("does not exist; create it"), "{}", ended.log);
}

#[test]
fn given_a_missing_topic_a_source_should_wait_until_somebody_creates_it() {
    let broker = Broker::start();
    let target = Target::unique("late");
    let world = broker.world();
    world.connector("numbers", Connector::numbers(&target, 50));
    let mut host = world.run(&["--once"]);
    host.until_logged("late does not exist; create it", 1);
    broker.client.create_topic(&target, 1);
    host.wait().with_code(0);
    assert_eq!(broker.client.read(&target, 0).len(), 50);
}

#[test]
fn given_create_should_make_the_topic_with_its_partitions_and_leave_an_existing_one_alone() {
    let broker = Broker::start();
    let made = Target::unique("made");
    let present = made.topic("present");
    broker.client.create_topic(&present, 2);
    let world = broker.world();
    for target in [&made, &present] {
        let sink = Connector::sink("noop_sink.wasm", target).create(5);
        world.connector(&target.topic, sink);
    }
    world.run_once().with_code(0);
    assert_eq!(broker.client.partitions(&made), Some(5));
    assert_eq!(broker.client.partitions(&present), Some(2));
}
