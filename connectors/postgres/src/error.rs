//! Why work with the server failed, and what that means to the host.

use std::error::Error as _;
use std::io;
use std::time::Duration;

use kennel_sdk::Error;
use tokio_postgres::error::{DbError, SqlState};

use crate::wire::Refusal;

/// Why work with the server failed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The name has no address, or nobody answers there, or access is not granted.
    #[error("cannot connect to {address}")]
    Connect {
        /// Host and port.
        address: String,
        /// Why.
        source: io::Error,
    },
    /// No answer in time.
    #[error("no answer from {address} within {waited:?}")]
    Timeout {
        /// Host and port.
        address: String,
        /// How long was waited.
        waited: Duration,
    },
    /// Certificates, names or the TLS set-up do not fit.
    #[error("tls: {0}")]
    Tls(String),
    /// The server refused, or the connection broke.
    #[error("{}", describe(.0))]
    Server(#[from] tokio_postgres::Error),
    /// The server refused what a session of [`crate::wire`] asked.
    #[error("{0}")]
    Refused(Refusal),
    /// The connection of such a session is gone.
    #[error("connection to {address} lost")]
    Lost {
        /// Host and port.
        address: String,
        /// Why.
        source: io::Error,
    },
    /// The server does not let it in, or cannot prove to be the one that knows the password.
    #[error("login: {0}")]
    Login(String),
    /// Bytes that are no message of the protocol, or not the one that had to come.
    #[error("protocol: {0}")]
    Protocol(String),
    /// The session that the work belongs to is gone, and with it the transaction.
    #[error("the connection was lost")]
    SessionLost,
    /// The machine does not give what a client needs.
    #[error("cannot set up the client")]
    Setup(#[source] io::Error),
}

impl ClientError {
    /// What the server said, if it said something.
    #[must_use]
    pub fn server(&self) -> Option<&DbError> {
        match self {
            Self::Server(error) => error.as_db_error(),
            _ => None,
        }
    }

    /// The five letters of SQLSTATE, if the server said something.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused(refusal) => Some(refusal.code()),
            _ => self.server().map(|error| error.code().code()),
        }
    }

    /// Whether it is about the values that were written, so that other values would succeed: wrong data, a violated
    /// constraint, one row twice in a statement, a value too large for an index, or a trigger that refuses.
    #[must_use]
    pub fn is_data(&self) -> bool {
        self.code().is_some_and(|code| {
            matches!(code.get(..2).unwrap_or_default(), "21" | "22" | "23" | "44" | "P0")
                || code == "54000"
        })
    }

    /// Whether the connection is of no more use.
    pub(crate) fn ends_session(&self) -> bool {
        match self {
            Self::Server(error) => error.as_db_error().is_none_or(|error| {
                error.parsed_severity().is_some_and(|severity| {
                    use tokio_postgres::error::Severity;
                    matches!(severity, Severity::Fatal | Severity::Panic)
                })
            }),
            _ => true,
        }
    }
}

/// The server's words with its code and what it names, or the chain of causes.
fn describe(error: &tokio_postgres::Error) -> String {
    let Some(server) = error.as_db_error() else {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            text.push_str(&format!(": {error}"));
            cause = error.source();
        }
        return text;
    };
    let mut text = format!("{} ({})", server.message(), server.code().code());
    for more in [server.detail(), server.hint()].into_iter().flatten() {
        text.push_str(&format!("; {more}"));
    }
    text
}

impl From<ClientError> for Error {
    fn from(error: ClientError) -> Self {
        match &error {
            ClientError::Connect { address, source } => match source.kind() {
                io::ErrorKind::PermissionDenied => Self::unauthorized(format!(
                    "{error}: {source}; is {address} granted under [grants] tcp?"
                )),
                _ => Self::unavailable(format!("{error}: {source}")),
            },
            ClientError::Timeout { .. } | ClientError::SessionLost => Self::unavailable(&error),
            ClientError::Tls(_) => Self::invalid_config(&error),
            ClientError::Setup(source) => Self::broken(format!("{error}: {source}")),
            ClientError::Server(cause) => match cause.as_db_error() {
                Some(server) => of_server(&error, server.code().code()),
                None => without_code(&error, cause),
            },
            ClientError::Refused(refusal) => of_server(&error, refusal.code()),
            ClientError::Lost { source, .. } => Self::unavailable(format!("{error}: {source}")),
            ClientError::Login(_) => Self::unauthorized(&error),
            ClientError::Protocol(_) => Self::broken(&error),
        }
    }
}

fn of_server(error: &ClientError, code: &str) -> Error {
    if code == SqlState::INSUFFICIENT_PRIVILEGE.code() {
        return Error::unauthorized(error);
    }
    if code == SqlState::IN_FAILED_SQL_TRANSACTION.code() {
        return Error::broken(error);
    }
    match code.get(..2).unwrap_or_default() {
        "28" => Error::unauthorized(error),
        // A name or a statement that the server does not know, or something it cannot do at all.
        "0A" | "3D" | "3F" | "42" => Error::invalid_config(error),
        // Data is the caller's to reject message by message; here nobody did.
        "22" | "23" => Error::broken(error),
        // Down, full, shutting down, read-only for now, a conflict with others: all of it may pass.
        _ => Error::unavailable(error),
    }
}

/// The connection broke, or it never came about.
fn without_code(error: &ClientError, cause: &tokio_postgres::Error) -> Error {
    let mut source = cause.source();
    while let Some(inner) = source {
        // A certificate that does not fit will not fit at the next attempt either.
        if let Some(tls) = inner.downcast_ref::<rustls::Error>() {
            return match tls {
                rustls::Error::InvalidCertificate(_) => Error::invalid_config(error),
                _ => Error::unavailable(error),
            };
        }
        if let Some(io) = inner.downcast_ref::<io::Error>()
            && let Some(tls) = io.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>())
            && matches!(tls, rustls::Error::InvalidCertificate(_))
        {
            return Error::invalid_config(error);
        }
        source = inner.source();
    }
    Error::unavailable(error)
}
