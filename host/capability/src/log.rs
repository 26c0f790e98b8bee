//! The interface `log`: a guest's lines become structured events of the host.

use crate::GuestData;
use crate::bindings::kennel::connector::log::{Host, Level};

/// A guest's log line is cut here, so that one line cannot fill a disk. Bytes.
const MAX_MESSAGE: usize = 8 * 1024;
/// Fields after this many are dropped.
const MAX_FIELDS: usize = 32;

impl Host for GuestData {
    fn log(
        &mut self,
        level: Level,
        message: String,
        fields: Vec<(String, String)>,
    ) -> wasmtime::Result<()> {
        let connector = self.attributes.connector.as_str();
        let message = cut(&message);
        let fields = fields
            .iter()
            .take(MAX_FIELDS)
            .map(|(key, value)| format!("{}={}", cut(key), cut(value)))
            .collect::<Vec<_>>()
            .join(" ");
        match level {
            Level::Trace => tracing::trace!(target: "guest", connector, fields, "{message}"),
            Level::Debug => tracing::debug!(target: "guest", connector, fields, "{message}"),
            Level::Info => tracing::info!(target: "guest", connector, fields, "{message}"),
            Level::Warn => tracing::warn!(target: "guest", connector, fields, "{message}"),
            Level::Error => tracing::error!(target: "guest", connector, fields, "{message}"),
        }
        Ok(())
    }
}

/// The longest prefix of `text` within the limit that ends at a character.
fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_MESSAGE)]
}
