//! What an operator does by hand: dead letters, offsets and state.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use iggy::prelude::{HeaderKey, HeaderValue, IggyMessage};
use serde_json::Value;

use crate::dead_letters::full_of_headers;
use crate::support::client::Read;
use crate::support::destination::{self, Account};
use crate::support::world::text;
use crate::support::{Broker, Connector, Target, World, message};

/// A message with a header of its own.
fn traced(payload: &str) -> IggyMessage {
    let key = HeaderKey::try_from("trace").unwrap();
    let headers = BTreeMap::from([(key, HeaderValue::try_from("abc").unwrap())]);
    IggyMessage::builder()
        .payload(payload.as_bytes().to_vec().into())
        .user_headers(headers)
        .build()
        .unwrap()
}

/// A topic of two partitions with bad messages in both, which `sink` refuses as letters.
fn refused(broker: &Broker, world: &World) -> Target {
    let target = Target::unique("records");
    broker.client.create_topic(&target, 2);
    broker.client.send(&target, 0, vec![message("good 0"), traced("bad 0"), message("good 1")]);
    broker.client.send(&target, 1, vec![traced("bad 1"), traced("bad 2")]);
    let sink = Connector::sink("failing_sink.wasm", &target)
        .stream("format = \"text\"")
        .config("reject_containing = \"bad\"")
        .dead_letters("records.dlq");
    world.connector("sink", sink);
    world.run_once().with_code(0);
    target
}

fn list(world: &World, filters: &[&str]) -> Value {
    let arguments = [&["dlq", "list", "--connector", "sink"][..], filters].concat();
    world.operate(&arguments).with_code(0).json()
}

/// The id of the letter of the message `partition`:`offset`.
fn id_of(list: &Value, partition: u64, offset: u64) -> String {
    let letters = list["letters"].as_array().unwrap();
    let found =
        letters.iter().find(|it| it["partition"] == partition && it["offset"] == offset).unwrap();
    found["id"].as_str().unwrap().to_owned()
}

fn payloads(messages: &[Read]) -> Vec<String> {
    messages.iter().map(|it| String::from_utf8(it.payload.clone()).unwrap()).collect()
}

#[test]
fn given_dead_letters_should_list_and_show_them_with_the_hosts_record() {
    let broker = Broker::start();
    let world = broker.world();
    let target = refused(&broker, &world);

    let all = list(&world, &[]);
    assert_eq!((&all["matching"], all["letters"].as_array().unwrap().len()), (&Value::from(3), 3));
    assert_eq!(all["topics"][0], format!("{}/records.dlq", target.stream));
    assert_eq!(all["refused"], serde_json::json!([]));
    for letter in all["letters"].as_array().unwrap() {
        assert_eq!(
            (letter["code"].as_str(), letter["stage"].as_str()),
            (Some("told_to_reject"), Some("sink"))
        );
        assert_eq!(letter["stream"], target.stream.as_str());
        assert_eq!(letter["replayed"], Value::Null);
    }
    assert_eq!(list(&world, &["--partition", "1"])["matching"], 2);
    assert_eq!(list(&world, &["--reason", "trap"])["matching"], 0);
    assert_eq!(list(&world, &["--until", "2020-01-01T00:00:00Z"])["matching"], 0);
    assert_eq!(list(&world, &["--since", "2020-01-01T00:00:00Z"])["matching"], 3);
    let newest = list(&world, &["--limit", "1"]);
    assert_eq!(
        (newest["letters"].as_array().unwrap().len(), &newest["matching"]),
        (1, &Value::from(3))
    );

    let id = id_of(&all, 0, 1);
    let shown = world.operate(&["dlq", "show", &id, "--connector", "sink"]).with_code(0).json();
    assert_eq!(shown["payload"]["text"], "bad 0");
    assert_eq!(shown["headers"][0]["key"], "trace");
    assert_eq!(shown["headers"].as_array().unwrap().len(), 1, "the message's own only: {shown}");
    assert_eq!(shown["record"]["detail"], "the payload contains the text");
    let unknown = world.operate(&["dlq", "show", "0:999", "--connector", "sink"]).with_code(2);
    assert!(unknown.log.contains("kennel dlq list"), "{}", unknown.log);
}

