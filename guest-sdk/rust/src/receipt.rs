//! What a sink answers to a batch.

use std::fmt;

use crate::glue::sink::exports::kennel::connector::sink as wit;
use crate::glue::types::{Failure, Verdict};
use crate::{Batch, Malformed, Message};

/// How far a sink came with a batch.
#[derive(Clone, Debug)]
#[must_use]
pub struct Receipt {
    handled: u32,
    held: bool,
    failed: Vec<Failure>,
}

impl Receipt {
    /// All messages are durable at the destination, except those that are rejected or retried below.
    pub fn delivered(batch: &Batch) -> Self {
        Self::partial(batch.len(), false)
    }

    /// All messages are taken, and become durable with the next `flush`.
    pub fn held(batch: &Batch) -> Self {
        Self::partial(batch.len(), true)
    }

    /// Only messages `0..handled` were dealt with; the rest was not touched and comes again.
    pub fn partial(handled: usize, held: bool) -> Self {
        Self { handled: u32::try_from(handled).unwrap_or(u32::MAX), held, failed: Vec::new() }
    }

    /// This message will never succeed: it becomes a dead letter. `code` is short and stable (a metric's label).
    pub fn reject(&mut self, message: &Message<'_>, code: &str, detail: impl fmt::Display) {
        self.fail(message.index(), Verdict::Reject, code, detail.to_string());
    }

    /// As [`Receipt::reject`], for a payload that could not be read.
    pub fn reject_malformed(&mut self, message: &Message<'_>, malformed: Malformed) {
        self.fail(message.index(), Verdict::Reject, malformed.code, malformed.detail);
    }

    /// This message may succeed later. Others overtake it, so it is only for components with `ordered = false`.
    pub fn retry(&mut self, message: &Message<'_>, code: &str, detail: impl fmt::Display) {
        self.fail(message.index(), Verdict::Retry, code, detail.to_string());
    }

    /// Number of messages that failed.
    #[must_use]
    pub fn failures(&self) -> usize {
        self.failed.len()
    }

    /// How many messages were dealt with, failed ones among them.
    #[must_use]
    pub fn handled(&self) -> u32 {
        self.handled
    }

    /// Whether the messages become durable only with the next `flush`.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.held
    }

    /// Index, verdict, code and detail of each failed message, ascending.
    pub fn failed(&self) -> impl Iterator<Item = (u32, Verdict, &str, &str)> {
        self.failed.iter().map(|failure| {
            (failure.index, failure.verdict, failure.code.as_str(), failure.detail.as_str())
        })
    }

    fn fail(&mut self, index: u32, verdict: Verdict, code: &str, detail: String) {
        insert_failure(&mut self.failed, Failure { index, verdict, code: code.to_owned(), detail });
    }
}

/// Keeps failures ascending, one per message: the last word about a message counts.
pub(crate) fn insert_failure(failed: &mut Vec<Failure>, failure: Failure) {
    let at = failed.partition_point(|other| other.index < failure.index);
    match failed.get_mut(at) {
        Some(other) if other.index == failure.index => *other = failure,
        _ => failed.insert(at, failure),
    }
}

impl From<Receipt> for wit::Receipt {
    fn from(receipt: Receipt) -> Self {
        Self { handled: receipt.handled, failed: receipt.failed, held: receipt.held }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::BatchBuilder;

    #[test]
    fn given_failures_out_of_order_should_answer_them_ascending_and_once() {
        let batch = BatchBuilder::text(["a", "b", "c"]).build();
        let mut receipt = Receipt::delivered(&batch);
        for index in [2, 0, 2] {
            let message = batch.get(index).expect("message");
            receipt.reject(&message, "late", index);
        }
        let receipt = wit::Receipt::from(receipt);
        let indices: Vec<_> = receipt.failed.iter().map(|failure| failure.index).collect();
        assert_eq!((receipt.handled, receipt.held, indices), (3, false, vec![0, 2]));
    }
}
