//! Reads ahead: polls the partitions of one group member while the guests work on earlier batches.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use kennel_broker::{BrokerError, GroupMember, Poll, PolledBatch, StartPosition};
use tokio::sync::{mpsc, oneshot};

use super::SinkSpec;

/// How often a member asks which partitions are its own, when no poll told it sooner.
const SYNC_INTERVAL: Duration = Duration::from_secs(1);
/// The same for a member that owns nothing: what it waits for may be given up at any moment.
const SYNC_INTERVAL_WITHOUT: Duration = Duration::from_millis(100);
/// First pause after a pass that found nothing.
const FIRST_PAUSE: Duration = Duration::from_micros(500);
/// Batches read ahead. One waits while one is worked on and one is on the wire.
pub(super) const PREFETCH: usize = 1;
/// Messages of a first poll: sizes are not known yet, and Iggy polls by count.
const FIRST_COUNT: u32 = 64;

/// What a poller tells its lane, in the order in which it happened.
pub(super) enum Event {
    /// A partition is ours.
    Gained(Gained),
    /// Messages, in offset order per partition. `seeks` counts the seeks done before they were polled.
    Batch { partition: u32, polled: PolledBatch, seeks: u32 },
    /// A partition will be given up: settle what came before.
    Lost { partition: u32 },
    /// Every partition was polled and had nothing new.
    Idle,
    /// The broker failed; nothing follows.
    Failed(BrokerError),
}

/// A partition that is ours, as the broker knows it.
pub(super) struct Gained {
    pub(super) partition: u32,
    /// Where to begin: after what is stored, or at the configured start.
    pub(super) next: u64,
    /// The offset after the last one that the group has stored.
    pub(super) stored: Option<u64>,
    /// The offset after the newest message.
    pub(super) end: u64,
}

/// What a lane asks of its poller.
pub(super) enum Request {
    /// Save that everything below `next` is settled.
    Store { partition: u32, next: u64, done: oneshot::Sender<Result<(), BrokerError>> },
    /// Poll on from `next`.
    Seek { partition: u32, next: u64 },
    /// Leave the group and end.
    Leave { done: oneshot::Sender<()> },
}

pub(super) struct Poller {
    member: GroupMember,
    events: mpsc::Sender<Event>,
    requests: mpsc::Receiver<Request>,
    spec: SinkSpec,
    partitions: BTreeMap<u32, Partition>,
    generation: Option<u64>,
    synced: Instant,
    /// The broker said that a partition is not ours.
    resync: bool,
}

/// What is known of one partition of ours.
struct Partition {
    next: u64,
    seeks: u32,
    /// The furthest end that the broker told of.
    end: u64,
    /// Mean bytes of a message in the last batch, or none yet.
    mean_bytes: Option<u64>,
}

/// Whether to go on.
enum Flow {
    Continue,
    End,
}

impl Poller {
    pub(super) async fn join(
        spec: &SinkSpec,
        events: mpsc::Sender<Event>,
        requests: mpsc::Receiver<Request>,
    ) -> Result<Self, BrokerError> {
        let member = GroupMember::join(&spec.broker, &spec.target, &spec.group).await?;
        Ok(Self {
            member,
            events,
            requests,
            spec: spec.clone(),
            partitions: BTreeMap::new(),
            generation: None,
            synced: Instant::now(),
            resync: false,
        })
    }

    /// When the topic was created; see [`kennel_broker::TopicInfo::created_at`].
    pub(super) fn created_at(&self) -> u64 {
        self.member.joined().created_at
    }

    /// Runs until the lane asks to leave, is gone, or the broker fails.
    pub(super) async fn run(mut self) {
        let ended = self.poll_until_left().await;
        // Also after an error that left the connection standing: a member that only falls silent
        // keeps its partitions until the broker misses it.
        if self.member.is_alive()
            && let Err(error) = self.member.leave().await
        {
            tracing::debug!("leaving the consumer group: {error}");
        }
        if let Err(error) = ended {
            // The lane may be gone itself; then nobody needs to know.
            drop(self.events.send(Event::Failed(error)).await);
        }
    }

    async fn poll_until_left(&mut self) -> Result<(), BrokerError> {
        if let Flow::End = self.sync().await? {
            return Ok(());
        }
        let mut pause = FIRST_PAUSE;
        loop {
            let mut found = false;
            for partition in self.partitions.keys().copied().collect::<Vec<_>>() {
                while let Ok(request) = self.requests.try_recv() {
                    if let Flow::End = self.answer(request).await {
                        return Ok(());
                    }
                }
                if let Some(event) = self.poll(partition).await? {
                    found = true;
                    if let Flow::End = self.hand_over(event).await {
                        return Ok(());
                    }
                }
            }
            if found {
                pause = FIRST_PAUSE;
            } else {
                if let Flow::End = self.hand_over(Event::Idle).await {
                    return Ok(());
                }
                if let Flow::End = self.rest(pause).await {
                    return Ok(());
                }
                pause = (pause * 2).min(self.spec.poll_interval.max(FIRST_PAUSE));
            }
            let interval = match self.partitions.is_empty() {
                true => SYNC_INTERVAL_WITHOUT,
                false => SYNC_INTERVAL,
            };
            let due = self.resync || self.synced.elapsed() >= interval;
            if due && let Flow::End = self.sync().await? {
                return Ok(());
            }
        }
    }

    /// Waits for `pause`, answering requests meanwhile.
    async fn rest(&mut self, pause: Duration) -> Flow {
        let until = tokio::time::Instant::now() + pause;
        loop {
            match tokio::time::timeout_at(until, self.requests.recv()).await {
                Err(_elapsed) => return Flow::Continue,
                Ok(None) => return Flow::End,
                Ok(Some(request)) => {
                    if let Flow::End = self.answer(request).await {
                        return Flow::End;
                    }
                }
            }
        }
    }

