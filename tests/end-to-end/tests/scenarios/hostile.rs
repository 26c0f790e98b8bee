//! Guests that misbehave: their connector fails and says why, everything else goes on.

use std::time::{Duration, Instant};

use crate::support::destination::Account;
use crate::support::{Broker, Connector, Ended, Target, World};

const COUNT: u64 = 2_000;
/// Far less than a hanging guest would take, far more than a failing one does.
const BOUND: Duration = Duration::from_secs(40);

/// A world where a source and a healthy sink work beside `hostile` connectors.
fn run_beside_a_healthy_sink(
    broker: &Broker,
    hostile: &[(&str, Connector)],
    target: &Target,
) -> Ended {
    let world = broker.world();
    world.connector("numbers", Connector::numbers(target, COUNT).create(2));
    let out = world.folder("out");
    world.connector("healthy", Connector::files(target, &out).create(2));
    for (key, connector) in hostile {
        world.connector(key, connector.clone().create(2));
    }
    let began = Instant::now();
    let ended = world.run_once().with_code(1);
    assert!(began.elapsed() < BOUND, "it took {:?}", began.elapsed());
    Account::of(&out, COUNT).assert_exact();
    assert_ne!(ended.connector("healthy")["state"], "failed");
    assert_eq!(ended.connector("healthy")["faults"], 0);
    ended
}

/// Fails unless the connector failed for this reason, and the log says so as well.
#[track_caller]
fn assert_failed_with(ended: &Ended, key: &str, reasons: &[&str]) {
    let failure = ended.failure(key);
    let is_logged = |reason: &str| {
        let mut lines = ended.log.lines().filter(|line| line.contains("\"ERROR\""));
        let reason = serde_json::to_string(reason).unwrap();
        lines.any(|line| line.contains(key) && line.contains(reason.trim_matches('"')))
    };
    for reason in reasons {
        assert!(failure.contains(reason), "{key}: `{reason}` is not in: {failure}");
        assert!(is_logged(reason), "{key}: `{reason}` is not logged:\n{}", ended.log);
    }
}

#[test]
fn given_a_panic_should_fail_with_its_message_after_the_restarts_granted() {
    let broker = Broker::start();
    let target = Target::unique("numbers");
    let panics = |config: &str| Connector::sink("panicking_sink.wasm", &target).config(config);
    let ended = run_beside_a_healthy_sink(
        &broker,
        &[
            ("at-a-message", panics("containing = \":777}\"").delivery("restarts = 1")),
            ("in-open", panics("in_open = true").delivery("restarts = 0")),
        ],
        &target,
    );
    let panic = "told to panic at a payload that contains \":777}\"";
    // The guilty message was found, and this connector's errors stop it.
    let expected = ["sink.consume", panic, "(trap: ", "on_error is \"stop\""];
    assert_failed_with(&ended, "at-a-message", &expected);
    // As it came, with `isolate` set, and the one that was marked alone.
    assert_eq!(ended.connector("at-a-message")["faults"], 3);
    let panic = "told to panic instead of opening";
    assert_failed_with(&ended, "in-open", &["lifecycle.open", panic, "restarts = 0"]);
}

#[test]
fn given_an_endless_loop_should_fail_with_the_limit_that_ended_it() {
    let broker = Broker::start();
    let target = Target::unique("numbers");
    let loops = |config: &str| {
        Connector::sink("looping_sink.wasm", &target)
            .config(config)
            .limit("cpu_timeout = \"200ms\"")
            .delivery("restarts = 1")
    };
    let ended = run_beside_a_healthy_sink(
        &broker,
        &[
            ("at-a-message", loops("containing = \":777}\"")),
            ("in-open", loops("in_open = true")),
            ("in-tick", loops("in_tick = true")),
        ],
        &target,
    );
    assert_failed_with(&ended, "at-a-message", &["sink.consume", "[limits] cpu_timeout", "200ms"]);
    assert_failed_with(&ended, "in-open", &["lifecycle.open", "[limits] cpu_timeout"]);
}

