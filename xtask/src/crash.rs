//! `cargo xtask crash`: one crash scenario with real processes.

use std::process::Command;

use anyhow::Result;

use crate::workspace::Workspace;
use crate::{components, host, process};

/// Builds what it needs and runs the scenario with `arguments`.
///
/// # Errors
/// When a build fails, or the scenario found the contract broken.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    host::build(workspace)?;
    components::build_rust(workspace)?;
    process::step("building the crash scenarios");
    let mut cargo = process::cargo(workspace.root());
    cargo.args(["build", "--workspace", "--bin", "crash"]);
    process::run(&mut cargo, "building the crash scenarios")?;

    let mut crash = Command::new(workspace.target().join("debug").join("crash"));
    crash.args(arguments).current_dir(workspace.root());
    process::without_cargo_variables(&mut crash);
    process::run(&mut crash, "the crash scenario")
}
