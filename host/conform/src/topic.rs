//! Messages with identities, as a broker would hold them, and the account of each.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::{Bytes, BytesMut};
use kennel_sandbox::capability::context::Columns;
use kennel_sandbox::{Batch, Failure, Format, Origin};

use crate::report::Counts;
use crate::template::Template;

/// One message.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) offset: u64,
    pub(crate) ordinal: u32,
    pub(crate) identity: u64,
    pub(crate) payload: Bytes,
    /// Follows the template, so its identity is known at the destination again.
    sound: bool,
    /// How often it was handed to the component.
    handed: u64,
    /// Code and detail of the rejection, as far as the latest receipt says.
    rejected: Option<String>,
}

/// One partition in one epoch.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) origin: Origin,
    pub(crate) messages: Vec<Message>,
    /// One past the last offset.
    pub(crate) end: u64,
    /// The host's checkpoint.
    pub(crate) saved: Option<u64>,
    /// How far the component has said that the destination is.
    pub(crate) durable: Option<u64>,
}

/// All partitions of a scenario.
#[derive(Debug)]
pub(crate) struct Topic {
    stream: Arc<str>,
    name: Arc<str>,
    template: Template,
    format: Format,
    /// Identities of this scenario.
    identities: Range<u64>,
    made: SystemTime,
    pub(crate) logs: Vec<Log>,
}

impl Topic {
    /// An empty topic whose messages are numbered from `first` on.
    pub(crate) fn new(
        (stream, name): (&str, &str),
        template: Template,
        format: Format,
        first: u64,
    ) -> Self {
        // Older than anything a component can write, as messages of a broker are.
        let made = SystemTime::now() - Duration::from_secs(60);
        Self {
            stream: stream.into(),
            name: name.into(),
            template,
            format,
            identities: first..first,
            made,
            logs: Vec::new(),
        }
    }

    /// Name of the stream.
    pub(crate) fn stream(&self) -> &str {
        &self.stream
    }

    /// Name of the topic.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The identity that no message of this scenario has any more.
    pub(crate) fn next_identity(&self) -> u64 {
        self.identities.end
    }

    /// Adds a partition without messages; answers its number among the logs.
    pub(crate) fn add_log(&mut self, partition: u32, epoch: u64) -> usize {
        let origin = Origin {
            stream: Arc::clone(&self.stream),
            topic: Arc::clone(&self.name),
            partition,
            epoch,
        };
        self.logs.push(Log { origin, messages: Vec::new(), end: 0, saved: None, durable: None });
        self.logs.len() - 1
    }

    /// Appends `count` messages made from the template.
    pub(crate) fn append(&mut self, log: usize, count: u64) {
        for _ in 0..count {
            let payload = self.template.render(self.identities.end);
            self.push(log, payload, (0, true));
        }
    }

    /// Appends several messages at one offset, as a transform makes them of one.
    pub(crate) fn append_split(&mut self, log: usize, count: u32) {
        for ordinal in 0..count {
            let payload = self.template.render(self.identities.end);
            self.push(log, payload, (ordinal, true));
        }
    }

    /// Appends a payload that is not made from the template; nobody looks for it at the destination.
    pub(crate) fn append_unsound(&mut self, log: usize, payload: Bytes) -> &Message {
        self.push(log, payload, (0, false))
    }

    /// Leaves offsets without a message, as a filter does.
    pub(crate) fn skip(&mut self, log: usize, offsets: u64) {
        self.logs[log].end += offsets;
    }

    fn push(&mut self, log: usize, payload: Bytes, (ordinal, sound): (u32, bool)) -> &Message {
        let identity = self.identities.end;
        self.identities.end += 1;
        let log = &mut self.logs[log];
        // A message that was split keeps its offset.
        let offset = if ordinal > 0 { log.end - 1 } else { log.end };
        log.end = offset + 1;
        let at = log.messages.len();
        log.messages.push(Message {
            offset,
            ordinal,
            identity,
            payload,
            sound,
            handed: 0,
            rejected: None,
        });
        &log.messages[at]
    }

    /// The messages at offsets `begin..end`; none: there are none.
    pub(crate) fn batch(&self, log: usize, begin: u64, end: u64) -> Option<Batch> {
        let log = &self.logs[log];
        let messages = &log.messages[log.indices(begin, end)];
        if messages.is_empty() {
            return None;
        }
        let mut data = BytesMut::new();
        let mut spans = Vec::with_capacity(messages.len() * 4);
        for message in messages {
            let start = data.len() as u32;
            data.extend_from_slice(&message.payload);
            let end = data.len() as u32;
            spans.extend([start, end, end, end]);
        }
        let split = messages.iter().any(|message| message.ordinal > 0);
        let ordinals = messages.iter().filter(|_| split).map(|message| message.ordinal);
        Some(Batch {
            origin: log.origin.clone(),
            begin,
            end,
            attempt: 0,
            isolate: false,
            format: self.format.clone(),
            data: data.freeze(),
            spans: Arc::new(spans),
            offsets: Arc::new(messages.iter().map(|message| message.offset).collect()),
            ordinals: Arc::new(ordinals.collect()),
        })
    }