#[test]
fn given_a_corrected_connector_a_replay_should_deliver_the_letters_once_and_as_they_were() {
    let broker = Broker::start();
    let world = broker.world();
    let target = refused(&broker, &world);
    let letters = list(&world, &[]);
    let replay = |arguments: &[&str]| {
        let arguments = [&["dlq", "replay", "--connector", "sink"][..], arguments].concat();
        world.operate(&arguments)
    };

    let planned = replay(&["--dry-run"]).with_code(0).json();
    assert_eq!((&planned["replayed"], &planned["dry_run"]), (&Value::from(3), &Value::from(true)));
    assert_eq!(broker.client.read(&target, 1).len(), 2, "a dry run sends nothing");

    // The cause is corrected: this one takes everything.
    let out = world.folder("out");
    let corrected = Connector::files(&target, &out)
        .stream("format = \"text\"")
        .config("format = \"envelope\"")
        .dead_letters("records.dlq");
    world.connector("sink", corrected);
    let one = id_of(&letters, 0, 1);
    assert_eq!(replay(&[&one]).with_code(0).json()["replayed"], 1);
    let rest = replay(&[]).with_code(0).json();
    assert_eq!((&rest["replayed"], &rest["replayed_before"]), (&Value::from(2), &Value::from(1)));
    assert_eq!(replay(&[]).with_code(0).json()["replayed"], 0, "each once");
    let again = list(&world, &[]);
    assert!(again["letters"][0]["replayed"].as_u64().is_some_and(|time| time > 0), "{again}");

    let first = broker.client.read(&target, 0);
    assert_eq!(payloads(&first), ["good 0", "bad 0", "good 1", "bad 0"]);
    let second = broker.client.read(&target, 1);
    assert_eq!(payloads(&second), ["bad 1", "bad 2", "bad 1", "bad 2"], "in their own partition");
    for replayed in [&first[3], &second[2], &second[3]] {
        assert_eq!(replayed.headers.len(), 1, "nothing of the envelope is left");
        assert_eq!(replayed.header("trace").as_deref(), Some("abc"));
    }
    world.run_once().with_code(0);
    let mut delivered: Vec<_> = destination::records(&out)
        .iter()
        .map(|record| record["text"].as_str().unwrap().to_owned())
        .collect();
    delivered.sort();
    assert_eq!(delivered, ["bad 0", "bad 1", "bad 2"]);

    assert_eq!(replay(&[&one, "--again"]).with_code(0).json()["replayed"], 1);
    assert_eq!(broker.client.read(&target, 0).len(), 5);
}

#[test]
fn given_a_running_host_a_replay_to_another_topic_should_work_beside_it() {
    let broker = Broker::start();
    let world = broker.world();
    let target = refused(&broker, &world);
    let repair = target.topic("repair");
    let to = format!("{}/repair", target.stream);
    let replay = ["dlq", "replay", "--connector", "sink", "--to", to.as_str()];
    let mut host = world.run(&[]);
    host.until_logged("\"assigned ", 2);

    let missing = world.operate(&replay).with_code(1);
    assert!(missing.log.contains("does not exist"), "{}", missing.log);
    broker.client.create_topic(&repair, 1);
    assert_eq!(list(&world, &[])["refused"], Value::Null, "the running host has the state");
    assert_eq!(world.operate(&replay).with_code(0).json()["replayed"], 3);
    let mut arrived = payloads(&broker.client.read(&repair, 0));
    arrived.sort();
    assert_eq!(arrived, ["bad 0", "bad 1", "bad 2"]);

    for command in [&["dlq", "purge", "--yes"][..], &["state", "list"], &["offsets", "reset"]] {
        let ended = world.operate(&[command, &["--connector", "sink"]].concat()).with_code(1);
        assert!(ended.log.contains("stop the kennel"), "{command:?}: {}", ended.log);
    }
    host.terminate().with_code(0);
}

