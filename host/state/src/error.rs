//! Why state cannot be read or written.

use std::path::PathBuf;

/// An error of the state store. None of them means that something was half written.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The folder cannot be created.
    #[error("cannot create the state folder {folder:?}")]
    Folder {
        /// The configured folder.
        folder: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The database cannot be opened.
    #[error(
        "cannot open the state in {folder:?}; is another kennel running with the same [state] path?"
    )]
    Open {
        /// The configured folder.
        folder: PathBuf,
        /// Why.
        source: Box<redb::Error>,
    },
    /// Reading or writing failed.
    #[error("the state store failed")]
    Access(#[source] Box<redb::Error>),
}

impl StateError {
    /// Whether another process has the database open: it is there and sound, as far as known.
    #[must_use]
    pub fn is_taken(&self) -> bool {
        match self {
            Self::Open { source, .. } => matches!(**source, redb::Error::DatabaseAlreadyOpen),
            Self::Folder { .. } | Self::Access(_) => false,
        }
    }
}

impl<E: Into<redb::Error>> From<E> for StateError {
    fn from(error: E) -> Self {
        Self::Access(Box::new(error.into()))
    }
}
