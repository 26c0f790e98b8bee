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

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::Duration;

    use super::*;

    /// Takes everything at once.
    #[derive(Clone, Default)]
    struct Wide(Arc<Mutex<usize>>);

    #[async_trait::async_trait]
    impl OutputStream for Wide {
        fn write(&mut self, bytes: Bytes) -> Result<(), StreamError> {
            *self.0.lock().unwrap() += bytes.len();
            Ok(())
        }

        fn flush(&mut self) -> Result<(), StreamError> {
            Ok(())
        }

        fn check_write(&mut self) -> Result<usize, StreamError> {
            Ok(64 * 1024)
        }
    }

    #[async_trait::async_trait]
    impl Pollable for Wide {
        async fn ready(&mut self) {}
    }

    async fn write_all(stream: &mut PacedOutput, mut left: usize) {
        while left > 0 {
            let piece = stream.write_ready().await.unwrap().min(left);
            stream.write(vec![0; piece].into()).unwrap();
            left -= piece;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn given_two_streams_should_share_the_budget_and_lose_nothing() {
        let (egress, wide) = (Arc::new(Egress::new(1000)), Wide::default());
        let mut first = PacedOutput::new(Box::new(wide.clone()), Arc::clone(&egress));
        let mut second = PacedOutput::new(Box::new(wide.clone()), egress);
        let start = Instant::now();
        tokio::join!(write_all(&mut first, 5_000), write_all(&mut second, 5_000));
        assert_eq!(*wide.0.lock().unwrap(), 10_000);
        // One second's worth is there at the start, and what each sent last is not waited for.
        let elapsed = start.elapsed();
        assert!(
            elapsed >= Duration::from_secs(7) && elapsed <= Duration::from_secs(9),
            "{elapsed:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn given_new_streams_without_end_should_begin_behind_what_is_owed() {
        let (egress, wide) = (Arc::new(Egress::new(1000)), Wide::default());
        let start = Instant::now();
        for _ in 0..10 {
            let mut stream = PacedOutput::new(Box::new(wide.clone()), Arc::clone(&egress));
            write_all(&mut stream, 1000).await;
        }
        assert!(start.elapsed() >= Duration::from_secs(8), "{:?}", start.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn given_a_guest_that_writes_more_than_it_may_should_trap() {
        let mut stream = PacedOutput::new(Box::new(Wide::default()), Arc::new(Egress::new(1000)));
        assert_eq!(stream.check_write().unwrap(), 1000);
        assert!(matches!(stream.write(vec![0; 1001].into()), Err(StreamError::Trap(_))));
        stream.write(vec![0; 1000].into()).unwrap();
        assert_eq!(stream.check_write().unwrap(), 1000);
        stream.write(vec![0; 1000].into()).unwrap();
        assert_eq!(stream.check_write().unwrap(), 0, "until that is paid for");
        assert!(matches!(stream.write(vec![0; 1].into()), Err(StreamError::Trap(_))));
    }
}
