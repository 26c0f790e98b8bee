//! `kennel explain`: the long form of every code.

mod components;
mod configuration;
mod denials;
mod faults;
mod limits;
mod policy;

use std::fmt::Write as _;

use anyhow::anyhow;
use serde::Serialize;
use serde_json::json;

use crate::cli::ExplainArguments;
use crate::exit_code::Failure;
use crate::terminal::Terminal;

/// What there is to say about one code.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Entry {
    /// As errors, logs, metrics and dead letters name it.
    code: &'static str,
    /// In a few words.
    title: &'static str,
    what: &'static str,
    why: &'static str,
    fix: &'static str,
    /// Lines of a configuration, or a command.
    example: &'static str,
}

/// Every code there is, in groups.
static GROUPS: [(&str, &[Entry]); 6] = [
    ("Configuration", &configuration::ENTRIES),
    ("Policy of the host", &policy::ENTRIES),
    ("Denied: not granted", &denials::ENTRIES),
    ("Limits", &limits::ENTRIES),
    ("Faults", &faults::ENTRIES),
    ("Components", &components::ENTRIES),
];

/// Width of the text.
const WIDTH: usize = 96;

fn entries() -> impl Iterator<Item = &'static Entry> {
    GROUPS.iter().flat_map(|(_, entries)| entries.iter())
}

pub(crate) fn run(arguments: &ExplainArguments, terminal: &Terminal) -> Result<(), Failure> {
    let Some(written) = &arguments.code else {
        let groups: Vec<_> = GROUPS
            .iter()
            .map(|(name, entries)| json!({ "group": name, "codes": entries }))
            .collect();
        terminal.result(&groups, index);
        return Ok(());
    };
    match entries().find(|entry| entry.code.eq_ignore_ascii_case(written)) {
        Some(entry) => {
            terminal.result(entry, || text(entry));
            Ok(())
        }
        None => Err(Failure::usage(match nearest(written) {
            Some(near) => anyhow!("there is no code `{written}`; did you mean `{near}`?"),
            None => anyhow!("there is no code `{written}`; `kennel explain` lists all"),
        })),
    }
}

fn index() -> String {
    let mut text = String::new();
    for (name, entries) in &GROUPS {
        let _ = writeln!(text, "{name}");
        for entry in *entries {
            let _ = writeln!(text, "  {:<22} {}", entry.code, entry.title);
        }
        text.push('\n');
    }
    text.push_str("kennel explain CODE says more about one of them.");
    text
}

fn text(entry: &Entry) -> String {
    let mut text = format!("{}: {}\n", entry.code, entry.title);
    let sections = [("What happened", entry.what), ("Why", entry.why), ("What to do", entry.fix)];
    for (title, content) in sections {
        let _ = writeln!(text, "\n{title}\n{}", wrapped(content));
    }
    text.push_str("\nFor example\n");
    for line in entry.example.lines() {
        let _ = writeln!(text, "  {line}");
    }
    text.truncate(text.trim_end().len());
    text
}

/// Indented lines of at most `WIDTH` characters.
fn wrapped(content: &str) -> String {
    let mut text = String::new();
    let mut length = WIDTH;
    for word in content.split_whitespace() {
        let width = word.chars().count() + 1;
        if length + width > WIDTH {
            text.push_str(if text.is_empty() { "  " } else { "\n  " });
            length = 2;
        } else {
            text.push(' ');
        }
        text.push_str(word);
        length += width;
    }
    text
}

/// The code that was probably meant.
fn nearest(written: &str) -> Option<&'static str> {
    let written = written.to_ascii_lowercase().replace('-', "_");
    entries()
        .map(|entry| {
            let code = entry.code.to_ascii_lowercase().replace('-', "_");
            (strsim::damerau_levenshtein(&written, &code), entry.code)
        })
        .filter(|(distance, code)| *distance <= code.len() / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, code)| code)
}

#[cfg(test)]
mod tests;