#[test]
fn given_a_purge_should_hide_some_letters_and_empty_the_topic_with_the_last() {
    let broker = Broker::start();
    let world = broker.world();
    let target = refused(&broker, &world);
    let letters = target.topic("records.dlq");
    let records = || {
        let listed = world.operate(&["state", "list", "--connector", "sink"]).with_code(0).json();
        listed["dead_letter_records"].as_u64().unwrap()
    };
    let purge = |arguments: &[&str]| {
        let arguments = [&["dlq", "purge", "--connector", "sink"][..], arguments].concat();
        world.operate(&arguments)
    };
    assert_eq!(records(), 3);
    assert!(purge(&[]).with_code(2).log.contains("3 letters"));

    let some = purge(&["--partition", "1", "--yes"]).with_code(0).json();
    assert_eq!((&some["purged"], &some["emptied"]), (&Value::from(2), &serde_json::json!([])));
    assert_eq!(broker.client.read(&letters, 0).len(), 3, "single messages cannot be deleted");
    assert_eq!((&list(&world, &[])["matching"], records()), (&Value::from(1), 1));

    let all = purge(&["--yes"]).with_code(0).json();
    assert_eq!((&all["purged"], all["emptied"].as_array().unwrap().len()), (&Value::from(1), 1));
    assert!(broker.client.read(&letters, 0).is_empty());
    assert_eq!((&list(&world, &[])["matching"], records()), (&Value::from(0), 0));

    // A new letter at an old offset is not taken for the one that was purged there.
    broker.client.send(&target, 1, vec![traced("bad 3")]);
    world.run_once().with_code(0);
    assert_eq!(list(&world, &[])["matching"], 1);
}

#[test]
fn given_a_letter_that_the_broker_refused_should_show_it_and_send_it_to_another_topic_only() {
    let broker = Broker::start();
    let target = Target::unique("records");
    broker.client.create_topic(&target, 1);
    broker.client.send(&target, 0, vec![full_of_headers(b"bad")]);
    let world = broker.world();
    let sink = Connector::sink("failing_sink.wasm", &target)
        .stream("format = \"text\"")
        .config("reject_containing = \"bad\"")
        .dead_letters("records.dlq");
    world.connector("sink", sink);
    world.run_once().with_code(1);

    let listed = list(&world, &[]);
    assert_eq!(
        (&listed["matching"], &listed["refused"][0]["code"]),
        (&Value::from(0), &Value::from("told_to_reject"))
    );
    assert_eq!(listed["refused"][0]["payload_bytes"], 3);
    let id = listed["refused"][0]["id"].as_str().unwrap().to_owned();
    assert!(id.starts_with("record:"), "{id}");
    let shown = world.operate(&["dlq", "show", &id, "--connector", "sink"]).with_code(0).json();
    assert_eq!(shown["payload"]["text"], "bad");
    assert_eq!(shown["headers"].as_array().unwrap().len(), 375);

    let replay = |arguments: &[&str]| {
        let arguments = [&["dlq", "replay", "--connector", "sink"][..], arguments].concat();
        world.operate(&arguments)
    };
    let back = replay(&[]).with_code(0).json();
    assert_eq!((&back["replayed"], &back["refused"]), (&Value::from(0), &Value::from(1)));
    assert!(replay(&[&id]).with_code(2).log.contains("still in its topic"));
    let repair = target.topic("repair");
    broker.client.create_topic(&repair, 1);
    let to = format!("{}/repair", repair.stream);
    for expected in [1, 0] {
        assert_eq!(replay(&["--to", &to]).with_code(0).json()["replayed"], expected, "each once");
    }
    let arrived = broker.client.read(&repair, 0);
    assert_eq!(payloads(&arrived), ["bad"]);
    assert_eq!(arrived[0].headers.len(), 375);

    let purge = ["dlq", "purge", "--connector", "sink", "--yes"];
    assert_eq!(world.operate(&purge).with_code(0).json()["refused"], 1);
    assert_eq!(list(&world, &[])["refused"], serde_json::json!([]));
    assert_eq!(broker.client.read(&target, 0).len(), 1, "the message itself stays");
}

/// What `offsets get` says about partition 0 of the only topic.
fn offsets(world: &World) -> Value {
    let got = world.operate(&["offsets", "get", "--connector", "files"]).with_code(0).json();
    got["partitions"][0].clone()
}

