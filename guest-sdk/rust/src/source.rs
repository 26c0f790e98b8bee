//! A source reads another system.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::glue::source::exports::kennel::connector::source as wit;
use crate::outgoing::{Collector, Draft, MessageBuilder, Outgoing, private};
use crate::{Error, Problem};

pub use wit::Progress;

/// Reads another system. Implement it under [`macro@crate::source`].
pub trait Source: Sized {
    /// The configuration; its JSON Schema is part of the component's description.
    type Config: DeserializeOwned + JsonSchema;

    /// Where to go on. It crosses to the host as JSON of at most 64 KiB and is saved with the messages it follows.
    type Cursor: Serialize + DeserializeOwned;

    /// Connects and checks. Takes nothing exclusive: during a swap the old version still runs.
    ///
    /// # Errors
    /// [`Error::invalid_config`] stops the connector; the others are tried again.
    fn open(config: Self::Config) -> Result<Self, Error>;

    /// Begins after `cursor`, or at the configured start. Called again to go back: forget all that was read after it.
    /// Here, not in `open`, take what is exclusive.
    ///
    /// # Errors
    /// If there is no way to go on from there.
    fn start(&mut self, cursor: Option<Self::Cursor>) -> Result<(), Error>;

    /// Reads on, and waits at most `limit.wait` for something to read. Without lasting effect on the other system.
    ///
    /// # Errors
    /// Nothing of this call counts; the host starts again after the last saved cursor.
    fn poll(&mut self, limit: &Limit, records: &mut Records)
    -> Result<Polled<Self::Cursor>, Error>;

    /// All up to `cursor` is in Iggy and the cursor is saved: now delete, mark, acknowledge. Cumulative and idempotent.
    ///
    /// # Errors
    /// The host tries it again.
    fn confirm(&mut self, _cursor: Self::Cursor) -> Result<(), Error> {
        Ok(())
    }

    /// Called at least every `heartbeat_ms` when no other call ran: keeps connections alive.
    ///
    /// # Errors
    /// If a connection is gone.
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

/// How much one poll may answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Number of messages.
    pub messages: u32,
    /// Bytes of all messages together. A single larger message may be answered alone.
    pub bytes: u64,
    /// Longest wait for the first message.
    pub wait: Duration,
}

/// What a poll answers beside its records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Polled<C> {
    /// Where to go on after these records.
    pub cursor: C,
    /// Whether there is more.
    pub progress: Progress,
}

impl<C> Polled<C> {
    /// There is more to read at once.
    pub fn more(cursor: C) -> Self {
        Self { cursor, progress: Progress::More }
    }

    /// Nothing more for the moment.
    pub fn idle(cursor: C) -> Self {
        Self { cursor, progress: Progress::Idle }
    }

    /// Nothing more for ever.
    pub fn finished(cursor: C) -> Self {
        Self { cursor, progress: Progress::Finished }
    }
}

/// Where a poll puts what it reads: one buffer, straight into which payloads may be written.
#[derive(Debug)]
pub struct Records {
    outgoing: Outgoing,
    ids: Vec<u64>,
    format: crate::Format,
}

/// A record that is being built; see [`Records::record`].
pub type Record<'a> = MessageBuilder<'a, Records>;

impl Records {
    pub(crate) fn new(format: crate::Format, bytes: usize) -> Self {
        Self { outgoing: Outgoing::with_capacity(0, bytes), ids: Vec::new(), format }
    }

    /// Adds a record that is nothing but a payload.
    pub fn push(&mut self, payload: &[u8]) {
        self.push_with(|buffer| buffer.extend_from_slice(payload));
    }

    /// Adds a record whose payload is written straight into the buffer that goes out. `write` may only append.
    pub fn push_with<R>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> R) -> R {
        let (span, result) = self.outgoing.append(write);
        self.outgoing.add(span, (0, 0));
        if !self.ids.is_empty() {
            self.ids.extend_from_slice(&[0, 0]);
        }
        result
    }

    /// Begins a record with more than a payload; [`MessageBuilder::push`] adds it.
    pub fn record(&mut self) -> Record<'_> {
        MessageBuilder::new(self)
    }

    /// What the payloads are, if it is not the first of the formats that the attribute's `produces` names.
    pub fn format(&mut self, format: crate::Format) {
        self.format = format;
    }

    /// Number of records so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.outgoing.len()
    }

    /// Whether nothing was added yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of all records so far.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.outgoing.data.len() as u64
    }

    /// Whether `limit` is reached.
    #[must_use]
    pub fn is_full(&self, limit: &Limit) -> bool {
        self.len() >= limit.messages as usize || self.bytes() >= limit.bytes
    }

    pub(crate) fn into_produced(self, cursor: Vec<u8>, progress: Progress) -> wit::Produced {
        wit::Produced {
            messages: self.outgoing.into_messages(self.format),
            ids: self.ids,
            cursor,
            progress,
        }
    }
}

impl private::Sealed for Records {
    #[allow(private_interfaces)]
    fn outgoing(&mut self) -> &mut Outgoing {
        &mut self.outgoing
    }
}

impl Collector for Records {
    fn accept(&mut self, draft: &Draft) {
        if draft.id.is_some() && self.ids.is_empty() {
            self.ids.resize((self.outgoing.len() - 1) * 2, 0);
        } else if draft.id.is_none() && self.ids.is_empty() {
            return;
        }
        let id = draft.id.unwrap_or(0);
        self.ids.extend_from_slice(&[id as u64, (id >> 64) as u64]);
    }
}

impl Record<'_> {
    /// A natural id, the same on every re-read. Give one to all records or to none.
    pub fn id(mut self, id: u128) -> Self {
        self.draft_mut().id = Some(id);
        self
    }
}
