//! `kill -9` at every named boundary, with real processes; judged at the destination.

use std::collections::BTreeSet;
use std::fs;

use kennel_test_backends::Postgres;
use serde_json::Value;

use crate::support::broker::free_port;
use crate::support::client::{Access, Client, runtime};
use crate::support::crash::{Guarantee, Kills, Plan, Report, SinkKind};
use crate::support::destination::Account;
use crate::support::{BrokerProcess, Connector, Target, World, message};

const MESSAGES: u64 = 20_000;

/// Every place between a poll and the stored offset at which a process may die.
const POINTS: [(&str, [u32; 2]); 5] = [
    ("after_poll", [2, 9]),
    ("after_consume", [1, 8]),
    ("before_state", [2, 4]),
    ("before_offset", [2, 3]),
    ("after_offset", [1, 3]),
];
/// Those of a sink that holds.
const FLUSH_POINTS: [(&str, [u32; 2]); 2] = [("before_flush", [1, 3]), ("after_flush", [1, 3])];

fn run(sink: SinkKind, guarantee: Guarantee, (point, passes): (&'static str, [u32; 2])) -> Report {
    let kills = Kills::At { point, passes: passes.to_vec() };
    let report = Plan { sink, guarantee, messages: MESSAGES, kills }.run();
    eprintln!("{sink:?} {guarantee:?} {point}: {report:?}");
    report.judge(guarantee).unwrap_or_else(|broken| panic!("{point}: {broken}: {report:?}"));
    assert_eq!(report.kills, 2);
    assert_eq!(report.dead_lettered, 0);
    report
}

#[test]
fn given_kill_9_at_every_boundary_the_http_sink_should_lose_nothing() {
    for point in POINTS {
        let report = run(SinkKind::Http, Guarantee::AtLeastOnce, point);
        // A kill that repeated nothing did not hit what it was meant for.
        let repeats = matches!(point.0, "after_consume" | "before_state" | "before_offset");
        assert!(!repeats || report.doubled > 0, "{}: nothing was sent again", point.0);
    }
}

#[test]
fn given_kill_9_at_every_boundary_the_file_sink_should_deliver_exactly_once() {
    for point in POINTS.into_iter().chain(FLUSH_POINTS) {
        run(SinkKind::File, Guarantee::ExactlyOnce, point);
    }
}

#[test]
fn given_kill_9_at_every_boundary_the_postgres_sink_should_deliver_exactly_once() {
    for point in POINTS.into_iter().chain(FLUSH_POINTS) {
        run(SinkKind::Postgres, Guarantee::ExactlyOnce, point);
    }
}

#[test]
fn given_kills_at_any_time_the_postgres_sink_should_deliver_exactly_once() {
    let plan = Plan {
        sink: SinkKind::Postgres,
        guarantee: Guarantee::ExactlyOnce,
        messages: 60_000,
        kills: Kills::Spread(4),
    };
    let report = plan.run();
    report.judge(plan.guarantee).unwrap_or_else(|broken| panic!("{broken}: {report:?}"));
}

#[test]
fn given_kills_at_any_time_the_file_sink_should_deliver_exactly_once() {
    let plan = Plan {
        sink: SinkKind::File,
        guarantee: Guarantee::ExactlyOnce,
        messages: 200_000,
        kills: Kills::Spread(4),
    };
    let report = plan.run();
    report.judge(plan.guarantee).unwrap_or_else(|broken| panic!("{broken}: {report:?}"));
}

/// A broker of its own process, which outlives the hosts, a world that uses it, and a client.
fn outliving_broker(world: &World, port: u16) -> (BrokerProcess, Client) {
    let broker = BrokerProcess::start(port, &world.path("iggy"));
    let client = Client::connect(Access::root(&format!("127.0.0.1:{port}")), runtime());
    (broker, client)
}

fn die_at(world: &World, point: &str) {
    let ended = world.run_dying_at(point).wait();
    assert_eq!(ended.code, None, "{point} was not passed:\n{}", ended.log);
}

#[test]
fn given_kill_9_between_a_dead_letter_and_its_offset_should_lose_neither() {
    const MESSAGES: u64 = 2_000;
    let port = free_port();
    let world = World::new(&format!("127.0.0.1:{port}"));
    let (_broker, client) = outliving_broker(&world, port);
    let target = Target::unique("records");
    client.create_topic(&target, 1);
    let is_bad = |number: &u64| number % 50 == 7;
    let payload = |number: u64| match is_bad(&number) {
        true => message(format!("bad {number}")),
        false => message(format!("{{\"sequence\":{number}}}")),
    };
    client.send(&target, 0, (0..MESSAGES).map(payload).collect());
    let out = world.folder("out");
    let files = Connector::files(&target, &out)
        .transform("fields_transform.wasm", "operations = [{ delete = { path = \"card\" } }]")
        .stream("batch = { messages = 50 }")
        .delivery("guarantee = \"exactly-once\"")
        .delivery("dead_letter_budget = 1000")
        .dead_letters("records.dlq");
    world.connector("files", files);
    for pass in [1, 5, 11] {
        die_at(&world, &format!("during_dead_letter@{pass}"));
    }
    world.run_once().with_code(0);

    let letters = client.read(&target.topic("records.dlq"), 0);
    let letters: BTreeSet<Vec<u8>> = letters.into_iter().map(|letter| letter.payload).collect();
    let expected = (0..MESSAGES).filter(is_bad).map(|number| format!("bad {number}").into_bytes());
    assert_eq!(letters, expected.collect());
    let account = Account::of(&out, MESSAGES);
    assert_eq!(account.missing, (0..MESSAGES).filter(is_bad).collect::<Vec<_>>());
    assert_eq!(account.duplicates, 0);
}

/// The places at which a source's host may die, and when it passes them for the so-manyth time.
const SOURCE_POINTS: [(&str, [u32; 2]); 3] =
    [("before_cursor", [1, 4]), ("after_cursor", [1, 3]), ("after_confirm", [1, 3])];

/// Runs the source, killed at `point`, until it has nothing left; the numbers found in its topic.
fn read_through_kills(
    source: impl Fn(&World, &Target) -> Connector,
    (point, passes): (&str, [u32; 2]),
    expected: usize,
    number: impl Fn(&Value) -> Option<u64>,
) -> Vec<u64> {
    let port = free_port();
    let world = World::new(&format!("127.0.0.1:{port}"));
    let (_broker, client) = outliving_broker(&world, port);
    let target = Target::unique("records");
    let source = source(&world, &target).create(2).stream("batch = { messages = 500 }");
    world.connector("source", source);
    for pass in passes {
        die_at(&world, &format!("{point}@{pass}"));
    }
    let read = || -> Vec<u64> {
        let all = (0..2).flat_map(|partition| client.read(&target, partition));
        let records = all.map(|message| serde_json::from_slice(&message.payload).unwrap());
        records.filter_map(|record| number(&record)).collect()
    };
    // A source of a database never finishes: ended when all is there.
    let mut host = world.run(&[]);
    let all = || read().into_iter().collect::<BTreeSet<u64>>().len() >= expected;
    host.until("all is there", all);
    host.terminate().with_code(0);
    read()
}

/// Fails unless every number is there; a kill before the cursor was saved repeats some, others none.
fn assert_all_read(numbers: &[u64], expected: u64, point: &str) {
    let unique: BTreeSet<u64> = numbers.iter().copied().collect();
    assert_eq!(unique, (0..expected).collect(), "{point}");
    let repeated = numbers.len() - unique.len();
    eprintln!("{point}: {repeated} repeated");
    assert_eq!(repeated > 0, point == "before_cursor", "{point}: {repeated} repeated");
}

#[test]
fn given_kill_9_at_every_boundary_the_file_source_should_lose_nothing() {
    const LINES: u64 = 5_000;
    for point in SOURCE_POINTS {
        let source = |world: &World, target: &Target| {
            let input = world.folder("in");
            let lines: String =
                (0..LINES).map(|line| format!("{{\"sequence\":{line}}}\n")).collect();
            fs::write(input.join("lines.ndjson"), lines).unwrap();
            Connector::source("file_source.wasm", target)
                .config("path = \"/in/lines.ndjson\"")
                .config("format = \"ndjson\"")
                .folder(&input, "/in", "ro")
        };
        let number = |record: &Value| record["sequence"].as_u64();
        let numbers = read_through_kills(source, point, LINES as usize, number);
        assert_all_read(&numbers, LINES, point.0);
    }
}

#[test]
fn given_kill_9_at_every_boundary_the_postgres_source_should_lose_nothing() {
    const ROWS: u64 = 5_000;
    let server = Postgres::start().unwrap();
    let rows = format!("select number from generate_series(0, {}) number", ROWS - 1);
    for (run, point) in SOURCE_POINTS.into_iter().enumerate() {
        for mode in ["delete", "cdc"] {
            let table = format!("{mode}_{run}");
            server.sql(&format!("create table {table} (id bigint primary key)")).unwrap();
            // Change data capture reads what is there as its snapshot, and what comes as changes.
            server.sql(&format!("insert into {table} {rows}")).unwrap();
            let source =
                |_: &World, target: &Target| postgres_source(&server, target, mode, &table);
            let number = |record: &Value| {
                let row = if mode == "cdc" { &record["after"] } else { record };
                row["id"].as_u64()
            };
            let numbers = read_through_kills(source, point, ROWS as usize, number);
            match mode {
                // A snapshot that was killed begins anew.
                "cdc" => {
                    let unique: BTreeSet<u64> = numbers.iter().copied().collect();
                    assert_eq!(unique, (0..ROWS).collect(), "{mode} {}", point.0);
                }
                _ => {
                    assert_all_read(&numbers, ROWS, point.0);
                    let left = server.value(&format!("select count(*) from {table}")).unwrap();
                    assert_eq!(left, "0", "{}: what was confirmed is deleted", point.0);
                }
            }
        }
    }
}

fn postgres_source(server: &Postgres, target: &Target, mode: &str, table: &str) -> Connector {
    let of_mode = match mode {
        "cdc" => format!(
            "cdc = {{ publication = \"{table}\", slot = \"{table}\", tables = [\"public.{table}\"] }}"
        ),
        _ => format!("table = \"public.{table}\""),
    };
    Connector::source("postgres_source.wasm", target)
        .config(&format!("mode = \"{mode}\""))
        .config(&of_mode)
        .postgres(server)
}