    /// Hands an event to the lane, answering its requests while it is busy.
    async fn hand_over(&mut self, event: Event) -> Flow {
        let events = self.events.clone();
        let reserved = events.reserve();
        tokio::pin!(reserved);
        loop {
            tokio::select! {
                biased;
                permit = &mut reserved => {
                    let Ok(permit) = permit else { return Flow::End };
                    permit.send(event);
                    return Flow::Continue;
                }
                request = self.requests.recv() => {
                    let Some(request) = request else { return Flow::End };
                    if let Flow::End = self.answer(request).await {
                        return Flow::End;
                    }
                }
            }
        }
    }

    async fn answer(&mut self, request: Request) -> Flow {
        match request {
            Request::Store { partition, next, done } => {
                // Iggy stores the last offset handled. Before the first there is none.
                let stored = match next.checked_sub(1) {
                    Some(offset) => self.member.store_offset(partition, offset).await,
                    None => self.member.delete_offset(partition).await,
                };
                // A lane that no longer waits does not need the answer.
                drop(done.send(stored));
                Flow::Continue
            }
            Request::Seek { partition, next } => {
                if let Some(known) = self.partitions.get_mut(&partition) {
                    known.next = next;
                    known.seeks += 1;
                }
                Flow::Continue
            }
            Request::Leave { done } => {
                _ = done.send(());
                Flow::End
            }
        }
    }

    async fn poll(&mut self, partition: u32) -> Result<Option<Event>, BrokerError> {
        let Some(known) = self.partitions.get_mut(&partition) else { return Ok(None) };
        let count = count(known.mean_bytes, self.spec.batch_messages, self.spec.batch_bytes);
        match self.member.poll(partition, known.next, count).await? {
            Poll::Messages(polled) => {
                if let Some(first) = polled.offsets.first().filter(|first| **first > known.next) {
                    tracing::warn!(
                        connector = self.spec.connector,
                        "{} partition {partition}: offsets {} to {} were removed before they were read",
                        self.spec.target,
                        known.next,
                        first - 1,
                    );
                }
                known.next = polled.next_offset().unwrap_or(known.next);
                known.end = known.end.max(polled.current_offset.saturating_add(1));
                known.mean_bytes = Some((polled.data.len() / polled.len().max(1)) as u64);
                Ok(Some(Event::Batch { partition, polled, seeks: known.seeks }))
            }
            // 0 is "empty" as well as "one message".
            Poll::Empty { current_offset } if current_offset + 1 < known.end => {
                // What is appended from now on would lie below where we wait.
                Err(BrokerError::Protocol(format!(
                    "{} partition {partition} ends at offset {}, but was {} long: it was purged or has lost \
                     messages",
                    self.spec.target,
                    current_offset + 1,
                    known.end,
                )))
            }
            Poll::Empty { .. } => Ok(None),
            Poll::NotAssigned => {
                self.resync = true;
                Ok(None)
            }
        }
    }

    /// Asks for the assignment and tells the lane what changed.
    async fn sync(&mut self) -> Result<Flow, BrokerError> {
        self.synced = Instant::now();
        self.resync = false;
        let assignment = self.member.assignment().await?;
        let owned = assignment.partitions;
        if self.generation == Some(assignment.generation) && self.partitions.keys().eq(&owned) {
            return Ok(Flow::Continue);
        }
        self.generation = Some(assignment.generation);
        let lost: Vec<u32> =
            self.partitions.keys().filter(|known| !owned.contains(known)).copied().collect();
        for partition in lost {
            self.partitions.remove(&partition);
            if let Flow::End = self.hand_over(Event::Lost { partition }).await {
                return Ok(Flow::End);
            }
        }
        for partition in owned {
            if !self.partitions.contains_key(&partition) {
                let stored = self.member.stored_offset(partition).await?;
                let stored = stored.map(|offset| offset.saturating_add(1));
                let end = self.member.end(partition).await?;
                let next = match stored {
                    Some(next) if next <= end => next,
                    Some(next) => {
                        let target = &self.spec.target;
                        tracing::warn!(
                            "{target} partition {partition} ends at offset {end}, but {next} is stored: it was \
                             purged or has lost messages; beginning with the first it has"
                        );
                        self.member.first_offset(partition, StartPosition::Earliest).await?
                    }
                    None => self.member.first_offset(partition, self.spec.start).await?,
                };
                let stored = stored.filter(|next| *next <= end);
                self.partitions
                    .insert(partition, Partition { next, seeks: 0, end, mean_bytes: None });
                let gained = Event::Gained(Gained { partition, next, stored, end });
                if let Flow::End = self.hand_over(gained).await {
                    return Ok(Flow::End);
                }
            }
        }
        Ok(Flow::Continue)
    }
}

/// Messages to ask for, so that about `budget` bytes come.
fn count(mean_bytes: Option<u64>, most: u32, budget: u64) -> u32 {
    let fitting = match mean_bytes {
        None => u64::from(FIRST_COUNT),
        Some(mean) => budget / mean.max(1),
    };
    u32::try_from(fitting).unwrap_or(u32::MAX).clamp(1, most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_a_byte_budget_should_ask_for_as_many_messages_as_fit() {
        assert_eq!(count(None, 1000, 1 << 20), FIRST_COUNT);
        assert_eq!(count(None, 10, 1 << 20), 10);
        assert_eq!(count(Some(256), 1000, 1 << 20), 1000);
        assert_eq!(count(Some(4096), 1000, 1 << 20), 256);
        assert_eq!(count(Some(2 << 20), 1000, 1 << 20), 1);
        assert_eq!(count(Some(0), 1000, 1 << 20), 1000);
    }
}
