//! Partitions taken on and given up.

use kennel_broker::StartPosition;
use kennel_sandbox::Origin;
use kennel_state::Checkpoint;

use super::{Flow, Lane};
use crate::PipelineError;
use crate::checkpoint::resolve;
use crate::sink::deliver::Outcome;
use crate::sink::poller::{Gained, Request};
use crate::sink::progress::Partition;

impl Lane {
    /// D9: begins at the destination's position for this epoch, else where this host's state or the
    /// broker's offset says, whichever is further.
    pub(super) async fn gain(&mut self, gained: Gained) -> Result<Flow, PipelineError> {
        let Gained { partition, next, stored, end } = gained;
        let place = self.place(partition);
        let seek = self.state.sought(&place)?;
        let epoch = self.topic_created_at + seek.count;
        let origin = self.origin(partition, epoch);
        // A checkpoint of another host may be further than ours; ours is further after a crash between
        // the state's commit and the broker's.
        let ours = self.state.checkpoint(&place)?;
        let ours = ours.filter(|ours| ours.epoch == epoch).map(|ours| ours.next);
        let saved = seek.next.or(ours.max(stored));
        tracing::info!(
            connector = self.spec.connector,
            next = saved.unwrap_or(next),
            "assigned {origin}"
        );
        let (told, asked) = (origin.clone(), saved);
        let call = |sink: kennel_sandbox::Sink| sink.assign(told, asked);
        let position = match self.guests.call_sink(call, |_| Vec::new()).await? {
            Outcome::Done(Some(position)) => position,
            // Down now: asked again as soon as the breaker lets it.
            Outcome::Done(None) => return Box::pin(self.gain(gained)).await,
            Outcome::Stopped => return Ok(Flow::Stop),
            Outcome::Ended(fault) => return Err(fault.into()),
        };
        if let Some(position) = position.filter(|position| *position > end) {
            let component = self.guests.sink.name().to_owned();
            return Err(PipelineError::BeyondEnd {
                component,
                origin: origin.to_string(),
                position,
                end,
            });
        }
        let resume = position.or(saved).unwrap_or(next);
        resolve(&self.state, place.clone(), Checkpoint { epoch, next: position.unwrap_or(0) })
            .await?;
        // Where "latest" was is stored at once, or messages that come while we are down would be
        // passed over. Every other start gives the same offset again.
        let stored = match self.spec.start {
            StartPosition::Latest => stored,
            _ => stored.or(Some(next)),
        };
        self.partitions.insert(partition, Partition::at(origin, resume, stored));
        self.quarantines.remove(&partition);
        if resume != next {
            self.seek(partition, resume).await?;
        }
        if seek.next.is_some() {
            // The broker's offset first: the place is forgotten only when it is kept there.
            self.store(partition, resume).await?;
            self.state.seek_done(&place)?;
        }
        self.stats.progress(&self.spec.target, partition, resume, end.max(resume));
        Ok(Flow::Continue)
    }

    /// The broker leaves us the commit of what we polled, so there is time to finish.
    pub(super) async fn lose(&mut self, partition: u32) -> Result<Flow, PipelineError> {
        let Some(known) = self.partitions.get(&partition) else { return Ok(Flow::Continue) };
        let origin = known.origin.clone();
        tracing::info!(connector = self.spec.connector, "giving up {origin}");
        if self.flush().await? == Flow::Stop {
            return Ok(Flow::Stop);
        }
        self.revoke(partition).await?;
        self.partitions.remove(&partition);
        Ok(Flow::Continue)
    }

    /// D7: ends at a batch boundary with everything settled stored.
    pub(super) async fn drain(&mut self) -> Result<(), PipelineError> {
        // A stop must not be waited out by an outage: one try, and what stays held comes again.
        self.flush().await?;
        for partition in self.partitions.keys().copied().collect::<Vec<_>>() {
            self.revoke(partition).await?;
        }
        Ok(())
    }

    async fn revoke(&mut self, partition: u32) -> Result<(), PipelineError> {
        self.stats.forget(&self.spec.target, partition);
        let Some(known) = self.partitions.get(&partition) else { return Ok(()) };
        let origin = known.origin.clone();
        if let Err(error) = self.guests.sink.call(|sink| sink.revoke(origin, false)).await? {
            tracing::warn!(connector = self.spec.connector, "revoke: {error}");
        }
        Ok(())
    }

    /// Polls on from `next`; what was polled ahead is dropped.
    pub(super) async fn seek(&mut self, partition: u32, next: u64) -> Result<(), PipelineError> {
        if let Some(known) = self.partitions.get_mut(&partition) {
            known.rewind(next);
            let sent = self.requests.send(Request::Seek { partition, next }).await;
            sent.map_err(|_| PipelineError::Internal("the poller is gone".into()))?;
        }
        Ok(())
    }

    fn origin(&self, partition: u32, epoch: u64) -> Origin {
        Origin {
            stream: self.spec.target.stream.as_str().into(),
            topic: self.spec.target.topic.as_str().into(),
            partition,
            epoch,
        }
    }

    /// The partition's name in the state.
    fn place(&self, partition: u32) -> String {
        self.origin(partition, 0).keyspace()
    }
}
