//! Whether a component's claim about its delivery has been proven.

use std::path::Path;

use kennel_config::Guarantee;
use serde::{Deserialize, Serialize};

use super::Loaded;

/// What stands behind the guarantee of a connector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Evidence {
    /// The component says so.
    Claimed,
    /// A report of `kennel conform` about just this component says that every scenario which could be
    /// judged was passed, seen at the destination.
    Conformed,
}

/// The part of a report that decides.
#[derive(Deserialize)]
struct Report {
    digest: String,
    verdict: String,
    observed: bool,
    scenarios: Vec<Scenario>,
}

#[derive(Deserialize)]
struct Scenario {
    name: String,
    verdict: String,
}

/// Without these a report says little: no component passes them by luck.
const NEEDED: [&str; 3] =
    ["killed-before-checkpoint", "killed-before-checkpoint-other-batches", "checkpoint-lost"];

/// What an operator can count on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Promise {
    /// The configured guarantee.
    guarantee: &'static str,
    /// What stands behind it, where the component has to keep it.
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<Evidence>,
    /// Whether a component of it runs without metering: an endless loop of it is not stopped.
    trusted: bool,
}

impl Promise {
    /// What `loaded` promises.
    pub(crate) fn of(loaded: &Loaded) -> Self {
        let trusted = loaded.is_trusted();
        match loaded.config.delivery.guarantee {
            Guarantee::AtLeastOnce => Self { guarantee: "at-least-once", evidence: None, trusted },
            Guarantee::ExactlyOnce => {
                // A component of a registry has nothing beside it.
                let file = loaded.config.component.file();
                let evidence =
                    Some(file.map_or(Evidence::Claimed, |file| {
                        evidence(file, loaded.component.digest())
                    }));
                Self { guarantee: "exactly-once", evidence, trusted }
            }
        }
    }
}

/// Reads the report beside the component: `postgres_sink.conformance.json` for `postgres_sink.wasm`.
/// One that is missing, damaged or about other bytes proves nothing.
fn evidence(component: &Path, digest: &str) -> Evidence {
    let path = component.with_extension("conformance.json");
    let Ok(bytes) = std::fs::read(&path) else { return Evidence::Claimed };
    let report: Report = match serde_json::from_slice(&bytes) {
        Ok(report) => report,
        Err(error) => {
            tracing::warn!("{} is no report of `kennel conform`: {error}", path.display());
            return Evidence::Claimed;
        }
    };
    if report.digest != format!("sha256:{digest}") {
        tracing::warn!("{} is about another version of the component", path.display());
        return Evidence::Claimed;
    }
    let passed =
        |name: &str| report.scenarios.iter().any(|it| it.name == name && it.verdict == "pass");
    match report.verdict == "pass" && report.observed && NEEDED.iter().all(|name| passed(name)) {
        true => Evidence::Conformed,
        false => Evidence::Claimed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(digest: &str, verdict: &str, observed: bool, names: &[&str]) -> String {
        let scenarios: Vec<_> = names
            .iter()
            .map(|name| serde_json::json!({ "name": name, "verdict": "pass" }))
            .collect();
        serde_json::json!({
            "digest": digest, "verdict": verdict, "observed": observed, "scenarios": scenarios
        })
        .to_string()
    }

    #[test]
    fn given_reports_should_believe_only_a_whole_one_about_just_this_component() {
        let folder = tempfile::tempdir().unwrap();
        let component = folder.path().join("sink.wasm");
        assert_eq!(evidence(&component, "d"), Evidence::Claimed, "there is no report");
        let cases = [
            (report("sha256:d", "pass", true, &NEEDED), Evidence::Conformed),
            (report("sha256:e", "pass", true, &NEEDED), Evidence::Claimed),
            (report("sha256:d", "fail", true, &NEEDED), Evidence::Claimed),
            (report("sha256:d", "pass", false, &NEEDED), Evidence::Claimed),
            (report("sha256:d", "pass", true, &NEEDED[..2]), Evidence::Claimed),
            ("{".to_owned(), Evidence::Claimed),
        ];
        for (report, expected) in cases {
            std::fs::write(component.with_extension("conformance.json"), &report).unwrap();
            assert_eq!(evidence(&component, "d"), expected, "{report}");
        }
    }
}
