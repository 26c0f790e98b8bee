//! A live source.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use kennel_capability::state::StagedWrites;
use wasmtime::component::{ComponentType, Func, Lower};

use crate::bindings::{source as wit, types};
use crate::columns::{self, Violation};
use crate::guest::{Answer, Guest};
use crate::instance::{InstanceSpec, StartError};
use crate::wear::Wear;
use crate::{Component, Fault, Format};

/// Longest cursor in bytes.
const MAX_CURSOR: usize = 64 * 1024;
/// The keyspace of a source is the connector's own.
const KEYSPACE: &str = "source";

/// How much one `poll` may return.
#[derive(Debug, Clone, Copy, ComponentType, Lower)]
#[component(record)]
pub struct Limit {
    /// Messages.
    pub messages: u32,
    /// Bytes of payloads.
    pub bytes: u64,
    /// How long the guest may wait for something to read, milliseconds.
    #[component(name = "wait-ms")]
    pub wait_ms: u32,
}

/// What follows after a `poll`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// There is more to read now.
    More,
    /// There is nothing more to read for now.
    Idle,
    /// There will never be more.
    Finished,
}

/// Messages made by a guest, every column checked.
#[derive(Debug, Clone)]
pub struct Messages {
    /// What the payloads are.
    pub format: Format,
    /// All bytes.
    pub data: Bytes,
    /// Four per message, into `data`.
    pub spans: Arc<Vec<u32>>,
    /// Two per message, into `data`, or empty.
    pub keys: Vec<u32>,
    /// One per message, or empty: all 0.
    pub routes: Vec<u32>,
}

impl Messages {
    /// Number of messages.
    #[must_use]
    pub fn len(&self) -> usize {
        self.spans.len() / 4
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }
}

/// What a `poll` returned.
#[derive(Debug, Clone)]
pub struct Produced {
    /// The messages.
    pub messages: Messages,
    /// Natural ids, one per message, or empty.
    pub ids: Vec<u128>,
    /// Where to go on after these messages.
    pub cursor: Bytes,
    /// What follows.
    pub progress: Progress,
}

/// A source that may be called. See [the crate](crate) for why calls consume it.
pub struct Source {
    guest: Guest,
    functions: Functions,
}

#[derive(Clone, Copy)]
struct Functions {
    start: Func,
    poll: Func,
    confirm: Func,
}

