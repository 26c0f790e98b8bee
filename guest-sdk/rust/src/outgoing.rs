//! Messages on their way out: one growing buffer and the columns beside it, shared by sources and transforms.

use std::fmt;

use crate::Format;
use crate::glue::types;
use crate::header::{HeaderValue, HeaderWriter};

/// The buffer and columns of the messages that a call makes.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    pub(crate) data: Vec<u8>,
    pub(crate) spans: Vec<u32>,
    pub(crate) keys: Vec<u32>,
    pub(crate) routes: Vec<u32>,
}

/// A position in the buffer. Beyond 4 GiB it is clamped, which the host refuses; a 32-bit guest cannot get there.
pub(crate) fn position(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

/// A half-open range of the buffer.
pub(crate) type Span = (u32, u32);

impl Outgoing {
    pub(crate) fn with_capacity(messages: usize, bytes: usize) -> Self {
        Self {
            data: Vec::with_capacity(bytes),
            spans: Vec::with_capacity(messages * 4),
            keys: Vec::new(),
            routes: Vec::new(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.spans.len() / 4
    }

    /// Where `write` put its bytes.
    #[inline]
    pub(crate) fn append<R>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> R) -> (Span, R) {
        let start = self.data.len();
        let result = write(&mut self.data);
        // Shorter means that bytes of an earlier message are gone.
        assert!(self.data.len() >= start, "a writer may only append to the buffer");
        ((position(start), position(self.data.len())), result)
    }

    /// A message without key on route 0: the common case.
    #[inline]
    pub(crate) fn add(&mut self, payload: Span, headers: Span) {
        self.spans.extend_from_slice(&[payload.0, payload.1, headers.0, headers.1]);
        if !self.keys.is_empty() {
            self.keys.extend_from_slice(&[0, 0]);
        }
        if !self.routes.is_empty() {
            self.routes.push(0);
        }
    }

    fn add_draft(&mut self, draft: &Draft) {
        let before = self.len();
        self.add(draft.payload.unwrap_or((0, 0)), draft.headers.unwrap_or((0, 0)));
        if let Some(key) = draft.key {
            if self.keys.is_empty() {
                self.keys.resize((before + 1) * 2, 0);
            }
            self.keys[before * 2] = key.0;
            self.keys[before * 2 + 1] = key.1;
        }
        if draft.route != 0 {
            if self.routes.is_empty() {
                self.routes.resize(before + 1, 0);
            }
            self.routes[before] = draft.route;
        }
    }

    pub(crate) fn into_messages(self, format: Format) -> types::Messages {
        types::Messages {
            format,
            data: self.data,
            spans: self.spans,
            keys: self.keys,
            routes: self.routes,
        }
    }
}

/// The parts of the message that is being built.
#[derive(Debug, Default)]
pub struct Draft {
    /// Length of the buffer before this message.
    start: usize,
    pub(crate) payload: Option<Span>,
    pub(crate) headers: Option<Span>,
    key: Option<Span>,
    route: u32,
    pub(crate) id: Option<u128>,
}

/// What collects messages: [`crate::Records`] or [`crate::Output`].
#[doc(hidden)]
pub trait Collector: fmt::Debug + private::Sealed {
    /// Takes the finished message.
    fn accept(&mut self, draft: &Draft);
    /// The message is given up before it was finished.
    fn abandon(&mut self) {}
}

/// Kept apart so that the buffer is not part of the public interface.
pub(crate) mod private {
    pub trait Sealed {
        #[allow(private_interfaces)]
        fn outgoing(&mut self) -> &mut super::Outgoing;
    }
}

/// One message that is being built; nothing happens before [`MessageBuilder::push`].
#[derive(Debug)]
#[must_use = "call push() to add the message"]
pub struct MessageBuilder<'a, C: Collector> {
    collector: &'a mut C,
    draft: Draft,
    finished: bool,
}

impl<'a, C: Collector> MessageBuilder<'a, C> {
    pub(crate) fn new(collector: &'a mut C) -> Self {
        let start = collector.outgoing().data.len();
        Self { collector, draft: Draft { start, ..Draft::default() }, finished: false }
    }

    pub(crate) fn draft_mut(&mut self) -> &mut Draft {
        &mut self.draft
    }

    /// The payload.
    pub fn payload(self, bytes: &[u8]) -> Self {
        self.payload_with(|buffer| buffer.extend_from_slice(bytes))
    }

    /// The payload, written straight into the buffer that goes out. `write` may only append.
    pub fn payload_with(mut self, write: impl FnOnce(&mut Vec<u8>)) -> Self {
        self.draft.payload = Some(self.collector.outgoing().append(write).0);
        self
    }

    /// Adds one header.
    pub fn header<'v>(self, key: &str, value: impl Into<HeaderValue<'v>>) -> Self {
        self.headers(|headers| {
            headers.add(key, value);
        })
    }

    /// Adds headers. The host refuses keys that start with `kennel.`.
    pub fn headers(mut self, write: impl FnOnce(&mut HeaderWriter<'_>)) -> Self {
        let earlier = self.draft.headers;
        let (span, ()) = self.collector.outgoing().append(|buffer| {
            // Headers of one message lie together, so what something else has followed moves to the end.
            if let Some((start, end)) = earlier.filter(|span| span.1 as usize != buffer.len()) {
                buffer.extend_from_within(start as usize..end as usize);
            }
            write(&mut HeaderWriter::new(buffer));
        });
        self.draft.headers = Some(match earlier {
            Some((start, end)) if end == span.0 => (start, span.1),
            _ => span,
        });
        self
    }

    /// The partition key.
    pub fn key(mut self, key: &[u8]) -> Self {
        let (span, ()) = self.collector.outgoing().append(|buffer| buffer.extend_from_slice(key));
        self.draft.key = Some(span);
        self
    }

    /// Which of the topics that the operator configured, counted from 0.
    pub fn route(mut self, route: u32) -> Self {
        self.draft.route = route;
        self
    }

    /// Adds the message.
    pub fn push(mut self) {
        self.finished = true;
        self.collector.outgoing().add_draft(&self.draft);
        self.collector.accept(&self.draft);
    }
}

/// A message that was never pushed leaves nothing behind.
impl<C: Collector> Drop for MessageBuilder<'_, C> {
    fn drop(&mut self) {
        if !self.finished {
            self.collector.outgoing().data.truncate(self.draft.start);
            self.collector.abandon();
        }
    }
}
