//! What a guest sends: no longer than its limit, and no faster.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};
use wasmtime_wasi_http::{Error, WasiBody};

use super::headers;
use crate::network::{Egress, Traffic};

/// The body of a request.
pub(super) struct RequestBody {
    inner: WasiBody,
    traffic: Traffic,
    sent: u64,
    pace: Option<Pace>,
}

/// Holds each piece back until those before it are paid for.
struct Pace {
    egress: Arc<Egress>,
    pauses: Arc<Pauses>,
    held: Option<(Frame<Bytes>, Pin<Box<Sleep>>)>,
}

/// How long a request was held back. The time does not count as the server's.
#[derive(Debug, Default)]
pub(super) struct Pauses(AtomicU64);

impl Pauses {
    fn add(&self, pause: Duration) {
        let nanoseconds = u64::try_from(pause.as_nanos()).unwrap_or(u64::MAX);
        // One body has one writer.
        self.0.store(self.0.load(Relaxed).saturating_add(nanoseconds), Relaxed);
    }

    pub(super) fn total(&self) -> Duration {
        Duration::from_nanos(self.0.load(Relaxed))
    }
}

impl RequestBody {
    pub(super) fn new(inner: WasiBody, traffic: &Traffic, pauses: &Arc<Pauses>) -> Self {
        let pace = traffic.egress().map(|egress| Pace {
            egress: Arc::clone(egress),
            pauses: Arc::clone(pauses),
            held: None,
        });
        Self { inner, traffic: traffic.clone(), sent: 0, pace }
    }

    fn poll_held(&mut self, context: &mut Context<'_>) -> Poll<Option<Frame<Bytes>>> {
        let Some(Pace { held, .. }) = &mut self.pace else { return Poll::Ready(None) };
        if let Some((_, pause)) = held {
            ready!(pause.as_mut().poll(context));
        }
        Poll::Ready(held.take().map(|(frame, _)| frame))
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if let Some(frame) = ready!(self.poll_held(context)) {
            return Poll::Ready(Some(Ok(frame)));
        }
        let Some(frame) = ready!(Pin::new(&mut self.inner).poll_frame(context)?) else {
            return Poll::Ready(None);
        };
        let trailers = || frame.trailers_ref().map_or(0, headers::length);
        let length = frame.data_ref().map_or_else(trailers, Bytes::len);
        self.sent = self.sent.saturating_add(length as u64);
        let limit = self.traffic.http_body();
        if self.sent > limit {
            self.traffic.body_was_too_long("request");
            return Poll::Ready(Some(Err(Error::HttpRequestBodySize(Some(limit)))));
        }
        if let Some(pace) = &mut self.pace
            && let Some(until) = pace.egress.take(length)
        {
            pace.pauses.add(until.saturating_duration_since(Instant::now()));
            pace.held = Some((frame, Box::pin(sleep_until(until))));
            let frame = ready!(self.poll_held(context));
            return Poll::Ready(frame.map(Ok));
        }
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream() && self.pace.as_ref().is_none_or(|pace| pace.held.is_none())
    }

    fn size_hint(&self) -> SizeHint {
        let held = self.pace.as_ref().and_then(|pace| pace.held.as_ref());
        match held {
            // What is held back is not part of what is left.
            Some(_) => SizeHint::default(),
            None => self.inner.size_hint(),
        }
    }
}
