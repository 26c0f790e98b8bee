//! Letters on their way back, in batches that the broker confirms.

use kennel_broker::{BrokerError, OutgoingMessage, Partitioning, Target};
use kennel_pipeline::now_micros;
use kennel_state::LetterMark;

use super::mailbox::Mailbox;
use crate::command::selected::request_failure;
use crate::exit_code::Failure;
use crate::terminal::Terminal;

/// Most messages of a batch.
const BATCH_MESSAGES: usize = 500;
/// Most bytes of a batch; a larger message goes alone.
const BATCH_BYTES: usize = 4 << 20;

/// A message and the letter it was.
pub(super) struct Parcel {
    /// The letter's name among the marks.
    pub(super) name: String,
    pub(super) target: Target,
    pub(super) partition: u32,
    pub(super) message: OutgoingMessage,
}

/// Sends parcels in the order given.
pub(super) struct Resend<'a> {
    mailbox: &'a Mailbox,
    terminal: &'a Terminal,
    /// Of one partition.
    waiting: Vec<Parcel>,
    bytes: usize,
    sent: u64,
    total: u64,
}

impl<'a> Resend<'a> {
    pub(super) fn new(mailbox: &'a Mailbox, terminal: &'a Terminal, total: u64) -> Self {
        Self { mailbox, terminal, waiting: Vec::new(), bytes: 0, sent: 0, total }
    }

    pub(super) async fn add(&mut self, parcel: Parcel) -> Result<(), Failure> {
        let size = parcel.message.payload.len() + parcel.message.headers.len();
        let fits = self.waiting.first().is_none_or(|first| {
            first.target == parcel.target
                && first.partition == parcel.partition
                && self.waiting.len() < BATCH_MESSAGES
                && self.bytes + size <= BATCH_BYTES
        });
        if !fits {
            self.send().await?;
        }
        self.bytes += size;
        self.waiting.push(parcel);
        Ok(())
    }

    /// Sends what waits. Answers how many were confirmed in all.
    pub(super) async fn finish(mut self) -> Result<u64, Failure> {
        self.send().await?;
        Ok(self.sent)
    }

    async fn send(&mut self) -> Result<(), Failure> {
        let Some(first) = self.waiting.first() else { return Ok(()) };
        let (target, partition) = (first.target.clone(), first.partition);
        let parcels = std::mem::take(&mut self.waiting);
        self.bytes = 0;
        let messages = parcels.iter().map(|parcel| parcel.message.clone()).collect();
        let partitioning = Partitioning::Partition(partition);
        let sent = self.mailbox.connection.send(&target, partitioning, messages).await;
        sent.map_err(|error| self.failure(error))?;
        // Remembered only now: a letter that is sent twice is better than one that is not.
        let now = now_micros();
        let marks: Vec<_> = parcels
            .into_iter()
            .map(|parcel| {
                let mark = self.mailbox.mark(&parcel.name);
                (parcel.name, LetterMark { replayed: Some(now), ..mark })
            })
            .collect();
        self.mailbox.marks.put(&marks).map_err(Failure::running)?;
        self.sent += marks.len() as u64;
        let (done, total) = (self.sent, self.total);
        self.terminal.progress(&format!("{done} of {total} letters are in {target}/{partition}"));
        Ok(())
    }

    fn failure(&self, error: BrokerError) -> Failure {
        let (sent, total) = (self.sent, self.total);
        // Nobody knows whether a batch without an answer was appended.
        let doubt = match error.is_disconnected() {
            true => ", some of them perhaps for a second time",
            false => "",
        };
        request_failure(error).context(format!(
            "{sent} of {total} letters were replayed; the same command sends the others{doubt}"
        ))
    }
}
