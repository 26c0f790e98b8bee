//! What a guest gets: no longer than its limit, and not for ever in coming.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::{Sleep, sleep};
use wasmtime_wasi_http::Error;

use crate::network::{OpenConnection, Traffic};

/// The body of a response. While it lasts, its request is in flight.
pub(super) struct ResponseBody {
    inner: Incoming,
    traffic: Traffic,
    _connection: OpenConnection,
    received: u64,
    /// Longest wait between two pieces.
    patience: Duration,
    /// Runs while a piece is waited for.
    waiting: Option<Pin<Box<Sleep>>>,
}

impl ResponseBody {
    /// # Errors
    /// When the server has announced more than the limit.
    pub(super) fn new(
        inner: Incoming,
        traffic: Traffic,
        connection: OpenConnection,
        patience: Duration,
    ) -> Result<Self, Error> {
        let announced = inner.size_hint().lower();
        let body =
            Self { inner, traffic, _connection: connection, received: 0, patience, waiting: None };
        body.check(announced)?;
        Ok(body)
    }

    fn check(&self, length: u64) -> Result<(), Error> {
        let limit = self.traffic.http_body();
        if length <= limit {
            return Ok(());
        }
        self.traffic.body_was_too_long("response");
        Err(Error::HttpResponseBodySize(Some(limit)))
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let Poll::Ready(next) = Pin::new(&mut self.inner).poll_frame(context) else {
            let patience = self.patience;
            let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(patience)));
            ready!(waiting.as_mut().poll(context));
            return Poll::Ready(Some(Err(Error::ConnectionReadTimeout)));
        };
        self.waiting = None;
        let Some(next) = next else { return Poll::Ready(None) };
        let frame = next.map_err(Error::Hyper)?;
        let length = frame.data_ref().map_or(0, Bytes::len);
        self.received = self.received.saturating_add(length as u64);
        self.check(self.received)?;
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
