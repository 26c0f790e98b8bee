//! `cargo xtask bench`: the optimised host against the raw client, in one run.

use std::process::Command;

use anyhow::Result;

use crate::workspace::Workspace;
use crate::{components, process};

/// Builds host and Rust components with optimisation and runs `kennel bench` with `arguments`.
///
/// # Errors
/// When a build or the benchmark fails.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    components::build_rust(workspace)?;
    process::step("building the host with optimisation (minutes the first time)");
    let mut cargo = process::cargo(workspace.root());
    cargo.args(["build", "--release", "-p", "kennel"]);
    process::run(&mut cargo, "building the host")?;

    let kennel = workspace.target().join("release").join("kennel");
    let mut bench = Command::new(kennel);
    bench.arg("bench").args(arguments).current_dir(workspace.root());
    process::without_cargo_variables(&mut bench);
    process::run(&mut bench, "kennel bench")
}
