//! The attributes' exports, called as the host calls them.

use kennel_sdk::glue::common::exports::kennel::connector::{describe, lifecycle};
use kennel_sdk::glue::sink::exports::kennel::connector::sink as sink_wit;
use kennel_sdk::glue::source::exports::kennel::connector::source as source_wit;
use kennel_sdk::glue::transform::exports::kennel::connector::transform as transform_wit;
use kennel_sdk::glue::types::{self, Error as WitError};
use kennel_sdk::glue::{SinkGuest, SourceGuest, TransformGuest};
use kennel_sdk::prelude::*;
use serde_json::{Value, json};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    #[serde(default)]
    rows: u8,
}

struct Recorder {
    rows: u8,
    held: Vec<Position>,
}

#[kennel_sdk::sink(
    name = "recorder",
    summary = "records",
    accepts = ["json", "raw"],
    delivery = "transactional",
    ordered = false,
    heartbeat_ms = 500,
    state_version = 3,
    metrics = ["rows_total"],
    asks(http = "config:/url", tcp = "db:5432", reason = "writes there"),
    asks(state = "seen", reason = "remembers", optional)
)]
impl Sink for Recorder {
    type Config = Config;

    fn open(config: Config) -> Result<Self, Error> {
        Ok(Self { rows: config.rows, held: Vec::new() })
    }

    fn assign(&mut self, origin: &Origin, saved: Option<u64>) -> Result<Option<u64>, Error> {
        assert_eq!((origin.stream.as_str(), origin.partition), ("shop", 4));
        Ok(saved.map(|offset| offset + 1))
    }

    fn consume(&mut self, batch: &Batch) -> Result<Receipt, Error> {
        let mut receipt = Receipt::held(batch);
        for message in batch.iter().filter(|message| message.payload() == b"bad") {
            receipt.reject(&message, "bad", format_args!("row {}", self.rows));
        }
        self.held.push(Position { origin: batch.origin().clone(), next: batch.end() });
        Ok(receipt)
    }

    fn flush(&mut self) -> Result<Vec<Position>, Error> {
        Ok(std::mem::take(&mut self.held))
    }

    fn tick(&mut self) -> Result<(), Error> {
        Err(Error::unavailable_after("away", std::time::Duration::from_millis(1_500)))
    }

    fn validate(config: &Config) -> Vec<Problem> {
        (config.rows > 9).then(|| Problem::new("/rows", "at most 9")).into_iter().collect()
    }
}

fn origin() -> types::Origin {
    types::Origin {
        stream_name: "shop".to_owned(),
        topic_name: "orders".to_owned(),
        partition: 4,
        epoch: 2,
    }
}

fn batch(payloads: &[&str]) -> types::Batch {
    let mut data = Vec::new();
    let mut spans = Vec::new();
    for payload in payloads {
        let start = data.len() as u32;
        data.extend_from_slice(payload.as_bytes());
        spans.extend([start, data.len() as u32, 0, 0]);
    }
    let count = payloads.len() as u64;
    types::Batch {
        origin: origin(),
        begin: 10,
        end: 10 + count,
        attempt: 0,
        isolate: false,
        format: types::Format::Raw,
        data,
        spans,
        offsets: (10..10 + count).collect(),
        ordinals: Vec::new(),
    }
}

type SinkExports = SinkGuest<Recorder>;

