//! Where a connector's dead letters go.

use kennel_broker::Target;
use kennel_config::{ConnectorConfig, Direction, OnError};
use kennel_pipeline::DeadLetterTopic;

/// The topic for messages of `stream`, in that stream unless another is named.
pub(super) fn dead_letter_topic(
    topic: &kennel_config::DeadLetterTopic,
    stream: &str,
) -> DeadLetterTopic {
    DeadLetterTopic {
        stream: topic.stream.clone().unwrap_or_else(|| stream.to_owned()),
        topic: topic.topic.clone(),
    }
}

/// The topics of all letters of a connector, each once; none if it does not dead-letter.
pub(crate) fn dead_letter_targets(connector: &ConnectorConfig) -> Vec<Target> {
    let OnError::DeadLetter(topic) = &connector.delivery.on_error else { return Vec::new() };
    let streams: Vec<&str> = match &connector.direction {
        Direction::Sink(streams) => streams.iter().map(|stream| stream.stream.as_str()).collect(),
        Direction::Source(stream) => vec![stream.stream.as_str()],
    };
    let mut targets: Vec<Target> = streams
        .into_iter()
        .map(|stream| dead_letter_topic(topic, stream))
        .map(|topic| Target::new(topic.stream, topic.topic))
        .collect();
    targets.sort();
    targets.dedup();
    targets
}
