//! What a call made, as plain values: columns resolved, kept parts copied from the input.

use std::time::Duration;

use crate::glue::types::Messages;
use crate::glue::{self, source::exports::kennel::connector::source as source_wit};
use crate::header::{HeaderValue, Headers};
use crate::{
    Batch, Error, Format, Limit, Output, Polled, Progress, Records, Source, Transform, Verdict,
};

/// One message that a component made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emitted {
    /// The payload.
    pub payload: Vec<u8>,
    /// The encoded headers.
    pub raw_headers: Vec<u8>,
    /// The indices of the inputs; empty for a source.
    pub inputs: Vec<u32>,
    /// The partition key.
    pub key: Vec<u8>,
    /// The topic by number.
    pub route: u32,
}

impl Emitted {
    /// The payload as text.
    #[must_use]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.payload).expect("payload is UTF-8")
    }

    /// The payload as JSON.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.payload).expect("payload is JSON")
    }

    /// The first header of this name.
    #[must_use]
    pub fn header(&self, key: &str) -> Option<HeaderValue<'_>> {
        Headers::new(&self.raw_headers).find(|header| header.key == key).map(|header| header.value)
    }
}

/// One message that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// The message's index.
    pub index: u32,
    /// Whether it may succeed later.
    pub verdict: Verdict,
    /// The short code.
    pub code: String,
    /// The text for people.
    pub detail: String,
}

/// What a transform made of a batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Transformed {
    /// The format of the outputs.
    pub format: Format,
    /// The outputs in order.
    pub outputs: Vec<Emitted>,
    /// Inputs that live on in state.
    pub absorbed: Vec<u32>,
    /// Inputs that failed.
    pub failed: Vec<Failed>,
    /// Bytes that the component wrote; 0 if everything was kept by a bit.
    pub bytes_written: usize,
}

impl Transformed {
    /// The payloads of all outputs.
    #[must_use]
    pub fn payloads(&self) -> Vec<&[u8]> {
        self.outputs.iter().map(|output| output.payload.as_slice()).collect()
    }

    /// The payloads of all outputs as text.
    #[must_use]
    pub fn texts(&self) -> Vec<&str> {
        self.outputs.iter().map(Emitted::text).collect()
    }
}

/// Runs a transform as the host does.
///
/// # Panics
/// If the transform answers an error; see [`try_run`].
#[must_use]
pub fn run<T: Transform>(transform: &mut T, batch: &Batch) -> Transformed {
    try_run(transform, batch).expect("the transform answers")
}

/// Runs a transform as the host does.
///
/// # Errors
/// What the transform answers.
///
/// # Panics
/// If the columns do not fit each other, which the host would treat as a trap.
pub fn try_run<T: Transform>(transform: &mut T, batch: &Batch) -> Result<Transformed, Error> {
    let mut output = Output::new(batch, 0);
    transform.apply(batch, &mut output)?;
    let wit = output.into_transformed();
    let mut outputs = resolve(&wit.messages);
    for (index, output) in outputs.iter_mut().enumerate() {
        let inputs = if wit.input_ends.is_empty() {
            index..index + 1
        } else {
            let start = index.checked_sub(1).map_or(0, |before| wit.input_ends[before]);
            start as usize..wit.input_ends[index] as usize
        };
        output.inputs = wit.inputs[inputs].to_vec();
        assert!(output.inputs.is_sorted_by(|a, b| a < b), "inputs ascend: {:?}", output.inputs);
        let first = *output.inputs.first().expect("an output has an input") as usize;
        let first = batch.get(first).expect("an input of this batch");
        let replaced = wit.replaced.get(index).copied().unwrap_or(3);
        if replaced & 1 == 0 {
            output.payload = first.payload().to_vec();
        }
        if replaced & 2 == 0 {
            output.raw_headers = first.raw_headers().to_vec();
        }
    }
    let failed = wit.failed.into_iter().map(|failure| Failed {
        index: failure.index,
        verdict: failure.verdict,
        code: failure.code,
        detail: failure.detail,
    });
    Ok(Transformed {
        format: wit.messages.format,
        outputs,
        absorbed: wit.absorbed,
        failed: failed.collect(),
        bytes_written: wit.messages.data.len(),
    })
}

/// What one poll of a source read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading<C> {
    /// The records in order.
    pub records: Vec<Emitted>,
    /// One id per record, or none at all.
    pub ids: Vec<u128>,
    /// Where to go on, having crossed to the host and back.
    pub cursor: C,
    /// Whether there is more.
    pub progress: Progress,
}

impl<C> Reading<C> {
    /// The payloads of all records as text.
    #[must_use]
    pub fn texts(&self) -> Vec<&str> {
        self.records.iter().map(Emitted::text).collect()
    }
}

/// Polls a source for at most `messages` records, without waiting.
///
/// # Errors
/// What the source answers.
pub fn poll<T: Source>(source: &mut T, messages: u32) -> Result<Reading<T::Cursor>, Error> {
    poll_with(source, &Limit { messages, bytes: 1 << 20, wait: Duration::ZERO })
}

/// Polls a source as the host does.
///
/// # Errors
/// What the source answers.
pub fn poll_with<T: Source>(source: &mut T, limit: &Limit) -> Result<Reading<T::Cursor>, Error> {
    let mut records = Records::new(Format::Raw, 0);
    let Polled { cursor, progress } = source.poll(limit, &mut records)?;
    let produced: source_wit::Produced =
        records.into_produced(glue::encode_cursor(&cursor)?, progress);
    let id = |pair: &[u64]| (u128::from(pair[1]) << 64) | u128::from(pair[0]);
    Ok(Reading {
        records: resolve(&produced.messages),
        ids: produced.ids.chunks_exact(2).map(id).collect(),
        cursor: glue::decode_cursor(&produced.cursor)?,
        progress: produced.progress,
    })
}

fn resolve(messages: &Messages) -> Vec<Emitted> {
    let slice = |span: &[u32]| messages.data[span[0] as usize..span[1] as usize].to_vec();
    messages
        .spans
        .chunks_exact(4)
        .enumerate()
        .map(|(index, span)| Emitted {
            payload: slice(&span[..2]),
            raw_headers: slice(&span[2..]),
            inputs: Vec::new(),
            key: messages.keys.get(index * 2..index * 2 + 2).map_or_else(Vec::new, slice),
            route: messages.routes.get(index).copied().unwrap_or(0),
        })
        .collect()
}
