//! `cargo xtask demo`: real orders through sandboxed connectors, and a proof that none is missing.

mod account;
mod expectation;
mod outcome;

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use self::account::Account;
use self::expectation::Expectation;
use self::outcome::Outcome;
use crate::workspace::Workspace;
use crate::{components, host, process};

/// What the file source reads.
const INPUT: &str = "configs/demo/data/orders.ndjson";
/// The connectors of the demo.
const CONFIGURATION: &str = "configs/demo";
/// Everything the demo writes, emptied before each run.
const OUTPUT: &str = "target/demo";
/// A run takes seconds; one that takes this long hangs.
const LONGEST_RUN: Duration = Duration::from_secs(180);

/// Builds, runs and settles. With `json`, the last line on standard output is the account.
///
/// # Errors
/// When something does not build or run, or when the account does not balance.
pub(crate) fn run(workspace: &Workspace, json: bool) -> Result<()> {
    let began = Instant::now();
    host::build(workspace)?;
    components::build_named_in(workspace, &workspace.path(CONFIGURATION))?;

    let output = workspace.path(OUTPUT);
    let (orders, dead_letters) = (output.join("orders"), output.join("dead-letters"));
    for folder in [&output, &orders, &dead_letters] {
        empty(folder)?;
    }
    process::step(&format!("running {CONFIGURATION}: kennel run --once with its own Iggy inside"));
    let mut kennel = Command::new(workspace.host());
    kennel
        .args(["run", "--config", CONFIGURATION, "--embedded", "--once", "--table"])
        .current_dir(workspace.root());
    process::without_cargo_variables(&mut kennel);
    let ran = process::run_within(&mut kennel, "kennel run", LONGEST_RUN);

    process::step("reading back every file that the sinks have written");
    let account = Account::settle(
        &Expectation::read(&workspace.path(INPUT))?,
        &Outcome::read(&orders, &dead_letters)?,
    );
    println!("\nby order id, {INPUT} against {OUTPUT}:\n{account}\n");
    println!("{} in {:.1} s", verdict(&account), began.elapsed().as_secs_f64());
    if json {
        println!("{}", serde_json::to_string(&account)?);
    }
    ran?;
    if !account.is_balanced() {
        bail!("the account does not balance");
    }
    Ok(())
}

fn verdict(account: &Account) -> &'static str {
    match (account.missing, account.is_balanced()) {
        (0, true) => "nothing is missing, nothing came twice",
        (0, false) => "nothing is missing, but something is there that should not be",
        _ => "RECORDS ARE MISSING",
    }
}

/// Leaves an empty folder, whatever an earlier run left. The file sink wants its folder to exist:
/// making one that was misspelt would hide the mistake.
fn empty(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => fs::create_dir_all(folder),
    }
    .with_context(|| format!("cannot empty {}", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_the_files_of_an_earlier_run_should_remove_them() {
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join("demo");
        fs::create_dir_all(output.join("orders")).unwrap();
        fs::write(output.join("orders/old.ndjson"), "{}").unwrap();

        empty(&output).unwrap();

        assert_eq!(fs::read_dir(&output).unwrap().count(), 0);
    }
}
