//! What the supervisor runs for one connector.

use std::sync::Arc;

use kennel_broker::{BrokerConfig, StartPosition, Target};
use kennel_config::{Direction, OnError, PartitionBy, SinkStream, SourceStream, Start};
use kennel_pipeline::sink::{FlushLimit, SinkSpec};
use kennel_pipeline::source::SourceSpec;
use kennel_pipeline::{Guest, SINK_ROLE, SOURCE_ROLE, Settlement, transform_role};
use kennel_sandbox::capability::Services;
use kennel_sandbox::capability::context::Attributes;
use kennel_sandbox::capability::http::HttpClient;
use kennel_sandbox::capability::metrics::GuestMetrics;
use kennel_sandbox::{Component, Format, InstanceSpec};
use kennel_state::{ConnectorState, StateStore};
use kennel_supervisor::{ConnectorSpec, RestartPolicy, SinkTopic, SourceTopics, Work};

use super::Loaded;
use super::dead_letters::dead_letter_topic;
use super::grants::{sandbox_grants, sandbox_limits};
use super::state::GuestState;

/// What all connectors of a host share.
pub(crate) struct Wiring {
    pub(crate) broker: BrokerConfig,
    pub(crate) state: StateStore,
    pub(crate) http: HttpClient,
}

impl Wiring {
    /// The spec of one connector.
    pub(crate) fn connector(&self, loaded: &Loaded) -> (ConnectorSpec, ConnectorState) {
        let key = loaded.config.key.to_string();
        let state = self.state.connector(&key);
        let work = match &loaded.config.direction {
            Direction::Sink(streams) => {
                let topics = streams.iter().flat_map(|stream| {
                    stream.topics.iter().map(|topic| self.sink_topic(loaded, &state, stream, topic))
                });
                Work::Sink(topics.collect())
            }
            Direction::Source(stream) => {
                Work::Source(Box::new(self.source_topics(loaded, &state, stream)))
            }
        };
        let restart = RestartPolicy { restarts: loaded.config.delivery.restarts };
        (ConnectorSpec { key, broker: self.broker.clone(), work, restart }, state)
    }

    fn sink_topic(
        &self,
        loaded: &Loaded,
        state: &ConnectorState,
        stream: &SinkStream,
        topic: &str,
    ) -> SinkTopic {
        let flush = loaded.config.delivery.flush;
        let spec = SinkSpec {
            connector: loaded.config.key.to_string(),
            broker: self.broker.clone(),
            target: Target::new(stream.stream.as_str(), topic),
            group: stream.consumer_group.clone(),
            format: format(stream.format),
            batch_messages: stream.batch.messages,
            batch_bytes: stream.batch.bytes.as_usize() as u64,
            start: match stream.start {
                Start::Earliest => StartPosition::Earliest,
                Start::Latest => StartPosition::Latest,
                Start::Offset(offset) => StartPosition::Offset(offset),
                Start::Timestamp(micros) => StartPosition::Timestamp(micros),
            },
            poll_interval: stream.poll_interval,
            transforms: self.transforms(loaded, state),
            sink: self.guest(loaded, &loaded.component, state, SINK_ROLE),
            settlement: settlement(loaded, &stream.stream),
            flush: FlushLimit {
                messages: flush.messages,
                bytes: flush.bytes.as_usize() as u64,
                age: flush.age,
            },
        };
        let create = stream.create.map(|create| create.partitions);
        SinkTopic { spec, parallelism: stream.parallelism, create }
    }

    fn source_topics(
        &self,
        loaded: &Loaded,
        state: &ConnectorState,
        stream: &SourceStream,
    ) -> SourceTopics {
        let targets = stream.topics.iter();
        let spec = SourceSpec {
            connector: loaded.config.key.to_string(),
            broker: self.broker.clone(),
            targets: targets.map(|topic| Target::new(stream.stream.as_str(), topic)).collect(),
            partition_by: match stream.partition_by {
                PartitionBy::Balanced => kennel_pipeline::source::PartitionBy::Balanced,
                PartitionBy::Key => kennel_pipeline::source::PartitionBy::Key,
                PartitionBy::Partition(partition) => {
                    kennel_pipeline::source::PartitionBy::Partition(partition)
                }
            },
            batch_messages: stream.batch.messages,
            batch_bytes: stream.batch.bytes.as_usize() as u64,
            poll_interval: stream.poll_interval,
            transforms: self.transforms(loaded, state),
            source: self.guest(loaded, &loaded.component, state, SOURCE_ROLE),
            settlement: settlement(loaded, &stream.stream),
        };
        SourceTopics { spec, create: stream.create.map(|create| create.partitions) }
    }

    fn guest(
        &self,
        loaded: &Loaded,
        component: &Component,
        state: &ConnectorState,
        role: &str,
    ) -> Guest {
        let config = &loaded.config;
        let made =
            Made { grants: &config.grants, limits: &config.limits, config: config.config.value() };
        self.guest_of(loaded, component, made, (state, role.to_owned()))
    }

    fn transforms(&self, loaded: &Loaded, state: &ConnectorState) -> Vec<Guest> {
        let transforms = loaded.transforms.iter().zip(&loaded.config.transforms).enumerate();
        transforms
            .map(|(number, (component, config))| {
                let made = Made {
                    grants: &config.grants,
                    limits: &config.limits,
                    config: config.config.value(),
                };
                self.guest_of(loaded, component, made, (state, transform_role(number)))
            })
            .collect()
    }

    fn guest_of(
        &self,
        loaded: &Loaded,
        component: &Component,
        made: Made<'_>,
        (state, role): (&ConnectorState, String),
    ) -> Guest {
        let metrics = GuestMetrics::new(component.description().metrics.clone());
        let spec = InstanceSpec {
            grants: sandbox_grants(made.grants),
            services: Services {
                http: self.http.clone(),
                state: Some(Arc::new(GuestState { state: state.clone(), role })),
                metrics,
            },
            attributes: Attributes {
                connector: loaded.config.key.to_string(),
                lane: 0,
                deadline_ms: u64::try_from(made.limits.call_timeout.as_millis())
                    .unwrap_or(u64::MAX),
            },
            limits: sandbox_limits(made.limits),
            config: made.config.to_string(),
        };
        Guest { component: component.clone(), spec }
    }
}

/// What differs between the guests of one connector.
struct Made<'a> {
    grants: &'a kennel_config::Grants,
    limits: &'a kennel_config::Limits,
    config: &'a serde_json::Value,
}

fn settlement(loaded: &Loaded, stream: &str) -> Settlement {
    let delivery = &loaded.config.delivery;
    Settlement {
        on_error: match &delivery.on_error {
            OnError::Stop => kennel_pipeline::OnError::Stop,
            OnError::Skip => kennel_pipeline::OnError::Skip,
            OnError::DeadLetter(topic) => {
                kennel_pipeline::OnError::DeadLetter(dead_letter_topic(topic, stream))
            }
        },
        attempts: delivery.attempts,
        dead_letter_budget: delivery.dead_letter_budget,
        restarts: delivery.restarts,
    }
}

fn format(format: kennel_config::Format) -> Format {
    match format {
        kennel_config::Format::Raw => Format::Raw,
        kennel_config::Format::Text => Format::Text,
        kennel_config::Format::Json => Format::Json,
    }
}