#[test]
fn given_a_seek_the_file_sink_should_deliver_again_in_a_new_epoch() {
    let broker = Broker::start();
    let target = Target::unique("numbers");
    broker.client.create_topic(&target, 1);
    broker.client.send_numbers(&target, 0, 0..10);
    let world = broker.world();
    let out = world.folder("out");
    world.connector("files", Connector::files(&target, &out));
    world.run_once().with_code(0);
    let before = offsets(&world);
    for (key, expected) in [("end", 10), ("messages", 10), ("next", 10), ("lag", 0)] {
        assert_eq!(before[key], expected, "{key}: {before}");
    }
    assert_eq!(before["state"]["pending_seek"], Value::Null);

    let seek =
        |position: &str| world.operate(&["offsets", "seek", position, "--connector", "files"]);
    assert!(seek("11").with_code(2).log.contains("beyond the end"));
    let sought = seek("earliest").with_code(0).json();
    assert_eq!(
        (&sought["partitions"][0]["next"], &sought["partitions"][0]["stored"]),
        (&Value::from(0), &Value::from(10))
    );
    let pending = offsets(&world);
    assert_eq!(pending["state"]["pending_seek"], 0);
    let epoch = |offsets: &Value| offsets["state"]["epoch"].as_u64().unwrap();
    assert_eq!(epoch(&pending), epoch(&before) + 1);

    world.run_once().with_code(0);
    let account = Account::of(&out, 10);
    account.assert_complete();
    assert_eq!(account.duplicates, 10, "each a second time: {account}");
    let after = offsets(&world);
    assert_eq!((&after["state"]["pending_seek"], &after["next"]), (&Value::Null, &Value::from(10)));
    assert_eq!(epoch(&after), epoch(&pending));

    // A seek that is taken back moves nothing.
    seek("4").with_code(0);
    let reset = world.operate(&["offsets", "reset", "--connector", "files"]).with_code(0).json();
    assert_eq!(reset["forgotten"][0]["sought"], 4);
    world.run_once().with_code(0);
    assert_eq!(Account::of(&out, 10).duplicates, 10);
}

#[test]
fn given_a_seek_to_a_time_should_begin_at_the_first_message_from_then_on() {
    let broker = Broker::start();
    let target = Target::unique("numbers");
    broker.client.create_topic(&target, 1);
    broker.client.send_numbers(&target, 0, 0..10);
    let sent = broker.client.read(&target, 0);
    assert!(sent[5].timestamp < sent[6].timestamp, "two messages of one microsecond");
    let world = broker.world();
    let out = world.folder("out");
    world.connector("files", Connector::files(&target, &out));
    // Before the connector has run for the first time.
    let time = format!("@{}", sent[6].timestamp);
    let sought = world.operate(&["offsets", "seek", &time, "--connector", "files"]).with_code(0);
    assert_eq!(sought.json()["partitions"][0]["next"], 6);
    world.run_once().with_code(0);
    let numbers: Vec<_> =
        destination::records(&out).iter().map(|it| it["sequence"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [6, 7, 8, 9]);
}

fn messages_in(world: &World) -> u64 {
    world.run_once().with_code(0).connector("lines")["messages_in"].as_u64().unwrap()
}

fn state(world: &World, arguments: &[&str], file: &Path) -> Value {
    let mut all = vec!["state", arguments[0], "--connector", "lines"];
    all.extend(&arguments[1..]);
    match arguments[0] {
        "export" => all.extend(["--output", text(file)]),
        "import" => all.push(text(file)),
        _ => {}
    }
    world.operate(&all).with_code(0).json()
}

#[test]
fn given_an_exported_cursor_a_source_should_go_on_where_it_was() {
    let broker = Broker::start();
    let target = Target::unique("lines");
    let world = broker.world();
    let folder = world.folder("in");
    let lines: String = (0..10).map(|number| format!("{{\"sequence\":{number}}}\n")).collect();
    fs::write(folder.join("a.ndjson"), lines).unwrap();
    let source = Connector::source("file_source.wasm", &target)
        .create(1)
        .config("path = \"/in/a.ndjson\"\nmode = \"once\"")
        .folder(&folder, "/in", "ro");
    world.connector("lines", source);
    assert_eq!(messages_in(&world), 10);
    let saved = world.path("saved.json");
    state(&world, &["export"], &saved);
    assert_ne!(state(&world, &["list"], &saved)["cursor"], Value::Null);

    state(&world, &["reset", "--yes"], &saved);
    assert_eq!(state(&world, &["list"], &saved)["cursor"], Value::Null);
    assert_eq!(messages_in(&world), 10, "it begins anew");
    state(&world, &["reset", "--yes"], &saved);
    state(&world, &["import"], &saved);
    assert_eq!(messages_in(&world), 0, "it goes on where it was");

    let offsets = world.operate(&["offsets", "get", "--connector", "lines"]).with_code(2);
    assert!(offsets.log.contains("kennel state"), "{}", offsets.log);
}
