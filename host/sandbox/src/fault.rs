//! Why a call did not answer as hoped: the instance is gone, or the guest said no.

use std::time::Duration;

use kennel_capability::limits::LimitReached;
use wasmtime::component::ResourceTableError;
use wasmtime::{Trap, WasmBacktrace};

use crate::bindings::types::Error as WitError;
use crate::columns::Violation;
use crate::instance::Limits;
use crate::words::detail;

/// Frames of a wasm backtrace kept in a fault.
const BACKTRACE_LINES: usize = 24;

/// What ended an instance.
#[derive(Debug, thiserror::Error)]
pub enum FaultKind {
    /// The guest trapped; a Rust guest that panics ends as `unreachable`.
    #[error("the guest trapped: {0}")]
    Trap(Trap),
    /// The guest computed for longer than `limits.cpu_timeout`.
    #[error("the guest computed for longer than its CPU limit of {limit:?} ([limits] cpu_timeout)")]
    CpuTimeout {
        /// The configured limit.
        limit: Duration,
    },
    /// The call did not end within `limits.call_timeout`, waiting included.
    #[error("the call took longer than its wall clock limit of {limit:?} ([limits] call_timeout)")]
    CallTimeout {
        /// The configured limit.
        limit: Duration,
    },
    /// The guest went over one of its other limits: memory, resources, transfer …
    #[error("{0}")]
    Limit(Box<LimitReached>),
    /// The guest returned something that breaks the contract.
    #[error("the guest broke the contract: {0}")]
    Violation(#[from] Violation),
    /// Anything else that made the call fail, for example too many bytes in a host call.
    #[error("the call failed: {}", .0.root_cause())]
    Call(wasmtime::Error),
}

impl FaultKind {
    /// A short stable code for metrics and dead letters.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Trap(_) => "trap",
            Self::CpuTimeout { .. } => "cpu_timeout",
            Self::CallTimeout { .. } => "call_timeout",
            Self::Limit(reached) => reached.code,
            Self::Violation(_) => "contract_violation",
            Self::Call(_) => "call_failed",
        }
    }
}

/// An instance ended. Its store is dropped; a fresh instance takes over.
#[derive(Debug)]
pub struct Fault {
    /// The export that was running, for example `sink.consume`.
    pub export: &'static str,
    /// What ended it.
    pub kind: FaultKind,
    /// The wasm backtrace, where there is one.
    pub backtrace: Option<String>,
    /// The guest's last lines on standard error, oldest first.
    pub last_lines: Vec<String>,
    /// The message the guest had marked, if it marked any.
    pub marked: Option<u32>,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}: {}", self.export, self.kind)?;
        if let Some(line) = self.last_lines.iter().rev().find(|line| !line.trim().is_empty()) {
            // A Rust panic writes two lines: where, then what. Both together read best.
            let before = self.last_lines.iter().rev().skip_while(|other| *other != line).nth(1);
            match before.filter(|before| before.contains("panicked at")) {
                Some(before) => write!(formatter, "; it said: {} {line}", before.trim())?,
                None => write!(formatter, "; it said: {}", line.trim())?,
            }
        }
        Ok(())
    }
}

impl std::error::Error for Fault {}

/// Which fault a failed call is, and its backtrace.
pub(crate) fn classify(error: wasmtime::Error, limits: &Limits) -> (FaultKind, Option<String>) {
    let backtrace = error.downcast_ref::<WasmBacktrace>().map(|backtrace| {
        let text = backtrace.to_string();
        text.lines().take(BACKTRACE_LINES).collect::<Vec<_>>().join("\n")
    });
    let kind = if let Some(reached) = limit_reached(&error, limits) {
        FaultKind::Limit(Box::new(reached))
    } else {
        match error.downcast_ref::<Trap>() {
            Some(Trap::Interrupt) => FaultKind::CpuTimeout { limit: limits.cpu_timeout },
            Some(trap) => FaultKind::Trap(*trap),
            None => FaultKind::Call(error),
        }
    };
    (kind, backtrace)
}

/// The limit that made a call fail, if one did.
fn limit_reached(error: &wasmtime::Error, limits: &Limits) -> Option<LimitReached> {
    if let Some(reached) = error.downcast_ref::<LimitReached>() {
        return Some(reached.clone());
    }
    let resources = || LimitReached {
        key: "resources",
        code: "resource_limit",
        detail: format!("the guest asked for more than {} handles", limits.store.resources),
    };
    if let Some(ResourceTableError::Full) = error.downcast_ref() {
        return Some(resources());
    }
    // wasmtime has no types for these two; tests with real guests notice when it words them anew.
    let said = error.root_cause().to_string();
    if said.contains("store handle limit exceeded") {
        return Some(resources());
    }
    said.contains("fuel allocated for hostcalls has been exhausted").then(|| LimitReached {
        key: "transfer",
        code: "transfer_limit",
        detail: format!("the guest handed over more than {} bytes at once", limits.transfer),
    })
}

/// The other system is down, slow or throttling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unavailability {
    /// For people.
    pub detail: String,
    /// How long the other system asked to wait.
    pub retry_after: Option<Duration>,
}

/// Why a whole call failed, in the guest's words. None of these dead-letters a message by itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GuestError {
    /// Back off and try the same batch again, without limit of attempts.
    #[error("unavailable: {}", .0.detail)]
    Unavailable(Unavailability),
    /// Credentials or rights are wrong.
    #[error("unauthorized: {0}")]
    Unauthorized(String),
    /// The configuration cannot work.
    #[error("invalid configuration: {0}")]
    InvalidConfig(String),
    /// Somebody else has moved this partition on.
    #[error("fenced: {0}")]
    Fenced(String),
    /// This instance is broken; replace it.
    #[error("broken: {0}")]
    Broken(String),
}

impl From<WitError> for GuestError {
    fn from(error: WitError) -> Self {
        match error {
            WitError::Unavailable(unavailability) => Self::Unavailable(Unavailability {
                detail: detail(unavailability.detail),
                retry_after: unavailability.retry_after_ms.map(Duration::from_millis),
            }),
            WitError::Unauthorized(text) => Self::Unauthorized(detail(text)),
            WitError::InvalidConfig(text) => Self::InvalidConfig(detail(text)),
            WitError::Fenced(text) => Self::Fenced(detail(text)),
            WitError::Broken(text) => Self::Broken(detail(text)),
            WitError::Other(text) => {
                Self::Unavailable(Unavailability { detail: detail(text), retry_after: None })
            }
        }
    }
}
