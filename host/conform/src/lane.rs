//! What the host does with a sink, one step at a time. A crash between two steps drops the instance.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use kennel_sandbox::{Answer, Batch, Fault, GuestError, Position, Sink, StartError, Verdict};

use crate::Subject;
use crate::memory_state::MemoryState;
use crate::scenario::{Step, Stop, failed};
use crate::topic::Topic;

/// How long an outage is waited out before it counts as a failure.
const PATIENCE: Duration = Duration::from_secs(30);
/// Pause after an outage, unless the component asks for another.
const PAUSE: Duration = Duration::from_millis(50);
/// How often a message is tried that the component wants to retry.
const ATTEMPTS: u32 = 5;

/// One instance of the sink with its partitions.
pub(crate) struct Lane {
    /// None only while a call is under way, or after a fault.
    sink: Option<Sink>,
    state: MemoryState,
    transactional: bool,
    tracks: BTreeMap<usize, Track>,
    held: bool,
}

/// How far one partition is. All offsets are the next one.
#[derive(Debug, Clone, Copy)]
struct Track {
    consumed: u64,
    /// All below is accounted for by batches that the sink was given; behind `consumed` where no
    /// message was left, which the next batch accounts for.
    given: u64,
    settled: u64,
}

impl Lane {
    /// Makes an instance and opens it.
    pub(crate) async fn open(subject: &Subject, state: &MemoryState) -> Step<Self> {
        let opened = Sink::open(&subject.component, &subject.spec(state)).await;
        let sink = opened.map_err(|error| match error {
            StartError::Fault(fault) => Stop::from(fault),
            StartError::Refused(error) => Stop::Answered("open", error),
            error => Stop::Failed(error.to_string()),
        })?;
        Ok(Self {
            sink: Some(sink),
            state: state.clone(),
            transactional: subject.is_transactional(),
            tracks: BTreeMap::new(),
            held: false,
        })
    }

    /// The offset that comes next in `log`.
    pub(crate) fn consumed(&self, log: usize) -> u64 {
        self.tracks.get(&log).map_or(0, |track| track.consumed)
    }

    /// Whether only a flush makes something durable.
    pub(crate) fn holds(&self) -> bool {
        self.held
    }

    /// Gives the sink every partition.
    pub(crate) async fn assign_all(&mut self, topic: &mut Topic) -> Step {
        for log in 0..topic.logs.len() {
            self.assign(topic, log).await?;
        }
        Ok(())
    }

    /// Gives the sink a partition with the host's checkpoint. D9: where the destination knows how far
    /// it is, the host goes on from there.
    pub(crate) async fn assign(&mut self, topic: &mut Topic, log: usize) -> Step {
        let (origin, saved) = (topic.logs[log].origin.clone(), topic.logs[log].saved);
        let position = self.patiently("assign", |sink| sink.assign(origin.clone(), saved)).await?;
        let begin = position.or(saved).unwrap_or(0);
        if begin > topic.logs[log].end {
            return failed(format!(
                "assign answered position {begin} for {origin}, which ends at {}",
                topic.logs[log].end
            ));
        }
        let committed = topic.logs[log].committed();
        if self.transactional
            && let Some(committed) = committed.filter(|committed| *committed > begin)
        {
            return failed(format!(
                "flush had answered that {origin} was durable up to {committed}, then assign with the \
                 checkpoint {saved:?} answered {position:?}: a transactional sink reads its position \
                 from the destination"
            ));
        }
        self.tracks.insert(log, Track { consumed: begin, given: begin, settled: begin });
        Ok(())
    }

    /// Hands over what is between the last batch and `end`, as one batch, until every message is
    /// dealt with.
    pub(crate) async fn deliver(&mut self, topic: &mut Topic, log: usize, end: u64) -> Step {
        let Some(track) = self.tracks.get(&log).copied() else {
            return failed(
                "the scenario hands over messages of a partition that it did not assign",
            );
        };
        if track.consumed >= end {
            return Ok(());
        }
        let batch = topic.batch(log, track.given, end);
        let given = if batch.is_some() { end } else { track.given };
        if let Some(batch) = batch {
            self.consume_all(topic, log, batch).await?;
        }
        // D2: what follows something held is not settled either.
        let settled = if self.held { track.settled } else { end };
        self.tracks.insert(log, Track { consumed: end, given, settled });
        Ok(())
    }

    async fn consume_all(&mut self, topic: &mut Topic, log: usize, mut batch: Batch) -> Step {
        let deadline = Instant::now() + PATIENCE;
        loop {
            topic.hand_over(log, &batch);
            let columns = topic.columns(log, &batch);
            let call = |sink: Sink| sink.consume(batch.clone(), Some(columns));
            let receipt = match self.call(call).await? {
                Ok(receipt) => receipt,
                Err(error) => {
                    wait(error, "consume", deadline).await?;
                    batch.attempt += 1;
                    continue;
                }
            };
            let mut again = Vec::new();
            for failure in &receipt.failed {
                let retry = failure.verdict == Verdict::Retry && batch.attempt + 1 < ATTEMPTS;
                match retry {
                    true => again.push(failure.index),
                    false => topic.reject(log, &batch, failure),
                }
            }
            self.held |= receipt.held && receipt.handled as usize > receipt.failed.len();
            let pause = !again.is_empty() || receipt.handled == 0;
            again.extend(receipt.handled..batch.len() as u32);
            if again.is_empty() {
                return Ok(());
            }
            batch = batch.select(&again);
            batch.begin = batch.offsets[0];
            if pause {
                batch.attempt += 1;
                let detail = "no message was handled".to_owned();
                wait(unavailable(detail), "consume", deadline).await?;
            }
        }
    }

