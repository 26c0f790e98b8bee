//! What was granted to which component, and since when: `grants.lock` beside the state.
//!
//! It decides nothing, since a component that asks for more than is granted is refused anyway. It tells
//! an operator that the component is another one than before, and what that one asks for anew.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use kennel_config::ConnectorKey;
use kennel_sandbox::{Ask, Component};
use serde::{Deserialize, Serialize};

use super::Loaded;
use super::asks::{guests, in_words};

const FILE: &str = "grants.lock";

/// The record of a host.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Accepted {
    /// By connector and role.
    connectors: BTreeMap<String, BTreeMap<String, Entry>>,
}

/// A component that ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    name: String,
    version: String,
    /// `sha256:…`
    digest: String,
    asks: Vec<Ask>,
    /// The lines of `[grants]`.
    granted: Vec<String>,
    /// When it ran first with just these.
    since: String,
}

impl Accepted {
    /// The record in the folder of the state. One that is missing or damaged is empty.
    pub(crate) fn read(state: &Path) -> Self {
        let path = file(state);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) => {
                if error.kind() != io::ErrorKind::NotFound {
                    tracing::warn!("cannot read {}: {error}", path.display());
                }
                return Self::default();
            }
        };
        serde_json::from_slice(&bytes).unwrap_or_else(|error| {
            tracing::warn!("{} is damaged and begun anew: {error}", path.display());
            Self::default()
        })
    }

    /// Notes what runs from now on.
    pub(crate) fn note(&mut self, loaded: &[Loaded]) {
        for connector in loaded {
            let entries = self.connectors.entry(connector.config.key.to_string()).or_default();
            let mut roles = BTreeSet::new();
            for guest in guests(connector) {
                let about = guest.component.description();
                let mut entry = Entry {
                    name: about.name.clone(),
                    version: about.version.clone(),
                    digest: format!("sha256:{}", guest.component.digest()),
                    asks: about.asks.clone(),
                    granted: guest.grants.lines(),
                    since: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
                };
                if let Some(known) = entries.get(&guest.role) {
                    let same = Entry { since: known.since.clone(), ..entry.clone() };
                    if same == *known {
                        entry = same;
                    }
                }
                roles.insert(guest.role.clone());
                entries.insert(guest.role, entry);
            }
            entries.retain(|role, _| roles.contains(role));
        }
    }

    /// Writes it, whole or not at all.
    pub(crate) fn write(&self, state: &Path) -> io::Result<()> {
        let path = file(state);
        let new = path.with_extension("lock.new");
        std::fs::write(&new, serde_json::to_vec_pretty(self)?)?;
        std::fs::rename(&new, &path)
    }

    /// In words, what an upgrade asks for that the component before did not. None: it is no upgrade.
    pub(super) fn upgrade(
        &self,
        connector: &ConnectorKey,
        role: &str,
        component: &Component,
    ) -> Option<String> {
        let before = self.connectors.get(connector.as_str())?.get(role)?;
        let digest = format!("sha256:{}", component.digest());
        if before.digest == digest {
            return None;
        }
        let about = component.description();
        let new = about.asks.iter().filter(|ask| !before.asks.iter().any(|it| it.is_same(ask)));
        let new: Vec<_> = new.map(|ask| format!("+ asks for {}", in_words(ask))).collect();
        Some(format!(
            "this is an upgrade of what ran here since {}: {} {} ({}) -> {} {} ({digest}){}{}",
            before.since,
            before.name,
            before.version,
            before.digest,
            about.name,
            about.version,
            if new.is_empty() { "" } else { ": " },
            new.join(", "),
        ))
    }
}

fn file(state: &Path) -> PathBuf {
    state.join(FILE)
}
