//! `cargo xtask fuzz`: the fuzz tests of all crates, for longer than with `cargo test`.

use anyhow::Result;

use crate::process;
use crate::workspace::Workspace;

/// Runs the fuzz targets whose names contain `filter`, each for `seconds`.
///
/// # Errors
/// When an input made a parser panic or take long; the output names the file that holds it.
pub(crate) fn run(workspace: &Workspace, seconds: u64, filter: Option<&str>) -> Result<()> {
    process::step(&format!("fuzzing every parser of outside bytes for {seconds} s"));
    let mut cargo = process::cargo(workspace.root());
    cargo.args(["test", "--workspace", "--no-fail-fast", "--lib", "--bins", "--test", "fuzz"]);
    // All of them are in modules of this name.
    cargo.args(["--", "--nocapture", "fuzz::"]).args(filter);
    cargo.env("KENNEL_FUZZ_SECONDS", seconds.to_string());
    process::run(&mut cargo, "fuzzing")
}
