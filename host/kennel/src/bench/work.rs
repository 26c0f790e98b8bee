//! What one row of the benchmark does.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use kennel_broker::{
    BrokerConfig, Connection, OfficialClient, OutgoingMessage, Partitioning, StartPosition, Target,
};
use kennel_pipeline::sink::{FlushLimit, Lane, LaneContext, SinkSpec};
use kennel_pipeline::{Guest, OnError, Settlement, Stats};
use kennel_sandbox::capability::http::HttpClient;
use kennel_sandbox::capability::metrics::GuestMetrics;
use kennel_sandbox::capability::{Grants, Services};
use kennel_sandbox::{Component, Format, InstanceSpec, Limits};
use kennel_state::StateStore;
use tokio_util::sync::CancellationToken;

use super::{BATCH, BenchError};

/// Messages per send.
const SEND_BATCH: u64 = 1000;

/// One topic and what lanes over it need.
pub(super) struct Bench {
    pub(super) broker: BrokerConfig,
    pub(super) target: Target,
    pub(super) http: HttpClient,
    pub(super) state: StateStore,
}

impl Bench {
    /// Fills the topic's one partition with JSON objects of `size` bytes.
    pub(super) async fn fill(&self, messages: u64, size: u32) -> Result<(), BenchError> {
        let connection = Connection::connect(&self.broker).await?;
        connection.create_topic(&self.target.stream, &self.target.topic, 1).await?;
        let mut sent = 0;
        while sent < messages {
            let count = SEND_BATCH.min(messages - sent);
            let batch = (sent..sent + count).map(|number| OutgoingMessage {
                payload: record(number, size as usize),
                ..OutgoingMessage::default()
            });
            connection.send(&self.target, Partitioning::Partition(0), batch.collect()).await?;
            sent += count;
        }
        Ok(())
    }

    /// Messages per second of the official client, from connecting to the last message.
    pub(super) async fn raw(&self, messages: u64) -> Result<f64, BenchError> {
        let started = Instant::now();
        let rival = OfficialClient::connect(&self.broker, &self.target).await?;
        let seen = rival.drain(messages, BATCH).await?;
        let rate = seen as f64 / started.elapsed().as_secs_f64();
        if seen != messages {
            return Err(BenchError::Other(format!("raw saw {seen} of {messages} messages")));
        }
        Ok(rate)
    }

    /// Messages per second of a lane, from connecting to the last message delivered.
    pub(super) async fn lane(
        &self,
        group: &str,
        sink: &Component,
        transform: Option<&Component>,
        messages: u64,
    ) -> Result<f64, BenchError> {
        let fields = r#"{"operations":[{"delete":{"path":"payload"}},{"add":{"path":"seen","value":true}}]}"#;
        let spec = SinkSpec {
            connector: "bench".into(),
            broker: self.broker.clone(),
            target: self.target.clone(),
            group: group.into(),
            format: Format::Json,
            batch_messages: BATCH,
            batch_bytes: 4 << 20,
            start: StartPosition::Earliest,
            poll_interval: Duration::from_millis(1),
            transforms: transform
                .map(|transform| self.guest(transform, fields))
                .into_iter()
                .collect(),
            sink: self.guest(sink, "{}"),
            settlement: Settlement {
                on_error: OnError::Stop,
                attempts: 1,
                dead_letter_budget: 0,
                restarts: 0,
            },
            flush: FlushLimit { messages: 100_000, bytes: 64 << 20, age: Duration::from_secs(1) },
        };
        let stats = Arc::new(Stats::default());
        let stop = CancellationToken::new();
        let context = LaneContext {
            breaker: Arc::default(),
            state: self.state.connector("bench"),
            stats: Arc::clone(&stats),
            stop: stop.clone(),
            together: None,
        };
        let started = Instant::now();
        let lane = tokio::spawn(Lane::run(spec, context));
        while stats.snapshot().messages_out < messages && !lane.is_finished() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let elapsed = started.elapsed();
        stop.cancel();
        lane.await.map_err(|error| BenchError::Other(error.to_string()))??;
        let delivered = stats.snapshot().messages_out;
        if delivered != messages {
            let detail = format!("{group} delivered {delivered} of {messages} messages");
            return Err(BenchError::Other(detail));
        }
        Ok(messages as f64 / elapsed.as_secs_f64())
    }

    fn guest(&self, component: &Component, config: &str) -> Guest {
        let metrics = GuestMetrics::new(component.description().metrics.clone());
        let services = Services { http: self.http.clone(), state: None, metrics };
        Guest {
            component: component.clone(),
            spec: InstanceSpec {
                grants: Grants::default(),
                services,
                attributes: Default::default(),
                limits: Limits::default(),
                config: config.into(),
            },
        }
    }
}

/// A JSON object of exactly `size` bytes, or the shortest possible.
fn record(number: u64, size: usize) -> Bytes {
    let mut text = format!(
        r#"{{"sequence":{number},"customer":"c-{}","amount":{}.5,"active":true,"tags":["a","b"],"payload":""#,
        number % 1000,
        number % 500,
    );
    let filler = b'a' + (number % 26) as u8;
    let room = size.saturating_sub(text.len() + 2);
    text.extend(std::iter::repeat_n(char::from(filler), room));
    text.push_str("\"}");
    text.into()
}
