//! `kennel dlq replay`.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::anyhow;
use bytes::Bytes;
use kennel_broker::{OutgoingMessage, Target};
use kennel_config::Direction;
use kennel_pipeline::{DeadLetterRecord, original_headers};
use serde::Serialize;

use super::mailbox::{Entry, Mailbox};
use super::resend::{Parcel, Resend};
use super::spilled::{SpilledLetter, message, spilled};
use crate::cli::{GlobalArguments, LetterId, ReplayLettersArguments};
use crate::command::selected::{Selected, request_failure};
use crate::exit_code::Failure;
use crate::terminal::Terminal;

/// What is printed for programs.
#[derive(Serialize)]
struct Report {
    connector: String,
    dry_run: bool,
    /// Letters confirmed by the broker; those that would be sent, in a dry run.
    replayed: u64,
    /// Letters left out because they had been replayed before.
    replayed_before: u64,
    /// Letters left out because their messages are still in their topic.
    refused: u64,
    ids: Vec<LetterId>,
}

/// The letters to send.
struct Choice {
    stored: Vec<Entry>,
    refused: Vec<SpilledLetter>,
    replayed_before: u64,
    refused_before: u64,
}

pub(super) async fn run(
    arguments: ReplayLettersArguments,
    global: &GlobalArguments,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let selected = Selected::load(&arguments.connector, global, terminal).await?;
    if let (Direction::Source(_), None) = (&selected.config.direction, &arguments.to) {
        return Err(Failure::usage(anyhow!(
            "`{}` is a source: its letters came from no topic; name one: --to stream/topic",
            selected.key()
        )));
    }
    let mailbox = Mailbox::open(&selected).await?;
    let choice = choose(&mailbox, &selected, &arguments, terminal).await?;
    let ids: Vec<LetterId> = choice
        .stored
        .iter()
        .map(|entry| entry.id.clone())
        .chain(choice.refused.iter().map(|letter| letter.id.clone()))
        .collect();
    let destinations = Destinations::look_up(&mailbox, &choice, arguments.to.as_ref()).await?;
    let mut report = Report {
        connector: mailbox.key.clone(),
        dry_run: arguments.dry_run,
        replayed: ids.len() as u64,
        replayed_before: choice.replayed_before,
        refused: choice.refused_before,
        ids,
    };
    if !arguments.dry_run {
        report.replayed = send(&mailbox, &choice, &destinations, terminal).await?;
    }
    terminal.result(&report, || report.text());
    Ok(())
}

async fn choose(
    mailbox: &Mailbox,
    selected: &Selected,
    arguments: &ReplayLettersArguments,
    terminal: &Terminal,
) -> Result<Choice, Failure> {
    let mut wanted: BTreeSet<LetterId> = BTreeSet::new();
    for id in &arguments.ids {
        wanted.insert(same_form(mailbox, id)?);
    }
    let all = wanted.is_empty();
    let mut stored = mailbox.letters().await?.entries;
    stored.retain(|entry| !entry.is_purged && (all || wanted.contains(&entry.id)));
    let mut refused = match selected.state_if_free(terminal)? {
        Some(state) => spilled(&state)?,
        None => Vec::new(),
    };
    refused.retain(|letter| all || wanted.contains(&letter.id));
    for id in stored.iter().map(|entry| &entry.id).chain(refused.iter().map(|it| &it.id)) {
        wanted.remove(id);
    }
    if let Some(missing) = wanted.first() {
        let key = &mailbox.key;
        return Err(Failure::usage(anyhow!(
            "`{missing}` is no letter of {key}; `kennel dlq list --connector {key}` shows those there are"
        )));
    }
    let filter = &arguments.filter;
    stored.retain(|entry| filter.matches_letter(&entry.letter));
    refused.retain(|letter| {
        let DeadLetterRecord { code, time, partition, .. } = &letter.record;
        filter.matches(code, *time, *partition)
    });
    let mut refused_before = 0;
    if arguments.to.is_none() && !refused.is_empty() {
        // Sent to where they still are, they would be there twice.
        if !arguments.ids.is_empty() && stored.is_empty() {
            return Err(Failure::usage(anyhow!(
                "the message of `{}` is still in its topic, and its partition stands still before it: \
                 the connector reads it again by itself; to have it elsewhere: --to stream/topic",
                refused[0].id
            )));
        }
        refused_before = refused.len() as u64;
        refused.clear();
    }
    let before = stored.len() + refused.len();
    if !arguments.again {
        stored.retain(|entry| entry.replayed.is_none());
        refused.retain(|letter| mailbox.mark(&letter.id.to_string()).replayed.is_none());
    }
    let replayed_before = (before - stored.len() - refused.len()) as u64;
    Ok(Choice { stored, refused, replayed_before, refused_before })
}

