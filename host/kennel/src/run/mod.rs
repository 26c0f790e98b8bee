//! `kennel run`: connectors started, watched and stopped.

mod display;
mod rest;
mod summary;

use std::path::{Path, PathBuf};
use std::time::Duration;

use embedded_iggy::{RunningServer, Server, ServerError};
use kennel_config::{ConfigErrors, Configuration, Credentials, HostConfig};
use kennel_sandbox::capability::http::HttpClientError;
use kennel_sandbox::{Engine, EngineError, StartError};
use kennel_state::{StateError, StateStore};
use kennel_supervisor::Handle;
use secrecy::ExposeSecret as _;
use tokio_util::sync::CancellationToken;

use crate::exit_code::Failure;
use crate::stop::StopSignal;
use crate::wiring::{self, Accepted, LoadFailure, Loaded, Promise, Wiring};
use display::{CompileProgress, Table};
pub(crate) use summary::Summary;

/// How to run.
pub(crate) struct RunOptions {
    /// Start an Iggy server in this process and use it instead of the configured one.
    pub(crate) embedded: bool,
    /// Where the embedded server keeps its data; without it, in memory.
    pub(crate) data: Option<PathBuf>,
    /// End when every source has finished and every sink has caught up.
    pub(crate) once: bool,
    /// Show a live table on standard error.
    pub(crate) table: bool,
}

/// Why nothing runs.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Load(#[from] LoadFailure),
    #[error(transparent)]
    Invalid(#[from] ConfigErrors),
    #[error("a component cannot check its configuration")]
    Check(#[from] StartError),
    #[error(transparent)]
    State(#[from] StateError),
    #[error("the embedded Iggy server cannot start")]
    Embedded(#[from] ServerError),
    #[error("the HTTP client cannot be set up")]
    Http(#[from] HttpClientError),
    #[error("cannot listen for signals")]
    Signals(#[source] std::io::Error),
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Load(failure) => failure.into(),
            RunError::Check(_) => Self::component(error),
            RunError::Invalid(errors) => errors.into(),
            RunError::Engine(_)
            | RunError::State(_)
            | RunError::Embedded(_)
            | RunError::Http(_)
            | RunError::Signals(_) => Self::running(error),
        }
    }
}

/// Runs until asked to stop, or until everything is done with `once`.
pub(crate) async fn run(
    configuration: &Configuration,
    options: RunOptions,
) -> Result<Summary, RunError> {
    let host = &configuration.host;
    raise_file_limit();
    let engine = Engine::new(Some(host.components.cache.clone()))?;
    let loaded = load_checked(&engine, configuration).await?;
    let state = StateStore::open(&host.state.path)?;
    note_grants(&loaded, &host.state.path);
    let mut broker = wiring::broker_config(&host.iggy);
    let embedded = match options.embedded {
        true => {
            let server = start_embedded(host, options.data.as_deref()).await?;
            broker.address = server.local_addr().to_string();
            broker.tls = None;
            Some(server)
        }
        false => None,
    };
    let http = wiring::http_client(&host.network)?;
    let wiring = Wiring { broker: broker.clone(), state, http };
    let stop = CancellationToken::new();
    let handles: Vec<Handle> = loaded
        .iter()
        .map(|loaded| {
            let (spec, state) = wiring.connector(loaded);
            kennel_supervisor::start(spec, state, &stop)
        })
        .collect();
    tracing::info!("running {} connectors from {}", handles.len(), configuration.folder.display());

    let mut stop_signal = StopSignal::listen().map_err(RunError::Signals)?;
    let started = std::time::Instant::now();
    let table = options.table.then(|| Table::start(&loaded, &handles));
    tokio::select! {
        () = stop_signal.received() => tracing::info!("stopping: finishing the batches in hand"),
        () = rest::until_done(&handles, options.once, &broker) => {}
    }
    if let Some(table) = table {
        table.finish().await;
    }
    let promises = loaded.iter().map(Promise::of);
    let handles = handles.into_iter().zip(promises).collect();
    let summary = stop_all(handles, &stop, host.runtime.drain_timeout).await;
    if let Some(server) = embedded {
        server.shutdown().await;
    }
    Ok(summary.after(started.elapsed()))
}

/// Components of the configuration, loaded and their configurations checked.
pub(crate) async fn load_checked(
    engine: &Engine,
    configuration: &Configuration,
) -> Result<Vec<Loaded>, RunError> {
    let progress = CompileProgress::new();
    let loaded = wiring::load(engine, configuration, &progress).await?;
    progress.finish();
    ConfigErrors::none_of(wiring::problems(&loaded, &configuration.host).await?)?;
    for warning in loaded.iter().flat_map(wiring::not_asked) {
        tracing::warn!("{}", warning.problem());
    }
    Ok(loaded)
}

/// A record for the operator; nothing depends on it.
fn note_grants(loaded: &[Loaded], state: &Path) {
    let mut accepted = Accepted::read(state);
    accepted.note(loaded);
    if let Err(error) = accepted.write(state) {
        tracing::warn!("cannot write what was granted to {}: {error}", state.display());
    }
}

async fn start_embedded(
    host: &HostConfig,
    data: Option<&Path>,
) -> Result<RunningServer, ServerError> {
    let mut server = Server::builder().bind("127.0.0.1:0");
    if let Credentials::Password { username, password } = &host.iggy.credentials {
        server = server.credentials(username, password.expose_secret());
    }
    if let Some(data) = data {
        server = server.data_dir(data.to_path_buf());
    }
    server.start().await
}

/// Stops every connector, waits for the drain, and reads what became of them.
async fn stop_all(
    handles: Vec<(Handle, Promise)>,
    stop: &CancellationToken,
    patience: Duration,
) -> Summary {
    stop.cancel();
    let deadline = tokio::time::Instant::now() + patience;
    let mut summary = Summary::default();
    for (mut handle, promise) in handles {
        if tokio::time::timeout_at(deadline, &mut handle.task).await.is_err() {
            tracing::warn!(
                connector = handle.key,
                "did not finish its batch within {patience:?}; what is left comes again"
            );
            handle.task.abort();
        }
        summary.add(&handle, promise);
    }
    summary
}

/// Every connection and file of every guest is one of this process. Systems start processes with few
/// and let them ask for more.
fn raise_file_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!("at most {:?} files can be open: {error}", limit.current);
    }
}
