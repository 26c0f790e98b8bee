//! `kennel bench`: what the sandbox costs, beside the official client polling and doing nothing.
//!
//! Every row runs in this process, on the same two ends: an embedded broker in memory and one
//! partition. A round measures every row once, so that whatever else the machine does falls on all
//! of them; the median of the rounds is reported.

mod work;

use std::path::{Path, PathBuf};

use embedded_iggy::{Server, ServerError};
use kennel_broker::{BrokerConfig, BrokerError, Credentials, Target};
use kennel_pipeline::PipelineError;
use kennel_sandbox::capability::http::HttpClient;
use kennel_sandbox::{Component, Engine, EngineError, LoadError};
use kennel_state::{StateError, StateStore};
use serde::Serialize;

use crate::exit_code::Failure;
use work::Bench;

/// Rounds per size; odd, so that there is a median.
const ROUNDS: usize = 5;
/// Messages per poll, for all rows.
const BATCH: u32 = 1000;

/// What to measure.
pub(crate) struct BenchOptions {
    pub(crate) messages: u64,
    pub(crate) sizes: Vec<u32>,
    /// Folder with the components that `cargo xtask components` built.
    pub(crate) components: PathBuf,
    /// Also every row with components that are trusted, to know what metering costs.
    pub(crate) metering: bool,
}

/// One line of the result.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Row {
    pub(crate) work: &'static str,
    /// Payload bytes.
    pub(crate) size: u32,
    pub(crate) per_second: f64,
    pub(crate) rival: &'static str,
    pub(crate) rival_per_second: f64,
    pub(crate) ratio: f64,
    /// Without metering: what the same work reaches with it, as a part of this row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) metered_ratio: Option<f64>,
}

/// Why nothing could be measured.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BenchError {
    #[error(
        "{0}; build the components with `cargo xtask components`, or name their folder with --components"
    )]
    Component(#[from] LoadError),
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error("the embedded broker cannot start")]
    Server(#[from] ServerError),
    #[error(transparent)]
    Broker(#[from] BrokerError),
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    #[error(transparent)]
    State(#[from] StateError),
    #[error("cannot make a folder for the run")]
    Folder(#[from] std::io::Error),
    #[error("{0}")]
    Other(String),
}

impl From<BenchError> for Failure {
    fn from(error: BenchError) -> Self {
        match error {
            BenchError::Component(_) => Self::component(error),
            BenchError::Broker(_) => Self::broker(error),
            _ => Self::running(error),
        }
    }
}

/// Components that are measured.
struct Components {
    noop: Component,
    checksum: Component,
    fields: Component,
}

impl Components {
    async fn load(engine: &Engine, folder: &Path) -> Result<Self, LoadError> {
        let load = |name: &str| {
            let path = folder.join(name);
            async move { Component::load(engine, &path).await }
        };
        Ok(Self {
            noop: load("noop_sink.wasm").await?,
            checksum: load("checksum_sink.wasm").await?,
            fields: load("fields_transform.wasm").await?,
        })
    }
}

/// What one row does.
struct Work<'a> {
    name: &'static str,
    sink: &'a Component,
    transform: Option<&'a Component>,
}

impl Components {
    const WORKS: usize = 3;

    fn works(&self) -> [Work<'_>; Self::WORKS] {
        [
            Work { name: "noop-sink", sink: &self.noop, transform: None },
            Work { name: "checksum-sink", sink: &self.checksum, transform: None },
            Work {
                name: "fields-transform+noop-sink",
                sink: &self.noop,
                transform: Some(&self.fields),
            },
        ]
    }
}

/// Measures every row; `report` is told of each as soon as it is known.
pub(crate) async fn run(
    options: BenchOptions,
    report: impl Fn(&Row),
    progress: impl Fn(&str),
) -> Result<(), BenchError> {
    let folder = tempfile::tempdir()?;
    let engine = Engine::new(None)?;
    progress("compiling components");
    let mut components = vec![Components::load(&engine, &options.components).await?];
    if options.metering {
        components.push(Components::load(&engine.trusted()?, &options.components).await?);
    }
    let http = HttpClient::new().map_err(|error| BenchError::Other(error.to_string()))?;
    let state = StateStore::open(folder.path())?;
    for size in options.sizes {
        // A broker per size, so that no more than one size lies in memory.
        let server = Server::builder().bind("127.0.0.1:0").credentials("iggy", "iggy").start();
        let server = server.await?;
        let broker = BrokerConfig {
            address: server.local_addr().to_string(),
            credentials: Credentials::Password {
                username: "iggy".into(),
                password: "iggy".to_owned().into(),
            },
            tls: None,
        };
        let target = Target::new("bench", format!("bytes-{size}"));
        progress(&format!("sending {} messages of {size} B", options.messages));
        let bench = Bench { broker, target, http: http.clone(), state: state.clone() };
        bench.fill(options.messages, size).await?;
        for row in measure(&bench, &components, (options.messages, size), &progress).await? {
            report(&row);
        }
        server.shutdown().await;
    }
    Ok(())
}

async fn measure(
    bench: &Bench,
    components: &[Components],
    (messages, size): (u64, u32),
    progress: &impl Fn(&str),
) -> Result<Vec<Row>, BenchError> {
    // All works with metering; then, if asked for, all of them without.
    let works: Vec<_> = components.iter().flat_map(Components::works).collect();
    let mut raw = Vec::new();
    let mut rates = vec![Vec::new(); works.len()];
    for round in 1..=ROUNDS {
        progress(&format!("{size} B, round {round} of {ROUNDS}"));
        raw.push(bench.raw(messages).await?);
        for (number, work) in works.iter().enumerate() {
            let group = format!("{}-{number}-{round}", work.name);
            rates[number].push(bench.lane(&group, work.sink, work.transform, messages).await?);
        }
    }
    let rival_per_second = median(raw);
    let row = |work, per_second: f64| Row {
        work,
        size,
        per_second: per_second.round(),
        rival: "official client, polling and doing nothing",
        rival_per_second: rival_per_second.round(),
        ratio: thousandths(per_second / rival_per_second),
        metered_ratio: None,
    };
    let mut rows = vec![row("raw", rival_per_second)];
    let medians: Vec<f64> = rates.into_iter().map(median).collect();
    for (number, work) in works.iter().enumerate() {
        let metered = number.checked_sub(Components::WORKS).map(|metered| medians[metered]);
        let metered_ratio = metered.map(|metered| thousandths(metered / medians[number]));
        rows.push(Row { metered_ratio, ..row(work.name, medians[number]) });
    }
    Ok(rows)
}

fn thousandths(ratio: f64) -> f64 {
    (ratio * 1000.0).round() / 1000.0
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied().unwrap_or(0.0)
}
