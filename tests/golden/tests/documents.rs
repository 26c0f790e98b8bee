//! What the documents point to is there.

// Helpers of tests may fail like tests.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Files below `folder` that git would keep and that end so.
fn files(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if !matches!(name.as_str(), "target" | "node_modules" | ".git") {
                files(&path, extension, found);
            }
        } else if path.extension().is_some_and(|it| it == extension) {
            found.push(path);
        }
    }
}

fn documents() -> Vec<(PathBuf, String)> {
    let mut found = vec![root().join("README.md"), root().join("tests/sandbox/README.md")];
    files(&root().join("docs"), "md", &mut found);
    found.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

/// What stands between each pair of `open` and `close` within a line.
fn between<'a>(text: &'a str, open: &'a str, close: &'a str) -> impl Iterator<Item = &'a str> {
    let after = text.lines().flat_map(move |line| line.split(open).skip(1));
    after.filter_map(move |rest| Some(rest.split_once(close)?.0))
}

#[test]
fn given_links_should_lead_to_files_that_exist() {
    let mut seen = 0;
    for (path, text) in documents() {
        for link in between(&text, "](", ")") {
            let file = link.split('#').next().unwrap();
            if file.is_empty() || file.contains("://") {
                continue;
            }
            assert!(path.parent().unwrap().join(file).exists(), "{}: {link}", path.display());
            seen += 1;
        }
    }
    assert!(seen > 10, "only {seen} links");
}

#[test]
fn given_names_of_tests_and_sources_should_be_those_of_the_repository() {
    let mut sources = Vec::new();
    ["host", "tests", "connectors", "guest-sdk"].iter().for_each(|folder| {
        files(&root().join(folder), "rs", &mut sources);
    });
    let mut tests = BTreeSet::new();
    for source in sources {
        for name in between(&fs::read_to_string(source).unwrap(), "fn given_", "(") {
            tests.insert(format!("given_{name}"));
        }
    }
    let (mut named, mut paths) = (0, 0);
    for (path, text) in documents() {
        // Odd parts are between backticks.
        for code in text.lines().flat_map(|line| line.split('`').skip(1).step_by(2)) {
            if code.starts_with("given_") && !code.contains('…') {
                assert!(tests.contains(code), "{}: there is no {code}", path.display());
                named += 1;
            }
            let is_source = ["host/", "tests/", "connectors/", "guest-sdk/", "xtask/"]
                .iter()
                .any(|folder| code.starts_with(folder));
            if is_source && !code.contains([' ', '*', '{', '…', '<']) {
                let beside = path.parent().unwrap().join(code);
                assert!(
                    root().join(code).exists() || beside.exists(),
                    "{}: {code}",
                    path.display()
                );
                paths += 1;
            }
        }
    }
    assert!(named > 5 && paths > 20, "{named} tests and {paths} paths are named");
}
