//! How the process ends. These numbers are stable: scripts rely on them.
//!
//! | code | meaning |
//! |---|---|
//! | 0 | all went well, also when stopped by Ctrl-C or SIGTERM |
//! | 1 | something failed while running |
//! | 2 | the command line or the configuration is wrong |
//! | 3 | a component was refused: not a component, other interface version, invalid configuration |
//! | 4 | the broker cannot be reached or refuses the login, where the command does not wait for it |
//! | 5 | `kennel diff`: the new component asks for more than the old one |

use std::fmt;

use kennel_config::ConfigErrors;
use kennel_sandbox::LoadError;

/// Why a command did not succeed, as a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum ExitCode {
    Running = 1,
    Usage = 2,
    Component = 3,
    Broker = 4,
    AsksMore = 5,
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code as u8)
    }
}

/// A command that did not succeed: what to tell the user, and the exit code.
#[derive(Debug)]
pub(crate) struct Failure {
    code: ExitCode,
    error: anyhow::Error,
}

impl Failure {
    fn new(code: ExitCode, error: impl Into<anyhow::Error>) -> Self {
        Self { code, error: error.into() }
    }

    /// Something failed while running.
    pub(crate) fn running(error: impl Into<anyhow::Error>) -> Self {
        Self::new(ExitCode::Running, error)
    }

    /// The command line or the configuration is wrong.
    pub(crate) fn usage(error: impl Into<anyhow::Error>) -> Self {
        Self::new(ExitCode::Usage, error)
    }

    /// A component was refused.
    pub(crate) fn component(error: impl Into<anyhow::Error>) -> Self {
        Self::new(ExitCode::Component, error)
    }

    /// The broker cannot be reached.
    pub(crate) fn broker(error: impl Into<anyhow::Error>) -> Self {
        Self::new(ExitCode::Broker, error)
    }

    /// A new component asks for more than the old one.
    pub(crate) fn asks_more(error: impl Into<anyhow::Error>) -> Self {
        Self::new(ExitCode::AsksMore, error)
    }

    /// The stable word for what a component was refused for, which `kennel explain` knows.
    pub(crate) fn word(&self) -> Option<&'static str> {
        self.error.chain().find_map(|cause| cause.downcast_ref::<LoadError>()).map(LoadError::code)
    }

    /// The same failure, with what it means for the command in front.
    pub(crate) fn context(self, context: String) -> Self {
        Self { code: self.code, error: self.error.context(context) }
    }

    pub(crate) fn code(&self) -> ExitCode {
        self.code
    }

    /// The configuration's errors, if that is what failed.
    pub(crate) fn config_errors(&self) -> Option<&ConfigErrors> {
        self.error.downcast_ref()
    }
}

impl From<ConfigErrors> for Failure {
    fn from(errors: ConfigErrors) -> Self {
        Self::usage(errors)
    }
}

/// The error and its causes on one line.
impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:#}", self.error)
    }
}