/// Ids name their topic exactly where those of the mailbox do.
fn same_form(mailbox: &Mailbox, id: &LetterId) -> Result<LetterId, Failure> {
    let (Some(target), LetterId::Stored { partition, offset, .. }) = (mailbox.topic_of(id)?, id)
    else {
        return Ok(id.clone());
    };
    let topic = (mailbox.topics.len() > 1).then(|| target.to_string());
    Ok(LetterId::Stored { topic, partition: *partition, offset: *offset })
}

/// Topics that letters go to, with their partitions.
struct Destinations<'a> {
    to: Option<&'a Target>,
    partitions: BTreeMap<Target, u32>,
}

impl<'a> Destinations<'a> {
    /// Nothing is sent before every destination is known to be there.
    async fn look_up(
        mailbox: &Mailbox,
        choice: &Choice,
        to: Option<&'a Target>,
    ) -> Result<Self, Failure> {
        let mut this = Self { to, partitions: BTreeMap::new() };
        let origins = choice.stored.iter().map(|entry| {
            let letter = &entry.letter;
            (Target::new(letter.stream.as_str(), letter.topic.as_str()), letter.partition)
        });
        let refused = choice.refused.iter().map(|letter| {
            let DeadLetterRecord { stream, topic, partition, .. } = &letter.record;
            (Target::new(stream.as_str(), topic.as_str()), *partition)
        });
        for (origin, partition) in origins.chain(refused) {
            let target = to.unwrap_or(&origin);
            let count = match this.partitions.get(target) {
                Some(count) => *count,
                None => {
                    let found = mailbox.connection.topic(&target.stream, &target.topic).await;
                    let info = found.map_err(request_failure)?.ok_or_else(|| {
                        Failure::running(anyhow!(
                            "topic `{target}` does not exist; create it, or name another: --to stream/topic"
                        ))
                    })?;
                    this.partitions.insert(target.clone(), info.partitions);
                    info.partitions
                }
            };
            if count == 0 || (to.is_none() && partition >= count) {
                return Err(Failure::running(anyhow!(
                    "topic `{target}` has no partition {partition} any more; \
                     add it, or name another topic: --to stream/topic"
                )));
            }
        }
        Ok(this)
    }

    /// Messages of one partition stay together in another topic too.
    fn of(&self, origin: Target, partition: u32) -> (Target, u32) {
        match self.to {
            Some(to) => {
                let count = self.partitions.get(to).copied().unwrap_or(1).max(1);
                (to.clone(), partition % count)
            }
            None => (origin, partition),
        }
    }
}

async fn send(
    mailbox: &Mailbox,
    choice: &Choice,
    destinations: &Destinations<'_>,
    terminal: &Terminal,
) -> Result<u64, Failure> {
    let total = (choice.stored.len() + choice.refused.len()) as u64;
    let chosen: BTreeSet<&str> = choice.stored.iter().map(|entry| entry.name.as_str()).collect();
    let mut resend = Resend::new(mailbox, terminal, total);
    if !chosen.is_empty() {
        // Payloads are read a second time rather than all kept in memory.
        let mut pages = mailbox.pages().await?;
        while let Some(page) = pages.next().await.map_err(request_failure)? {
            for index in 0..page.batch.len() {
                let entry = mailbox.entry(&page, index);
                let Some(entry) = entry.filter(|entry| chosen.contains(entry.name.as_str())) else {
                    continue;
                };
                let payload = page.batch.payload(index).unwrap_or_default();
                let headers = page.batch.headers(index).unwrap_or_default();
                let message = OutgoingMessage {
                    id: 0,
                    payload: Bytes::copy_from_slice(payload),
                    headers: original_headers(headers),
                };
                let origin = Target::new(entry.letter.stream, entry.letter.topic);
                let (target, partition) = destinations.of(origin, entry.letter.partition);
                resend.add(Parcel { name: entry.name, target, partition, message }).await?;
            }
        }
    }
    for SpilledLetter { id, record } in &choice.refused {
        let Some(kept) = &record.spilled else { continue };
        let (payload, headers) = message(kept)?;
        let message = OutgoingMessage { id: 0, payload: payload.into(), headers: headers.into() };
        let origin = Target::new(record.stream.as_str(), record.topic.as_str());
        let (target, partition) = destinations.of(origin, record.partition);
        resend.add(Parcel { name: id.to_string(), target, partition, message }).await?;
    }
    resend.finish().await
}

impl Report {
    fn text(&self) -> String {
        let done = if self.dry_run { "would be replayed" } else { "replayed" };
        let mut text = format!("{} letters {done}", self.replayed);
        if self.dry_run {
            for id in &self.ids {
                text.push_str(&format!("\n  {id}"));
            }
        }
        if self.replayed_before > 0 {
            text.push_str(&format!(
                "\n{} were replayed before and left out; --again sends them once more",
                self.replayed_before
            ));
        }
        if self.refused > 0 {
            text.push_str(&format!(
                "\n{} that the broker refused were left out: their messages are still in their topic",
                self.refused
            ));
        }
        text
    }
}