    /// Columns of the messages at offsets `begin..end`.
    pub(crate) fn columns(&self, log: usize, batch: &Batch) -> Arc<dyn Columns> {
        let log = &self.logs[log];
        let since = self.made.duration_since(UNIX_EPOCH).unwrap_or_default();
        let micros = u64::try_from(since.as_micros()).unwrap_or(u64::MAX);
        let messages = log.places(batch).map(|at| &log.messages[at]);
        let (timestamps, ids) =
            messages.map(|message| (micros + message.offset, message.identity)).unzip();
        Arc::new(MessageColumns { timestamps, ids })
    }

    /// Books that the messages of `batch` were handed over.
    pub(crate) fn hand_over(&mut self, log: usize, batch: &Batch) {
        let log = &mut self.logs[log];
        for at in log.places(batch).collect::<Vec<_>>() {
            log.messages[at].handed += 1;
            log.messages[at].rejected = None;
        }
    }

    /// Books that a message of `batch` was rejected.
    pub(crate) fn reject(&mut self, log: usize, batch: &Batch, failure: &Failure) {
        let log = &mut self.logs[log];
        let at = log.places(batch).nth(failure.index as usize);
        if let Some(message) = at.and_then(|at| log.messages.get_mut(at)) {
            message.rejected = Some(format!("{}: {}", failure.code, failure.detail));
        }
    }

    /// Messages made from the template that were rejected, and why the first of them was.
    pub(crate) fn sound_rejected(&self) -> (u64, Option<&str>) {
        let messages = self.logs.iter().flat_map(|log| &log.messages);
        let reasons = messages.filter(|message| message.sound);
        let mut reasons = reasons.filter_map(|message| message.rejected.as_deref());
        let first = reasons.next();
        (first.map_or(0, |_| 1 + reasons.count() as u64), first)
    }

    /// Books that a real host may have handed over every message as often as it liked.
    pub(crate) fn hand_over_all(&mut self) {
        let messages = self.logs.iter_mut().flat_map(|log| &mut log.messages);
        messages.for_each(|message| message.handed = u64::MAX);
    }

    /// Whether this message was rejected.
    pub(crate) fn is_rejected(&self, identity: u64) -> bool {
        let mut messages = self.logs.iter().flat_map(|log| &log.messages);
        messages.any(|message| message.identity == identity && message.rejected.is_some())
    }

    /// Sound messages that were handed over and not rejected.
    fn expected(&self) -> impl Iterator<Item = &Message> {
        let messages = self.logs.iter().flat_map(|log| &log.messages);
        messages.filter(|message| message.sound && message.handed > 0 && message.rejected.is_none())
    }

    /// What can be counted without looking at the destination.
    pub(crate) fn count(&self, counts: &mut Counts) {
        counts.sent = self.identities.end - self.identities.start;
        let messages = self.logs.iter().flat_map(|log| &log.messages);
        counts.rejected = messages.filter(|message| message.rejected.is_some()).count() as u64;
    }

    /// Compares the destination with what should be there.
    pub(crate) fn compare(
        &self,
        observed: &[u64],
        exactly_once: bool,
        in_order: bool,
        counts: &mut Counts,
    ) {
        let mut copies: BTreeMap<u64, u64> = BTreeMap::new();
        for identity in observed.iter().filter(|identity| self.identities.contains(*identity)) {
            *copies.entry(*identity).or_default() += 1;
        }
        counts.observed = Some(copies.len() as u64);
        for message in self.expected() {
            let found = copies.get(&message.identity).copied().unwrap_or(0);
            let allowed = if exactly_once { 1 } else { message.handed };
            counts.missing += u64::from(found == 0);
            counts.doubled += found.saturating_sub(allowed);
            counts.repeated += found.min(allowed).saturating_sub(1);
        }
        if in_order {
            let logs = self.logs.iter();
            counts.out_of_order = Some(logs.map(|log| log.out_of_order(observed)).sum());
        }
    }
}

impl Log {
    /// The first offset after `offset` at which a batch may be cut.
    fn indices(&self, begin: u64, end: u64) -> Range<usize> {
        let at = |offset| self.messages.partition_point(|message| message.offset < offset);
        at(begin)..at(end)
    }

