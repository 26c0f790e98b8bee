//! A dead letter topic read from its beginning to where it ended when the reading began.

use std::collections::VecDeque;

use kennel_broker::{BrokerError, ColumnName, Connection, PolledBatch, StartPosition, Target};

/// Messages asked for at once.
const PAGE_MESSAGES: u32 = 1000;

/// Some messages of one partition.
pub(super) struct Page {
    /// Index of the topic.
    pub(super) topic: usize,
    pub(super) partition: u32,
    pub(super) batch: PolledBatch,
    /// When the broker appended each, microseconds since 1970 UTC.
    pub(super) appended: Vec<u64>,
}

/// What is still to be read.
pub(super) struct Pages<'a> {
    connection: &'a Connection,
    topics: &'a [Target],
    rest: VecDeque<Rest>,
}

struct Rest {
    topic: usize,
    partition: u32,
    next: u64,
    end: u64,
}

impl<'a> Pages<'a> {
    /// Looks up where every partition begins and ends. A topic that does not exist has no messages.
    pub(super) async fn open(
        connection: &'a Connection,
        topics: &'a [Target],
    ) -> Result<Self, BrokerError> {
        let mut rest = VecDeque::new();
        for (topic, target) in topics.iter().enumerate() {
            let found = connection.topic(&target.stream, &target.topic).await?;
            for partition in 0..found.map_or(0, |info| info.partitions) {
                let place = |start| connection.first_offset(target, partition, start);
                let next = place(StartPosition::Earliest).await?;
                let end = place(StartPosition::Latest).await?;
                rest.push_back(Rest { topic, partition, next, end });
            }
        }
        Ok(Self { connection, topics, rest })
    }

    /// The next messages; those that came after the reading began may be among them.
    pub(super) async fn next(&mut self) -> Result<Option<Page>, BrokerError> {
        while let Some(rest) = self.rest.front_mut() {
            if rest.next < rest.end {
                let target = &self.topics[rest.topic];
                let read = self.connection.read(target, rest.partition, rest.next, PAGE_MESSAGES);
                if let Some(batch) = read.await? {
                    rest.next = batch.next_offset().unwrap_or(rest.end);
                    let appended = batch.column(ColumnName::Timestamp);
                    let (topic, partition) = (rest.topic, rest.partition);
                    return Ok(Some(Page { topic, partition, batch, appended }));
                }
            }
            self.rest.pop_front();
        }
        Ok(None)
    }
}
