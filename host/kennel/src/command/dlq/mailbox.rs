//! The letters of one connector, in the topics where its configuration sends them.

use std::collections::BTreeMap;

use anyhow::anyhow;
use kennel_broker::{Connection, Target};
use kennel_pipeline::Letter;
use kennel_state::{LetterMark, LetterMarks};
use serde::Serialize;

use super::pages::{Page, Pages};
use crate::cli::{LetterFilter, LetterId};
use crate::command::selected::{Selected, request_failure};
use crate::exit_code::Failure;
use crate::wiring;

/// A letter, without its payload.
#[derive(Debug, Serialize)]
pub(super) struct Entry {
    pub(super) id: LetterId,
    /// Its name among the marks.
    #[serde(skip)]
    pub(super) name: String,
    /// Index of its topic.
    #[serde(skip)]
    pub(super) topic: usize,
    #[serde(flatten)]
    pub(super) letter: Letter,
    pub(super) payload_bytes: usize,
    /// When it was last replayed, microseconds since 1970 UTC.
    pub(super) replayed: Option<u64>,
    #[serde(skip)]
    pub(super) is_purged: bool,
}

/// The letters of a connector and how to reach them.
pub(super) struct Mailbox {
    pub(super) key: String,
    pub(super) topics: Vec<Target>,
    pub(super) connection: Connection,
    pub(super) marks: LetterMarks,
    marked: BTreeMap<String, LetterMark>,
}

/// All letters that are there.
#[derive(Default)]
pub(super) struct Letters {
    /// Purged ones too; in the order of topic, partition and offset.
    pub(super) entries: Vec<Entry>,
    /// Per topic: messages that are no letters of this connector.
    pub(super) foreign: BTreeMap<usize, u64>,
}

impl Mailbox {
    pub(super) async fn open(selected: &Selected) -> Result<Self, Failure> {
        let topics = wiring::dead_letter_targets(&selected.config);
        if topics.is_empty() {
            return Err(Failure::usage(anyhow!(
                "connector `{}` has no dead letters: `on_error` in [delivery] of {} is not \"dead_letter\"",
                selected.key(),
                selected.config.file.display()
            )));
        }
        let marks = selected.marks()?;
        let marked = marks.all().map_err(Failure::running)?;
        let connection = selected.connect().await?;
        Ok(Self { key: selected.key().to_owned(), topics, connection, marks, marked })
    }

    /// Reads the topics from end to end.
    pub(super) async fn letters(&self) -> Result<Letters, Failure> {
        let mut letters = Letters::default();
        let mut pages = self.pages().await?;
        while let Some(page) = pages.next().await.map_err(request_failure)? {
            for index in 0..page.batch.len() {
                match self.entry(&page, index) {
                    Some(entry) => letters.entries.push(entry),
                    None => *letters.foreign.entry(page.topic).or_default() += 1,
                }
            }
        }
        Ok(letters)
    }

    pub(super) async fn pages(&self) -> Result<Pages<'_>, Failure> {
        Pages::open(&self.connection, &self.topics).await.map_err(request_failure)
    }

    /// A message of a page, if it is a letter of this connector.
    pub(super) fn entry(&self, page: &Page, index: usize) -> Option<Entry> {
        let letter = Letter::read(page.batch.headers(index)?)?;
        if letter.connector != self.key {
            return None;
        }
        let (offset, appended) = (*page.batch.offsets.get(index)?, *page.appended.get(index)?);
        let target = &self.topics[page.topic];
        // An offset comes again when the topic is emptied or made anew, so the time is part of the name.
        let name = format!("{target}/{}:{offset}@{appended}", page.partition);
        let mark = self.mark(&name);
        Some(Entry {
            id: LetterId::Stored {
                topic: (self.topics.len() > 1).then(|| target.to_string()),
                partition: page.partition,
                offset,
            },
            name,
            topic: page.topic,
            letter,
            payload_bytes: page.batch.payload(index).unwrap_or_default().len(),
            replayed: mark.replayed,
            is_purged: mark.purged.is_some(),
        })
    }

    /// What was done with the letter `name`.
    pub(super) fn mark(&self, name: &str) -> LetterMark {
        self.marked.get(name).copied().unwrap_or_default()
    }

    /// Where a stored letter lies.
    ///
    /// # Errors
    /// When the connector has several topics and the id names none of them.
    pub(super) fn topic_of(&self, id: &LetterId) -> Result<Option<&Target>, Failure> {
        let LetterId::Stored { topic, .. } = id else { return Ok(None) };
        let names = || self.topics.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        match (topic, self.topics.as_slice()) {
            (None, [only]) => Ok(Some(only)),
            (None, _) => Err(Failure::usage(anyhow!(
                "`{id}` may be in any of {}; write STREAM/TOPIC/PARTITION:OFFSET",
                names()
            ))),
            (Some(topic), topics) => {
                let found = topics.iter().find(|target| target.to_string() == *topic);
                found.map(Some).ok_or_else(|| {
                    Failure::usage(anyhow!(
                        "`{topic}` is no dead letter topic of {}; there is {}",
                        self.key,
                        names()
                    ))
                })
            }
        }
    }
}

impl LetterFilter {
    /// Whether a letter with this code, given up at `time`, of a message in `partition`, is meant.
    pub(super) fn matches(&self, code: &str, time: u64, partition: u32) -> bool {
        self.reason.as_deref().is_none_or(|reason| reason == code)
            && self.since.is_none_or(|since| time >= since)
            && self.until.is_none_or(|until| time < until)
            && self.partition.is_none_or(|wanted| wanted == partition)
    }

    pub(super) fn matches_letter(&self, letter: &Letter) -> bool {
        self.matches(&letter.code, letter.time, letter.partition)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_a_filter_should_want_all_that_it_says() {
        let filter = LetterFilter {
            reason: Some("not_json".into()),
            since: Some(10),
            until: Some(20),
            partition: Some(3),
        };
        assert!(filter.matches("not_json", 10, 3) && filter.matches("not_json", 19, 3));
        for (code, time, partition) in
            [("trap", 10, 3), ("not_json", 9, 3), ("not_json", 20, 3), ("not_json", 10, 2)]
        {
            assert!(!filter.matches(code, time, partition), "{code} {time} {partition}");
        }
        assert!(LetterFilter::default().matches("anything", 0, 0));
    }
}
