//! `kennel dlq purge`.

use std::collections::BTreeSet;

use anyhow::anyhow;
use kennel_broker::StartPosition;
use kennel_pipeline::now_micros;
use kennel_state::LetterMark;
use serde::Serialize;

use super::mailbox::{Entry, Letters, Mailbox};
use super::spilled::{SpilledLetter, spilled};
use crate::cli::{GlobalArguments, LetterId, PurgeLettersArguments};
use crate::command::selected::{Selected, request_failure};
use crate::exit_code::Failure;
use crate::terminal::Terminal;

/// What is printed for programs.
#[derive(Serialize)]
struct Report {
    connector: String,
    /// Letters purged now.
    purged: u64,
    /// Records of letters that the broker had refused.
    refused: u64,
    /// Topics that were emptied.
    emptied: Vec<String>,
}

pub(super) async fn run(
    arguments: PurgeLettersArguments,
    global: &GlobalArguments,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let filter = &arguments.filter;
    let selected = Selected::load(&arguments.connector, global, terminal).await?;
    // Held until the end, so that no host of this state writes letters meanwhile.
    let state = selected.state()?;
    let mailbox = Mailbox::open(&selected).await?;
    let ends = ends(&mailbox).await?;
    let letters = mailbox.letters().await?;
    let is_chosen = |entry: &Entry| !entry.is_purged && filter.matches_letter(&entry.letter);
    let chosen: Vec<&Entry> = letters.entries.iter().filter(|entry| is_chosen(entry)).collect();
    let (refused, refused_kept): (Vec<_>, Vec<_>) =
        spilled(&state)?.into_iter().partition(|letter| {
            let record = &letter.record;
            filter.matches(&record.code, record.time, record.partition)
        });
    if !arguments.yes {
        return Err(Failure::usage(anyhow!(
            "{} letters and {} refused ones would be purged; to do it: --yes",
            chosen.len(),
            refused.len()
        )));
    }

    let mut emptied = Vec::new();
    for topic in empty_topics(&letters, is_chosen) {
        // What came since it was read has been seen by nobody.
        if ends[topic] == ends_of(&mailbox, topic).await? {
            let purged = mailbox.connection.purge_topic(&mailbox.topics[topic]).await;
            purged.map_err(request_failure)?;
            emptied.push(topic);
        }
    }
    let is_gone = |entry: &Entry| emptied.contains(&entry.topic);
    let now = now_micros();
    let hidden: Vec<_> = chosen
        .iter()
        .filter(|entry| !is_gone(entry))
        .map(|entry| {
            (entry.name.clone(), LetterMark { purged: Some(now), ..mailbox.mark(&entry.name) })
        })
        .collect();
    mailbox.marks.put(&hidden).map_err(Failure::running)?;
    let gone = letters.entries.iter().filter(|entry| is_gone(entry));
    let mut forgotten: Vec<String> = gone.map(|entry| entry.name.clone()).collect();
    forgotten.extend(refused.iter().map(|letter| letter.id.to_string()));
    mailbox.marks.forget(&forgotten).map_err(Failure::running)?;

    let records = records(&letters, is_chosen, &refused, &refused_kept);
    state.remove_records(&records).map_err(Failure::running)?;
    let report = Report {
        connector: mailbox.key.clone(),
        purged: chosen.len() as u64,
        refused: refused.len() as u64,
        emptied: emptied.iter().map(|topic| mailbox.topics[*topic].to_string()).collect(),
    };
    terminal.result(&report, || report.text());
    Ok(())
}

/// Topics with letters in which no message is left that somebody may want.
fn empty_topics(letters: &Letters, is_chosen: impl Fn(&Entry) -> bool) -> Vec<usize> {
    let topics: BTreeSet<usize> = letters.entries.iter().map(|entry| entry.topic).collect();
    let kept: BTreeSet<usize> = letters
        .entries
        .iter()
        .filter(|entry| !entry.is_purged && !is_chosen(entry))
        .map(|entry| entry.topic)
        .collect();
    let is_empty = |topic: &usize| !kept.contains(topic) && !letters.foreign.contains_key(topic);
    topics.into_iter().filter(is_empty).collect()
}

