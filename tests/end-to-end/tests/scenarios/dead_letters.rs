//! Messages that cannot be delivered, and outages that must not be taken for them.

use std::collections::BTreeMap;

use iggy::prelude::{HeaderKey, HeaderKind, HeaderValue, IggyMessage};

use crate::support::destination::{self, Account};
use crate::support::{Broker, Connector, Target, message};

/// Headers of several kinds, one of them with a number as its key.
fn headers() -> BTreeMap<HeaderKey, HeaderValue> {
    let header = |kind, bytes: &[u8]| HeaderValue::from_raw(kind, bytes).unwrap();
    let text = |key: &str| HeaderKey::try_from(key).unwrap();
    BTreeMap::from([
        (text("trace"), header(HeaderKind::String, "ä\"\\".as_bytes())),
        (text("raw"), header(HeaderKind::Raw, &[0, 255, 10, 13])),
        (text("yes"), header(HeaderKind::Bool, &[1])),
        (text("count"), header(HeaderKind::Uint64, &u64::MAX.to_le_bytes())),
        (text("small"), header(HeaderKind::Int8, &[0x80])),
        (text("ratio"), header(HeaderKind::Float64, &0.1_f64.to_le_bytes())),
        (
            HeaderKey::from_raw(HeaderKind::Uint16, &7_u16.to_le_bytes()).unwrap(),
            header(HeaderKind::String, b"seven"),
        ),
    ])
}

fn with_headers(payload: &[u8]) -> IggyMessage {
    IggyMessage::builder().payload(payload.to_vec().into()).user_headers(headers()).build().unwrap()
}

/// A message with so many headers that those of a letter do not fit beside them.
pub(crate) fn full_of_headers(payload: &[u8]) -> IggyMessage {
    let value = HeaderValue::from_raw(HeaderKind::Raw, &[7; 250]).unwrap();
    let headers: BTreeMap<HeaderKey, HeaderValue> = (0..375)
        .map(|number| {
            (HeaderKey::try_from(format!("key{number:03}").as_str()).unwrap(), value.clone())
        })
        .collect();
    IggyMessage::builder().payload(payload.to_vec().into()).user_headers(headers).build().unwrap()
}

/// Payloads that are no JSON, each in another way.
fn bad_payloads() -> Vec<Vec<u8>> {
    vec![
        b"not json".to_vec(),
        b"{\"a\":1".to_vec(),
        vec![0, 159, 146, 150, 255, 10],
        b"{\"text\":\"\xff\"}".to_vec(),
        b" ".to_vec(),
        vec![b'x'; 200_000],
    ]
}

#[test]
fn given_messages_that_are_no_json_should_dead_letter_them_byte_for_byte_and_deliver_the_rest() {
    let broker = Broker::start();
    let target = Target::unique("records");
    let letters = target.topic("records.dlq");
    broker.client.create_topic(&target, 1);
    let mut batch = Vec::new();
    for (number, bad) in bad_payloads().iter().enumerate() {
        batch.push(message(format!("{{\"sequence\":{number}}}")));
        batch.push(with_headers(bad));
    }
    broker.client.send(&target, 0, batch);
    let world = broker.world();
    let out = world.folder("out");
    let files = Connector::files(&target, &out)
        .transform("fields_transform.wasm", "operations = [{ delete = { path = \"card\" } }]")
        .dead_letters("records.dlq");
    world.connector("files", files);
    let ended = world.run_once().with_code(0);

    Account::of(&out, bad_payloads().len() as u64).assert_exact();
    let arrived = broker.client.read(&letters, 0);
    let payloads: Vec<_> = arrived.iter().map(|letter| letter.payload.clone()).collect();
    assert_eq!(payloads, bad_payloads());
    for (number, letter) in arrived.iter().enumerate() {
        let (own, original): (Vec<_>, Vec<_>) = letter
            .headers
            .iter()
            .cloned()
            .partition(|(key, _)| key.as_str().is_ok_and(|key| key.starts_with("kennel.")));
        assert_eq!(BTreeMap::from_iter(original), headers());
        assert!(!own.is_empty());
        let header = |key: &str| letter.header(&format!("kennel.dlq.{key}")).unwrap_or_default();
        assert_eq!(header("connector"), "files");
        assert_eq!(header("id").len(), 32, "the official client gives every message an id");
        assert_eq!(header("component"), "fields");
        assert_eq!(header("code"), "not_json");
        assert_eq!(
            (header("stream"), header("topic")),
            (target.stream.clone(), target.topic.clone())
        );
        assert_eq!(
            (header("partition"), header("offset")),
            ("0".into(), (2 * number + 1).to_string())
        );
    }
    assert_eq!(ended.connector("files")["dead_lettered"], bad_payloads().len());

    world.run_once().with_code(0);
    assert_eq!(broker.client.read(&letters, 0).len(), bad_payloads().len(), "nothing comes twice");
}

