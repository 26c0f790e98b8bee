//! The fields transform in three languages: the same cases through the host, the same bytes at the end.
//!
//! The HTTP sink posts every payload as it is, with its offset; failures go to a dead letter topic.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use iggy::prelude::{HeaderKey, HeaderValue, IggyMessage};
use serde_json::Value;

use crate::support::client::Read;
use crate::support::installation::{component, root};
use crate::support::{Broker, Connector, HttpServer, Target, World};

/// Connectors in one process: an instance of the Python runtime takes tens of megabytes.
const AT_ONCE: usize = 11;
/// The only case that TOML cannot express: it has no null.
const WITH_NULL: &str = "add_takes_values_of_every_json_type";
/// Made of the broker's time and the topic's name, so that the Rust component says what is right.
const BY_REFERENCE: &str = "a_uuid_is_made_of_the_time_and_place_of_a_message";

struct Case {
    name: String,
    config: Value,
    messages: Vec<Value>,
    expect: Vec<Value>,
    target: Target,
}

#[test]
fn given_the_golden_cases_fields_in_rust_should_give_the_outputs_written_there() {
    assert_golden("fields_transform.wasm");
}

#[test]
fn given_the_golden_cases_fields_in_python_should_give_the_same_outputs() {
    assert_golden("fields-python.wasm");
}

#[test]
fn given_the_golden_cases_fields_in_javascript_should_give_the_same_outputs() {
    assert_golden("fields-javascript.wasm");
}

fn assert_golden(file: &str) {
    component(file);
    let broker = Broker::start();
    let cases = cases(&Target::unique("unused"));
    assert!(cases.len() >= 30, "{} cases", cases.len());
    let server = HttpServer::start(0);
    let mut wrong = Vec::new();
    for some in cases.chunks(AT_ONCE) {
        let world = broker.world();
        for case in some {
            broker.client.create_topic(&case.target, 1);
            broker.client.send(&case.target, 0, case.messages.iter().map(message).collect());
            add_connector(&world, case, file, "own", &server);
            if case.name == BY_REFERENCE {
                add_connector(&world, case, "fields_transform.wasm", "reference", &server);
            }
        }
        world.run_once().with_code(0);
        for case in some {
            wrong.extend(compare(case, &broker, &server));
        }
    }
    assert!(wrong.is_empty(), "{} messages differ:\n{}", wrong.len(), wrong.join("\n"));
}

fn cases(target: &Target) -> Vec<Case> {
    let text = std::fs::read_to_string(root().join("tests/golden/fields.json")).unwrap();
    let golden: Value = serde_json::from_str(&text).unwrap();
    let list = |value: &Value| value.as_array().unwrap().clone();
    list(&golden["cases"])
        .into_iter()
        .map(|case| Case {
            name: case["name"].as_str().unwrap().to_owned(),
            config: case["config"].clone(),
            messages: list(&case["messages"]),
            expect: list(&case["expect"]),
            target: target.topic(case["name"].as_str().unwrap()),
        })
        .map(without_null)
        .map(without_empty)
        .collect()
}

/// Takes out messages without a payload: the official client does not send them.
fn without_empty(mut case: Case) -> Case {
    assert_eq!(case.messages.len(), case.expect.len(), "{}", case.name);
    let pairs =
        std::mem::take(&mut case.messages).into_iter().zip(std::mem::take(&mut case.expect));
    (case.messages, case.expect) =
        pairs.filter(|(message, _)| !payload(message).is_empty()).unzip();
    case
}

/// Takes what TOML cannot say out of the one case that has it.
fn without_null(mut case: Case) -> Case {
    let operations = case.config["operations"].as_array_mut().unwrap();
    let all = operations.len();
    operations.retain(|operation| {
        let text = operation.to_string();
        !["null}", "null]", "null,"].iter().any(|null| text.contains(null))
    });
    if operations.len() < all {
        assert_eq!(case.name, WITH_NULL, "another case that TOML cannot express");
        for expect in &mut case.expect {
            let text = expect["payload"].as_str().unwrap();
            let text = text.replace("\"null\":null,", "").replace("\"list\":[1,\"two\",null],", "");
            expect["payload"] = text.into();
        }
    }
    case
}

fn payload(message: &Value) -> Vec<u8> {
    match (&message["payload"], &message["payload_hex"]) {
        (Value::String(text), _) => text.clone().into_bytes(),
        (_, Value::String(hex)) => (0..hex.len() / 2)
            .map(|byte| u8::from_str_radix(&hex[2 * byte..2 * byte + 2], 16).unwrap())
            .collect(),
        _ => panic!("no payload: {message}"),
    }
}

fn message(message: &Value) -> IggyMessage {
    let headers = message["headers"].as_array().into_iter().flatten().map(|header| {
        let text = |key: &str| header[key].as_str().unwrap().to_owned();
        let key = HeaderKey::try_from(text("key")).unwrap();
        (key, HeaderValue::try_from(text("value")).unwrap())
    });
    let headers: BTreeMap<_, _> = headers.collect();
    let payload = payload(message).into();
    if headers.is_empty() {
        return IggyMessage::builder().payload(payload).build().unwrap();
    }
    IggyMessage::builder().payload(payload).user_headers(headers).build().unwrap()
}

