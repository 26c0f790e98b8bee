//! A transform makes messages of messages.

use std::fmt;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::glue::transform::exports::kennel::connector::transform as wit;
use crate::glue::types::Failure;
use crate::header::HeaderWriter;
use crate::outgoing::{Collector, Draft, MessageBuilder, Outgoing, private};
use crate::receipt::insert_failure;
use crate::{Batch, Error, Format, Malformed, Message, Problem, Verdict};

/// Makes messages of messages. Implement it under [`macro@crate::transform`].
pub trait Transform: Sized {
    /// The configuration; its JSON Schema is part of the component's description.
    type Config: DeserializeOwned + JsonSchema;

    /// Prepares everything that does not depend on a message.
    ///
    /// # Errors
    /// [`Error::invalid_config`] stops the connector; the others are tried again.
    fn open(config: Self::Config) -> Result<Self, Error>;

    /// Fills `output` from `batch`. A message that is not mentioned is filtered.
    ///
    /// # Errors
    /// An error is about this instance or another system, not about a message: nothing of the output counts.
    fn apply(&mut self, batch: &Batch, output: &mut Output) -> Result<(), Error>;

    /// Called at least every `heartbeat_ms` when no other call ran.
    ///
    /// # Errors
    /// If the instance cannot go on.
    fn tick(&mut self) -> Result<(), Error> {
        Ok(())
    }

    /// Best effort: it may never be called.
    fn close(&mut self) {}

    /// What JSON Schema cannot say about a configuration. Pure.
    fn validate(_config: &Self::Config) -> Vec<Problem> {
        Vec::new()
    }
}

const PAYLOAD: u8 = 1;
const HEADERS: u8 = 2;

/// What a transform makes of a batch.
#[derive(Debug)]
pub struct Output {
    outgoing: Outgoing,
    format: Format,
    replaced: Vec<u8>,
    inputs: Vec<u32>,
    /// Empty while every output has exactly one input.
    input_ends: Vec<u32>,
    absorbed: Vec<u32>,
    failed: Vec<Failure>,
}

/// An output that is being built; see [`Output::emit`] and [`Output::merge`].
pub type Emission<'a> = MessageBuilder<'a, Output>;

impl Output {
    /// Room for one output per message and `bytes` of new payloads.
    pub(crate) fn new(batch: &Batch, bytes: usize) -> Self {
        let messages = batch.len();
        Self {
            outgoing: Outgoing::with_capacity(messages, bytes),
            format: batch.format().clone(),
            replaced: Vec::with_capacity(messages),
            inputs: Vec::with_capacity(messages),
            input_ends: Vec::new(),
            absorbed: Vec::new(),
            failed: Vec::new(),
        }
    }

    /// Passes a message on as it is.
    #[inline]
    pub fn keep(&mut self, message: &Message<'_>) {
        self.outgoing.add((0, 0), (0, 0));
        self.account(message, 0);
    }

    /// Passes a message on with a new payload; its headers stay.
    pub fn payload(&mut self, message: &Message<'_>, payload: &[u8]) {
        self.payload_with(message, |buffer| buffer.extend_from_slice(payload));
    }

    /// As [`Output::payload`], written straight into the buffer that goes out. `write` may only append.
    #[inline]
    pub fn payload_with<R>(
        &mut self,
        message: &Message<'_>,
        write: impl FnOnce(&mut Vec<u8>) -> R,
    ) -> R {
        let (span, result) = self.outgoing.append(write);
        self.outgoing.add(span, (0, 0));
        self.account(message, PAYLOAD);
        result
    }

    /// As [`Output::payload_with`]; an error takes back what was written and leaves the message unmentioned.
    ///
    /// # Errors
    /// What `write` answers.
    pub fn try_payload_with<E>(
        &mut self,
        message: &Message<'_>,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        let start = self.outgoing.data.len();
        let (span, result) = self.outgoing.append(write);
        match result {
            Ok(()) => {
                self.outgoing.add(span, (0, 0));
                self.account(message, PAYLOAD);
            }
            Err(_) => self.outgoing.data.truncate(start),
        }
        result
    }

