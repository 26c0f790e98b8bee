//! What the host does with a source, one step at a time, and what the source was found to hold.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytes::Bytes;
use kennel_sandbox::{Answer, Fault, Limit, Progress, Source, StartError};

use crate::lane::wait;
use crate::memory_state::MemoryState;
use crate::report::Counts;
use crate::scenario::{Stage, Step, Stop, failed, skipped};
use crate::{ConformError, Subject};

/// How long a source may have nothing to read before that counts as the end.
const QUIET: Duration = Duration::from_secs(2);
/// How long an outage is waited out.
const PATIENCE: Duration = Duration::from_secs(30);
/// Longest wait within one poll.
const POLL: Duration = Duration::from_millis(100);
/// Bytes of one poll.
const BYTES: u64 = 1 << 20;
/// Output topics that a source may route to.
const ROUTES: usize = 64;

/// What tells one record from another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Record {
    pub(crate) payload: Bytes,
    pub(crate) id: Option<u128>,
}

/// What one poll answered.
#[derive(Debug, Clone)]
pub(crate) struct Chunk {
    pub(crate) records: Vec<Record>,
    pub(crate) cursor: Bytes,
    finished: bool,
}

/// The records that a first reading found, in order.
#[derive(Debug, Default)]
pub(crate) struct Baseline {
    pub(crate) records: Vec<Record>,
    /// Whether there was an end; else the reading stopped at the number of messages wanted.
    pub(crate) ended: bool,
}

impl Baseline {
    /// Reads up to `messages` records without confirming any.
    pub(crate) async fn read(subject: &Subject, messages: u64) -> Result<Self, ConformError> {
        let state = MemoryState::default();
        let limit = (messages / 5).max(1) as u32;
        let read = async {
            let mut reader = Reader::open(subject, &state, limit).await?;
            reader.start(None).await?;
            reader.read(messages as usize).await
        };
        let chunks = read.await.map_err(|stop| match stop {
            Stop::Failed(detail) | Stop::Skipped(detail) => ConformError::Unreadable(detail),
            Stop::Answered(export, error) => ConformError::Unreadable(format!("{export}: {error}")),
            Stop::Broken(error) => error,
        })?;
        let mut records = records(&chunks);
        if records.is_empty() {
            return Err(ConformError::NoRecords(QUIET));
        }
        let ended =
            (records.len() as u64) < messages || chunks.last().is_some_and(|it| it.finished);
        records.truncate(messages as usize);
        Ok(Self { records, ended })
    }

    /// The records after the first `count`.
    pub(crate) fn after(&self, count: usize) -> &[Record] {
        self.records.get(count..).unwrap_or_default()
    }
}

/// The records of several polls.
pub(crate) fn records(chunks: &[Chunk]) -> Vec<Record> {
    chunks.iter().flat_map(|chunk| chunk.records.iter().cloned()).collect()
}

/// The same records without their ids.
pub(crate) fn anonymous(records: &[Record]) -> Vec<Record> {
    records.iter().map(|record| Record { id: None, ..record.clone() }).collect()
}

/// One instance of the source.
pub(crate) struct Reader {
    source: Option<Source>,
    state: MemoryState,
    limit: u32,
}

impl Reader {
    /// Makes an instance that answers at most `limit` records in a poll, and opens it.
    pub(crate) async fn open(subject: &Subject, state: &MemoryState, limit: u32) -> Step<Self> {
        let opened = Source::open(&subject.component, &subject.spec(state)).await;
        let source = opened.map_err(|error| match error {
            StartError::Fault(fault) => Stop::from(fault),
            StartError::Refused(error) => Stop::Answered("open", error),
            error => Stop::Failed(error.to_string()),
        })?;
        Ok(Self { source: Some(source), state: state.clone(), limit })
    }

    /// Begins after `cursor`.
    pub(crate) async fn start(&mut self, cursor: Option<Bytes>) -> Step {
        self.patiently("start", |source| source.start(cursor.clone())).await
    }

    /// Begins after `cursor` and confirms it again, as the host does after every start.
    pub(crate) async fn go_on_after(&mut self, cursor: Bytes) -> Step {
        self.start(Some(cursor.clone())).await?;
        self.confirm(cursor).await
    }

    /// The next `count` records, or fewer if there are no more.
    pub(crate) async fn read_records(&mut self, count: usize) -> Step<Vec<Record>> {
        let mut found = records(&self.read(count).await?);
        found.truncate(count);
        Ok(found)
    }

    /// Reads until there are `count` records, or no more.
    pub(crate) async fn read(&mut self, count: usize) -> Step<Vec<Chunk>> {
        let mut chunks: Vec<Chunk> = Vec::new();
        let (mut read, mut quiet) = (0, Instant::now());
        while read < count {
            let limit = Limit::new(self.limit, BYTES, POLL);
            let produced = self.patiently("poll", |source| source.poll(limit, ROUTES)).await?;
            let finished = produced.progress == Progress::Finished;
            let messages = &produced.messages;
            if messages.len() > self.limit as usize {
                return failed(format!(
                    "poll answered {} records, though {} were asked for",
                    messages.len(),
                    self.limit
                ));
            }
            if !messages.is_empty() {
                let spans = messages.spans.chunks_exact(4).enumerate();
                let records = spans.map(|(index, span)| Record {
                    payload: messages.data.slice(span[0] as usize..span[1] as usize),
                    id: produced.ids.get(index).copied(),
                });
                chunks.push(Chunk {
                    records: records.collect(),
                    cursor: produced.cursor,
                    finished,
                });
                read += messages.len();
                quiet = Instant::now();
            } else if let Some(last) = chunks.last_mut() {
                last.finished |= finished;
            }
            if finished || quiet.elapsed() >= QUIET {
                break;
            }
            if produced.progress == Progress::Idle {
                tokio::time::sleep(POLL / 10).await;
            }
        }
        Ok(chunks)
    }