#[test]
fn given_messages_a_sink_rejects_should_dead_letter_them_into_another_stream() {
    let broker = Broker::start();
    let target = Target::unique("records");
    let letters = Target::unique("letters");
    broker.client.create_topic(&target, 2);
    for partition in 0..2 {
        let texts = (0..50).map(|n| match n % 10 {
            3 => with_headers(format!("bad {partition}-{n}").as_bytes()),
            _ => message(format!("good {partition}-{n}")),
        });
        broker.client.send(&target, partition, texts.collect());
    }
    let world = broker.world();
    let sink = Connector::sink("failing_sink.wasm", &target)
        .stream("format = \"text\"\nbatch = { messages = 7 }\nparallelism = 2")
        .config("reject_containing = \"bad\"")
        .dead_letters(&format!("{}/{}", letters.stream, letters.topic));
    world.connector("sink", sink);
    world.run_once().with_code(0);
    let mut arrived: Vec<_> = broker
        .client
        .read(&letters, 0)
        .into_iter()
        .map(|letter| {
            assert_eq!(letter.header("kennel.dlq.code").unwrap(), "told_to_reject");
            assert_eq!(letter.header("trace").unwrap(), "ä\"\\");
            String::from_utf8(letter.payload).unwrap()
        })
        .collect();
    arrived.sort();
    let mut expected: Vec<_> = (0..2)
        .flat_map(|partition| (0..5).map(move |ten| format!("bad {partition}-{}", ten * 10 + 3)))
        .collect();
    expected.sort();
    assert_eq!(arrived, expected);
    for partition in 0..2 {
        assert_eq!(broker.client.stored_offset(&target, "kennel-sink", partition), Some(49));
    }
}

#[test]
fn given_on_error_stop_should_stop_before_the_message_until_somebody_decides() {
    let broker = Broker::start();
    let target = Target::unique("records");
    broker.client.create_topic(&target, 1);
    broker.client.send_numbers(&target, 0, 0..5);
    broker.client.send(&target, 0, vec![message("not json")]);
    broker.client.send_numbers(&target, 0, 5..9);
    let world = broker.world();
    let out = world.folder("out");
    let files = |on_error: &str| {
        Connector::files(&target, &out)
            .stream("batch = { messages = 2 }")
            .transform("fields_transform.wasm", "operations = []")
            .delivery(&format!("on_error = \"{on_error}\""))
    };
    world.connector("files", files("stop"));
    for _ in 0..2 {
        let ended = world.run_once().with_code(1);
        let reason = ended.failure("files");
        let place = format!("{}/records/0 offset 5 failed in fields (not_json", target.stream);
        for part in [place.as_str(), "[delivery] on_error is \"stop\""] {
            assert!(reason.contains(part), "`{part}` is not in: {reason}");
        }
        let stored = broker.client.stored_offset(&target, "kennel-files", 0);
        assert!(
            stored.is_none_or(|offset| offset < 5),
            "the offset passed the message: {stored:?}"
        );
        let account = Account::of(&out, 9);
        assert!(account.distinct <= 5 && account.duplicates == 0, "{account}");
    }
    world.connector("files", files("skip"));
    let ended = world.run_once().with_code(0);
    Account::of(&out, 9).assert_exact();
    assert_eq!(ended.connector("files")["skipped"], 1);
}

#[test]
fn given_a_sink_that_is_unavailable_for_a_while_should_lose_and_dead_letter_nothing() {
    let broker = Broker::start();
    let target = Target::unique("records");
    let letters = target.topic("records.dlq");
    broker.client.create_topic(&target, 1);
    broker.client.send_numbers(&target, 0, 0..20);
    let world = broker.world();
    let failing = |config: &str| {
        Connector::sink("failing_sink.wasm", &target)
            .config(config)
            .config("retry_after_ms = 10")
            .dead_letters("records.dlq")
            .delivery("attempts = 1\nrestarts = 0")
    };
    world.connector("calls", failing("failing_calls = 30"));
    world.connector("others", failing("failing_calls = 4\nerror = \"other\""));
    world
        .connector("flushes", failing("failing_flushes = 30\nheld = true").flush("age = \"20ms\""));
    let ended = world.run_once().with_code(0);
    for (key, failures) in [("calls", 30), ("others", 4), ("flushes", 30)] {
        let connector = ended.connector(key);
        assert_eq!(connector["dead_lettered"], 0, "{connector}");
        assert_eq!(connector["messages_out"], 20, "{connector}");
        assert!(connector["retries"].as_u64().unwrap() >= failures, "{connector}");
        let stored = broker.client.stored_offset(&target, &format!("kennel-{key}"), 0);
        assert_eq!(stored, Some(19), "{key}");
    }
    assert_eq!(broker.client.partitions(&letters), None, "there was nothing to dead-letter");
}

