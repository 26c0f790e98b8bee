//! A component that is not in the catalogue, under the same watch.

use std::fs;
use std::path::Path;
use std::process::Output;
use std::time::Duration;

use end_to_end::Target;
use end_to_end::installation::{self, kennel};
use serde_json::Value;

use crate::attack::{Attack, Expected};
use crate::report::{Report, Verdict};
use crate::trial::{Options, Trial};

/// Times that the neighbour is measured without and with it.
const PERIODS: usize = 5;

/// Runs the component at `path` with nothing granted and small limits.
///
/// # Panics
/// When the file does not exist.
pub fn run(path: &Path, options: Options) -> Report {
    let path = path.canonicalize().unwrap();
    let inspected = kennel().arg("inspect").arg("--json").arg(&path).output().unwrap();
    let facts: Option<Value> = serde_json::from_slice(&inspected.stdout).ok();
    let kind = facts.as_ref().and_then(|facts| facts["kind"].as_str()).map(str::to_owned);
    let mut report = Trial::start(Vec::new(), options).measure(PERIODS, false);
    let said = |output: &Output| String::from_utf8_lossy(&output.stderr).trim().to_owned();
    let Some(kind) = kind.filter(|_| inspected.status.success()) else {
        report.verdicts.push(refused(&inspected, &said(&inspected)));
        return report;
    };
    let kind = match kind.as_str() {
        "source" => "source",
        "transform" => "transform",
        _ => "sink",
    };
    let attack = Attack::stranger(path, kind, Expected::Anything);
    let checked = check(&attack);
    if !checked.status.success() {
        report.verdicts.push(refused(&checked, &said(&checked)));
        return report;
    }
    report.add(Trial::start(vec![attack], options).measure(PERIODS, true));
    report
}

/// A refusal has an exit code; a host that fell over has none.
fn refused(output: &Output, said: &str) -> Verdict {
    Verdict {
        name: "stranger".to_owned(),
        expected: "contained".to_owned(),
        seen: format!("refused: {said}"),
        after: Duration::ZERO,
        contained: output.status.code().is_some(),
        throughput: None,
    }
}

/// What `kennel check` says of the connector that it will be.
fn check(attack: &Attack) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let connector = attack.connector(&Target::unique(attack.name), str::to_owned);
    fs::write(folder.path().join("stranger.toml"), connector.text()).unwrap();
    let (search, cache) = (installation::components(), installation::code_cache());
    let host = format!("[components]\nsearch = [{search:?}]\ncache = {cache:?}\n");
    fs::write(folder.path().join("kennel.toml"), host).unwrap();
    kennel().args(["check", "--config"]).arg(folder.path()).output().unwrap()
}
