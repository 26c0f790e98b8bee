//! Golden error messages: each `tests/golden/NAME.toml` is loaded, and what is printed has to be
//! `tests/golden/NAME.expected`, to the letter. `KENNEL_BLESS=1` writes the expectations.
//!
//! A case whose first line is `# kennel.toml` is the host's file, others are a connector's. Lines
//! that begin with `#: ` set environment variables; `# schema: {…}` checks `[config]` against it. Lines
//! that begin with `#| ` are the kennel.toml beside a connector, `#> ` what the URL in it answers.

// Helpers of tests may fail like tests.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fmt::Write;
use std::path::{Path, PathBuf};

use kennel_config::{ConfigError, Environment, check_against_schema, read_host};

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// What a user sees for the case, without the temporary folder's name.
fn outcome(case: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("component.wasm"), b"\0asm").unwrap();
    let name = if case.starts_with("# kennel.toml") { "kennel.toml" } else { "case.toml" };
    std::fs::write(folder.path().join(name), case).unwrap();
    let lines = |prefix| case.lines().filter_map(move |line| line.strip_prefix(prefix));
    if name != "kennel.toml" {
        let host: String = lines("#| ").fold(String::new(), |text, line| text + line + "\n");
        std::fs::write(folder.path().join("kennel.toml"), host).unwrap();
    }
    let answer: String = lines("#> ").collect();
    let fetched = (!answer.is_empty()).then_some(Ok(answer));
    let variables = case.lines().filter_map(|line| line.strip_prefix("#: ")?.split_once('='));
    let schema = case.lines().find_map(|line| line.strip_prefix("# schema: "));
    let environment = Environment::from_iter(variables);
    let loaded = read_host(folder.path(), &environment).and_then(|read| read.finish(fetched));
    let text = match (loaded, schema) {
        (Err(errors), _) => errors.to_string(),
        (Ok(configuration), Some(schema)) => {
            let schema = serde_json::from_str(schema).unwrap();
            let errors = check_against_schema(&configuration.connectors[0].config, &schema);
            match errors.is_empty() {
                true => "accepted".to_owned(),
                false => errors.iter().fold(String::new(), |mut text, error: &ConfigError| {
                    write!(text, "{error}\n\n").unwrap();
                    text
                }),
            }
        }
        (Ok(configuration), None) => {
            let warnings = configuration.warnings.iter().map(|warning| format!("{warning}\n\n"));
            warnings.chain(["accepted".to_owned()]).collect()
        }
    };
    let text = text.replace(&format!("{}/", folder.path().display()), "");
    let text = text.replace(&folder.path().display().to_string(), "FOLDER");
    format!("{}\n", text.trim_end())
}

#[test]
fn given_each_case_should_print_what_is_expected() {
    let mut cases: Vec<_> = std::fs::read_dir(golden())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    cases.sort();
    assert!(cases.len() >= 30, "only {} cases", cases.len());
    let mut failed = Vec::new();
    for case in cases {
        let printed = outcome(&std::fs::read_to_string(&case).unwrap());
        let errors = printed.matches("error[").count() + printed.matches("warning[").count();
        let helps = printed.matches(" help: ").count();
        assert_eq!(errors, helps, "every error says how to correct it:\n{printed}");
        let expectation = case.with_extension("expected");
        if std::env::var_os("KENNEL_BLESS").is_some() {
            std::fs::write(&expectation, printed).unwrap();
        } else if std::fs::read_to_string(&expectation).unwrap_or_default() != printed {
            failed.push(format!("{}:\n{printed}", case.display()));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
