use std::collections::BTreeSet;

use kennel_sdk::testing;
use serde_json::{Value, json};

use super::*;

fn started(config: Value, cursor: Option<Cursor>) -> Random {
    let mut source: Random = testing::open_source(config).unwrap();
    source.start(cursor).unwrap();
    source
}

/// All payloads and ids, polled `messages` at a time, with a new instance after every poll.
fn all(config: &Value, messages: u32) -> (Vec<String>, Vec<u128>) {
    let (mut payloads, mut ids, mut cursor) = (Vec::new(), Vec::new(), None);
    loop {
        let mut source = started(config.clone(), cursor);
        let polled = testing::poll(&mut source, messages).unwrap();
        payloads.extend(polled.texts().iter().map(|text| (*text).to_owned()));
        ids.extend(polled.ids);
        if polled.progress == Progress::Finished {
            return (payloads, ids);
        }
        assert_eq!(polled.progress, Progress::More);
        cursor = Some(polled.cursor);
    }
}

#[test]
fn given_a_restart_at_any_place_should_go_on_with_the_identical_stream() {
    let config = json!({"count": 100, "seed": 9, "size": 300, "ids": true});
    let (payloads, ids) = all(&config, 1_000);
    assert_eq!(payloads.len(), 100);
    for messages in [1, 7, 99] {
        assert_eq!(all(&config, messages), (payloads.clone(), ids.clone()));
    }
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 100);
    for (number, payload) in payloads.iter().enumerate() {
        assert_eq!(payload.len(), 300);
        let record: Value = serde_json::from_str(payload).unwrap();
        assert_eq!(record["sequence"], number);
    }
}

#[test]
fn given_a_count_that_is_reached_should_stay_finished() {
    let mut source = started(json!({"count": 5}), Some(Cursor { next: 5 }));
    let polled = testing::poll(&mut source, 10).unwrap();
    assert_eq!((polled.records.len(), polled.progress), (0, Progress::Finished));
    assert_eq!(polled.cursor, Cursor { next: 5 });
}

#[test]
fn given_limits_should_keep_to_messages_and_bytes() {
    let mut source = started(json!({"size": 1_000}), None);
    let wait = Duration::ZERO;
    let limit = Limit { messages: 50, bytes: 1 << 20, wait };
    assert_eq!(testing::poll_with(&mut source, &limit).unwrap().records.len(), 50);
    let limit = Limit { messages: 50, bytes: 10_000, wait };
    let polled = testing::poll_with(&mut source, &limit).unwrap();
    assert_eq!((polled.records.len(), polled.progress), (10, Progress::More));
    assert_eq!(polled.cursor.next, 60);
}

#[test]
fn given_a_rate_should_be_idle_between_records() {
    let mut source = started(json!({"rate": 0.001}), None);
    let polled = testing::poll(&mut source, 100).unwrap();
    assert_eq!((polled.records.len(), polled.progress), (1, Progress::Idle));
    let polled = testing::poll(&mut source, 100).unwrap();
    assert_eq!((polled.records.len(), polled.progress), (0, Progress::Idle));
    assert_eq!(polled.cursor.next, 1);
}

#[test]
fn given_a_wait_should_use_it_for_the_next_record() {
    let mut source = started(json!({"rate": 200}), None);
    assert_eq!(testing::poll(&mut source, 1_000).unwrap().records.len(), 1);
    let limit = Limit { messages: 1_000, bytes: 1 << 20, wait: Duration::from_secs(60) };
    let began = Instant::now();
    assert!(!testing::poll_with(&mut source, &limit).unwrap().records.is_empty());
    assert!(began.elapsed() < Duration::from_secs(30));
}

#[test]
fn given_going_back_should_make_the_same_records_again() {
    let mut source = started(json!({}), None);
    let first = testing::poll(&mut source, 10).unwrap();
    let second = testing::poll(&mut source, 10).unwrap();
    source.start(Some(first.cursor)).unwrap();
    assert_eq!(testing::poll(&mut source, 10).unwrap(), second);
    source.start(None).unwrap();
    assert_eq!(testing::poll(&mut source, 10).unwrap(), first);
}

#[test]
fn given_a_wrong_configuration_should_point_at_each_mistake_and_refuse_to_open() {
    let config = json!({
        "rate": -1,
        "schema": {"a/b": {"type": "text", "minimum": 9, "maximum": 1}},
    });
    let problems = testing::validate_source::<Random>(config.clone());
    let paths: Vec<&str> = problems.iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(paths, ["/schema/a~1b", "/rate"]);
    let opened = testing::open_source::<Random>(config);
    assert!(matches!(opened.err(), Some(Error::InvalidConfig(_))));
    let unknown = json!({"schema": {"a": {"type": "name", "minimum": 1}}});
    assert_eq!(testing::validate_source::<Random>(unknown).len(), 1);
}

#[test]
fn given_the_sample_configuration_should_be_valid() {
    let sample: toml::Table = include_str!("../sample.toml").parse().unwrap();
    let mut config = serde_json::to_value(&sample["config"]).unwrap();
    assert_eq!(testing::validate_source::<Random>(config.clone()), []);
    config["rate"] = json!(0);
    let (payloads, _) = all(&config, 1_000);
    assert_eq!(payloads.len(), 100_000);
}