/// Records that nothing refers to any more. A letter that was written twice has one record.
fn records(
    letters: &Letters,
    is_chosen: impl Fn(&Entry) -> bool,
    refused: &[SpilledLetter],
    refused_kept: &[SpilledLetter],
) -> Vec<String> {
    let mut gone: BTreeSet<&str> = BTreeSet::new();
    let mut kept: BTreeSet<&str> = BTreeSet::new();
    for entry in &letters.entries {
        match entry.is_purged || is_chosen(entry) {
            true => gone.insert(&entry.letter.record),
            false => kept.insert(&entry.letter.record),
        };
    }
    gone.extend(refused.iter().filter_map(record_id));
    kept.extend(refused_kept.iter().filter_map(record_id));
    gone.difference(&kept).map(|id| (*id).to_owned()).collect()
}

fn record_id(letter: &SpilledLetter) -> Option<&str> {
    match &letter.id {
        LetterId::Record(id) => Some(id),
        LetterId::Stored { .. } => None,
    }
}

/// Ends of all partitions, per topic.
async fn ends(mailbox: &Mailbox) -> Result<Vec<Vec<u64>>, Failure> {
    let mut ends = Vec::with_capacity(mailbox.topics.len());
    for topic in 0..mailbox.topics.len() {
        ends.push(ends_of(mailbox, topic).await?);
    }
    Ok(ends)
}

async fn ends_of(mailbox: &Mailbox, topic: usize) -> Result<Vec<u64>, Failure> {
    let (connection, target) = (&mailbox.connection, &mailbox.topics[topic]);
    let found = connection.topic(&target.stream, &target.topic).await.map_err(request_failure)?;
    let mut ends = Vec::new();
    for partition in 0..found.map_or(0, |info| info.partitions) {
        let end = connection.first_offset(target, partition, StartPosition::Latest).await;
        ends.push(end.map_err(request_failure)?);
    }
    Ok(ends)
}

impl Report {
    fn text(&self) -> String {
        let mut text = format!("{} letters purged", self.purged);
        match self.emptied.as_slice() {
            [] if self.purged > 0 => text.push_str("; they are hidden, the topic still has them"),
            [] => {}
            topics => text.push_str(&format!("; {} emptied", topics.join(", "))),
        }
        if self.refused > 0 {
            text.push_str(&format!(
                "\n{} records of refused letters removed; their messages are still in their topic",
                self.refused
            ));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use kennel_pipeline::Letter;

    use super::*;

    fn entry(topic: usize, offset: u64, record: &str, is_purged: bool) -> Entry {
        Entry {
            id: LetterId::Stored { topic: None, partition: 0, offset },
            name: format!("{topic}/{offset}"),
            topic,
            letter: Letter { offset, record: record.into(), ..Letter::default() },
            payload_bytes: 0,
            replayed: None,
            is_purged,
        }
    }

    #[test]
    fn given_topics_should_empty_those_without_a_letter_to_keep_or_a_foreign_message() {
        let entries = vec![
            entry(0, 0, "a", true),
            entry(0, 1, "b", false),
            entry(1, 0, "c", false),
            entry(1, 1, "d", false),
            entry(2, 0, "e", false),
        ];
        let letters = Letters { entries, foreign: [(2, 1)].into() };
        assert_eq!(empty_topics(&letters, |_| true), [0, 1]);
        assert_eq!(empty_topics(&letters, |entry| entry.letter.offset == 1), [0]);
    }

    #[test]
    fn given_a_letter_that_was_written_twice_should_keep_its_record_until_both_are_purged() {
        let entries =
            vec![entry(0, 0, "a", false), entry(0, 1, "a", false), entry(0, 2, "b", true)];
        let letters = Letters { entries, ..Letters::default() };
        let first = |entry: &Entry| entry.letter.offset == 0;
        assert_eq!(records(&letters, first, &[], &[]), ["b"]);
        assert_eq!(records(&letters, |_| true, &[], &[]), ["a", "b"]);
    }
}