impl Source {
    /// Makes an instance and opens it.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn open(component: &Component, spec: &InstanceSpec) -> Result<Self, StartError> {
        let mut guest = Guest::open(component, spec).await?;
        let functions = Functions {
            start: guest.find("source", "start")?,
            poll: guest.find("source", "poll")?,
            confirm: guest.find("source", "confirm")?,
        };
        Ok(Self { guest, functions })
    }

    fn with(guest: Guest, functions: Functions) -> Self {
        Self { guest, functions }
    }

    /// Begins after `cursor`, or where the configuration says.
    ///
    /// # Errors
    /// A [`Fault`] ends the instance.
    pub async fn start(mut self, cursor: Option<Bytes>) -> Result<(Self, Answer<()>), Fault> {
        let functions = self.functions;
        self.guest.prepare(None, Some(KEYSPACE.into()));
        let call = self.guest.call_fallible("source.start", functions.start, (cursor,));
        let (guest, answer) = call.await?;
        Ok((Self::with(guest, functions), answer))
    }

    /// Reads on. `routes` is how many output topics there are.
    ///
    /// # Errors
    /// A [`Fault`] ends the instance; so does a column that breaks the contract.
    pub async fn poll(
        mut self,
        limit: Limit,
        routes: usize,
    ) -> Result<(Self, Answer<Produced>), Fault> {
        const EXPORT: &str = "source.poll";
        let functions = self.functions;
        self.guest.prepare(None, Some(KEYSPACE.into()));
        self.guest.count_batch();
        let call = self.guest.call_fallible::<_, wit::Produced>(EXPORT, functions.poll, (limit,));
        let (guest, answer) = call.await?;
        let (guest, answer) = guest.check(EXPORT, answer, |produced| check(produced, routes))?;
        Ok((Self::with(guest, functions), answer))
    }

    /// Says that all up to `cursor` is in Iggy and the cursor is saved.
    ///
    /// # Errors
    /// A [`Fault`] ends the instance.
    pub async fn confirm(mut self, cursor: Bytes) -> Result<(Self, Answer<()>), Fault> {
        let functions = self.functions;
        self.guest.prepare(None, Some(KEYSPACE.into()));
        let call = self.guest.call_fallible("source.confirm", functions.confirm, (cursor,));
        let (guest, answer) = call.await?;
        Ok((Self::with(guest, functions), answer))
    }

    /// Lets the guest keep its connections alive.
    ///
    /// # Errors
    /// A [`Fault`] ends the instance.
    pub async fn tick(self) -> Result<(Self, Answer<()>), Fault> {
        let functions = self.functions;
        let (guest, answer) = self.guest.tick().await?;
        Ok((Self::with(guest, functions), answer))
    }

    /// State written since the last time.
    pub fn take_writes(&mut self) -> StagedWrites {
        self.guest.take_writes()
    }

    /// Linear memory of the instance in bytes.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.guest.memory()
    }

    /// Why a fresh instance should take over, if one should.
    #[must_use]
    pub fn wear(&self) -> Option<Wear> {
        self.guest.wear()
    }

    /// Closes the guest, best effort.
    pub async fn close(self) {
        self.guest.close().await;
    }
}

impl Limit {
    /// A limit whose guest waits at most `wait`.
    #[must_use]
    pub fn new(messages: u32, bytes: u64, wait: Duration) -> Self {
        Self { messages, bytes, wait_ms: u32::try_from(wait.as_millis()).unwrap_or(u32::MAX) }
    }
}

pub(crate) fn check(produced: wit::Produced, routes: usize) -> Result<Produced, Violation> {
    let messages = check_messages(produced.messages, routes)?;
    columns::optional("ids", messages.len() * 2, produced.ids.len())?;
    if produced.cursor.len() > MAX_CURSOR {
        let actual = produced.cursor.len();
        return Err(Violation::TooLarge { what: "cursor", actual, limit: MAX_CURSOR });
    }
    let halves = produced.ids.chunks_exact(2);
    Ok(Produced {
        messages,
        ids: halves.map(|half| u128::from(half[0]) | u128::from(half[1]) << 64).collect(),
        cursor: produced.cursor.into(),
        progress: match produced.progress {
            wit::Progress::More => Progress::More,
            wit::Progress::Idle => Progress::Idle,
            wit::Progress::Finished => Progress::Finished,
        },
    })
}

/// Checked messages of a source or a transform.
pub(crate) fn check_messages(
    messages: types::Messages,
    routes: usize,
) -> Result<Messages, Violation> {
    let count = columns::messages(&messages.spans, &messages.data)?;
    columns::keys(&messages.keys, count, &messages.data)?;
    columns::optional("routes", count, messages.routes.len())?;
    columns::below("routes", &messages.routes, routes)?;
    Ok(Messages {
        format: messages.format.into(),
        data: messages.data.into(),
        spans: Arc::new(messages.spans),
        keys: messages.keys,
        routes: messages.routes,
    })
}

impl From<types::Format> for Format {
    fn from(format: types::Format) -> Self {
        match format {
            types::Format::Raw => Self::Raw,
            types::Format::Text => Self::Text,
            types::Format::Json => Self::Json,
            types::Format::Avro => Self::Avro,
            types::Format::Protobuf => Self::Protobuf,
            types::Format::Flatbuffers => Self::Flatbuffers,
            types::Format::Other(name) => Self::Other(name),
        }
    }
}