    /// Where the messages of `batch` are.
    fn places(&self, batch: &Batch) -> impl Iterator<Item = usize> + use<'_> {
        let ordinals = Arc::clone(&batch.ordinals);
        let offsets = Arc::clone(&batch.offsets);
        (0..offsets.len()).filter_map(move |index| {
            let key = (offsets[index], ordinals.get(index).copied().unwrap_or(0));
            self.messages
                .binary_search_by_key(&key, |message| (message.offset, message.ordinal))
                .ok()
        })
    }

    /// How far the destination has to say that it is: behind the last message below `durable` that
    /// was not rejected.
    pub(crate) fn committed(&self) -> Option<u64> {
        let durable = self.durable?;
        let messages = self.messages.iter().rev();
        let mut messages = messages.filter(|message| message.offset < durable);
        messages
            .find(|message| message.rejected.is_none() && message.handed > 0)
            .map(|it| it.offset + 1)
    }

    /// Messages whose first copy stands behind that of a later message. Offsets give the order.
    fn out_of_order(&self, observed: &[u64]) -> u64 {
        let ours: BTreeMap<u64, usize> =
            self.messages.iter().enumerate().map(|(at, message)| (message.identity, at)).collect();
        let mut seen = vec![false; self.messages.len()];
        let (mut latest, mut late) = (None, 0);
        for at in observed.iter().filter_map(|identity| ours.get(identity)) {
            if std::mem::replace(&mut seen[*at], true) {
                continue;
            }
            late += u64::from(latest.is_some_and(|latest| latest > *at));
            latest = latest.max(Some(*at));
        }
        late
    }
}

/// Facts about the messages in hand.
struct MessageColumns {
    timestamps: Vec<u64>,
    ids: Vec<u64>,
}

impl Columns for MessageColumns {
    fn column(&self, name: &str) -> Option<Vec<u64>> {
        match name {
            "timestamp" | "origin-timestamp" => Some(self.timestamps.clone()),
            "id-low" => Some(self.ids.clone()),
            "id-high" => Some(vec![0; self.ids.len()]),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topic(messages: u64) -> Topic {
        let mut topic = Topic::new(("s", "t"), Template::default(), Format::Json, 10);
        let log = topic.add_log(0, 0);
        topic.append(log, messages);
        topic
    }

    fn handed(topic: &mut Topic, begin: u64, end: u64) {
        let batch = topic.batch(0, begin, end).unwrap();
        topic.hand_over(0, &batch);
    }

    fn compare(topic: &Topic, observed: &[u64], exactly_once: bool) -> Counts {
        let mut counts = Counts::default();
        topic.compare(observed, exactly_once, true, &mut counts);
        counts
    }

    #[test]
    fn given_a_missing_message_should_count_it() {
        let mut topic = topic(3);
        handed(&mut topic, 0, 3);
        let counts = compare(&topic, &[10, 12], false);
        assert_eq!((counts.observed, counts.missing, counts.doubled), (Some(2), 1, 0));
    }

    #[test]
    fn given_a_copy_should_allow_it_only_for_what_was_handed_over_again() {
        let mut topic = topic(3);
        handed(&mut topic, 0, 3);
        handed(&mut topic, 0, 1);
        let counts = compare(&topic, &[10, 10, 11, 11, 12], false);
        assert_eq!((counts.repeated, counts.doubled), (1, 1));
        let counts = compare(&topic, &[10, 10, 11, 12], true);
        assert_eq!((counts.repeated, counts.doubled), (0, 1));
    }

    #[test]
    fn given_messages_of_others_should_not_count_them() {
        let mut topic = topic(2);
        handed(&mut topic, 0, 2);
        let counts = compare(&topic, &[9, 10, 11, 12], true);
        assert_eq!((counts.observed, counts.doubled, counts.missing), (Some(2), 0, 0));
    }

    #[test]
    fn given_a_rejected_message_should_not_miss_it() {
        let mut topic = topic(2);
        let batch = topic.batch(0, 0, 2).unwrap();
        topic.hand_over(0, &batch);
        let failure = Failure {
            index: 0,
            verdict: kennel_sandbox::Verdict::Reject,
            code: "bad".into(),
            detail: "why".into(),
        };
        topic.reject(0, &batch.select(&[1]), &failure);
        assert_eq!(topic.sound_rejected(), (1, Some("bad: why")));
        assert!(topic.is_rejected(11) && !topic.is_rejected(10));
        assert_eq!(compare(&topic, &[10], true).missing, 0);
    }

    #[test]
    fn given_a_late_message_should_count_it_and_overlook_repetitions() {
        let mut topic = topic(4);
        handed(&mut topic, 0, 4);
        assert_eq!(compare(&topic, &[10, 11, 10, 11, 12, 13], false).out_of_order, Some(0));
        assert_eq!(compare(&topic, &[10, 12, 11, 13], false).out_of_order, Some(1));
    }

    #[test]
    fn given_gaps_and_split_messages_should_keep_offsets_and_ordinals() {
        let mut topic = topic(1);
        topic.skip(0, 3);
        topic.append_split(0, 2);
        let batch = topic.batch(0, 0, topic.logs[0].end).unwrap();
        assert_eq!(*batch.offsets, [0, 4, 4]);
        assert_eq!(*batch.ordinals, [0, 0, 1]);
        assert_eq!((batch.begin, batch.end), (0, 5));
        assert!(topic.batch(0, 1, 4).is_none());
    }
}
