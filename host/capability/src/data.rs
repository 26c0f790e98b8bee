//! The data of one store, and the linker that reaches it.

use std::collections::BTreeMap;
use std::future::ready;
use std::sync::Arc;

use wasmtime::component::{HasSelf, Linker, ResourceTable};
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use crate::bindings::Imports;
use crate::clock::{CoarseClock, FrozenClock};
use crate::context::{Attributes, CallContext};
use crate::denials::Denials;
use crate::grants::{Clock, FileMode, Grants};
use crate::http::{HttpClient, HttpHooks};
use crate::limits::{StoreLimiter, StoreLimits};
use crate::log::LogBudget;
use crate::metrics::GuestMetrics;
use crate::network::{OpenConnection, Traffic};
use crate::secrets::SecretStore;
use crate::state::{StateReader, StateView};
use crate::stdio::LineLog;
use crate::tcp::{self, TcpAccess};

/// What the host offers to every guest of one connector, under its grants.
#[derive(Clone)]
pub struct Services {
    /// The shared HTTP client.
    pub http: HttpClient,
    /// Durable state, where the host has a store.
    pub state: Option<Arc<dyn StateReader>>,
    /// The connector's metrics.
    pub metrics: GuestMetrics,
}

/// A grant that cannot be kept.
#[derive(Debug, thiserror::Error)]
#[error("cannot open the granted folder {folder:?}: {cause:#}")]
pub struct GuestDataError {
    folder: std::path::PathBuf,
    cause: wasmtime::Error,
}

/// The data of one store: everything its guest can reach.
pub struct GuestData {
    pub(crate) table: ResourceTable,
    pub(crate) services: Services,
    pub(crate) attributes: Attributes,
    pub(crate) tcp: Arc<TcpAccess>,
    pub(crate) traffic: Traffic,
    /// Counted as open, by the handles of their sockets.
    pub(crate) open_sockets: BTreeMap<u32, OpenConnection>,
    pub(crate) secrets: Arc<SecretStore>,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    hooks: HttpHooks,
    stderr: LineLog,
    pub(crate) log: LogBudget,
    /// Memory and tables.
    pub limiter: StoreLimiter,
    /// The call in hand.
    pub call: CallContext,
    /// State of the partition in hand.
    pub state: StateView,
}

impl GuestData {
    /// Data for one store under `grants` and `limits`.
    ///
    /// # Errors
    /// When a granted folder cannot be opened.
    pub fn new(
        grants: &Grants,
        services: Services,
        attributes: Attributes,
        limits: StoreLimits,
    ) -> Result<Self, GuestDataError> {
        let log = LogBudget::new(&attributes.connector, limits.log_per_second);
        let stderr = LineLog::new(log.clone());
        let mut wasi = WasiCtxBuilder::new();
        // The builder's default for everything else is: no arguments, environment, folders or UDP,
        // and closed standard input.
        wasi.stderr(stderr.clone());
        let denials = Arc::new(Denials::new(&attributes.connector));
        let traffic = Traffic::new(limits, Arc::clone(&denials));
        let tcp = Arc::new(TcpAccess::new(grants.tcp.clone(), Arc::clone(&denials)));
        let access = Arc::clone(&tcp);
        // Also without a grant, so that a denial can name the target. Names are checked by
        // [`tcp::add_to_linker`].
        wasi.allow_tcp(true).allow_udp(false).allow_ip_name_lookup(true).socket_addr_check(
            move |address, purpose| Box::pin(ready(access.check(address, purpose))),
        );
        if grants.stdout {
            wasi.inherit_stdout();
        } else {
            wasi.stdout(stderr.clone());
        }
        wasi.envs(&grants.env);
        match grants.clock {
            Clock::Real => {}
            Clock::Coarse => {
                wasi.wall_clock(CoarseClock::new()).monotonic_clock(CoarseClock::new());
            }
            Clock::Frozen => {
                wasi.wall_clock(FrozenClock).monotonic_clock(FrozenClock);
            }
        }
        for folder in &grants.files {
            let permissions = match folder.mode {
                FileMode::ReadOnly => FsPerms::ReadOnly,
                FileMode::ReadWrite => FsPerms::ReadWrite,
            };
            wasi.preopened_dir(&folder.host, &folder.guest, permissions)
                .map_err(|cause| GuestDataError { folder: folder.host.clone(), cause })?;
        }
        let secrets = Arc::new(SecretStore::new(grants.secrets.clone(), Arc::clone(&denials)));
        let (rules, client) = (grants.http.clone(), services.http.clone());
        let hooks = HttpHooks::new(rules, client, traffic.clone(), (denials, Arc::clone(&secrets)));
        let mut table = ResourceTable::new();
        table.set_max_capacity(limits.resources);
        Ok(Self {
            table,
            state: StateView::new(services.state.clone(), grants.state_bytes),
            services,
            attributes,
            tcp,
            traffic,
            open_sockets: BTreeMap::new(),
            secrets,
            wasi: wasi.build(),
            http: WasiHttpCtx::new(),
            hooks,
            stderr,
            log,
            limiter: StoreLimiter::new(limits.memory),
            call: CallContext::default(),
        })
    }

    /// The last lines the guest wrote to standard error.
    #[must_use]
    pub fn last_lines(&self) -> Vec<String> {
        self.stderr.last_lines()
    }
}

impl WasiView for GuestData {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for GuestData {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { ctx: &mut self.http, table: &mut self.table, hooks: &mut self.hooks }
    }
}

/// Links everything a component of the contract may import. Grants decide at call time.
///
/// # Errors
/// When two interfaces define the same name; a defect of this build.
pub fn add_to_linker(linker: &mut Linker<GuestData>) -> wasmtime::Result<()> {
    wasmtime_wasi::p2::add_to_linker_async(linker)?;
    tcp::add_to_linker(linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(linker)?;
    Imports::add_to_linker::<_, HasSelf<_>>(linker, |data| data)
}
