//! State of a guest and what was delivered agree, whenever the host dies (D5).

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::support::broker::free_port;
use crate::support::client::{Access, Client, runtime};
use crate::support::{BrokerProcess, Connector, HttpServer, Target, World, destination, message};

const COUNT: u64 = 5_000;

/// Fills one partition; every third message will be counted and filtered.
fn fill(client: &Client, target: &Target) {
    client.create_topic(target, 1);
    let numbers = (0..COUNT).map(|number| message(format!("{{\"sequence\":{number}}}")));
    client.send(target, 0, numbers.collect());
}

fn counting(sink: Connector, config: &str) -> Connector {
    sink.transform(
        "counting_transform.wasm",
        &format!("{config}\n[transforms.grants]\nstate = \"1MiB\""),
    )
    .stream("batch = { messages = 100 }")
}

/// A record is right if everything before it was counted once.
fn assert_counted_once(record: &Value) {
    let (sequence, count) = (record["sequence"].as_u64(), record["count"].as_u64());
    assert_eq!(sequence.map(|number| number + 1), count, "{record}");
}

fn dropped(count: u64) -> bool {
    count.is_multiple_of(3)
}

fn files(target: &Target, out: &Path) -> Connector {
    Connector::files(target, out)
        .flush("messages = 300")
        .delivery("guarantee = \"exactly-once\"")
        .dead_letters("numbers.dlq")
}

#[test]
fn given_kill_9_at_every_boundary_state_should_agree_with_a_transactional_destination() {
    for point in ["after_consume", "before_flush", "after_flush", "before_state", "before_offset"] {
        let port = free_port();
        let world = World::new(&format!("127.0.0.1:{port}"));
        let _broker = BrokerProcess::start(port, &world.path("iggy"));
        let client = Client::connect(Access::root(&format!("127.0.0.1:{port}")), runtime());
        let target = Target::unique("numbers");
        fill(&client, &target);
        let out = world.folder("out");
        world.connector("files", counting(files(&target, &out), "drop_every = 3"));
        for pass in [2, 3] {
            let ended = world.run_dying_at(&format!("{point}@{pass}")).wait();
            assert_eq!(ended.code, None, "{point} was not passed:\n{}", ended.log);
        }
        world.run_once().with_code(0);
        let records = destination::records(&out);
        records.iter().for_each(assert_counted_once);
        let counts: Vec<u64> = records.iter().map(|it| it["count"].as_u64().unwrap()).collect();
        let expected: Vec<u64> = (1..=COUNT).filter(|count| !dropped(*count)).collect();
        assert_eq!(counts, expected, "{point}");
    }
}

#[test]
fn given_kill_9_at_every_boundary_state_should_agree_with_repeated_deliveries() {
    for point in ["after_consume", "before_state", "before_offset", "after_offset"] {
        let port = free_port();
        let world = World::new(&format!("127.0.0.1:{port}"));
        let _broker = BrokerProcess::start(port, &world.path("iggy"));
        let client = Client::connect(Access::root(&format!("127.0.0.1:{port}")), runtime());
        let target = Target::unique("numbers");
        fill(&client, &target);
        let server = HttpServer::start(0);
        let url = server.url();
        let web = Connector::sink("http_sink.wasm", &target)
            .config(&format!("url = \"{url}/v1/records\""))
            .grant(&format!("http = [\"{url}/v1/*\"]"));
        world.connector("web", counting(web, "drop_every = 3"));
        for pass in [1, 2] {
            let ended = world.run_dying_at(&format!("{point}@{pass}")).wait();
            assert_eq!(ended.code, None, "{point} was not passed:\n{}", ended.log);
        }
        world.run_once().with_code(0);
        let mut times: BTreeMap<u64, u32> = BTreeMap::new();
        for line in server.lines() {
            let record: Value = serde_json::from_str(&line).unwrap();
            assert_counted_once(&record);
            *times.entry(record["count"].as_u64().unwrap()).or_default() += 1;
        }
        let expected: Vec<u64> = (1..=COUNT).filter(|count| !dropped(*count)).collect();
        assert_eq!(times.into_keys().collect::<Vec<_>>(), expected, "{point}");
    }
}

#[test]
fn given_a_message_that_makes_a_transform_panic_its_neighbours_should_be_there_exactly_once() {
    let port = free_port();
    let world = World::new(&format!("127.0.0.1:{port}"));
    let _broker = BrokerProcess::start(port, &world.path("iggy"));
    let client = Client::connect(Access::root(&format!("127.0.0.1:{port}")), runtime());
    let target = Target::unique("numbers");
    fill(&client, &target);
    let out = world.folder("out");
    world.connector("files", counting(files(&target, &out), "panic_at = 1234"));
    world.run_once().with_code(0);
    let letters = client.read(&target.topic("numbers.dlq"), 0);
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].payload, b"{\"sequence\":1234}");
    assert_eq!(letters[0].header("kennel.dlq.stage").as_deref(), Some("transform-0"));
    // It was never counted, and nobody twice.
    let records = destination::records(&out);
    let numbers: Vec<(u64, u64)> = records
        .iter()
        .map(|it| (it["sequence"].as_u64().unwrap(), it["count"].as_u64().unwrap()))
        .collect();
    let others = (0..COUNT).filter(|number| *number != 1234);
    assert_eq!(numbers, others.zip(1..).collect::<Vec<_>>());
}
