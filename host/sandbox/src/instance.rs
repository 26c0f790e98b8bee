//! What every instance is made from.

use std::time::Duration;

use kennel_capability::context::Attributes;
use kennel_capability::limits::StoreLimits;
use kennel_capability::{Grants, GuestDataError, Services};

use crate::fault::{Fault, GuestError};

/// Limits of one instance. All of them are enforced.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// What its store may hold and send.
    pub store: StoreLimits,
    /// Wall clock per call, waiting included.
    pub call_timeout: Duration,
    /// Computing per call, waiting excluded, to within two ticks of 10 ms.
    pub cpu_timeout: Duration,
    /// Percent of one core over time; an instance that used more waits.
    pub cpu_share: u32,
    /// Bytes a guest may hand to the host in one host call or in one answer.
    pub transfer: usize,
    /// Batches after which the instance is worn, give or take a tenth. None: never.
    pub batches: Option<u64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            store: StoreLimits::default(),
            call_timeout: Duration::from_secs(30),
            cpu_timeout: Duration::from_secs(5),
            cpu_share: 100,
            transfer: 64 << 20,
            batches: None,
        }
    }
}

/// Everything an instance is made from, besides its component.
#[derive(Clone)]
pub struct InstanceSpec {
    /// What it may do.
    pub grants: Grants,
    /// What the host offers it.
    pub services: Services,
    /// Facts it may ask for.
    pub attributes: Attributes,
    /// Its limits.
    pub limits: Limits,
    /// Its own configuration, JSON.
    pub config: String,
}

/// Why there is no instance.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A granted folder cannot be opened.
    #[error(transparent)]
    Grant(#[from] GuestDataError),
    /// wasmtime could not make an instance, for example because it needs more memory than its limit.
    #[error("cannot instantiate the component: {0:#}")]
    Instantiate(wasmtime::Error),
    /// The guest failed while it opened.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The guest refused to open.
    #[error("the component refused to open")]
    Refused(#[from] GuestError),
}
