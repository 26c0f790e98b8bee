//! Messages that end the instance that touches them: found, dead-lettered, their neighbours delivered.

use std::collections::BTreeMap;
use std::fs;

use crate::support::{Broker, Connector, Target, World};

const COUNT: u64 = 1_000;

/// A sink that writes each payload as it comes and panics at payloads that contain `:77`, so at
/// number 77 and at 770 to 779.
fn panicking(world: &World, target: &Target, config: &[&str]) -> Connector {
    let out = world.folder("out");
    let mut sink = Connector::sink("panicking_sink.wasm", target)
        .config("write_to = \"/out/payloads\"")
        .config("containing = \":77\"")
        .folder(&out, "/out", "rw")
        .dead_letters("numbers.dlq")
        .delivery("dead_letter_budget = 1000");
    for line in config {
        sink = sink.config(line);
    }
    sink
}

/// How often each number was delivered.
fn delivered(world: &World) -> BTreeMap<u64, u32> {
    let mut times = BTreeMap::new();
    for line in fs::read_to_string(world.path("out").join("payloads")).unwrap().lines() {
        let record: serde_json::Value = serde_json::from_str(line).unwrap();
        *times.entry(record["sequence"].as_u64().unwrap()).or_default() += 1;
    }
    times
}

fn guilty() -> Vec<u64> {
    (0..COUNT).filter(|number| format!(":{number}").starts_with(":77")).collect()
}

fn assert_the_guilty_are_found(config: &[&str]) {
    let broker = Broker::start();
    let target = Target::unique("numbers");
    broker.client.create_topic(&target, 1);
    broker.client.send_numbers(&target, 0, 0..COUNT);
    let world = broker.world();
    world.connector("fragile", panicking(&world, &target, config));
    let ended = world.run_once().with_code(0);

    let letters = broker.client.read(&target.topic("numbers.dlq"), 0);
    let numbers: Vec<u64> = letters
        .iter()
        .map(|letter| {
            let record: serde_json::Value = serde_json::from_slice(&letter.payload).unwrap();
            record["sequence"].as_u64().unwrap()
        })
        .collect();
    assert_eq!(numbers, guilty());
    for letter in &letters {
        let header = |key: &str| letter.header(&format!("kennel.dlq.{key}")).unwrap_or_default();
        assert_eq!(header("code"), "trap");
        assert_eq!(header("stage"), "sink");
        assert_eq!(header("component"), "panicking");
        assert_eq!(header("digest").len(), 64);
        assert_eq!(header("record").len(), 32);
        assert!(header("detail").contains("told to panic"), "{}", header("detail"));
    }
    let delivered = delivered(&world);
    let expected: Vec<u64> = (0..COUNT).filter(|number| !guilty().contains(number)).collect();
    assert_eq!(delivered.keys().copied().collect::<Vec<_>>(), expected);
    let most = delivered.values().max().copied();
    eprintln!("delivered at most {most:?} times; faults: {}", ended.connector("fragile")["faults"]);
    let stored = broker.client.stored_offset(&target, "kennel-fragile", 0);
    assert_eq!(stored, Some(COUNT - 1));
}

#[test]
fn given_messages_that_make_a_guest_panic_should_dead_letter_them_and_deliver_their_neighbours() {
    assert_the_guilty_are_found(&[]);
}

#[test]
fn given_a_guest_that_marks_the_wrong_message_should_still_find_the_guilty_ones() {
    assert_the_guilty_are_found(&["looks_ahead = true"]);
}

#[test]
fn given_one_message_that_makes_a_guest_panic_should_deliver_its_neighbours_at_most_twice_more() {
    let broker = Broker::start();
    let target = Target::unique("numbers");
    broker.client.create_topic(&target, 1);
    broker.client.send_numbers(&target, 0, 0..100);
    let world = broker.world();
    world.connector("fragile", panicking(&world, &target, &[]));
    world.run_once().with_code(0);
    let delivered = delivered(&world);
    assert_eq!(delivered.len(), 99);
    assert!(delivered.values().all(|times| *times <= 3), "{delivered:?}");
}
