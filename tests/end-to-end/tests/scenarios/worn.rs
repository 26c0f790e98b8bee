//! Instances that have served long enough are replaced, and nobody notices at the destination.

use std::fs;

use crate::support::destination::{self, Account};
use crate::support::{Broker, Connector, Target, message};

const COUNT: u64 = 5_000;
/// What the host logs for each.
const TAKEN_OVER: &str = "a fresh instance takes over";

#[test]
fn given_worn_sinks_and_transforms_should_replace_them_and_keep_state_and_deliveries_exact() {
    let broker = Broker::start();
    let target = Target::unique("numbers");
    broker.client.create_topic(&target, 2);
    for partition in 0..2 {
        let numbers = (0..COUNT).map(|number| message(format!("{{\"sequence\":{number}}}")));
        broker.client.send(&target, partition, numbers.collect());
    }
    let world = broker.world();
    let out = world.folder("out");
    let sink = Connector::files(&target, &out)
        .flush("messages = 300")
        .delivery("guarantee = \"exactly-once\"")
        .dead_letters("numbers.dlq")
        .transform("counting_transform.wasm", "[transforms.grants]\nstate = \"1MiB\"")
        .stream("batch = { messages = 100 }")
        .limit("instance_batches = 7");
    world.connector("files", sink);
    let ended = world.run_once().with_code(0);

    let replaced = ended.log.matches(TAKEN_OVER).count();
    assert!(replaced >= 4, "only {replaced} instances were replaced:\n{}", ended.log);
    assert_eq!(ended.connector("files")["restarts"], 0, "wear is no fault");
    let mut records = destination::records(&out);
    for record in &records {
        // Each was counted once, after all before it in its partition.
        assert_eq!(record["count"].as_u64(), record["sequence"].as_u64().map(|it| it + 1));
    }
    records.sort_by_key(|record| record["sequence"].as_u64());
    let numbers: Vec<u64> = records.iter().map(|it| it["sequence"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (0..COUNT).flat_map(|number| [number; 2]).collect::<Vec<_>>());
}

#[test]
fn given_a_worn_source_should_go_on_after_its_cursor_with_a_fresh_one() {
    let broker = Broker::start();
    let target = Target::unique("lines");
    let world = broker.world();
    let (folder, out) = (world.folder("in"), world.folder("out"));
    let lines: String = (0..COUNT).map(|number| format!("{{\"sequence\":{number}}}\n")).collect();
    fs::write(folder.join("a.ndjson"), lines).unwrap();
    let source = Connector::source("file_source.wasm", &target)
        .create(1)
        .config("path = \"/in/a.ndjson\"\nmode = \"once\"")
        .folder(&folder, "/in", "ro")
        .stream("batch = { messages = 100 }")
        .limit("instance_batches = 7");
    world.connector("lines", source);
    world.connector("files", Connector::files(&target, &out).create(1));
    let ended = world.run_once().with_code(0);

    let replaced = ended.log.matches(TAKEN_OVER).count();
    assert!(replaced >= 3, "only {replaced} instances were replaced:\n{}", ended.log);
    Account::of(&out, COUNT).assert_exact();
}
