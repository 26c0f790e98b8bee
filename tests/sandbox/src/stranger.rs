//! A component that is not in the catalogue, under the same watch.

use std::path::Path;
use std::time::Duration;

use end_to_end::installation::kennel;
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
    let Some(kind) = kind.filter(|_| inspected.status.success()) else {
        let said = String::from_utf8_lossy(&inspected.stderr).trim().to_owned();
        report.verdicts.push(Verdict {
            name: "stranger".to_owned(),
            expected: "contained".to_owned(),
            seen: format!("refused: {said}"),
            after: Duration::ZERO,
            // A refusal has an exit code; a host that fell over has none.
            contained: inspected.status.code() == Some(3),
            throughput: None,
        });
        return report;
    };
    let kind = match kind.as_str() {
        "source" => "source",
        "transform" => "transform",
        _ => "sink",
    };
    let attack = Attack::stranger(path, kind, Expected::Anything);
    report.add(Trial::start(vec![attack], options).measure(PERIODS, true));
    report
}
