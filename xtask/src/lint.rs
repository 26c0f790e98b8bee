//! `cargo xtask lint`: formatting, lints, licences.

use anyhow::Result;

use crate::process;
use crate::workspace::Workspace;

/// Runs every check, stopping at the first that complains.
///
/// # Errors
/// When a check complains or cannot run. cargo-deny is the only one that may be absent, and then
/// it is said.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let checks: [(&str, &[&str]); 2] = [
        ("formatting", &["fmt", "--all", "--check"]),
        ("lints", &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]),
    ];
    for (what, arguments) in checks {
        process::step(what);
        process::run(process::cargo(workspace.root()).args(arguments), what)?;
    }
    if !process::succeeds(process::cargo(workspace.root()).args(["deny", "--version"])) {
        process::step("licences and advisories: NOT CHECKED, cargo-deny is not installed");
        return Ok(());
    }
    process::step("licences and advisories");
    process::run(process::cargo(workspace.root()).args(["deny", "check"]), "cargo deny")
}
