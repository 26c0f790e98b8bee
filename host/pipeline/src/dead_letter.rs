//! Dead letters: the original payload and headers, and beside them what happened.

use bytes::Bytes;
use kennel_broker::headers::{HeaderError, HeaderWriter, Kind};
use kennel_broker::{BrokerConfig, BrokerError, Connection, OutgoingMessage, Partitioning, Target};

use crate::settle::{DeadLetterTopic, Failed};
use crate::stage::Stage;

/// Sends dead letters on a connection of their own, opened when the first one is due.
pub(crate) struct DeadLetters {
    config: BrokerConfig,
    target: Target,
    connection: Option<Connection>,
}

impl DeadLetters {
    pub(crate) fn new(config: BrokerConfig, topic: &DeadLetterTopic) -> Self {
        let target = Target::new(topic.stream.clone(), topic.topic.clone());
        Self { config, target, connection: None }
    }

    /// D3: returns only after the broker has confirmed every letter.
    pub(crate) async fn send(
        &mut self,
        connector: &str,
        root: &Stage,
        failed: &[Failed],
    ) -> Result<(), BrokerError> {
        let letters = failed
            .iter()
            .map(|failed| letter(connector, root, failed))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| BrokerError::Configuration(format!("dead letter: {error}")))?;
        let connection = match self.connection.take().filter(Connection::is_alive) {
            Some(connection) => connection,
            None => {
                let connection = Connection::connect(&self.config).await?;
                connection.create_topic(&self.target.stream, &self.target.topic, 1).await?;
                connection
            }
        };
        connection.send(&self.target, Partitioning::Balanced, letters).await?;
        self.connection = Some(connection);
        Ok(())
    }
}

/// The envelope: small headers beside the original ones, because Iggy limits a value to 255 bytes.
fn letter(connector: &str, root: &Stage, failed: &Failed) -> Result<OutgoingMessage, HeaderError> {
    let index = failed.root as usize;
    let batch = &root.batch;
    let mut headers = HeaderWriter::after(&batch.headers(index));
    headers.text_cut("kennel.dlq.connector", connector)?;
    headers.text_cut("kennel.dlq.component", &failed.component)?;
    headers.text_cut("kennel.dlq.code", non_empty(&failed.code))?;
    headers.text_cut("kennel.dlq.detail", non_empty(&failed.detail))?;
    headers.field("kennel.dlq.attempts", Kind::U32, &failed.attempts.to_le_bytes())?;
    headers.text_cut("kennel.dlq.stream", &batch.origin.stream)?;
    headers.text_cut("kennel.dlq.topic", &batch.origin.topic)?;
    headers.field("kennel.dlq.partition", Kind::U32, &batch.origin.partition.to_le_bytes())?;
    headers.number("kennel.dlq.offset", batch.offsets[index])?;
    // A view of the whole polled buffer would keep it alive; a letter is rare and small.
    let payload = Bytes::copy_from_slice(&batch.payload(index));
    Ok(OutgoingMessage { id: 0, payload, headers: headers.finish() })
}

/// Iggy refuses empty header values.
fn non_empty(text: &str) -> &str {
    if text.is_empty() { "-" } else { text }
}
