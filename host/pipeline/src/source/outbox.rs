//! Messages of a source on their way to the broker.

use std::collections::HashMap;

use kennel_broker::{BrokerError, Connection, OutgoingMessage, Partitioning};
use tokio_util::sync::CancellationToken;

use super::{PartitionBy, SourceSpec, pause};
use crate::stage::Stage;
use crate::{Backoff, PipelineError, Stats};

/// A connection that is made when it is needed, and made again when it broke.
pub(super) struct Outbox {
    connection: Option<Connection>,
}

/// Messages for one partition of one topic, in the order in which they were made.
struct Group {
    route: u32,
    partitioning: Partitioning,
    messages: Vec<OutgoingMessage>,
}

impl Outbox {
    pub(super) fn new() -> Self {
        Self { connection: None }
    }

    /// Sends until the broker has confirmed everything; false: stopped before that.
    pub(super) async fn send(
        &mut self,
        spec: &SourceSpec,
        stage: &Stage,
        ids: &[u128],
        (stats, stop): (&Stats, &CancellationToken),
    ) -> Result<bool, PipelineError> {
        let mut backoff = Backoff::default();
        let mut groups: Option<Vec<Group>> = None;
        loop {
            let sent = self.try_send(spec, (stage, ids), &mut groups).await;
            let Err(error) = sent else { return Ok(true) };
            if error.is_disconnected() {
                self.connection = None;
            }
            if matches!(error, BrokerError::TooLarge { .. } | BrokerError::Configuration(_)) {
                return Err(error.into());
            }
            stats.retried();
            let wait = backoff.next_wait(None);
            tracing::warn!(
                connector = spec.connector,
                "cannot send: {error}; next try in {wait:.1?}"
            );
            pause(stop, wait).await;
            if stop.is_cancelled() {
                return Ok(false);
            }
        }
    }

    /// Sends what `groups` holds, and takes out what the broker has confirmed: it is not sent again
    /// after a broken connection.
    async fn try_send(
        &mut self,
        spec: &SourceSpec,
        (stage, ids): (&Stage, &[u128]),
        groups: &mut Option<Vec<Group>>,
    ) -> Result<(), BrokerError> {
        if !self.connection.as_ref().is_some_and(Connection::is_alive) {
            self.connection = Some(Connection::connect(&spec.broker).await?);
        }
        let connection = self.connection.as_ref().ok_or_else(|| {
            BrokerError::Protocol("the connection went away while it was made".into())
        })?;
        let groups = match groups {
            Some(groups) => groups,
            None => groups.insert(group(connection, spec, stage, ids).await?),
        };
        // From the end; they were put there in reverse.
        while let Some(group) = groups.last() {
            let target = &spec.targets[group.route as usize];
            let partitioning = group.partitioning.clone();
            connection.send(target, partitioning, group.messages.clone()).await?;
            groups.pop();
        }
        Ok(())
    }
}

/// One send per topic and partition, however many keys there are. Payloads and headers are views into
/// the stage's buffer.
async fn group(
    connection: &Connection,
    spec: &SourceSpec,
    stage: &Stage,
    ids: &[u128],
) -> Result<Vec<Group>, BrokerError> {
    let mut groups: Vec<Group> = Vec::new();
    let mut known: HashMap<(u32, Option<u32>), usize> = HashMap::new();
    for index in 0..stage.batch.len() {
        let route = stage.routes.get(index).copied().unwrap_or(0);
        let key = stage.keys.get(index).filter(|key| !key.is_empty());
        let partition = match (spec.partition_by, key) {
            (PartitionBy::Partition(partition), _) => Some(partition),
            (PartitionBy::Key, Some(key)) => {
                let target = &spec.targets[route as usize];
                Some(connection.partition(target, &Partitioning::Key(key.clone())).await?)
            }
            (PartitionBy::Key | PartitionBy::Balanced, _) => None,
        };
        let group = *known.entry((route, partition)).or_insert_with(|| {
            let partitioning = partition.map_or(Partitioning::Balanced, Partitioning::Partition);
            groups.push(Group { route, partitioning, messages: Vec::new() });
            groups.len() - 1
        });
        // An id names one input; a message made of it alone may carry it.
        let root = stage.lineage.of(index as u32);
        let id = match stage.batch.ordinals.get(index).copied().unwrap_or(0) {
            0 => ids.get(root.first() as usize).copied().unwrap_or(0),
            _ => 0,
        };
        groups[group].messages.push(OutgoingMessage {
            id,
            payload: stage.batch.payload(index),
            headers: stage.batch.headers(index),
        });
    }
    groups.reverse();
    Ok(groups)
}
