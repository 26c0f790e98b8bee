//! `cargo xtask test`: everything that can be checked, in one run with totals.
//!
//! A part that fails does not stop the others, and a part that cannot run counts as failed: the
//! totals must never look better because a tool was missing.

mod part;
mod tally;

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use self::part::Part;
use self::tally::{Runner, Tally};
use crate::workspace::Workspace;
use crate::{components, host, process};

/// Sets up and runs every part, then prints the table and the totals.
///
/// # Errors
/// When a test failed or could not run.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    announce_broker();
    let parts = [
        Part::single("host", || host::build(workspace)),
        Part::single("components in Rust", || components::build_rust(workspace)),
        Part::single("component in Python", || components::build_python(workspace)),
        Part::single("component in JavaScript", || components::build_javascript(workspace)),
        Part::of_runner(
            "cargo test",
            Runner::Cargo,
            process::cargo(workspace.root())
                .args(["test", "--workspace", "--no-fail-fast"])
                .env("KENNEL_BIN", workspace.host()),
        ),
        Part::of_runner("Python SDK", Runner::Unittest, &mut python_tests(workspace, "tests", ".")),
        Part::of_runner(
            "fields in Python",
            Runner::Unittest,
            &mut python_tests(workspace, "examples/fields", "examples/fields"),
        ),
        Part::of_runner(
            "JavaScript SDK and fields",
            Runner::Node,
            &mut javascript_tests(workspace),
        ),
        Part::single("demo", || demo(workspace)),
        Part::single("example configurations", || examples(workspace)),
    ];
    conclude(&parts)
}

fn announce_broker() {
    match std::env::var("KENNEL_TEST_IGGY") {
        Ok(address) => process::step(&format!("broker tests also run against {address}")),
        Err(_) => process::step(
            "broker tests run against the embedded Iggy (KENNEL_TEST_IGGY=host:port adds a server)",
        ),
    }
}

/// Test files in `folder`, with modules found from `top`; both below the Python SDK.
fn python_tests(workspace: &Workspace, folder: &str, top: &str) -> Command {
    let sdk = workspace.path("guest-sdk/python");
    let mut python = Command::new("python3");
    python
        .args(["-m", "unittest", "discover", "--start-directory", folder])
        .args(["--top-level-directory", top])
        .env("PYTHONPATH", &sdk)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .current_dir(&sdk);
    python
}

/// The SDK's own test script, which also covers its examples.
fn javascript_tests(workspace: &Workspace) -> Command {
    let mut npm = Command::new("npm");
    npm.args(["test", "--silent"]).current_dir(workspace.path("guest-sdk/javascript"));
    npm
}

/// Runs the demo as a user would and believes only its last line.
fn demo(workspace: &Workspace) -> Result<()> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Account {
        records_in: u64,
        records_out: u64,
        filtered: u64,
        dead_lettered: u64,
        missing: u64,
    }

    let mut cargo = process::cargo(workspace.root());
    cargo.args(["run", "--quiet", "--package", "xtask", "--", "demo", "--json"]);
    let output = process::capture(&mut cargo, "cargo xtask demo --json")?;
    let last = output.lines().last().context("the demo printed nothing")?;
    let account: Account = serde_json::from_str(last)
        .with_context(|| format!("the last line is not the account: {last}"))?;
    let sum = account.records_out + account.filtered + account.dead_lettered + account.missing;
    if account.missing > 0 || account.records_in == 0 || account.records_in != sum {
        bail!("the account does not balance: {last}");
    }
    Ok(())
}

/// Every folder of `configs` is accepted by `kennel check`.
fn examples(workspace: &Workspace) -> Result<()> {
    let mut checked = 0;
    for entry in fs::read_dir(workspace.path("configs")).context("cannot list configs")? {
        let folder = entry?.path();
        if folder.is_dir() {
            let mut check = Command::new(workspace.host());
            check.args(["check", "--config"]).arg(&folder);
            process::run(&mut check, &format!("kennel check --config {}", folder.display()))?;
            checked += 1;
        }
    }
    ensure!(checked > 0, "there are no example configurations");
    Ok(())
}

fn conclude(parts: &[Part]) -> Result<()> {
    let mut totals = Tally::default();
    println!("\n{:<26} {:>7} {:>7} {:>8} {:>8}", "part", "passed", "failed", "ignored", "seconds");
    for part in parts {
        totals += part.tally;
        let Tally { passed, failed, ignored } = part.tally;
        let seconds = part.took.as_secs_f64();
        println!("{:<26} {passed:>7} {failed:>7} {ignored:>8} {seconds:>8.1}", part.name);
        if let Some(remark) = &part.remark {
            println!("  failed: {remark}");
        }
    }
    println!("totals: {totals}");
    if totals.failed > 0 {
        bail!("{} of the tests failed or could not run", totals.failed);
    }
    Ok(())
}
