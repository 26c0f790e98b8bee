//! Why a backend could not be used.

use std::io;
use std::path::PathBuf;

/// Why a backend could not be used.
#[derive(Debug, thiserror::Error)]
pub enum BackendError {
    /// There is no server on this machine, and it cannot be installed.
    #[error(
        "no {what} found in {looked}; install it (Debian: `apt-get install {package}`){detail}"
    )]
    NotInstalled {
        /// The server.
        what: &'static str,
        /// Where it was looked for.
        looked: &'static str,
        /// Debian's package.
        package: &'static str,
        /// What became of installing it.
        detail: &'static str,
    },
    /// A program could not be started.
    #[error("cannot run {program}")]
    Spawn {
        /// Its name.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// A program ended without success.
    #[error("{program} failed: {output}")]
    Failed {
        /// Its name.
        program: String,
        /// What it wrote, and the end of the server's log.
        output: String,
    },
    /// Files of the server.
    #[error("cannot prepare {path}")]
    Prepare {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A certificate could not be made.
    #[error("cannot make a certificate")]
    Certificate(#[from] rcgen::Error),
    /// Every other use of the machine.
    #[error("{what}")]
    Machine {
        /// What did not work.
        what: &'static str,
        /// Why.
        source: io::Error,
    },
}

impl BackendError {
    pub(crate) fn prepare(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Prepare { path: path.into(), source }
    }
}
