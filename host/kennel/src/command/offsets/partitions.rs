//! The partitions that a sink reads.

use anyhow::anyhow;
use kennel_broker::{Connection, GroupOffset, Target};
use kennel_config::{Direction, SinkStream};
use kennel_sandbox::Origin;

use crate::cli::PartitionFilter;
use crate::command::selected::{Selected, request_failure};
use crate::exit_code::Failure;

/// One partition, as the broker has it.
pub(super) struct Partition {
    pub(super) target: Target,
    pub(super) group: String,
    /// When the topic was created, microseconds since 1970 UTC; the epoch counts seeks on from it.
    pub(super) created_at: u64,
    pub(super) at: GroupOffset,
}

impl Partition {
    /// Its name in the state.
    pub(super) fn place(&self) -> String {
        let origin = Origin {
            stream: self.target.stream.as_str().into(),
            topic: self.target.topic.as_str().into(),
            partition: self.at.partition,
            epoch: 0,
        };
        origin.keyspace()
    }
}

/// The partitions of a sink that are meant; never none.
///
/// # Errors
/// When the connector is a source, or none of its partitions is meant.
pub(super) async fn partitions(
    selected: &Selected,
    connection: &Connection,
    filter: &PartitionFilter,
) -> Result<Vec<Partition>, Failure> {
    let key = selected.key();
    let Direction::Sink(streams) = &selected.config.direction else {
        return Err(Failure::usage(anyhow!(
            "`{key}` is a source: it has a cursor instead of offsets; \
             `kennel state list --connector {key}` shows it, export, import and reset move it"
        )));
    };
    let topics = topics(streams);
    if let Some(wanted) = &filter.topic
        && !topics.iter().any(|(target, _)| target == wanted)
    {
        let names: Vec<_> = topics.iter().map(|(target, _)| target.to_string()).collect();
        return Err(Failure::usage(anyhow!(
            "{key} does not read `{wanted}`; it reads {}",
            names.join(", ")
        )));
    }
    let mut partitions = Vec::new();
    let mut missing = None;
    for (target, group) in topics {
        if filter.topic.as_ref().is_some_and(|wanted| *wanted != target) {
            continue;
        }
        let info =
            connection.topic(&target.stream, &target.topic).await.map_err(request_failure)?;
        let offsets = connection.group_offsets(&target, group).await.map_err(request_failure)?;
        let (Some(info), Some(offsets)) = (info, offsets) else {
            missing = Some(target);
            continue;
        };
        let meant = |at: &GroupOffset| filter.partition.is_none_or(|wanted| wanted == at.partition);
        partitions.extend(offsets.into_iter().filter(meant).map(|at| Partition {
            target: target.clone(),
            group: group.to_owned(),
            created_at: info.created_at,
            at,
        }));
    }
    if !partitions.is_empty() {
        return Ok(partitions);
    }
    Err(match (missing, filter.partition) {
        (Some(target), _) => Failure::running(anyhow!("topic `{target}` does not exist yet")),
        (None, Some(wanted)) => {
            Failure::usage(anyhow!("no topic that {key} reads has a partition {wanted}"))
        }
        (None, None) => Failure::running(anyhow!("the topics of {key} have no partitions")),
    })
}

/// Topics with the consumer groups that read them.
fn topics(streams: &[SinkStream]) -> Vec<(Target, &str)> {
    let mut topics = Vec::new();
    for stream in streams {
        for topic in &stream.topics {
            let target = Target::new(stream.stream.as_str(), topic.as_str());
            topics.push((target, stream.consumer_group.as_str()));
        }
    }
    topics
}
