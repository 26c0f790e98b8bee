//! Breaks one rule of the transform interface in each mode. It stands on the bare bindings, because the SDK's types do not let
//! an author do so.

#![forbid(unsafe_code)]

use std::cell::Cell;

use kennel_sdk::glue::common::exports::kennel::connector::{describe, lifecycle};
use kennel_sdk::glue::transform::exports::kennel::connector::transform::{Guest, Transformed};
use kennel_sdk::glue::types::{Batch, Error, Failure, Messages, Verdict};
use serde::Deserialize;

/// Which rule to break.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Mode {
    /// None at all: every payload is replaced by itself.
    #[default]
    Honest,
    SpansPastData,
    SpansReversed,
    SpansIncomplete,
    SpansHuge,
    SpanOfKeptPart,
    KeysIncomplete,
    KeysPastData,
    RoutesIncomplete,
    RoutesUnknown,
    ReplacedIncomplete,
    ReplacedUnknownBit,
    InputsBeyondBatch,
    InputsIncomplete,
    InputsUnsorted,
    InputsTwice,
    InputEndsDescending,
    InputEndsPastInputs,
    InputEndsIncomplete,
    OutputWithoutInput,
    AbsorbedBeyondBatch,
    AbsorbedUnsorted,
    FailedBeyondBatch,
    FailedTwice,
    FailedAndPassedOn,
    HeadersTorn,
    HeadersReserved,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    #[serde(default)]
    mode: Mode,
}

thread_local! {
    static MODE: Cell<Mode> = const { Cell::new(Mode::Honest) };
}

/// The component.
#[derive(Debug)]
pub struct Nonsense;

impl describe::Guest for Nonsense {
    fn describe() -> String {
        r#"{"name":"nonsense-transform","version":"0.1.0","licence":"Apache-2.0","kind":"transform",
            "config_schema":{"type":"object"},"accepts":[],"produces":[],"delivery":"at-least-once","ordered":true,
            "heartbeat_ms":0,"state_version":0,"metrics":[],"asks":[],"sdk":{"language":"rust","version":"0.1.0"}}"#
            .to_owned()
    }

    fn validate(_config: String) -> Vec<describe::Problem> {
        Vec::new()
    }
}

impl lifecycle::Guest for Nonsense {
    fn open(config: String) -> Result<(), Error> {
        let config: Config = serde_json::from_str(&config)
            .map_err(|error| Error::InvalidConfig(error.to_string()))?;
        MODE.set(config.mode);
        Ok(())
    }

    fn tick() -> Result<(), Error> {
        Ok(())
    }

    fn close() {}
}

impl Guest for Nonsense {
    fn apply(batch: Batch) -> Result<Transformed, Error> {
        let mut answer = honest(batch);
        distort(&mut answer, MODE.get());
        Ok(answer)
    }
}

/// Replaces every payload by itself and keeps the headers.
fn honest(batch: Batch) -> Transformed {
    let count = u32::try_from(batch.offsets.len()).unwrap_or(u32::MAX);
    let mut spans = batch.spans;
    for span in spans.chunks_exact_mut(4) {
        span[2] = 0;
        span[3] = 0;
    }
    Transformed {
        messages: Messages {
            format: batch.format,
            data: batch.data,
            spans,
            keys: Vec::new(),
            routes: Vec::new(),
        },
        replaced: vec![1; count as usize],
        inputs: (0..count).collect(),
        input_ends: Vec::new(),
        absorbed: Vec::new(),
        failed: Vec::new(),
    }
}

fn failure(index: u32) -> Failure {
    Failure {
        index,
        verdict: Verdict::Reject,
        code: "nonsense".to_owned(),
        detail: "made up".to_owned(),
    }
}

/// A text header of this key, and the length that its value claims to have.
fn header(key: &str, claimed: u32) -> Vec<u8> {
    let mut bytes = vec![2];
    bytes.extend((key.len() as u32).to_le_bytes());
    bytes.extend(key.as_bytes());
    bytes.push(2);
    bytes.extend(claimed.to_le_bytes());
    bytes.push(b'x');
    bytes
}

/// Every batch that a test sends here has two messages at least.
fn distort(answer: &mut Transformed, mode: Mode) {
    let count = answer.inputs.len() as u32;
    let end = answer.messages.data.len() as u32;
    let messages = &mut answer.messages;
    match mode {
        Mode::Honest => {}
        Mode::SpansPastData => messages.spans[1] = end + 1,
        Mode::SpansReversed => {
            messages.spans[0] = end;
            messages.spans[1] = 0;
        }
        Mode::SpansIncomplete => drop(messages.spans.pop()),
        Mode::SpansHuge => {
            messages.spans[0] = u32::MAX - 1;
            messages.spans[1] = u32::MAX;
        }
        Mode::SpanOfKeptPart => answer.replaced[0] = 0,
        Mode::KeysIncomplete => messages.keys = vec![0, 0, 0],
        Mode::KeysPastData => messages.keys = vec![end + 1; count as usize * 2],
        Mode::RoutesIncomplete => messages.routes = vec![0],
        Mode::RoutesUnknown => messages.routes = vec![u32::MAX; count as usize],
        Mode::ReplacedIncomplete => drop(answer.replaced.pop()),
        Mode::ReplacedUnknownBit => answer.replaced[0] = 0xff,
        Mode::InputsBeyondBatch => answer.inputs[0] = count,
        Mode::InputsIncomplete => drop(answer.inputs.pop()),
        Mode::InputsUnsorted => one_output(answer, vec![1, 0]),
        Mode::InputsTwice => one_output(answer, vec![0, 0]),
        Mode::InputEndsDescending => {
            answer.input_ends = (1..=count).rev().collect();
        }
        Mode::InputEndsPastInputs => answer.input_ends = (2..=count + 1).collect(),
        Mode::InputEndsIncomplete => answer.input_ends = (1..count).collect(),
        Mode::OutputWithoutInput => {
            answer.input_ends = (0..count).collect();
        }
        Mode::AbsorbedBeyondBatch => answer.absorbed = vec![count],
        Mode::AbsorbedUnsorted => {
            one_output(answer, vec![0]);
            answer.absorbed = vec![count - 1, 1];
        }
        Mode::FailedBeyondBatch => answer.failed = vec![failure(count)],
        Mode::FailedTwice => {
            one_output(answer, vec![0]);
            answer.failed = vec![failure(1), failure(1)];
        }
        Mode::FailedAndPassedOn => answer.failed = vec![failure(0)],
        Mode::HeadersTorn => add_headers(answer, &header("key", 1_000)),
        Mode::HeadersReserved => add_headers(answer, &header("kennel.dlq.stage", 1)),
    }
}

/// Leaves a single output, of these inputs.
fn one_output(answer: &mut Transformed, inputs: Vec<u32>) {
    answer.messages.spans.truncate(4);
    answer.replaced.truncate(1);
    answer.input_ends = vec![inputs.len() as u32];
    answer.inputs = inputs;
}

fn add_headers(answer: &mut Transformed, headers: &[u8]) {
    let start = answer.messages.data.len() as u32;
    answer.messages.data.extend_from_slice(headers);
    answer.messages.spans[2] = start;
    answer.messages.spans[3] = start + headers.len() as u32;
    answer.replaced[0] = 3;
}

#[cfg(target_arch = "wasm32")]
kennel_sdk::glue::export!(transform, Nonsense);
