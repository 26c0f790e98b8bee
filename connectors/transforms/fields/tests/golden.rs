//! The cases that every implementation of the fields transform has to pass.

use kennel_fields_transform::Fields;
use kennel_sdk::testing::{self, BatchBuilder};
use kennel_sdk::{Format, Verdict};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Golden {
    origin: Origin,
    first_offset: u64,
    first_timestamp: u64,
    first_origin_timestamp: u64,
    cases: Vec<Case>,
    invalid_configs: Vec<InvalidConfig>,
}

#[derive(Deserialize)]
struct Origin {
    stream: String,
    topic: String,
    partition: u32,
    epoch: u64,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    config: Value,
    messages: Vec<Message>,
    expect: Vec<Expected>,
}

#[derive(Deserialize)]
struct InvalidConfig {
    name: String,
    config: Value,
}

#[derive(Deserialize)]
struct Message {
    payload: Option<String>,
    payload_hex: Option<String>,
    #[serde(default)]
    headers: Vec<Header>,
}

#[derive(Deserialize)]
struct Header {
    key: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Expected {
    Payload(String),
    Failed(String),
}

impl Message {
    fn bytes(&self) -> Vec<u8> {
        if let Some(text) = &self.payload {
            return text.clone().into_bytes();
        }
        let hex = self.payload_hex.as_deref().expect("one of payload and payload_hex");
        (0..hex.len() / 2)
            .map(|at| u8::from_str_radix(&hex[at * 2..at * 2 + 2], 16).expect("hex"))
            .collect()
    }
}

fn golden() -> Golden {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../tests/golden/fields.json");
    let text = std::fs::read(path).expect("golden file");
    serde_json::from_slice(&text).expect("golden file is JSON")
}

#[test]
fn given_the_golden_cases_should_answer_what_they_expect() {
    let golden = golden();
    assert!(golden.cases.len() > 20, "the file is not empty");
    for case in &golden.cases {
        let mut transform =
            testing::open_transform::<Fields>(case.config.clone()).expect(&case.name);
        let count = case.messages.len() as u64;
        let payloads = case.messages.iter().map(Message::bytes);
        let mut builder = BatchBuilder::new(Format::Json, payloads)
            .origin(&golden.origin.stream, &golden.origin.topic, golden.origin.partition)
            .epoch(golden.origin.epoch)
            .offset(golden.first_offset)
            .timestamps((0..count).map(|i| golden.first_timestamp + i).collect::<Vec<_>>())
            .origin_timestamps(
                (0..count).map(|i| golden.first_origin_timestamp + i).collect::<Vec<_>>(),
            );
        for (index, message) in case.messages.iter().enumerate() {
            for header in &message.headers {
                builder = builder.header(index, &header.key, header.value.as_str());
            }
        }
        let batch = builder.build();
        let result = testing::run(&mut transform, &batch);
        for (index, expected) in case.expect.iter().enumerate() {
            let name = format!("{} message {index}", case.name);
            let index = index as u32;
            let output = result.outputs.iter().find(|output| output.inputs == [index]);
            let failed = result.failed.iter().find(|failed| failed.index == index);
            match expected {
                Expected::Payload(payload) => {
                    let output = output.unwrap_or_else(|| panic!("{name}: {failed:?}"));
                    assert_eq!(output.text(), payload, "{name}");
                    let input = batch.get(index as usize).expect("message");
                    assert_eq!(output.raw_headers, input.raw_headers(), "{name}");
                }
                Expected::Failed(code) => {
                    let failed = failed.unwrap_or_else(|| panic!("{name}: {output:?}"));
                    assert_eq!((failed.verdict, &failed.code), (Verdict::Reject, code), "{name}");
                }
            }
        }
        assert_eq!(result.outputs.len() + result.failed.len(), case.expect.len(), "{}", case.name);
    }
}

#[test]
fn given_the_golden_wrong_configurations_should_refuse_them() {
    for case in golden().invalid_configs {
        let problems = testing::validate_transform::<Fields>(case.config.clone());
        assert!(!problems.is_empty(), "{}", case.name);
        let error = testing::open_transform::<Fields>(case.config).expect_err(&case.name);
        assert!(matches!(error, kennel_sdk::Error::InvalidConfig(_)), "{}: {error}", case.name);
    }
}
