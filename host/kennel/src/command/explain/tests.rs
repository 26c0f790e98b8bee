use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::*;

#[test]
fn given_every_entry_should_be_complete_and_named_once() {
    let mut codes = BTreeSet::new();
    for entry in entries() {
        assert!(codes.insert(entry.code), "{} stands twice", entry.code);
        for text in [entry.what, entry.why, entry.fix] {
            assert!(text.ends_with('.') && text.len() > 20, "{}: {text}", entry.code);
        }
        assert!(!entry.title.ends_with('.') && !entry.example.is_empty(), "{}", entry.code);
        assert!(text(entry).lines().all(|line| line.chars().count() <= WIDTH), "{}", entry.code);
        // What looks like configuration is TOML.
        if entry.example.starts_with('[') {
            entry.example.parse::<toml_edit::DocumentMut>().unwrap();
        }
    }
    assert!(codes.len() >= 60, "{} codes", codes.len());
}

#[test]
fn given_a_code_should_print_this_shape() {
    let entry = entries().find(|entry| entry.code == "memory_limit").unwrap();
    assert_eq!(
        text(entry),
        "memory_limit: a component reached its memory limit

What happened
  The component asked for more memory than [limits] memory, counting all its memories and
  tables together. Its instance was thrown away and a fresh one took over.

Why
  One connector must not take the memory of the others.

What to do
  Send it smaller batches, or raise the limit. The budget of the host has to hold it for every
  partition at work.

For example
  [limits]
  memory = \"256MiB\""
    );
}

#[test]
fn given_a_misspelt_code_should_name_the_nearest() {
    for (written, meant) in [
        ("memory-limit", Some("memory_limit")),
        ("htp_denied", Some("http_denied")),
        ("ken_e103", Some("KEN-E0103")),
        ("something-else-entirely", None),
    ] {
        assert_eq!(nearest(written), meant, "{written}");
    }
}

/// Source files of the host, without tests and without this table.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            if !matches!(name, "tests" | "explain" | "target") {
                sources(&path, found);
            }
        } else if name.ends_with(".rs") && !matches!(name, "tests.rs" | "explain.rs") {
            found.push(path);
        }
    }
}

/// Whole texts in quotes on a line.
fn literals(line: &str) -> impl Iterator<Item = &str> {
    line.split('"').skip(1).step_by(2)
}

/// Texts that a function named `code` answers, and texts anywhere that are formed like the code of a denial
/// or a limit. Names of keys are so formed as well, and only the configuration has keys.
fn emitted(path: &Path) -> BTreeSet<String> {
    const ENDINGS: [&str; 6] = ["_denied", "_limit", "_timeout", "_share", "_unknown", "_unsigned"];
    let source = std::fs::read_to_string(path).unwrap();
    let source = source.split("#[cfg(test)]").next().unwrap();
    let of_keys = path.components().any(|part| part.as_os_str() == "config");
    let mut codes = BTreeSet::new();
    let mut closing = None;
    for line in source.lines().filter(|line| !line.trim_start().starts_with("//")) {
        let signature = line.contains("fn code(") && line.contains("&'static str");
        if signature {
            let indent = line.len() - line.trim_start().len();
            closing = Some(format!("{}}}", " ".repeat(indent)));
        }
        let in_code = closing.is_some();
        if closing.as_deref() == Some(line) {
            closing = None;
        }
        let word = |text: &str| {
            !text.is_empty() && text.bytes().all(|it| it.is_ascii_lowercase() || it == b'_')
        };
        for text in literals(line) {
            let ending = ENDINGS.iter().any(|ending| text.ends_with(ending));
            if in_code || !of_keys && word(text) && ending {
                codes.insert(text.to_owned());
            }
        }
    }
    codes
}

#[test]
fn given_every_code_in_the_source_should_explain_it() {
    let host = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    for member in std::fs::read_dir(&host).unwrap() {
        let member = member.unwrap().path();
        // A server of its own, and the suite that judges components, have no codes of a host.
        let others = ["embedded-iggy", "conform"].iter().any(|name| member.ends_with(name));
        if !others && member.join("src").is_dir() {
            sources(&member.join("src"), &mut files);
        }
    }
    let known: BTreeSet<&str> = entries().map(|entry| entry.code).collect();
    let mut found = 0;
    for file in files {
        for code in emitted(&file) {
            assert!(known.contains(code.as_str()), "{code} of {} is not explained", file.display());
            found += 1;
        }
    }
    assert!(found >= 35, "only {found} codes were found");
}
