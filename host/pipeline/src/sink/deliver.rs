//! Hands one batch to the sink until every message of it is delivered, held or failed.

use std::sync::Arc;

use kennel_sandbox::{Fault, FaultKind, GuestError, Receipt, Sink, Unavailability, Verdict};
use tokio_util::sync::CancellationToken;

use crate::chain::{Chain, ChainError, Chained, GuestFault};
use crate::live::Live;
use crate::settle::Failed;
use crate::stage::Stage;
use crate::{Backoff, Breaker, PipelineError, Stats};

/// The guests of a lane.
pub(super) struct Guests {
    pub(super) chain: Chain,
    pub(super) sink: Live<Sink>,
    pub(super) breaker: Arc<Breaker>,
    pub(super) stats: Arc<Stats>,
    pub(super) stop: CancellationToken,
    pub(super) attempts: u32,
    /// The sink is called for what was filtered too. D5: its position says which state is true, so it
    /// has to account for all that state was written for.
    pub(super) accounts_for_all: bool,
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
    /// Whether the sink was called: it accounts for all of the batch then.
    pub(super) given: bool,
}

impl Delivered {
    /// The sink was not called.
    pub(super) fn nothing() -> Self {
        Self { failed: Vec::new(), messages: 0, bytes: 0, held: false, given: false }
    }
}

/// How far a call came.
pub(super) enum Outcome<T> {
    Done(T),
    /// Stopped while waiting; what was in hand comes again after the next start.
    Stopped,
    /// An instance ended; what was in hand comes again on a fresh one.
    Ended(GuestFault),
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
                Err(ChainError::Fault(fault)) => return Ok(Outcome::Ended(fault)),
                Err(ChainError::Unavailable { component, error }) => {
                    if self.wait(&mut backoff, &component, &error).await.is_err() {
                        return Ok(Outcome::Stopped);
                    }
                }
            }
        };
        let Chained { stage, failed, filtered } = chained;
        self.stats.filtered(filtered);
        let delivered = Delivered { failed, ..Delivered::nothing() };
        if stage.batch.is_empty() && !self.accounts_for_all {
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
        let mut batch = stage.batch.clone();
        let mut backoff = Backoff::default();
        let mut attempt = 0;
        delivered.given = true;
        loop {
            batch.attempt = attempt;
            let columns = (pending.len() == stage.batch.len()).then(|| stage.columns()).flatten();
            let call = |sink: Sink| sink.consume(batch.clone(), columns.clone());
            let roots = |marked: u32| {
                let index = pending.get(marked as usize);
                index.map(|index| stage.roots_of(*index)).unwrap_or_default()
            };
            let receipt = match self.call_sink(call, roots).await? {
                Outcome::Done(Some(receipt)) => receipt,
                Outcome::Done(None) => {
                    attempt += 1;
                    continue;
                }
                Outcome::Stopped => return Ok(Outcome::Stopped),
                Outcome::Ended(fault) => return Ok(Outcome::Ended(fault)),
            };
            let handled = receipt.handled as usize;
            let taken = handled - receipt.failed.len();
            delivered.messages += taken as u64;
            delivered.bytes += match taken == batch.len() {
                true => batch.bytes(),
                false => batch.select(&taken_indices(&receipt)).bytes(),
            };
            delivered.held |= receipt.held && (taken > 0 || batch.is_empty());
            let mut again = Vec::new();
            let mut reason = "no message was handled".to_owned();
            for failure in receipt.failed {
                let index = pending[failure.index as usize];
                let failed = Failed {
                    root: stage.lineage.of(index).first(),
                    guest: Arc::clone(self.sink.identity()),
                    verdict: failure.verdict,
                    code: failure.code,
                    detail: failure.detail,
                    attempts: attempt + 1,
                    fault: None,
                };
                if failed.verdict == Verdict::Retry && attempt + 1 < self.attempts {
                    again.push(index);
                    reason = format!("{}: {}", failed.code, failed.detail);
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
                let error = unavailable(reason);
                let name = Arc::clone(self.sink.identity());
                if self.wait(&mut backoff, &name.component, &error).await.is_err() {
                    return Ok(Outcome::Stopped);
                }
            }
            batch = stage.batch.select(&pending);
            batch.begin = batch.offsets[0];
        }
    }

    /// Calls the sink as soon as the breaker allows it. `Done(None)`: the other system is down; the
    /// breaker is open now, so the next call waits.
    pub(super) async fn call_sink<T, F>(
        &mut self,
        call: impl FnOnce(Sink) -> F,
        roots: impl FnOnce(u32) -> Vec<u32>,
    ) -> Result<Outcome<Option<T>>, PipelineError>
    where
        F: Future<Output = crate::live::Called<Sink, T>>,
    {
        let breaker = Arc::clone(&self.breaker);
        let Some(permit) = breaker.admit(&self.stop).await else { return Ok(Outcome::Stopped) };
        let component = self.sink.name().to_owned();
        let answer = match self.sink.call(call).await {
            Ok(answer) => answer,
            Err(error) => {
                let ended = GuestFault::of(error, roots)?;
                if is_outage(&ended.fault) {
                    self.stats.retried();
                    let wait = permit.failed(&ended.fault.to_string(), None);
                    tracing::warn!(component, "{}; next try in {wait:.1?}", ended.fault);
                }
                return Ok(Outcome::Ended(ended));
            }
        };
        match answer {
            Ok(answer) => {
                permit.succeeded();
                Ok(Outcome::Done(Some(answer)))
            }
            Err(GuestError::Unavailable(Unavailability { detail, retry_after })) => {
                self.stats.retried();
                let wait = permit.failed(&detail, retry_after);
                tracing::warn!(component, "unavailable: {detail}; next try in {wait:.1?}");
                Ok(Outcome::Done(None))
            }
            Err(source) => Err(PipelineError::Guest { component, source }),
        }
    }

    /// Whether any guest may keep state.
    pub(super) fn have_state(&self) -> bool {
        self.sink.has_state() || self.chain.has_state()
    }

    /// Waits; an error: stopped meanwhile. `&mut`, because a shared borrow of guests must not live
    /// across an await: stores are not `Sync`.
    async fn wait(
        &mut self,
        backoff: &mut Backoff,
        component: &str,
        error: &GuestError,
    ) -> Result<(), Stopped> {
        self.stats.retried();
        let asked = match error {
            GuestError::Unavailable(unavailability) => unavailability.retry_after,
            _ => None,
        };
        let wait = backoff.next_wait(asked);
        tracing::warn!(component, attempt = backoff.attempts(), "{error}; next try in {wait:.1?}");
        tokio::select! {
            () = tokio::time::sleep(wait) => Ok(()),
            () = self.stop.cancelled() => Err(Stopped),
        }
    }
}

struct Stopped;

/// The other system took too long, whatever the guest was to do: nothing is wrong with a message.
pub(super) fn is_outage(fault: &Fault) -> bool {
    matches!(fault.kind, FaultKind::CallTimeout { .. })
}

/// The handled messages that did not fail.
fn taken_indices(receipt: &Receipt) -> Vec<u32> {
    let mut failed = receipt.failed.iter().map(|failure| failure.index).peekable();
    (0..receipt.handled).filter(|index| failed.next_if_eq(index).is_none()).collect()
}

fn unavailable(detail: String) -> GuestError {
    GuestError::Unavailable(Unavailability { detail, retry_after: None })
}