    /// Says that all up to `cursor` is in Iggy and saved.
    pub(crate) async fn confirm(&mut self, cursor: Bytes) -> Step {
        if let Some(source) = &mut self.source {
            self.state.commit(source.take_writes());
        }
        self.patiently("confirm", |source| source.confirm(cursor.clone())).await
    }

    /// The host dies.
    pub(crate) fn kill(self) {
        drop(self);
    }

    /// The host ends in order.
    pub(crate) async fn close(self) {
        if let Some(source) = self.source {
            source.close().await;
        }
    }

    async fn patiently<T, F>(&mut self, export: &'static str, call: impl Fn(Source) -> F) -> Step<T>
    where
        F: Future<Output = Result<(Source, Answer<T>), Fault>>,
    {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let Some(source) = self.source.take() else { return failed("the instance is gone") };
            let (source, answer) = call(source).await?;
            self.source = Some(source);
            match answer {
                Ok(answer) => return Ok(answer),
                Err(error) => wait(error, export, deadline).await?,
            }
        }
    }
}

impl Stage<'_> {
    /// A fresh instance of the source that answers a fifth of its records in a poll, so that several
    /// results are under way.
    pub(crate) async fn reader(&self) -> Step<Reader> {
        let limit = (self.baseline.records.len() / 5).max(1) as u32;
        Reader::open(self.subject, &self.state, limit).await
    }

    /// A fresh instance that begins with the first record.
    pub(crate) async fn reader_from_start(&self) -> Step<Reader> {
        let mut reader = self.reader().await?;
        reader.start(None).await?;
        Ok(reader)
    }

    /// A fresh instance that goes on after `cursor`.
    pub(crate) async fn reader_after(&self, cursor: Bytes) -> Step<Reader> {
        let mut reader = self.reader().await?;
        reader.go_on_after(cursor).await?;
        Ok(reader)
    }

    /// Ends the scenario unless the source still holds all that it held at first.
    pub(crate) async fn require_all_records(&mut self) -> Step {
        if !self.confirmed {
            return Ok(());
        }
        let mut reader = self.reader_from_start().await?;
        let found = records(&reader.read(self.baseline.records.len()).await?);
        reader.kill();
        if Difference::between(&self.baseline.records, &found).missing > 0 {
            return skipped(
                "an earlier scenario has confirmed records, and they are gone from the source; \
                 --reset CMD puts them back",
            );
        }
        Ok(())
    }

    /// Compares what was read with what should have been, and books it.
    pub(crate) fn compare_records(
        &mut self,
        expected: &[Record],
        found: &[Record],
        how: &str,
    ) -> Step {
        let difference = Difference::between(expected, found);
        self.counts.missing += difference.missing;
        self.counts.doubled += difference.strange;
        if difference.missing > 0 {
            let without_ids = Difference::between(&anonymous(expected), &anonymous(found));
            if without_ids.missing == 0 {
                return failed(format!(
                    "{how}: {} of {} records came with another id than before (first: {})",
                    difference.missing,
                    expected.len(),
                    difference.first
                ));
            }
            return failed(format!(
                "{how}: {} of {} records were not read (first: {})",
                difference.missing,
                expected.len(),
                difference.first
            ));
        }
        // A source without an end may have gone on.
        if difference.strange > 0 && self.baseline.ended {
            return failed(format!(
                "{how}: {} records were read that should not have been",
                difference.strange
            ));
        }
        Ok(())
    }

    /// What is known of records before they are compared.
    pub(crate) fn count_records(&self, counts: &mut Counts) {
        counts.sent = self.baseline.records.len() as u64;
        counts.observed = Some(counts.sent.saturating_sub(counts.missing));
    }
}

/// How two readings differ, whatever their order.
pub(crate) struct Difference {
    pub(crate) missing: u64,
    pub(crate) strange: u64,
    /// The first one that is missing, shortened.
    first: String,
}

impl Difference {
    pub(crate) fn between(expected: &[Record], found: &[Record]) -> Self {
        let mut copies: BTreeMap<&Record, i64> = BTreeMap::new();
        found.iter().for_each(|record| *copies.entry(record).or_default() += 1);
        let (mut missing, mut first) = (0, String::new());
        for record in expected {
            let left = copies.entry(record).or_default();
            *left -= 1;
            if *left < 0 {
                missing += 1;
                if first.is_empty() {
                    let text = String::from_utf8_lossy(&record.payload);
                    first = text.chars().take(80).collect();
                }
            }
        }
        let strange = copies.values().filter(|left| **left > 0).sum::<i64>().unsigned_abs();
        Self { missing, strange, first }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(payload: &'static str, id: u128) -> Record {
        Record { payload: payload.into(), id: Some(id) }
    }

    #[test]
    fn given_another_order_should_find_no_difference() {
        let (a, b) = (record("a", 1), record("b", 2));
        let difference = Difference::between(&[a.clone(), b.clone()], &[b, a]);
        assert_eq!((difference.missing, difference.strange), (0, 0));
    }

    #[test]
    fn given_another_id_should_take_it_for_another_record() {
        let difference = Difference::between(&[record("a", 1)], &[record("a", 2)]);
        assert_eq!((difference.missing, difference.strange), (1, 1));
        assert_eq!(difference.first, "a");
    }
}
