//! Dead letters: the original payload and headers, and beside them what happened.

mod letter;
mod record;

use bytes::Bytes;
use kennel_broker::headers::{HeaderError, HeaderWriter, Kind};
use kennel_broker::{BrokerConfig, BrokerError, Connection, OutgoingMessage, Partitioning, Target};
use kennel_state::ConnectorState;

use crate::PipelineError;
use crate::checkpoint::keep_records;
use crate::fail_point::fail_point;
use crate::settle::{DeadLetterTopic, Failed};
use crate::stage::Stage;

use letter::name;
pub use letter::{Letter, original_headers};
pub use record::{DeadLetterRecord, Spilled, now_micros};

/// Sends dead letters on a connection of their own, opened when the first one is due.
pub(crate) struct DeadLetters {
    connector: String,
    config: BrokerConfig,
    target: Target,
    connection: Option<Connection>,
    state: ConnectorState,
}

impl DeadLetters {
    pub(crate) fn new(
        connector: &str,
        config: BrokerConfig,
        topic: &DeadLetterTopic,
        state: ConnectorState,
    ) -> Self {
        let target = Target::new(topic.stream.clone(), topic.topic.clone());
        Self { connector: connector.to_owned(), config, target, connection: None, state }
    }

    /// D3: returns only after the broker has confirmed every letter. What it refuses is kept in the
    /// host's own records, and the error stops the partition.
    pub(crate) async fn send(
        &mut self,
        root: &Stage,
        failed: &[Failed],
    ) -> Result<(), PipelineError> {
        let mut records: Vec<(String, DeadLetterRecord)> = failed
            .iter()
            .map(|failed| {
                (record_id(&self.connector, root, failed), DeadLetterRecord::of(root, failed))
            })
            .collect();
        // What does not fit into headers is there before the letter is: a letter points to it.
        keep_records(&self.state, encode(&records)).await?;
        let ids = MessageIds::of(root);
        let letters = failed
            .iter()
            .zip(&records)
            .map(|(failed, (id, _))| letter(&self.connector, (id, &ids), root, failed))
            .collect::<Result<Vec<_>, _>>();
        let sent = match letters {
            Ok(letters) => self.send_all(letters).await,
            Err(error) => Err(BrokerError::Configuration(format!("dead letter: {error}"))),
        };
        fail_point("during_dead_letter");
        let Err(error) = sent else { return Ok(()) };
        if !is_refusal(&error) {
            return Err(error.into());
        }
        for ((_, record), failed) in records.iter_mut().zip(failed) {
            record.spill(root, failed);
        }
        keep_records(&self.state, encode(&records)).await?;
        let record = records.first().map(|(id, _)| id.clone()).unwrap_or_default();
        Err(PipelineError::DeadLetterRefused {
            topic: self.target.to_string(),
            record,
            source: error,
        })
    }

    async fn send_all(&mut self, letters: Vec<OutgoingMessage>) -> Result<(), BrokerError> {
        let connection = match self.connection.take().filter(Connection::is_alive) {
            Some(connection) => connection,
            None => {
                let connection = Connection::connect(&self.config).await?;
                connection.create_topic(&self.target.stream, &self.target.topic, 1).await?;
                connection
            }
        };
        let sent = connection.send(&self.target, Partitioning::Balanced, letters.clone()).await;
        if let Err(BrokerError::NotFound { .. }) = sent {
            // It was there when the connection was made; somebody has deleted it since.
            connection.create_topic(&self.target.stream, &self.target.topic, 1).await?;
            connection.send(&self.target, Partitioning::Balanced, letters).await?;
        } else {
            sent?;
        }
        self.connection = Some(connection);
        Ok(())
    }
}

/// Whether asking again would give the same answer.
fn is_refusal(error: &BrokerError) -> bool {
    matches!(
        error,
        BrokerError::TooLarge { .. }
            | BrokerError::Configuration(_)
            | BrokerError::NotFound { .. }
            | BrokerError::Refused { .. }
            | BrokerError::Unauthorized { .. }
    )
}

fn encode(records: &[(String, DeadLetterRecord)]) -> Vec<(String, Vec<u8>)> {
    records.iter().map(|(id, record)| (id.clone(), record.to_json())).collect()
}

/// The same for every repetition of a letter, and short enough for a header.
fn record_id(connector: &str, root: &Stage, failed: &Failed) -> String {
    let batch = &root.batch;
    let offset = batch.offsets[failed.root as usize];
    let name = format!("{connector}\0{}\0{}\0{offset}\0", batch.origin, batch.origin.epoch);
    // Sources number their messages anew with every start.
    let payload = batch.payload(failed.root as usize);
    record::short_digest(&[name.as_bytes(), &payload].concat())
}

/// The ids that the messages of a polled batch have in Iggy.
struct MessageIds {
    low: Vec<u64>,
    high: Vec<u64>,
}

impl MessageIds {
    fn of(root: &Stage) -> Self {
        let columns = root.columns();
        let column = |name| columns.as_ref().and_then(|it| it.column(name)).unwrap_or_default();
        Self { low: column("id-low"), high: column("id-high") }
    }

    /// `None` for a message without an id.
    fn get(&self, index: usize) -> Option<u128> {
        let (low, high) = (self.low.get(index)?, self.high.get(index)?);
        Some(u128::from(*high) << 64 | u128::from(*low)).filter(|id| *id != 0)
    }
}

/// The envelope: small headers beside the original ones, because Iggy limits a value to 255 bytes.
fn letter(
    connector: &str,
    (record, ids): (&str, &MessageIds),
    root: &Stage,
    failed: &Failed,
) -> Result<OutgoingMessage, HeaderError> {
    let index = failed.root as usize;
    let batch = &root.batch;
    let mut headers = HeaderWriter::after(&batch.headers(index));
    headers.text_cut(name::CONNECTOR, connector)?;
    headers.text_cut(name::COMPONENT, &failed.guest.component)?;
    headers.text_cut(name::DIGEST, &failed.guest.digest)?;
    headers.text_cut(name::STAGE, &failed.guest.role)?;
    headers.text_cut(name::CODE, non_empty(&failed.code))?;
    headers.text_cut(name::DETAIL, non_empty(&failed.detail))?;
    headers.field(name::ATTEMPTS, Kind::U32, &failed.attempts.to_le_bytes())?;
    headers.number(name::TIME, now_micros())?;
    headers.text_cut(name::STREAM, &batch.origin.stream)?;
    headers.text_cut(name::TOPIC, &batch.origin.topic)?;
    headers.field(name::PARTITION, Kind::U32, &batch.origin.partition.to_le_bytes())?;
    headers.number(name::OFFSET, batch.offsets[index])?;
    if let Some(id) = ids.get(index) {
        headers.text_cut(name::MESSAGE_ID, &format!("{id:032x}"))?;
    }
    headers.text_cut(name::RECORD, record)?;
    // A view of the whole polled buffer would keep it alive; a letter is rare and small.
    let payload = Bytes::copy_from_slice(&batch.payload(index));
    Ok(OutgoingMessage { id: 0, payload, headers: headers.finish() })
}

/// Iggy refuses empty header values.
fn non_empty(text: &str) -> &str {
    if text.is_empty() { "-" } else { text }
}

#[cfg(test)]
mod fuzz;
