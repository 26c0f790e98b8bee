//! Where a sink begins, and where it goes on.

use std::path::Path;

use crate::support::destination::{self, Account};
use crate::support::{Broker, Connector, Target};

/// The numbers that arrived, in order.
fn numbers(folder: &Path) -> Vec<u64> {
    destination::records(folder).iter().map(|it| it["sequence"].as_u64().unwrap()).collect()
}

#[test]
fn given_each_start_position_should_begin_there() {
    let broker = Broker::start();
    let target = Target::unique("numbers");
    broker.client.create_topic(&target, 1);
    broker.client.send_numbers(&target, 0, 0..10);
    let sent = broker.client.read(&target, 0);
    assert!(sent[5].timestamp < sent[6].timestamp, "two messages of one microsecond");
    let starts = [
        ("earliest", "start = \"earliest\"".to_owned(), 0),
        ("latest", "start = \"latest\"".to_owned(), 10),
        ("offset", "start = { offset = 4 }".to_owned(), 4),
        ("timestamp", format!("start = {{ timestamp = {} }}", sent[6].timestamp), 6),
        ("between", format!("start = {{ timestamp = {} }}", sent[5].timestamp + 1), 6),
        ("future", "start = { timestamp = \"2999-01-01T00:00:00Z\" }".to_owned(), 10),
    ];
    let world = broker.world();
    for (name, start, _) in &starts {
        let files = Connector::files(&target, &world.folder(name)).stream(start);
        world.connector(name, files);
    }
    let mut host = world.run(&[]);
    host.until_logged("\"assigned ", starts.len());
    broker.client.send_numbers(&target, 0, 10..13);
    for (name, _, first) in &starts {
        let expected: Vec<_> = (*first..13).collect();
        host.until(&format!("{name} got all"), || {
            numbers(&world.path(name)).len() >= expected.len()
        });
    }
    host.terminate().with_code(0);
    for (name, _, first) in &starts {
        assert_eq!(numbers(&world.path(name)), (*first..13).collect::<Vec<_>>(), "{name}");
    }
}

#[test]
fn given_a_restart_should_go_on_after_what_was_delivered() {
    let broker = Broker::start();
    let target = Target::unique("numbers");
    broker.client.create_topic(&target, 1);
    broker.client.send_numbers(&target, 0, 0..5);
    let world = broker.world();
    let (earliest, latest) = (world.folder("earliest"), world.folder("latest"));
    world.connector("earliest", Connector::files(&target, &earliest));
    world.connector("latest", Connector::files(&target, &latest).stream("start = \"latest\""));
    let mut host = world.run(&[]);
    host.until_logged("\"assigned ", 2);
    broker.client.send_numbers(&target, 0, 5..10);
    host.until("ten arrived", || numbers(&earliest).len() == 10 && numbers(&latest).len() == 5);
    host.terminate().with_code(0);
    for key in ["kennel-earliest", "kennel-latest"] {
        assert_eq!(broker.client.stored_offset(&target, key, 0), Some(9), "{key}");
    }

    // Sent while nobody listens; finished files may be moved away at any time.
    broker.client.send_numbers(&target, 0, 10..15);
    for folder in [&earliest, &latest] {
        for file in destination::files(folder) {
            std::fs::remove_file(file).unwrap();
        }
    }
    world.run_once().with_code(0);
    assert_eq!(numbers(&earliest), [10, 11, 12, 13, 14]);
    assert_eq!(numbers(&latest), [10, 11, 12, 13, 14]);
    world.run_once().with_code(0);
    assert_eq!(numbers(&earliest).len(), 5, "nothing comes twice");
}

#[test]
fn given_partitions_added_while_it_runs_should_read_them_too() {
    let broker = Broker::start();
    let target = Target::unique("numbers");
    broker.client.create_topic(&target, 1);
    let world = broker.world();
    let out = world.folder("out");
    world.connector("files", Connector::files(&target, &out));
    let mut host = world.run(&[]);
    broker.client.send_numbers(&target, 0, 0..10);
    host.until("the first partition arrived", || Account::of(&out, 10).distinct == 10);
    broker.client.add_partitions(&target, 2);
    broker.client.send_numbers(&target, 1, 10..20);
    broker.client.send_numbers(&target, 2, 20..30);
    host.until("the new partitions arrived", || Account::of(&out, 30).distinct == 30);
    host.terminate().with_code(0);
    Account::of(&out, 30).assert_exact();
}

#[test]
fn given_partitions_added_while_it_runs_a_source_should_use_them_too() {
    let broker = Broker::start();
    let target = Target::unique("numbers");
    broker.client.create_topic(&target, 1);
    let world = broker.world();
    let endless =
        Connector::numbers(&target, 0).config("rate = 500").stream("batch = { messages = 20 }");
    world.connector("numbers", endless);
    let mut host = world.run(&[]);
    host.until("it sends", || !broker.client.read(&target, 0).is_empty());
    broker.client.add_partitions(&target, 1);
    host.until("it sends to the new one", || !broker.client.read(&target, 1).is_empty());
    host.terminate().with_code(0);
}

#[test]
fn given_a_topic_made_anew_should_deliver_its_messages_beside_the_old_ones() {
    let broker = Broker::embedded();
    let target = Target::unique("numbers");
    let world = broker.world();
    let out = world.folder("out");
    world.connector("files", Connector::files(&target, &out));
    for numbers in [0..10, 10..15, 15..40] {
        broker.client.create_topic(&target, 1);
        broker.client.send_numbers(&target, 0, numbers.clone());
        world.run_once().with_code(0);
        Account::of(&out, numbers.end).assert_exact();
        broker.client.delete_topic(&target);
    }
}
