//! The wasmtime engine, configured once per process.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use kennel_capability::{GuestData, add_to_linker};
use wasmtime::component::Linker;
use wasmtime::{Config, InstanceAllocationStrategy, PoolingAllocationConfig, WasmBacktraceDetails};

use crate::cache::CodeCache;

/// Guests are interrupted in steps of this; a CPU limit is kept to within two of them.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// Linear memory an instance can ever have; `limits.memory` is below it. 4 GiB slots spare the
/// compiler every bounds check, which costs 28 to 33 % on JSON work where they are explicit.
const MAX_MEMORY: usize = 4 << 30;
/// Memory kept mapped when a slot is reused, so that a fresh instance does not fault it in again.
const KEEP_RESIDENT: usize = 2 << 20;
/// Instances of one process.
const INSTANCES: u32 = 1000;

/// Why there is no engine.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// wasmtime refused this machine or configuration.
    #[error("cannot set up WebAssembly on this machine: {0:#}")]
    Wasmtime(wasmtime::Error),
    /// The compiled code cache cannot be used.
    #[error("cannot use the component cache {folder:?}")]
    Cache {
        /// The configured folder.
        folder: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The interrupting clock could not be started.
    #[error("cannot start the clock that interrupts guests")]
    Clock(#[source] std::io::Error),
}

/// Compiles components and makes instances of them. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    /// Whether the code that it makes can be interrupted.
    pub(crate) metered: bool,
    pub(crate) wasmtime: wasmtime::Engine,
    pub(crate) linker: Linker<GuestData>,
    pub(crate) cache: Option<CodeCache>,
    cache_folder: Option<PathBuf>,
    /// The engine of trusted components, once there are any.
    trusted: OnceLock<Engine>,
}

impl Engine {
    /// An engine that keeps compiled code in `cache_folder`; without one every start compiles.
    ///
    /// # Errors
    /// When wasmtime cannot run here or the cache folder cannot be used.
    pub fn new(cache_folder: Option<PathBuf>) -> Result<Self, EngineError> {
        Self::with_metering(cache_folder, true)
    }

    /// The engine for components that are trusted: it does not meter their computing, which costs
    /// what docs/performance.md says, and so cannot stop an endless loop. Made when first asked for.
    ///
    /// # Errors
    /// As [`Engine::new`].
    pub fn trusted(&self) -> Result<Self, EngineError> {
        if !self.inner.metered {
            return Ok(self.clone());
        }
        if let Some(trusted) = self.inner.trusted.get() {
            return Ok(trusted.clone());
        }
        let trusted = Self::with_metering(self.inner.cache_folder.clone(), false)?;
        Ok(self.inner.trusted.get_or_init(|| trusted).clone())
    }

    fn with_metering(cache_folder: Option<PathBuf>, metered: bool) -> Result<Self, EngineError> {
        let wasmtime = Self::wasmtime_engine(metered).map_err(EngineError::Wasmtime)?;
        let mut linker = Linker::new(&wasmtime);
        add_to_linker(&mut linker).map_err(EngineError::Wasmtime)?;
        let open = |folder: &PathBuf| {
            CodeCache::open(folder, &wasmtime)
                .map_err(|source| EngineError::Cache { folder: folder.clone(), source })
        };
        let cache = cache_folder.as_ref().map(open).transpose()?;
        let trusted = OnceLock::new();
        let inner = Arc::new(Inner { metered, wasmtime, linker, cache, cache_folder, trusted });
        if metered {
            start_clock(Arc::downgrade(&inner)).map_err(EngineError::Clock)?;
        }
        Ok(Self { inner })
    }

    fn wasmtime_engine(metered: bool) -> wasmtime::Result<wasmtime::Engine> {
        let mut pool = PoolingAllocationConfig::default();
        pool.total_component_instances(INSTANCES)
            .total_core_instances(INSTANCES * 4)
            .total_memories(INSTANCES)
            .total_tables(INSTANCES * 4)
            .total_stacks(INSTANCES)
            .max_memory_size(MAX_MEMORY)
            .table_elements(1 << 17)
            .max_core_instance_size(16 << 20)
            .max_component_instance_size(16 << 20)
            .linear_memory_keep_resident(KEEP_RESIDENT);
        let mut config = Config::new();
        config
            .wasm_component_model(true)
            .epoch_interruption(metered)
            .wasm_backtrace_details(WasmBacktraceDetails::Enable)
            .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
        wasmtime::Engine::new(&config)
    }
}

/// A thread and not a task: a busy runtime must not delay the clock that interrupts its guests.
fn start_clock(engine: Weak<Inner>) -> std::io::Result<()> {
    std::thread::Builder::new().name("kennel-epoch".into()).spawn(move || {
        while let Some(engine) = engine.upgrade() {
            engine.wasmtime.increment_epoch();
            drop(engine);
            std::thread::park_timeout(TICK);
        }
    })?;
    Ok(())
}
