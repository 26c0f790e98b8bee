//! Registries: a real one, and ones that lie.

// Helpers of tests may fail like tests.
#![allow(clippy::unwrap_used, clippy::panic)]

mod cosign;
mod fake;
mod files;
mod lies;
mod real;

use std::collections::BTreeMap;

use kennel_config::OciReference;
use kennel_registry::{Credentials, Package, Registry};

/// A registry client with a cache of its own.
struct Desk {
    registry: Registry,
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        Self::with(Credentials::anonymous())
    }

    fn with(credentials: Credentials) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let registry = Registry::new(folder.path(), Vec::new(), credentials).unwrap();
        Self { registry, folder }
    }
}

fn reference(text: &str) -> OciReference {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn package(component: &[u8]) -> Package {
    Package::new(component.to_vec(), "x.wasm", (&[], &[]), BTreeMap::new())
}

/// An error with its causes.
fn words(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}
