//! A batch between two guests, and where each of its messages came from.
//!
//! The bytes a transform kept are gathered with those it made into one new buffer, so that the next
//! guest never sees what an earlier stage removed. Where nothing was removed or nothing was kept
//! there is nothing to gather, and the buffer is passed on as it is.

use std::sync::Arc;

use bytes::Bytes;
use kennel_broker::{ColumnName, PolledBatch};
use kennel_sandbox::capability::context::Columns;
use kennel_sandbox::{Batch, Format, Messages, Origin, Transformed};

/// For each message of a stage, the messages of the batch as it was polled that it was made of.
#[derive(Debug, Clone)]
pub(crate) enum Lineage {
    /// Every message is itself.
    Same,
    /// Message `j` was made of `inputs[ends[j - 1]..ends[j]]`.
    Made { inputs: Vec<u32>, ends: Vec<u32> },
}

impl Lineage {
    /// The messages that message `index` was made of, ascending.
    pub(crate) fn of(&self, index: u32) -> LineageOf<'_> {
        match self {
            Self::Same => LineageOf::Same(index),
            Self::Made { inputs, ends } => {
                let index = index as usize;
                let start = if index == 0 { 0 } else { ends[index - 1] as usize };
                LineageOf::Made(&inputs[start..ends[index] as usize])
            }
        }
    }

    fn then(&self, made: &Transformed) -> Self {
        let (mut inputs, mut ends) =
            (Vec::with_capacity(made.len()), Vec::with_capacity(made.len()));
        for output in 0..made.len() {
            for input in made.inputs(output) {
                match self.of(*input) {
                    LineageOf::Same(root) => inputs.push(root),
                    LineageOf::Made(roots) => inputs.extend_from_slice(roots),
                }
            }
            ends.push(inputs.len() as u32);
        }
        Self::Made { inputs, ends }
    }
}

/// See [`Lineage::of`].
pub(crate) enum LineageOf<'a> {
    Same(u32),
    Made(&'a [u32]),
}

impl LineageOf<'_> {
    pub(crate) fn first(&self) -> u32 {
        match self {
            Self::Same(index) => *index,
            Self::Made(roots) => roots.first().copied().unwrap_or(0),
        }
    }

    pub(crate) fn for_each(&self, mut visit: impl FnMut(u32)) {
        match self {
            Self::Same(index) => visit(*index),
            Self::Made(roots) => roots.iter().copied().for_each(visit),
        }
    }
}

/// A batch on its way.
#[derive(Clone)]
pub(crate) struct Stage {
    pub(crate) batch: Batch,
    pub(crate) lineage: Lineage,
    /// Partition keys, one per message, or empty.
    pub(crate) keys: Vec<Bytes>,
    /// Output topics, one per message, or empty: all 0.
    pub(crate) routes: Vec<u32>,
    root: Option<Arc<Polled>>,
}

/// What is left of a poll for the columns that few guests ask for.
struct Polled {
    data: Bytes,
    offsets: Arc<Vec<u64>>,
}

impl Stage {
    /// The stage of a batch as it was polled. `begin` is the offset it accounts from.
    pub(crate) fn polled(polled: PolledBatch, origin: Origin, format: Format, begin: u64) -> Self {
        let end = polled.next_offset().unwrap_or(begin);
        let offsets = Arc::new(polled.offsets);
        let root = Polled { data: polled.data.clone(), offsets: Arc::clone(&offsets) };
        let batch = Batch {
            origin,
            begin,
            end,
            attempt: 0,
            isolate: false,
            format,
            data: polled.data,
            spans: Arc::new(polled.spans),
            offsets,
            ordinals: Arc::default(),
        };
        Self {
            batch,
            lineage: Lineage::Same,
            keys: Vec::new(),
            routes: Vec::new(),
            root: Some(Arc::new(root)),
        }
    }

    /// The stage of messages that a source made. They are numbered from `begin`.
    pub(crate) fn produced(messages: Messages, origin: Origin, begin: u64) -> Self {
        let end = begin + messages.len() as u64;
        let keys = slices(&messages.data, &messages.keys);
        let batch = Batch {
            origin,
            begin,
            end,
            attempt: 0,
            isolate: false,
            format: messages.format,
            data: messages.data,
            spans: messages.spans,
            offsets: Arc::new((begin..end).collect()),
            ordinals: Arc::default(),
        };
        Self { batch, lineage: Lineage::Same, keys, routes: messages.routes, root: None }
    }

    /// The root messages at `indices` (ascending) as a stage of their own, which accounts for `begin` to
    /// `end`. Only of a stage that no transform has touched.
    pub(crate) fn part(&self, indices: &[u32], begin: u64, end: u64) -> Self {
        let batch = Batch { begin, end, ..self.batch.select(indices) };
        let ends = (1..=indices.len() as u32).collect();
        let lineage = Lineage::Made { inputs: indices.to_vec(), ends };
        let (keys, routes) = (self.keys.clone(), self.routes.clone());
        Self { batch, lineage, keys, routes, root: self.root.clone() }
    }

