//! The calls to the host, all in one place: real ones in a component, the test world's everywhere else.

/// A fact about the call in hand: `connector`, `lane`, `deadline-ms`, `traceparent`, `mode`.
#[must_use]
pub fn attribute(name: &str) -> Option<String> {
    imports::attribute(name)
}

/// The text of a schema behind [`crate::Message::schema`], from the registry that the host caches.
#[must_use]
pub fn schema(id: u64) -> Option<String> {
    imports::schema(id)
}

pub(crate) use imports::{add, column, get, log, mark, observe, put, remove, scan, set};
pub(crate) use secret_imports::{Secret, open_secret, reveal};

#[cfg(not(target_arch = "wasm32"))]
use crate::testing::{secrets as secret_imports, world as imports};

#[cfg(target_arch = "wasm32")]
mod secret_imports {
    pub(crate) use crate::glue::common::kennel::connector::reveal::reveal;
    pub(crate) use crate::glue::common::kennel::connector::secrets::{Secret, open as open_secret};
}

#[cfg(target_arch = "wasm32")]
mod imports {
    pub(crate) use crate::glue::common::kennel::connector::context::{
        attribute, column, mark, schema,
    };
    pub(crate) use crate::glue::common::kennel::connector::log::log;
    pub(crate) use crate::glue::common::kennel::connector::metrics::{add, observe, set};
    pub(crate) use crate::glue::common::kennel::connector::state::{get, put, remove, scan};
}
