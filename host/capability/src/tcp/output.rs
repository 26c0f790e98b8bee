//! The sending side of a socket, at the pace of the store's budget.

use std::sync::Arc;

use bytes::Bytes;
use tokio::time::{Instant, sleep_until};
use wasmtime_wasi::p2::{DynOutputStream, OutputStream, Pollable, StreamError};

use crate::network::Egress;

/// Takes no more bytes while those before them are not paid for.
pub(super) struct PacedOutput {
    inner: DynOutputStream,
    egress: Arc<Egress>,
    /// When the last bytes are paid for; none if they are.
    paid: Option<Instant>,
    /// Bytes that the guest was told it may write. The stream beneath was told more, so a guest that
    /// does not keep to it is stopped here.
    permit: usize,
}

impl PacedOutput {
    pub(super) fn new(inner: DynOutputStream, egress: Arc<Egress>) -> Self {
        // A new connection begins behind what the others owe.
        let paid = egress.take(0);
        Self { inner, egress, paid, permit: 0 }
    }

    fn is_paid(&mut self) -> bool {
        if self.paid.is_some_and(|paid| paid <= Instant::now()) {
            self.paid = None;
        }
        self.paid.is_none()
    }
}

#[async_trait::async_trait]
impl OutputStream for PacedOutput {
    fn write(&mut self, bytes: Bytes) -> Result<(), StreamError> {
        let length = bytes.len();
        self.permit = self.permit.checked_sub(length).ok_or_else(|| {
            StreamError::trap("more bytes were written than `check-write` had permitted")
        })?;
        self.inner.write(bytes)?;
        self.paid = self.egress.take(length).or(self.paid);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), StreamError> {
        self.inner.flush()
    }

    fn check_write(&mut self) -> Result<usize, StreamError> {
        // First, because a connection that is gone is news at any time.
        let room = self.inner.check_write()?;
        self.permit = if self.is_paid() { room.min(self.egress.largest_piece()) } else { 0 };
        Ok(self.permit)
    }

    async fn cancel(&mut self) {
        self.inner.cancel().await;
    }
}

#[async_trait::async_trait]
impl Pollable for PacedOutput {
    async fn ready(&mut self) {
        if let Some(paid) = self.paid {
            sleep_until(paid).await;
        }
        self.inner.ready().await;
    }
}