#[test]
fn given_nonsense_from_a_sink_should_fail_with_the_broken_contract() {
    let modes = [
        "handled-beyond-batch",
        "failed-unsorted",
        "failed-twice",
        "failed-beyond-handled",
        "failed-beyond-batch",
        "retry-though-ordered",
        "position-of-stranger",
        "position-beyond-end",
    ];
    assert_each_breaks_the_contract(&modes, |target, mode| {
        Connector::sink("nonsense_sink.wasm", target).config(&format!("mode = \"{mode}\""))
    });
}

#[test]
fn given_nonsense_from_a_transform_should_fail_with_the_broken_contract() {
    let modes = [
        "spans-past-data",
        "spans-reversed",
        "spans-incomplete",
        "spans-huge",
        "span-of-kept-part",
        "keys-incomplete",
        "keys-past-data",
        "routes-incomplete",
        "routes-unknown",
        "replaced-incomplete",
        "replaced-unknown-bit",
        "inputs-beyond-batch",
        "inputs-incomplete",
        "inputs-unsorted",
        "inputs-twice",
        "input-ends-descending",
        "input-ends-past-inputs",
        "input-ends-incomplete",
        "output-without-input",
        "absorbed-beyond-batch",
        "absorbed-unsorted",
        "failed-beyond-batch",
        "failed-twice",
        "failed-and-passed-on",
        "headers-torn",
        "headers-reserved",
    ];
    assert_each_breaks_the_contract(&modes, |target, mode| {
        Connector::sink("noop_sink.wasm", target)
            .transform("nonsense_transform.wasm", &format!("mode = \"{mode}\""))
    });
}

/// All modes at once, each in a connector of its own, and an honest one of the same component.
fn assert_each_breaks_the_contract(modes: &[&str], connector: impl Fn(&Target, &str) -> Connector) {
    let broker = Broker::start();
    let target = Target::unique("numbers");
    let mut hostile = vec![("honest", connector(&target, "honest"))];
    hostile.extend(modes.iter().map(|mode| {
        // A flush must come for those who lie in it.
        let connector = connector(&target, mode).delivery("restarts = 0").flush("age = \"20ms\"");
        (*mode, connector)
    }));
    let ended = run_beside_a_healthy_sink(&broker, &hostile, &target);
    assert_eq!(ended.connector("honest")["faults"], 0);
    assert_eq!(ended.connector("honest")["messages_out"], COUNT);
    let unnoticed: Vec<_> =
        modes.iter().filter(|mode| ended.connector(mode)["state"] != "failed").collect();
    assert!(unnoticed.is_empty(), "not noticed: {unnoticed:?}");
    for mode in modes {
        assert_failed_with(&ended, mode, &["broke the contract"]);
    }
}

#[test]
fn given_a_hostile_neighbour_a_host_that_runs_on_should_keep_serving_the_healthy_one() {
    let broker = Broker::start();
    let target = Target::unique("numbers");
    let world: World = broker.world();
    broker.client.create_topic(&target, 1);
    let out = world.folder("out");
    world.connector("healthy", Connector::files(&target, &out));
    let hostile = Connector::sink("panicking_sink.wasm", &target)
        .config("containing = \":3}\"")
        .delivery("restarts = 0");
    world.connector("hostile", hostile);
    let mut host = world.run(&[]);
    broker.client.send_numbers(&target, 0, 0..5);
    host.until_logged("failed: panicking", 1);
    // What comes after the failure is delivered all the same.
    broker.client.send_numbers(&target, 0, 5..10);
    host.until("all arrived", || Account::of(&out, 10).distinct == 10);
    let ended = host.terminate().with_code(1);
    assert_failed_with(&ended, "hostile", &["told to panic at a payload that contains \":3}\""]);
    Account::of(&out, 10).assert_exact();
    let stored = broker.client.stored_offset(&target, "kennel-hostile", 0);
    assert!(stored.is_none_or(|offset| offset < 3), "the offset passed the message: {stored:?}");
}