fn add_connector(world: &World, case: &Case, file: &str, role: &str, server: &HttpServer) {
    let (url, name) = (server.url(), &case.name);
    let mut config = String::new();
    for (key, value) in case.config.as_object().unwrap() {
        writeln!(config, "{key} = {}", toml(value)).unwrap();
    }
    let connector = Connector::sink("http_sink.wasm", &case.target)
        .transform(file, &config)
        .config(&format!("url = \"{url}/{role}/{name}\"\nmode = \"single\"\nmetadata = true"))
        .grant(&format!("http = [\"{url}/*\"]"))
        .limit("memory = \"256MiB\"\ncpu_timeout = \"20s\"\ncall_timeout = \"30s\"")
        .dead_letters(&format!("{role}.{name}.dlq"));
    // A key has at most 64 characters.
    let short: String = name.chars().take(50).collect();
    world.connector(&format!("{role}-{short}"), connector);
}

/// JSON in TOML's notation; tables inline.
fn toml(value: &Value) -> String {
    match value {
        Value::Array(values) => {
            format!("[{}]", values.iter().map(toml).collect::<Vec<_>>().join(", "))
        }
        Value::Object(entries) => {
            let entries = entries
                .iter()
                .map(|(key, value)| format!("{} = {}", Value::String(key.clone()), toml(value)));
            format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
        }
        // JSON lets this one stand in a string, TOML does not.
        scalar => scalar.to_string().replace('\u{7f}', "\\u007F"),
    }
}

/// What differs, in words.
fn compare(case: &Case, broker: &Broker, server: &HttpServer) -> Vec<String> {
    let sent = broker.client.read(&case.target, 0);
    let own = posted(server, "own", &case.name);
    let reference = posted(server, "reference", &case.name);
    let letters_topic = case.target.topic(&format!("own.{}.dlq", case.name));
    let letters: BTreeMap<u64, Read> = match broker.client.partitions(&letters_topic) {
        None => BTreeMap::new(),
        Some(_) => broker
            .client
            .read(&letters_topic, 0)
            .into_iter()
            .map(|letter| (letter.header("kennel.dlq.offset").unwrap().parse().unwrap(), letter))
            .collect(),
    };
    let mut wrong = Vec::new();
    for (sent, expect) in sent.iter().zip(&case.expect) {
        let arrived = own.get(&sent.offset).map(|body| String::from_utf8_lossy(body).into_owned());
        let failed = letters.get(&sent.offset);
        let code = failed.and_then(|letter| letter.header("kennel.dlq.code"));
        let (payload, expected_code) = match &expect["payload"] {
            Value::String(_) if case.name == BY_REFERENCE => {
                (Some(String::from_utf8_lossy(&reference[&sent.offset]).into_owned()), None)
            }
            Value::String(text) => (Some(here(text, case, sent)), None),
            _ => (None, expect["failed"].as_str().map(str::to_owned)),
        };
        if (&arrived, &code) != (&payload, &expected_code) {
            wrong.push(format!(
                "{} message {}: {arrived:?} {code:?} instead of {payload:?} {expected_code:?}",
                case.name, sent.offset
            ));
        }
        if failed.is_some_and(|letter| letter.payload != sent.payload) {
            wrong.push(format!("{} message {}: a letter changed", case.name, sent.offset));
        }
    }
    assert_eq!(sent.len(), case.expect.len(), "{}", case.name);
    wrong
}

fn posted(server: &HttpServer, role: &str, name: &str) -> BTreeMap<u64, Vec<u8>> {
    let path = format!("/{role}/{name}");
    let requests = server.requests().into_iter().filter(|request| request.path == path);
    requests.map(|it| (it.headers["x-kennel-offset"].parse().unwrap(), it.body)).collect()
}

/// The golden file's time and place replaced by those of the message here.
fn here(expected: &str, case: &Case, sent: &Read) -> String {
    if !case.config.to_string().contains("\"computed\"") {
        return expected.to_owned();
    }
    let (at, origin) = (sent.timestamp, sent.origin_timestamp);
    let there = 1_700_000_000_000_000 + sent.offset;
    let place = [
        (there.to_string(), at.to_string()),
        ((there / 1_000).to_string(), (at / 1_000).to_string()),
        ("1690000000000000".into(), origin.to_string()),
        ("1690000000000001".into(), origin.to_string()),
        (":1690000000,".into(), format!(":{},", origin / 1_000_000)),
        (rfc3339_there(sent.offset), rfc3339(at)),
        (format!("\"offset\":{}", 1_000 + sent.offset), format!("\"offset\":{}", sent.offset)),
        ("\"partition\":3".into(), "\"partition\":0".into()),
        ("\"stream\":\"shop\"".into(), format!("\"stream\":\"{}\"", case.target.stream)),
        ("\"topic\":\"orders\"".into(), format!("\"topic\":\"{}\"", case.target.topic)),
    ];
    place.iter().fold(expected.to_owned(), |text, (there, here)| text.replace(there, here))
}

fn rfc3339_there(offset: u64) -> String {
    format!("2023-11-14T22:13:20.{offset:06}Z")
}

/// Microseconds since 1970 as the civil date, by Howard Hinnant's algorithm.
fn rfc3339(micros: u64) -> String {
    let (seconds, fraction) = (micros / 1_000_000, micros % 1_000_000);
    let (days, time) = (seconds / 86_400, seconds % 86_400);
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute, second) = (time / 3_600, time / 60 % 60, time % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{fraction:06}Z")
}
