//! The binary `kennel`, built for demo and tests.

use anyhow::Result;

use crate::process;
use crate::workspace::Workspace;

/// Builds the host without optimisation of its own crates.
///
/// # Errors
/// When it does not build.
pub(crate) fn build(workspace: &Workspace) -> Result<()> {
    process::step(
        "building the host (the first time: several minutes, most of them for wasmtime and cranelift; \
         later: seconds)",
    );
    // Of the whole workspace, not `-p kennel`: dependencies then get the features that the tests give
    // them too, and `cargo xtask test` does not compile wasmtime twice.
    let mut cargo = process::cargo(workspace.root());
    process::run(cargo.args(["build", "--workspace", "--bin", "kennel"]), "building the host")
}
