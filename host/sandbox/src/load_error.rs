//! Why a file is not a component that this host runs.

use std::path::PathBuf;

use crate::INTERFACE_VERSION;
use crate::instance::StartError;

/// Why a file is not a component of ours.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file cannot be read.
    #[error("cannot read the component {path:?}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is larger than anything this host loads.
    #[error("{path:?}: the {what} has {bytes} bytes, at most {most} are loaded")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The component or its description.
        what: &'static str,
        /// How large it is.
        bytes: u64,
        /// How large it may be.
        most: u64,
    },
    /// The bytes are no valid component.
    #[error("{path:?} is not a valid WebAssembly component: {cause:#}")]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What wasmtime says.
        cause: wasmtime::Error,
    },
    /// It is a core module, not a component.
    #[error(
        "{path:?} is a core WebAssembly module, not a component; build it with `kennel build` or for the target wasm32-wasip2"
    )]
    CoreModule {
        /// The file.
        path: PathBuf,
    },
    /// It imports something this host does not offer.
    #[error("{path:?} imports what this host does not offer: {cause:#}")]
    Imports {
        /// The file.
        path: PathBuf,
        /// What wasmtime says.
        cause: wasmtime::Error,
    },
    /// It exports no world of ours.
    #[error(
        "{path:?} exports neither sink, source nor transform of kennel:connector@{INTERFACE_VERSION}; it exports: {exports}"
    )]
    NoWorld {
        /// The file.
        path: PathBuf,
        /// What it does export.
        exports: String,
    },
    /// It was made for another version of the interface.
    #[error(
        "{path:?} speaks kennel:connector@{found}, this host speaks {INTERFACE_VERSION}; build it again with a matching SDK"
    )]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: String,
    },
    /// `describe` failed.
    #[error("{path:?} cannot describe itself")]
    Describe {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<StartError>,
    },
    /// The description is not the document it should be.
    #[error("{path:?} describes itself with a malformed document")]
    Description {
        /// The file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
}

impl LoadError {
    /// A short stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Read { .. } => "component_unreadable",
            Self::TooLarge { .. } => "component_too_large",
            Self::Invalid { .. } => "component_invalid",
            Self::CoreModule { .. } => "component_is_module",
            Self::Imports { .. } => "component_imports",
            Self::NoWorld { .. } => "component_world",
            Self::Version { .. } => "component_version",
            Self::Describe { .. } => "component_describe",
            Self::Description { .. } => "component_description",
        }
    }
}