    /// Passes a message on with these headers instead of its own; its payload stays.
    pub fn headers(&mut self, message: &Message<'_>, write: impl FnOnce(&mut HeaderWriter<'_>)) {
        self.emit(message).headers(write).push();
    }

    /// Begins an output for this message: any number of them, each with its own key and route. What is not set stays as
    /// it is in the input; [`MessageBuilder::push`] adds it.
    pub fn emit(&mut self, message: &Message<'_>) -> Emission<'_> {
        self.merge(&[message.index()])
    }

    /// Begins one output for several messages, given by ascending index. What is not set is that of the first.
    pub fn merge(&mut self, inputs: &[u32]) -> Emission<'_> {
        self.inputs.extend_from_slice(inputs);
        MessageBuilder::new(self)
    }

    /// The message lives on only in [`crate::state`], and is settled when that is durable.
    pub fn absorb(&mut self, message: &Message<'_>) {
        let at = self.absorbed.partition_point(|&index| index < message.index());
        if self.absorbed.get(at) != Some(&message.index()) {
            self.absorbed.insert(at, message.index());
        }
    }

    /// The message failed. `code` is short and stable (a metric's label), `detail` for people.
    pub fn fail(
        &mut self,
        message: &Message<'_>,
        verdict: Verdict,
        code: &str,
        detail: impl fmt::Display,
    ) {
        insert_failure(
            &mut self.failed,
            Failure {
                index: message.index(),
                verdict,
                code: code.to_owned(),
                detail: detail.to_string(),
            },
        );
    }

    /// The message cannot be read, now or later: it becomes a dead letter.
    pub fn reject_malformed(&mut self, message: &Message<'_>, malformed: Malformed) {
        self.fail(message, Verdict::Reject, malformed.code, malformed.detail);
    }

    /// What the payloads are now, if it is not what they were.
    pub fn format(&mut self, format: Format) {
        self.format = format;
    }

    /// Number of outputs so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.outgoing.len()
    }

    /// Whether there is no output so far.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of new payloads and headers so far.
    pub(crate) fn bytes(&self) -> usize {
        self.outgoing.data.len()
    }

    #[inline]
    fn account(&mut self, message: &Message<'_>, replaced: u8) {
        self.replaced.push(replaced);
        self.inputs.push(message.index());
        if !self.input_ends.is_empty() {
            self.input_ends.push(self.inputs.len() as u32);
        }
    }

    /// Inputs of finished outputs; behind them lie those of the one being built.
    fn settled_inputs(&self) -> usize {
        self.input_ends.last().map_or(self.replaced.len(), |&end| end as usize)
    }

    pub(crate) fn into_transformed(self) -> wit::Transformed {
        wit::Transformed {
            messages: self.outgoing.into_messages(self.format),
            replaced: self.replaced,
            inputs: self.inputs,
            input_ends: self.input_ends,
            absorbed: self.absorbed,
            failed: self.failed,
        }
    }
}

impl private::Sealed for Output {
    #[allow(private_interfaces)]
    fn outgoing(&mut self) -> &mut Outgoing {
        &mut self.outgoing
    }
}

impl Collector for Output {
    fn accept(&mut self, draft: &Draft) {
        let before = self.settled_inputs();
        if self.inputs.len() - before != 1 && self.input_ends.is_empty() {
            self.input_ends.extend(1..=before as u32);
            self.input_ends.push(self.inputs.len() as u32);
        } else if !self.input_ends.is_empty() {
            self.input_ends.push(self.inputs.len() as u32);
        }
        let payload = if draft.payload.is_some() { PAYLOAD } else { 0 };
        let headers = if draft.headers.is_some() { HEADERS } else { 0 };
        self.replaced.push(payload | headers);
    }

    fn abandon(&mut self) {
        self.inputs.truncate(self.settled_inputs());
    }
}
