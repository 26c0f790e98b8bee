//! Hands one batch to the sink until every message of it is delivered, held or failed.

use std::sync::Arc;

use kennel_sandbox::{GuestError, Receipt, Sink, Verdict};
use tokio_util::sync::CancellationToken;

use crate::chain::{Chain, ChainError, Chained};
use crate::live::Live;
use crate::settle::Failed;
use crate::stage::Stage;
use crate::{Backoff, PipelineError, Stats};

/// The guests of a lane.
pub(super) struct Guests {
    pub(super) chain: Chain,
    pub(super) sink: Live<Sink>,
    pub(super) stats: Arc<Stats>,
    pub(super) stop: CancellationToken,
    pub(super) attempts: u32,
}

/// What became of a batch. Nothing of it is untouched.
pub(super) struct Delivered {
    /// Messages of the root batch that failed for good.
    pub(super) failed: Vec<Failed>,
    /// Messages that the sink took, and their bytes.
    pub(super) messages: u64,
    pub(super) bytes: u64,
    /// Whether only `flush` makes them durable.
    pub(super) held: bool,
}

/// Stopped while waiting; the batch comes again after the next start.
pub(super) enum Outcome<T> {
    Done(T),
    Stopped,
}

impl Guests {
    /// Transforms `root` and hands it to the sink.
    pub(super) async fn deliver(
        &mut self,
        root: Stage,
    ) -> Result<Outcome<Delivered>, PipelineError> {
        let mut backoff = Backoff::default();
        let chained = loop {
            match self.chain.apply(root.clone()).await {
                Ok(chained) => break chained,
                Err(ChainError::Pipeline(error)) => return Err(error),
                Err(ChainError::Unavailable { component, error }) => {
                    if self.wait(&mut backoff, &component, &error).await.is_stopped() {
                        return Ok(Outcome::Stopped);
                    }
                }
            }
        };
        let Chained { stage, failed, filtered } = chained;
        self.stats.filtered(filtered);
        let delivered = Delivered { failed, messages: 0, bytes: 0, held: false };
        if stage.batch.is_empty() {
            return Ok(Outcome::Done(delivered));
        }
        self.consume_all(stage, delivered).await
    }

    /// Calls `consume` until nothing is left: with what the sink did not touch, and with what it
    /// wants to retry. The offset does not move meanwhile, so nothing overtakes across batches (D4).
    async fn consume_all(
        &mut self,
        stage: Stage,
        mut delivered: Delivered,
    ) -> Result<Outcome<Delivered>, PipelineError> {
        let mut pending: Vec<u32> = (0..stage.batch.len() as u32).collect();
        let mut retries: Vec<Failed> = Vec::new();
        let mut batch = stage.batch.clone();
        let mut backoff = Backoff::default();
        let mut attempt = 0;
        loop {
            batch.attempt = attempt;
            let columns = (pending.len() == stage.batch.len()).then(|| stage.columns()).flatten();
            let receipt = match self.sink.call(|sink| sink.consume(batch.clone(), columns)).await? {
                Ok(receipt) => receipt,
                Err(error) => {
                    let error = self.unavailable(error)?;
                    attempt += 1;
                    if self.wait_for_sink(&mut backoff, &error).await.is_stopped() {
                        return Ok(Outcome::Stopped);
                    }
                    continue;
                }
            };
            backoff.reset();
            let handled = receipt.handled as usize;
            let taken = handled - receipt.failed.len();
            delivered.messages += taken as u64;
            delivered.bytes += match taken == batch.len() {
                true => batch.bytes(),
                false => batch.select(&taken_indices(&receipt)).bytes(),
            };
            delivered.held |= receipt.held && taken > 0;
            let mut again = Vec::new();
            for failure in receipt.failed {
                let index = pending[failure.index as usize];
                let failed = Failed {
                    root: stage.lineage.of(index).first(),
                    component: Arc::clone(self.sink.name()),
                    verdict: failure.verdict,
                    code: failure.code,
                    detail: failure.detail,
                    attempts: attempt + 1,
                };
                if failed.verdict == Verdict::Retry && attempt + 1 < self.attempts {
                    again.push(index);
                    retries.push(failed);
                } else {
                    stage.lineage.of(index).for_each(|root| {
                        if !delivered.failed.iter().any(|known| known.root == root) {
                            delivered.failed.push(Failed { root, ..failed.clone() });
                        }
                    });
                }
            }
            let untouched = pending.split_off(handled);
            let wait = !again.is_empty();
            // What is retried comes before what was not touched: order is kept.
            again.extend(untouched);
            pending = again;
            if pending.is_empty() {
                return Ok(Outcome::Done(delivered));
            }
            if wait || handled == 0 {
                attempt += 1;
                let reason = retries.pop().map_or_else(
                    || "no message was handled".to_owned(),
                    |failed| format!("{}: {}", failed.code, failed.detail),
                );
                retries.clear();
                let error = unavailable(reason);
                if self.wait_for_sink(&mut backoff, &error).await.is_stopped() {
                    return Ok(Outcome::Stopped);
                }
            }
            batch = stage.batch.select(&pending);
            batch.begin = batch.offsets[0];
        }
    }

    /// An outage is waited out here; every other error ends the lane.
    pub(super) fn unavailable(&self, error: GuestError) -> Result<GuestError, PipelineError> {
        match error {
            GuestError::Unavailable(_) => Ok(error),
            source => Err(PipelineError::Guest { component: self.sink.name().to_string(), source }),
        }
    }

    pub(super) async fn wait_for_sink(
        &mut self,
        backoff: &mut Backoff,
        error: &GuestError,
    ) -> Outcome<()> {
        let name = Arc::clone(self.sink.name());
        self.wait(backoff, &name, error).await
    }

    /// `&mut`, because a shared borrow of guests must not live across an await: stores are not
    /// `Sync`.
    async fn wait(
        &mut self,
        backoff: &mut Backoff,
        component: &str,
        error: &GuestError,
    ) -> Outcome<()> {
        self.stats.retried();
        let asked = match error {
            GuestError::Unavailable(unavailability) => unavailability.retry_after,
            _ => None,
        };
        let wait = backoff.next_wait(asked);
        tracing::warn!(component, attempt = backoff.attempts(), "{error}; next try in {wait:.1?}");
        tokio::select! {
            () = tokio::time::sleep(wait) => Outcome::Done(()),
            () = self.stop.cancelled() => Outcome::Stopped,
        }
    }
}

impl Outcome<()> {
    pub(super) fn is_stopped(&self) -> bool {
        matches!(self, Self::Stopped)
    }
}

/// The handled messages that did not fail.
fn taken_indices(receipt: &Receipt) -> Vec<u32> {
    let mut failed = receipt.failed.iter().map(|failure| failure.index).peekable();
    (0..receipt.handled).filter(|index| failed.next_if_eq(index).is_none()).collect()
}

pub(super) fn unavailable(detail: String) -> GuestError {
    GuestError::Unavailable(kennel_sandbox::Unavailability { detail, retry_after: None })
}