#[test]
fn given_a_sink_should_walk_through_its_life() {
    let not_open = <SinkExports as sink_wit::Guest>::flush().expect_err("not open");
    assert!(matches!(not_open, WitError::Broken(_)), "{not_open:?}");
    assert_eq!(<SinkExports as lifecycle::Guest>::tick(), Ok(()));

    let open = |config: &str| <SinkExports as lifecycle::Guest>::open(config.to_owned());
    let invalid =
        WitError::InvalidConfig("/rows: invalid type: string \"x\", expected u8".to_owned());
    assert_eq!(open(r#"{"rows":"x"}"#), Err(invalid));
    assert_eq!(open(r#"{"rows":7}"#), Ok(()));

    assert_eq!(<SinkExports as sink_wit::Guest>::assign(origin(), Some(8)), Ok(Some(9)));
    let receipt = <SinkExports as sink_wit::Guest>::consume(batch(&["a", "bad", "c"])).expect("ok");
    assert_eq!((receipt.handled, receipt.held), (3, true));
    assert_eq!(receipt.failed.len(), 1);
    assert_eq!((receipt.failed[0].index, receipt.failed[0].detail.as_str()), (1, "row 7"));
    let positions = <SinkExports as sink_wit::Guest>::flush().expect("flushes");
    assert_eq!(positions, [sink_wit::Position { origin: origin(), next: 13 }]);
    assert_eq!(<SinkExports as sink_wit::Guest>::revoke(origin(), true), Ok(()));

    let away = types::Unavailability { detail: "away".to_owned(), retry_after_ms: Some(1_500) };
    assert_eq!(<SinkExports as lifecycle::Guest>::tick(), Err(WitError::Unavailable(away)));
    <SinkExports as lifecycle::Guest>::close();
    assert!(<SinkExports as sink_wit::Guest>::flush().is_err());
}

#[test]
fn given_an_attribute_should_describe_what_it_says() {
    let text = <SinkExports as describe::Guest>::describe();
    let mut description: Value = serde_json::from_str(&text).expect("JSON");
    let schema = description["config_schema"].take();
    assert_eq!(schema["properties"]["rows"]["maximum"], 255);
    assert_eq!(schema["additionalProperties"], false);
    let version = env!("CARGO_PKG_VERSION");
    let expected = json!({
        "name": "recorder", "version": version, "licence": "Apache-2.0", "kind": "sink", "summary": "records",
        "config_schema": null, "accepts": ["json", "raw"], "produces": [], "delivery": "transactional",
        "ordered": false, "heartbeat_ms": 500, "state_version": 3, "metrics": ["rows_total"],
        "asks": [
            { "capability": "http", "target": "config:/url", "reason": "writes there" },
            { "capability": "tcp", "target": "db:5432", "reason": "writes there" },
            { "capability": "state", "target": "seen", "reason": "remembers", "optional": true },
        ],
        "sdk": { "language": "rust", "version": version },
    });
    assert_eq!(description, expected);
}

#[test]
fn given_a_configuration_should_validate_shape_and_meaning() {
    let problems = |config: &str| {
        <SinkExports as describe::Guest>::validate(config.to_owned())
            .into_iter()
            .map(|problem| (problem.path, problem.detail))
            .collect::<Vec<_>>()
    };
    assert_eq!(problems("{}"), []);
    assert_eq!(problems(r#"{"rows":10}"#), [("/rows".to_owned(), "at most 9".to_owned())]);
    assert_eq!(problems(r#"{"row":1}"#)[0].0, "/row");
}

struct Reader {
    next: u64,
    confirmed: u64,
}

#[kennel_sdk::source(name = "reader", produces = ["text"])]
impl Source for Reader {
    type Config = NoConfig;
    type Cursor = u64;

    fn open(_config: NoConfig) -> Result<Self, Error> {
        Ok(Self { next: 0, confirmed: 0 })
    }

    fn start(&mut self, cursor: Option<u64>) -> Result<(), Error> {
        self.next = cursor.unwrap_or(0);
        Ok(())
    }

    fn poll(&mut self, limit: &Limit, records: &mut Records) -> Result<Polled<u64>, Error> {
        assert_eq!(limit.wait.as_millis(), 250);
        records.push(b"plain");
        records
            .record()
            .header("kind", "full")
            .payload(b"payload")
            .header("more", 7u8)
            .key(b"key")
            .route(2)
            .id((1 << 64) | 5)
            .push();
        drop(records.record().payload(b"given up").key(b"too"));
        records.push_with(|buffer| buffer.extend_from_slice(b"last"));
        self.next += records.len() as u64;
        Ok(Polled::idle(self.next))
    }

    fn confirm(&mut self, cursor: u64) -> Result<(), Error> {
        self.confirmed = cursor;
        Ok(())
    }
}

type SourceExports = SourceGuest<Reader>;

#[test]
fn given_a_source_should_fill_the_columns_and_carry_its_cursor() {
    <SourceExports as lifecycle::Guest>::open("{}".to_owned()).expect("opens");
    <SourceExports as source_wit::Guest>::start(Some(b"40".to_vec())).expect("starts");
    let limit = source_wit::Limit { messages: 10, bytes: 1_000, wait_ms: 250 };
    let produced = <SourceExports as source_wit::Guest>::poll(limit).expect("polls");
    let messages = produced.messages;
    assert_eq!(messages.format, types::Format::Text);
    let part = |from: u32, to: u32| &messages.data[from as usize..to as usize];
    let spans: Vec<_> = messages.spans.chunks(4).map(|span| part(span[0], span[1])).collect();
    assert_eq!(spans, [b"plain".as_slice(), b"payload", b"last"]);
    let keys: Vec<_> = messages.keys.chunks(2).map(|key| part(key[0], key[1])).collect();
    assert_eq!(keys, [b"".as_slice(), b"key", b""]);
    assert_eq!(messages.routes, [0, 2, 0]);
    assert_eq!(produced.ids, [0, 0, 5, 1, 0, 0]);
    assert!(!messages.data.windows(5).any(|window| window == b"given"));
    let headers = kennel_sdk::Headers::new(part(messages.spans[6], messages.spans[7]));
    let headers: Vec<_> = headers.map(|header| (header.key, header.value)).collect();
    assert_eq!(headers, [("kind", HeaderValue::Text("full")), ("more", HeaderValue::U8(7))]);
    assert_eq!((produced.cursor.as_slice(), produced.progress), (b"43".as_slice(), Progress::Idle));

    <SourceExports as source_wit::Guest>::confirm(produced.cursor).expect("confirms");
    let unreadable = <SourceExports as source_wit::Guest>::start(Some(b"?".to_vec()));
    assert!(matches!(unreadable, Err(WitError::Broken(_))));
}

struct Splitter;

/// "a+b" becomes two messages, "(" and what follows becomes one, "-" is absorbed, "!" fails, "x" is filtered.
#[kennel_sdk::transform(name = "splitter")]
impl Transform for Splitter {
    type Config = NoConfig;

    fn open(_config: NoConfig) -> Result<Self, Error> {
        Ok(Self)
    }

    fn apply(&mut self, batch: &Batch, output: &mut Output) -> Result<(), Error> {
        for message in batch {
            match message.payload() {
                b"!" => output.fail(&message, Verdict::Reject, "bang", "said so"),
                b"-" => output.absorb(&message),
                b"x" => {}
                b"(" => output.merge(&[message.index(), message.index() + 1]).payload(b"()").push(),
                b")" => {}
                payload => match payload.iter().position(|byte| *byte == b'+') {
                    Some(at) => {
                        output.emit(&message).payload(&payload[..at]).push();
                        output.emit(&message).payload(&payload[at + 1..]).key(b"k").route(1).push();
                    }
                    None => output.keep(&message),
                },
            }
        }
        Ok(())
    }
}

type TransformExports = TransformGuest<Splitter>;

#[test]
fn given_a_transform_should_say_which_inputs_made_each_output() {
    <TransformExports as lifecycle::Guest>::open(String::new()).expect("opens");
    let apply = <TransformExports as transform_wit::Guest>::apply;

    let result = apply(batch(&["a+b", "keep", "!", "-", "x"])).expect("applies");
    assert_eq!(result.inputs, [0, 0, 1]);
    assert!(result.input_ends.is_empty(), "one input each");
    assert_eq!(result.replaced, [1, 1, 0]);
    assert_eq!(result.messages.routes, [0, 1, 0]);
    assert_eq!(result.messages.keys.len(), 6);
    assert_eq!((result.absorbed.as_slice(), result.failed[0].index), ([3].as_slice(), 2));
    assert_eq!(result.messages.spans[8..], [0, 0, 0, 0], "kept as it is");

    let result = apply(batch(&["keep", "(", ")", "a+b"])).expect("applies");
    assert_eq!(result.inputs, [0, 1, 2, 3, 3]);
    assert_eq!(result.input_ends, [1, 3, 4, 5]);
    assert_eq!(result.replaced, [0, 1, 1, 1]);
}
