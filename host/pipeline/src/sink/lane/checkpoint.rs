//! What is held becomes durable, state is committed, offsets are stored. In this order.

use std::time::{Duration, Instant};

use kennel_broker::BrokerError;
use kennel_sandbox::{Position, Sink};
use kennel_state::{Checkpoint, Commit, Pending, Writes};
use tokio::sync::oneshot;

use super::{Flow, Lane};
use crate::PipelineError;
use crate::checkpoint::{commit, keyspaces, prepare, resolve};
use crate::fail_point::fail_point;
use crate::sink::deliver::Outcome;
use crate::sink::poller::Request;
use crate::sink::progress::Partition;

/// Offsets are stored at most this often, and whenever the lane comes to rest.
const STORE_INTERVAL: Duration = Duration::from_millis(200);

impl Lane {
    /// Makes what is held durable, and the checkpoint with it.
    pub(super) async fn flush(&mut self) -> Result<Flow, PipelineError> {
        while self.held.since.is_some() {
            fail_point("before_flush");
            if self.spec.is_transactional() {
                self.prepare_state().await?;
            }
            match self.guests.call_sink(Sink::flush, |_| Vec::new()).await? {
                Outcome::Done(Some(positions)) => {
                    fail_point("after_flush");
                    self.settle_held(&positions)?;
                }
                Outcome::Done(None) => {}
                Outcome::Stopped => return Ok(Flow::Stop),
                Outcome::Ended(fault) => return Box::pin(self.recover(None, fault)).await,
            }
        }
        self.last_call = Instant::now();
        self.checkpoint().await?;
        self.replace_worn().await
    }

    /// D2: what the destination has is settled, and no more. A sink that names no position of a
    /// partition says by its success that all of it is durable.
    fn settle_held(&mut self, positions: &[Position]) -> Result<(), PipelineError> {
        let mut complete = true;
        for known in self.partitions.values_mut() {
            let named = positions.iter().find(|position| position.is_of(&known.origin));
            let reached = match named {
                // What came after the sink's last batch was not for it.
                Some(position) if position.next < known.given => position.next,
                _ => known.consumed,
            };
            known.settled = known.settled.max(reached);
            complete &= known.settled == known.consumed;
        }
        if complete {
            let held = std::mem::take(&mut self.held);
            self.stats.delivered(held.messages, held.bytes);
            return Ok(());
        }
        let known = self.partitions.values().find(|known| known.settled < known.consumed);
        let place = known.map(|known| known.origin.to_string()).unwrap_or_default();
        tracing::warn!(
            connector = self.spec.connector,
            "flush left a part of {place}; asking again"
        );
        Ok(())
    }

    pub(super) async fn checkpoint_if_due(&mut self) -> Result<Flow, PipelineError> {
        if self.last_store.elapsed() < STORE_INTERVAL {
            return Ok(Flow::Continue);
        }
        self.checkpoint().await?;
        self.replace_worn().await
    }

    /// D5: state with what it accounts for in one transaction, then the offset. A crash between the
    /// two is healed by the next start, which finds the state's own checkpoint further.
    pub(super) async fn checkpoint(&mut self) -> Result<(), PipelineError> {
        if self.held.since.is_none() {
            fail_point("before_state");
            if self.spec.is_transactional() {
                self.apply_prepared().await?;
            } else {
                let writes = self.take_writes();
                let checkpoints = self.partitions.values().filter(|known| known.has_moved());
                let checkpoints = checkpoints.map(|known| (known.origin.keyspace(), at(known)));
                let checkpoints = checkpoints.collect();
                commit(&self.state, Commit { cursor: None, writes, checkpoints }).await?;
            }
            fail_point("before_offset");
        }
        self.store_settled().await?;
        fail_point("after_offset");
        Ok(())
    }

    fn take_writes(&mut self) -> Vec<(String, Writes)> {
        let mut writes = keyspaces(crate::SINK_ROLE, self.guests.sink.take_writes());
        writes.extend(self.guests.chain.take_writes());
        writes
    }

    /// D5, for a transactional destination: saved before its commit, true after it.
    async fn prepare_state(&mut self) -> Result<(), PipelineError> {
        let mut writes = self.take_writes();
        if writes.is_empty() {
            return Ok(());
        }
        let pending = self.partitions.values().map(|known| {
            let partition = known.origin.keyspace();
            let suffix = format!(":{partition}");
            let (own, others) = std::mem::take(&mut writes)
                .into_iter()
                .partition(|(space, _)| space.ends_with(&suffix));
            writes = others;
            Pending { partition, end: Checkpoint { next: known.given, ..at(known) }, writes: own }
        });
        let pending = pending.filter(|pending| !pending.writes.is_empty()).collect();
        prepare(&self.state, pending).await
    }

    async fn apply_prepared(&mut self) -> Result<(), PipelineError> {
        if !self.guests.have_state() {
            return Ok(());
        }
        let reached: Vec<_> =
            self.partitions.values().map(|known| (known.origin.keyspace(), at(known))).collect();
        for (partition, checkpoint) in reached {
            resolve(&self.state, partition, checkpoint).await?;
        }
        Ok(())
    }

    /// Stores the offset of every partition that moved.
    pub(super) async fn store_settled(&mut self) -> Result<(), PipelineError> {
        self.last_store = Instant::now();
        let moved = self.partitions.iter().filter(|(_, known)| known.has_moved());
        let moved: Vec<(u32, u64)> =
            moved.map(|(partition, known)| (*partition, known.settled)).collect();
        for (partition, next) in moved {
            self.store(partition, next).await?;
        }
        Ok(())
    }

    /// Stores with the broker that everything below `next` is settled.
    pub(super) async fn store(&mut self, partition: u32, next: u64) -> Result<(), PipelineError> {
        let gone = || PipelineError::Internal("the poller is gone".into());
        let (done, stored) = oneshot::channel();
        let request = Request::Store { partition, next, done };
        self.requests.send(request).await.map_err(|_| gone())?;
        match stored.await.map_err(|_| gone())? {
            Ok(()) => {
                if let Some(known) = self.partitions.get_mut(&partition) {
                    known.stored = Some(next);
                }
                Ok(())
            }
            // The partition is another member's now; it begins at what was stored before.
            Err(error @ BrokerError::Fenced { .. }) => {
                tracing::info!(connector = self.spec.connector, "{error}");
                self.partitions.remove(&partition);
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// After a failure: what was settled before need not come again. D5: with state that is only so
    /// when the state is there too, and a guest that is gone took its last writes along.
    pub(super) async fn save_what_is_settled(&mut self) {
        if self.guests.have_state() {
            return;
        }
        if let Err(error) = self.store_settled().await {
            tracing::debug!(connector = self.spec.connector, "offsets not stored: {error}");
        }
    }
}

fn at(known: &Partition) -> Checkpoint {
    Checkpoint { epoch: known.origin.epoch, next: known.settled }
}
