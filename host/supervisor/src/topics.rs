//! Topics that must exist before a connector can work.

use kennel_broker::{BrokerConfig, BrokerError, Connection, Target};

/// Partitions of every target, or which one is missing.
pub(crate) enum Found {
    All(Vec<u32>),
    Missing(Target),
}

/// Looks the targets up; creates those that are missing if `create` says with how many partitions.
pub(crate) async fn find(
    broker: &BrokerConfig,
    targets: &[Target],
    create: Option<u32>,
) -> Result<Found, BrokerError> {
    let connection = Connection::connect(broker).await?;
    let found = look(&connection, targets, create).await;
    connection.close().await;
    found
}

async fn look(
    connection: &Connection,
    targets: &[Target],
    create: Option<u32>,
) -> Result<Found, BrokerError> {
    let mut partitions = Vec::with_capacity(targets.len());
    for target in targets {
        if let Some(count) = create {
            connection.create_topic(&target.stream, &target.topic, count).await?;
        }
        match connection.topic(&target.stream, &target.topic).await? {
            Some(info) => partitions.push(info.partitions),
            None => return Ok(Found::Missing(target.clone())),
        }
    }
    Ok(Found::All(partitions))
}
