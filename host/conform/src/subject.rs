//! What is judged.

use std::path::PathBuf;
use std::sync::Arc;

use kennel_sandbox::{Component, Format, InstanceSpec};

use crate::memory_state::MemoryState;

/// A component with the configuration and grants it is judged with.
#[derive(Clone)]
pub struct Subject {
    /// The component.
    pub component: Component,
    /// What its instances are made from. State that it was granted lasts as long as a scenario.
    pub spec: InstanceSpec,
    /// What the payloads are declared as.
    pub format: Format,
    /// How to run the whole host; without it, scenarios with real processes are skipped.
    pub processes: Option<Processes>,
}

/// What scenarios with real processes start.
#[derive(Debug, Clone)]
pub struct Processes {
    /// The `kennel` program.
    pub program: PathBuf,
    /// The connector's file with absolute paths and without `[[streams]]`, `[[transforms]]` and
    /// `[delivery]`, which each scenario adds as it needs them.
    pub connector: String,
    /// The word for the format in `[[streams]]`.
    pub format: &'static str,
    /// Folder of compiled code.
    pub cache: PathBuf,
}

impl Subject {
    /// What an instance is made from that keeps its state in `state`.
    pub(crate) fn spec(&self, state: &MemoryState) -> InstanceSpec {
        let mut spec = self.spec.clone();
        spec.services.state = Some(Arc::new(state.clone()));
        spec
    }

    /// Whether the component says that a message is at the destination exactly once.
    pub(crate) fn is_exactly_once(&self) -> bool {
        self.component.description().delivery != kennel_sandbox::Delivery::AtLeastOnce
    }

    /// Whether rows and position are committed together.
    pub(crate) fn is_transactional(&self) -> bool {
        self.component.description().delivery == kennel_sandbox::Delivery::Transactional
    }
}
