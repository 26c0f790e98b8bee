//! What becomes of messages that failed.
//!
//! D1: the saved offset never passes a message that is neither delivered, filtered, dead-lettered
//! nor, where the operator said so, skipped. The lane calls [`Settlement::settle`] with the failures
//! of a batch before it lets the offset pass.

use std::sync::Arc;

use kennel_broker::BrokerConfig;
use kennel_sandbox::Verdict;

use crate::dead_letter::DeadLetters;
use crate::stage::Stage;
use crate::{PipelineError, Stats};

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
}

/// A message of the root batch that failed.
#[derive(Debug, Clone)]
pub(crate) struct Failed {
    pub(crate) root: u32,
    pub(crate) component: Arc<str>,
    pub(crate) verdict: Verdict,
    pub(crate) code: String,
    pub(crate) detail: String,
    /// How often it was tried.
    pub(crate) attempts: u32,
}

/// Settles the failures of one root batch.
pub(crate) struct Settler {
    connector: String,
    settlement: Settlement,
    letters: Option<DeadLetters>,
    stats: Arc<Stats>,
}

impl Settler {
    pub(crate) fn new(
        connector: &str,
        settlement: &Settlement,
        broker: &BrokerConfig,
        stats: Arc<Stats>,
    ) -> Self {
        let letters = match &settlement.on_error {
            OnError::DeadLetter(topic) => Some(DeadLetters::new(broker.clone(), topic)),
            OnError::Stop | OnError::Skip => None,
        };
        Self { connector: connector.to_owned(), settlement: settlement.clone(), letters, stats }
    }

    /// Returns when every failure is settled as configured.
    ///
    /// A broker that is down makes the lane end: its offset stays, and the batch comes again (D3).
    pub(crate) async fn settle(
        &mut self,
        root: &Stage,
        failed: &mut Vec<Failed>,
    ) -> Result<(), PipelineError> {
        failed.sort_by_key(|failed| failed.root);
        let Some(first) = failed.first().cloned() else { return Ok(()) };
        let origin = root.batch.origin.to_string();
        let offset = root.batch.offsets[first.root as usize];
        tracing::warn!(
            connector = self.connector,
            count = failed.len(),
            "{origin}: message at offset {offset} failed in {}: {}: {}",
            first.component,
            first.code,
            first.detail,
        );
        match (&self.settlement.on_error, &mut self.letters) {
            (OnError::Skip, _) => self.stats.skipped(failed.len() as u64),
            (OnError::DeadLetter(_), Some(letters)) => {
                letters.send(&self.connector, root, failed).await?;
                self.stats.dead_lettered(failed.len() as u64);
            }
            (OnError::Stop, _) | (OnError::DeadLetter(_), None) => {
                return Err(PipelineError::Message {
                    origin,
                    offset,
                    component: first.component.to_string(),
                    code: first.code.clone(),
                    detail: first.detail.clone(),
                });
            }
        }
        failed.clear();
        Ok(())
    }
}
