//! What becomes of messages that failed.
//!
//! D1: the saved offset never passes a message that is neither delivered, filtered, dead-lettered
//! nor, where the operator said so, skipped. The lane calls [`Settler::settle`] with the failures
//! of a batch before it lets the offset pass.

use std::collections::VecDeque;
use std::sync::Arc;

use kennel_broker::BrokerConfig;
use kennel_sandbox::{Fault, Verdict};
use kennel_state::ConnectorState;

use crate::dead_letter::DeadLetters;
use crate::live::Identity;
use crate::stage::Stage;
use crate::{PipelineError, Stats};

/// Messages over which dead letters are counted against the budget.
const BUDGET_WINDOW: u64 = 1000;

/// What to do with a message that failed for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OnError {
    /// End the lane with the offset before the message.
    Stop,
    /// Count it and go on.
    Skip,
    /// Send it to another topic, then go on.
    DeadLetter(DeadLetterTopic),
}

/// Where dead letters go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetterTopic {
    /// Name of the stream.
    pub stream: String,
    /// Name of the topic. It is created with one partition when it is missing.
    pub topic: String,
}

/// How one connector settles failures.
#[derive(Debug, Clone)]
pub struct Settlement {
    /// What to do with a message that failed for good.
    pub on_error: OnError,
    /// How often a message with the verdict `retry` is tried.
    pub attempts: u32,
    /// Most dead letters among a thousand messages; one more stops the connector.
    pub dead_letter_budget: u32,
    /// Faults that no message could be blamed for, within ten minutes, before the connector fails.
    pub restarts: u32,
}

/// A message of the root batch that failed.
#[derive(Debug, Clone)]
pub(crate) struct Failed {
    pub(crate) root: u32,
    pub(crate) guest: Arc<Identity>,
    pub(crate) verdict: Verdict,
    pub(crate) code: String,
    pub(crate) detail: String,
    /// How often it was tried.
    pub(crate) attempts: u32,
    /// How the instance ended that touched it.
    pub(crate) fault: Option<Arc<Fault>>,
}

/// Settles the failures of root batches.
pub(crate) struct Settler {
    connector: String,
    settlement: Settlement,
    letters: Option<DeadLetters>,
    budget: Budget,
    stats: Arc<Stats>,
}

impl Settler {
    pub(crate) fn new(
        connector: &str,
        settlement: &Settlement,
        broker: &BrokerConfig,
        state: &ConnectorState,
        stats: Arc<Stats>,
    ) -> Self {
        let letters = match &settlement.on_error {
            OnError::DeadLetter(topic) => {
                Some(DeadLetters::new(connector, broker.clone(), topic, state.clone()))
            }
            OnError::Stop | OnError::Skip => None,
        };
        Self {
            connector: connector.to_owned(),
            budget: Budget::new(settlement.dead_letter_budget),
            settlement: settlement.clone(),
            letters,
            stats,
        }
    }

    /// Returns when every failure among `messages` messages is settled as configured.
    ///
    /// A broker that is down makes the lane end: its offset stays, and the batch comes again (D3).
    pub(crate) async fn settle(
        &mut self,
        root: &Stage,
        messages: usize,
        failed: &mut Vec<Failed>,
    ) -> Result<(), PipelineError> {
        failed.sort_by_key(|failed| failed.root);
        let Some(first) = failed.first().cloned() else {
            self.budget.count(messages as u64, 0);
            return Ok(());
        };
        let origin = root.batch.origin.to_string();
        let offset = root.batch.offsets[first.root as usize];
        tracing::warn!(
            connector = self.connector,
            count = failed.len(),
            "{origin}: message at offset {offset} failed in {}: {}: {}",
            first.guest.component,
            first.code,
            first.detail,
        );
        match (&self.settlement.on_error, &mut self.letters) {
            (OnError::Skip, _) => self.stats.skipped(failed.len() as u64),
            (OnError::DeadLetter(_), Some(letters)) => {
                let letters_among = self.budget.with(messages as u64, failed.len() as u64);
                if letters_among > u64::from(self.settlement.dead_letter_budget) {
                    return Err(PipelineError::DeadLetterBudget {
                        letters: letters_among,
                        budget: self.settlement.dead_letter_budget,
                        code: first.code,
                        detail: first.detail,
                    });
                }
                letters.send(root, failed).await?;
                self.budget.count(messages as u64, failed.len() as u64);
                self.stats.dead_lettered(failed.len() as u64);
            }
            (OnError::Stop, _) | (OnError::DeadLetter(_), None) => {
                return Err(PipelineError::Message {
                    origin,
                    offset,
                    component: first.guest.component.clone(),
                    code: first.code,
                    detail: first.detail,
                });
            }
        }
        failed.clear();
        Ok(())
    }
}

/// Counts dead letters over the last thousand messages, so that a topic is not drained into its dead
/// letters while nobody looks.
struct Budget {
    batches: VecDeque<(u64, u64)>,
    messages: u64,
    letters: u64,
    /// No budget is needed where everything may fail.
    unlimited: bool,
}

impl Budget {
    fn new(budget: u32) -> Self {
        let unlimited = u64::from(budget) >= BUDGET_WINDOW;
        Self { batches: VecDeque::new(), messages: 0, letters: 0, unlimited }
    }

    /// Letters of the window if a batch of `messages` with `letters` came.
    fn with(&self, messages: u64, letters: u64) -> u64 {
        match self.unlimited {
            true => 0,
            // A batch larger than the window is measured by its own share.
            false if messages > BUDGET_WINDOW => letters * BUDGET_WINDOW / messages,
            false => self.letters + letters,
        }
    }

    fn count(&mut self, messages: u64, letters: u64) {
        if self.unlimited {
            return;
        }
        self.batches.push_back((messages, letters));
        self.messages += messages;
        self.letters += letters;
        while let Some((messages, letters)) = self.batches.front().copied()
            && self.messages - messages >= BUDGET_WINDOW
        {
            self.messages -= messages;
            self.letters -= letters;
            self.batches.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_letters_of_long_ago_should_count_only_the_last_thousand_messages() {
        let mut budget = Budget::new(10);
        budget.count(500, 9);
        assert_eq!(budget.with(500, 2), 11);
        budget.count(500, 0);
        assert_eq!(budget.with(100, 1), 10);
        budget.count(500, 0);
        assert_eq!(budget.with(100, 1), 1, "the first five hundred are out of the window");
    }

    #[test]
    fn given_a_batch_larger_than_the_window_should_measure_its_share() {
        assert_eq!(Budget::new(10).with(10_000, 99), 9);
        assert_eq!(Budget::new(10).with(10_000, 110), 11);
        assert_eq!(Budget::new(1000).with(10, 10), 0);
    }
}
