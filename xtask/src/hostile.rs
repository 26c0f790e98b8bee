//! `cargo xtask hostile`: every hostile guest beside a healthy connector.

use std::process::Command;

use anyhow::Result;

use crate::workspace::Workspace;
use crate::{components, host, process};

/// Builds what it needs and runs the suite with `arguments`.
///
/// # Errors
/// When a build fails, an attack was not contained, or the neighbour was harmed.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    host::build(workspace)?;
    components::build_rust(workspace)?;
    process::step("building the hostile guests' suite");
    let mut cargo = process::cargo(workspace.root());
    cargo.args(["build", "--workspace", "--bin", "hostile"]);
    process::run(&mut cargo, "building the hostile guests' suite")?;

    let mut hostile = Command::new(workspace.target().join("debug").join("hostile"));
    hostile.args(arguments).env("KENNEL_BIN", workspace.host()).current_dir(workspace.root());
    process::without_cargo_variables(&mut hostile);
    process::run(&mut hostile, "the hostile guests' suite")
}