    /// The root messages that message `index` was made of; none if there is no such message.
    pub(crate) fn roots_of(&self, index: u32) -> Vec<u32> {
        let mut roots = Vec::new();
        if (index as usize) < self.batch.len() {
            self.lineage.of(index).for_each(|root| roots.push(root));
        }
        roots
    }

    /// Columns for the interface `context`.
    pub(crate) fn columns(&self) -> Option<Arc<dyn Columns>> {
        let root = Arc::clone(self.root.as_ref()?);
        Some(Arc::new(StageColumns { root, lineage: self.lineage.clone() }))
    }

    /// The stage after a transform.
    pub(crate) fn transformed(self, made: Transformed) -> Self {
        let lineage = self.lineage.then(&made);
        let same = (0..made.len()).all(|output| {
            !made.has_payload(output)
                && !made.has_headers(output)
                && made.inputs(output) == [output as u32]
        });
        let keys = match made.messages().keys.as_slice() {
            [] if self.keys.is_empty() => Vec::new(),
            [] => first_inputs(&made).map(|input| self.keys[input].clone()).collect(),
            keys => slices(&made.messages().data, keys),
        };
        let routes = match made.messages().routes.as_slice() {
            [] if self.routes.is_empty() => Vec::new(),
            [] => first_inputs(&made).map(|input| self.routes[input]).collect(),
            routes => routes.to_vec(),
        };
        let format = made.messages().format.clone();
        let batch = if same && made.len() == self.batch.len() {
            Batch { format, ..self.batch }
        } else {
            let offsets: Vec<u64> =
                first_inputs(&made).map(|input| self.batch.offsets[input]).collect();
            let ordinals = Arc::new(ordinals(&offsets));
            let (data, spans) = gather(&self.batch, &made);
            Batch { format, data, spans, offsets: Arc::new(offsets), ordinals, ..self.batch }
        };
        Self { batch, lineage, keys, routes, root: self.root }
    }
}

fn first_inputs(made: &Transformed) -> impl Iterator<Item = usize> + '_ {
    (0..made.len()).map(|output| made.inputs(output)[0] as usize)
}

fn slices(data: &Bytes, spans: &[u32]) -> Vec<Bytes> {
    spans.chunks_exact(2).map(|span| data.slice(span[0] as usize..span[1] as usize)).collect()
}

/// 0, 1, 2 … for messages of one offset; empty when no offset repeats.
fn ordinals(offsets: &[u64]) -> Vec<u32> {
    if offsets.is_sorted_by(|left, right| left < right) {
        return Vec::new();
    }
    let mut ordinals = Vec::with_capacity(offsets.len());
    for (index, offset) in offsets.iter().enumerate() {
        let repeats = index > 0 && offsets[index - 1] == *offset;
        ordinals.push(if repeats { ordinals[index - 1] + 1 } else { 0 });
    }
    ordinals
}

/// One buffer with kept and made parts, and the spans into it.
fn gather(input: &Batch, made: &Transformed) -> (Bytes, Arc<Vec<u32>>) {
    let messages = made.messages();
    let nothing_kept = (0..made.len()).all(|output| {
        let first = made.inputs(output)[0] as usize;
        let headers = &input.spans[first * 4 + 2..first * 4 + 4];
        made.has_payload(output) && (made.has_headers(output) || headers[0] == headers[1])
    });
    if nothing_kept {
        return (messages.data.clone(), Arc::clone(&messages.spans));
    }
    let mut data = Vec::with_capacity(messages.data.len() + input.data.len());
    let mut spans = Vec::with_capacity(made.len() * 4);
    for output in 0..made.len() {
        let kept = made.inputs(output)[0] as usize * 4;
        for (part, own) in [(0, made.has_payload(output)), (2, made.has_headers(output))] {
            let (bytes, at) = match own {
                true => (&messages.data, &messages.spans[output * 4 + part..]),
                false => (&input.data, &input.spans[kept + part..]),
            };
            spans.push(data.len() as u32);
            data.extend_from_slice(&bytes[at[0] as usize..at[1] as usize]);
            spans.push(data.len() as u32);
        }
    }
    (data.into(), Arc::new(spans))
}

struct StageColumns {
    root: Arc<Polled>,
    lineage: Lineage,
}

impl Columns for StageColumns {
    fn column(&self, name: &str) -> Option<Vec<u64>> {
        let name = match name {
            "timestamp" => ColumnName::Timestamp,
            "origin-timestamp" => ColumnName::OriginTimestamp,
            "id-low" => ColumnName::IdLow,
            "id-high" => ColumnName::IdHigh,
            "checksum" => ColumnName::Checksum,
            _ => return None,
        };
        let polled = PolledBatch {
            data: self.root.data.clone(),
            spans: Vec::new(),
            offsets: self.root.offsets.to_vec(),
            current_offset: 0,
        };
        let column = polled.column(name);
        match &self.lineage {
            Lineage::Same => Some(column),
            Lineage::Made { ends, .. } => {
                let firsts = (0..ends.len()).map(|index| self.lineage.of(index as u32).first());
                firsts.map(|root| column.get(root as usize).copied()).collect()
            }
        }
    }
}