#[test]
fn given_messages_to_retry_should_give_up_after_the_attempts_granted() {
    let broker = Broker::start();
    let target = Target::unique("records");
    let letters = target.topic("records.dlq");
    broker.client.create_topic(&target, 1);
    let texts = ["fine", "later", "fine too"].map(message).into();
    broker.client.send(&target, 0, texts);
    let world = broker.world();
    for (key, retries) in [("succeeds", 2), ("gives-up", 3)] {
        let sink = Connector::sink("failing_sink.wasm", &target)
            .stream("format = \"text\"")
            .config(&format!("retry_containing = \"later\"\nretries = {retries}"))
            .dead_letters(&format!("{key}.dlq"))
            .delivery("attempts = 3");
        world.connector(key, sink);
    }
    let ended = world.run_once().with_code(0);
    assert_eq!(ended.connector("succeeds")["messages_out"], 3);
    assert_eq!(broker.client.partitions(&target.topic("succeeds.dlq")), None);
    assert_eq!(ended.connector("gives-up")["messages_out"], 2);
    let arrived = broker.client.read(&target.topic("gives-up.dlq"), 0);
    assert_eq!(arrived.len(), 1);
    assert_eq!(arrived[0].payload, b"later");
    assert_eq!(arrived[0].header("kennel.dlq.attempts").unwrap(), "3");
    assert_eq!(broker.client.partitions(&letters), None);
}

#[test]
fn given_a_dead_letter_topic_as_the_input_of_a_file_sink_should_show_what_happened() {
    let broker = Broker::start();
    let target = Target::unique("records");
    broker.client.create_topic(&target, 1);
    broker.client.send(&target, 0, vec![with_headers(b"not json")]);
    let world = broker.world();
    let out = world.folder("out");
    let sink = Connector::sink("noop_sink.wasm", &target)
        .transform("fields_transform.wasm", "operations = []")
        .dead_letters("records.dlq");
    world.connector("sink", sink);
    let letters = Connector::files(&target.topic("records.dlq"), &out)
        .create(1)
        .stream("format = \"text\"")
        .config("format = \"envelope\"");
    world.connector("letters", letters);
    world.run_once().with_code(0);
    let records = destination::records(&out);
    assert_eq!(records.len(), 1);
    assert_eq!(records[0]["text"], "not json");
    assert_eq!(records[0]["headers"]["kennel.dlq.code"], "not_json");
    assert_eq!(records[0]["headers"]["trace"], "ä\"\\");
}

#[test]
fn given_more_dead_letters_than_the_budget_should_stop_before_the_topic_is_drained_into_them() {
    let broker = Broker::start();
    let target = Target::unique("records");
    broker.client.create_topic(&target, 1);
    broker.client.send(
        &target,
        0,
        (0..100).map(|number| message(format!("bad {number}"))).collect(),
    );
    let world = broker.world();
    let out = world.folder("out");
    let files = |budget: &str| {
        Connector::files(&target, &out)
            .transform("fields_transform.wasm", "operations = [{ delete = { path = \"card\" } }]")
            .stream("batch = { messages = 4 }")
            .dead_letters("records.dlq")
            .delivery(budget)
    };
    world.connector("files", files("attempts = 5"));
    let failure = world.run_once().with_code(1).failure("files");
    assert!(failure.contains("12 dead letters among 1000"), "{failure}");
    assert!(failure.contains("[delivery] dead_letter_budget"), "{failure}");
    let letters = target.topic("records.dlq");
    assert_eq!(broker.client.read(&letters, 0).len(), 8);
    assert_eq!(broker.client.stored_offset(&target, "kennel-files", 0), Some(7));

    // The operator says that it is all right.
    world.connector("files", files("dead_letter_budget = 1000"));
    world.run_once().with_code(0);
    assert_eq!(broker.client.read(&letters, 0).len(), 100);
}

#[test]
fn given_a_letter_that_the_broker_refuses_should_stop_before_the_message_and_keep_it() {
    let broker = Broker::start();
    let target = Target::unique("records");
    broker.client.create_topic(&target, 1);
    broker.client.send(&target, 0, vec![message("{\"sequence\":0}"), full_of_headers(b"bad")]);
    let world = broker.world();
    let out = world.folder("out");
    let files = Connector::files(&target, &out)
        .transform("fields_transform.wasm", "operations = [{ delete = { path = \"card\" } }]")
        .stream("batch = { messages = 1 }")
        .dead_letters("records.dlq");
    world.connector("files", files);
    let failure = world.run_once().with_code(1).failure("files");
    assert!(failure.contains("refuses a letter; the message is kept as record"), "{failure}");
    Account::of(&out, 1).assert_exact();
    assert_eq!(broker.client.stored_offset(&target, "kennel-files", 0), Some(0));
}