    /// Makes what is held durable, however often that takes.
    pub(crate) async fn flush(&mut self, topic: &mut Topic) -> Step {
        let deadline = Instant::now() + PATIENCE;
        while self.held {
            match self.call(Sink::flush).await? {
                Err(error) => wait(error, "flush", deadline).await?,
                Ok(positions) => {
                    if !self.settle(topic, &positions) {
                        let detail = "flush left a part of what is held".to_owned();
                        wait(unavailable(detail), "flush", deadline).await?;
                    }
                }
            }
        }
        Ok(())
    }

    /// One flush, whatever it answers.
    pub(crate) async fn try_flush(&mut self) -> Step<Answer<Vec<Position>>> {
        self.call(Sink::flush).await
    }

    /// D2: what the destination has is settled, and no more; false: a part is still held. A sink that
    /// names no position of a partition says by its success that all of it is durable.
    fn settle(&mut self, topic: &mut Topic, positions: &[Position]) -> bool {
        let mut complete = true;
        for (log, track) in &mut self.tracks {
            let origin = &topic.logs[*log].origin;
            let mut positions = positions.iter();
            let named = positions.find(|position| {
                position.partition == origin.partition && position.epoch == origin.epoch
            });
            if let Some(position) = named {
                topic.logs[*log].durable = topic.logs[*log].durable.max(Some(position.next));
            }
            let reached = match named {
                Some(position) if position.next < track.given => position.next,
                _ => track.consumed,
            };
            track.settled = track.settled.max(reached);
            complete &= track.settled == track.consumed;
        }
        self.held &= !complete;
        complete
    }

    /// D5: the checkpoint of what is settled, with the state written on the way to it.
    pub(crate) fn checkpoint(&mut self, topic: &mut Topic) {
        if let Some(sink) = self.sink.as_mut().filter(|_| !self.held) {
            self.state.commit(sink.take_writes());
        }
        for (log, track) in &self.tracks {
            let saved = &mut topic.logs[*log].saved;
            if track.settled > saved.unwrap_or(0) {
                *saved = Some(track.settled);
            }
        }
    }

    /// Takes a partition away.
    pub(crate) async fn revoke(&mut self, topic: &Topic, log: usize, lost: bool) -> Step {
        let origin = topic.logs[log].origin.clone();
        self.tracks.remove(&log);
        // The host only logs what a revocation answers.
        self.call(|sink| sink.revoke(origin, lost)).await?.or(Ok(()))
    }

    /// The host dies: no revocation, no goodbye.
    pub(crate) fn kill(self) {
        drop(self);
    }

    /// The host dies in the middle of a call: when the component has waited for `waits` answers of the
    /// outer world and waits for the next one. Whether the call had not ended before.
    pub(crate) async fn kill_within<T, F>(
        self,
        waits: u64,
        call: impl FnOnce(Sink) -> F,
    ) -> Step<bool>
    where
        F: Future<Output = Result<(Sink, Answer<T>), Fault>>,
    {
        let Some(sink) = self.sink else { return failed("the instance is gone") };
        let mut call = pin!(call(sink));
        let mut left = waits;
        let ended = poll_fn(|context| match call.as_mut().poll(context) {
            Poll::Ready(ended) => Poll::Ready(Some(ended)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => {
                left -= 1;
                Poll::Pending
            }
        });
        match ended.await {
            // Whatever it answered, nobody heard it.
            Some(Ok(_)) => Ok(false),
            Some(Err(fault)) => Err(fault.into()),
            None => Ok(true),
        }
    }

    /// D7: everything flushed and saved, the partitions given up, the instance closed.
    pub(crate) async fn leave(mut self, topic: &mut Topic) -> Step {
        self.flush(topic).await?;
        self.checkpoint(topic);
        for log in self.tracks.keys().copied().collect::<Vec<_>>() {
            self.revoke(topic, log, false).await?;
        }
        if let Some(sink) = self.sink {
            sink.close().await;
        }
        Ok(())
    }

    async fn call<T, F>(&mut self, call: impl FnOnce(Sink) -> F) -> Step<Answer<T>>
    where
        F: Future<Output = Result<(Sink, Answer<T>), Fault>>,
    {
        let Some(sink) = self.sink.take() else { return failed("the instance is gone") };
        let (sink, answer) = call(sink).await?;
        self.sink = Some(sink);
        Ok(answer)
    }

    /// Calls until it answers something else than an outage.
    async fn patiently<T, F>(&mut self, export: &'static str, call: impl Fn(Sink) -> F) -> Step<T>
    where
        F: Future<Output = Result<(Sink, Answer<T>), Fault>>,
    {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.call(&call).await? {
                Ok(answer) => return Ok(answer),
                Err(error) => wait(error, export, deadline).await?,
            }
        }
    }
}

/// Waits an outage out; every other error ends the scenario.
pub(crate) async fn wait(error: GuestError, export: &'static str, deadline: Instant) -> Step {
    let GuestError::Unavailable(outage) = &error else { return Err(Stop::Answered(export, error)) };
    if Instant::now() >= deadline {
        return failed(format!("{export} answered for {PATIENCE:?}: {}", outage.detail));
    }
    tokio::time::sleep(outage.retry_after.unwrap_or(PAUSE).min(PATIENCE)).await;
    Ok(())
}

fn unavailable(detail: String) -> GuestError {
    GuestError::Unavailable(kennel_sandbox::Unavailability { detail, retry_after: None })
}
