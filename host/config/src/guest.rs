//! A component's own configuration, which only the component understands.

mod references;
mod schema;
mod secrets;

use std::sync::Arc;

use crate::error::{ConfigError, Problem};
use crate::node::{Node, Table, Value};
use crate::source_file::Origin;

pub use schema::check_against_schema;
pub(crate) use secrets::secret_warnings;

/// The `[config]` table of a component. Every value remembers its place, so that the component's
/// own complaints can point into the file.
#[derive(Debug, Clone)]
pub struct GuestConfig {
    json: serde_json::Value,
    root: Arc<Node>,
}

impl GuestConfig {
    pub(crate) fn new(root: Node) -> Self {
        Self { json: root.value.to_json(), root: Arc::new(root) }
    }

    /// No `[config]` was written; complaints point to `origin`.
    pub(crate) fn empty(origin: Origin) -> Self {
        Self::new(Node { origin, value: Value::Table(Table::default()) })
    }

    /// The configuration as a JSON object.
    pub fn value(&self) -> &serde_json::Value {
        &self.json
    }

    /// An error that the component reports about the value at `path`, which is a JSON pointer
    /// (`/fields/0/name`) or a dotted path (`fields.0.name`). It points to the nearest existing
    /// value on the way there.
    pub fn refusal(&self, path: &str, detail: impl Into<String>) -> ConfigError {
        let error = ConfigError::new(Problem::Refused { detail: detail.into() });
        error.at(self.origin_of(path))
    }

    fn origin_of(&self, path: &str) -> &Origin {
        let mut node = self.root.as_ref();
        let pointer = path.starts_with('/');
        for segment in path.split(['/', if pointer { '/' } else { '.' }]) {
            if segment.is_empty() || segment == "config" && std::ptr::eq(node, &*self.root) {
                continue;
            }
            let segment = match pointer {
                true => segment.replace("~1", "/").replace("~0", "~"),
                false => segment.to_owned(),
            };
            let child = match &node.value {
                Value::Table(table) => table.get(&segment).map(|entry| &entry.node),
                Value::List(list) => segment.parse().ok().and_then(|at: usize| list.get(at)),
                _ => None,
            };
            match child {
                Some(child) => node = child,
                None => break,
            }
        }
        &node.origin
    }

    /// The place of a key itself, for complaints about the key and not its value.
    fn origin_of_key(&self, table: &str, key: &str) -> Option<&Origin> {
        let mut node = self.root.as_ref();
        for segment in table.split('/').skip(1) {
            let segment = segment.replace("~1", "/").replace("~0", "~");
            node = match &node.value {
                Value::Table(table) => &table.get(&segment)?.node,
                Value::List(list) => list.get(segment.parse::<usize>().ok()?)?,
                _ => return None,
            };
        }
        match &node.value {
            Value::Table(table) => table.get(key).map(|entry| &entry.key_origin),
            _ => None,
        }
    }
}
