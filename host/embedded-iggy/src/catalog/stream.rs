//! A stream: a named set of topics.

use iggy_binary_protocol::{WireName, WireOptions};

use super::Topic;
use crate::registry::{Named, Registry};

/// See the module documentation.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) id: u32,
    pub(crate) name: WireName,
    /// Microseconds since the epoch.
    pub(crate) created_at: u64,
    /// The options block as the client sent it.
    pub(crate) options: WireOptions,
    pub(crate) topics: Registry<Topic>,
}

impl Named for Stream {
    fn id(&self) -> u32 {
        self.id
    }

    fn name(&self) -> &WireName {
        &self.name
    }

    fn rename(&mut self, name: WireName) {
        self.name = name;
    }
}
