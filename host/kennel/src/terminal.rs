//! Where output goes and how it looks.

use std::borrow::Cow;
use std::io::{IsTerminal, Write};

use clap::ColorChoice;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use serde_json::json;

use crate::cli::GlobalArguments;
use crate::exit_code::Failure;

/// Results go to standard output, everything else to standard error.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terminal {
    json: bool,
    color: bool,
}

impl Terminal {
    pub(crate) fn new(global: &GlobalArguments) -> Self {
        let color = match global.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            // https://no-color.org
            ColorChoice::Auto => {
                std::io::stderr().is_terminal()
                    && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            }
        };
        Self { json: global.json, color }
    }

    /// Whether results are for programs.
    pub(crate) fn json(&self) -> bool {
        self.json
    }

    /// Whether standard error takes colours.
    pub(crate) fn color(&self) -> bool {
        self.color
    }

    /// Prints a result: one line of JSON, or text for people.
    pub(crate) fn result(&self, json: &impl Serialize, text: impl FnOnce() -> String) {
        let line = match self.json {
            true => serde_json::to_string(json).unwrap_or_else(|error| error.to_string()),
            false => printable(&text()).into_owned(),
        };
        // Nobody is left to be told that standard output is closed.
        let _ = writeln!(std::io::stdout().lock(), "{line}");
    }

    /// Tells people how it goes; programs do not want to know.
    pub(crate) fn progress(&self, text: &str) {
        if !self.json {
            let _ = writeln!(std::io::stderr().lock(), "{}", printable(text));
        }
    }

    /// Prints why a command did not succeed.
    pub(crate) fn failure(&self, failure: &Failure) {
        let mut output = std::io::stderr().lock();
        let _ = match (self.json, failure.config_errors()) {
            (true, Some(errors)) => {
                let line = json!({
                    "error": errors.count_in_words(),
                    "exit_code": failure.code() as u8,
                    "errors": errors,
                });
                writeln!(output, "{line}")
            }
            (true, None) => {
                let mut line =
                    json!({ "error": failure.to_string(), "exit_code": failure.code() as u8 });
                if let Some(word) = failure.word() {
                    line["code"] = word.into();
                }
                writeln!(output, "{line}")
            }
            // Each of them says `error` itself.
            (false, Some(errors)) => writeln!(output, "{}", self.highlight(&errors.to_string())),
            (false, None) => {
                let word = failure.word().map(|word| format!("[{word}]")).unwrap_or_default();
                writeln!(output, "{}", self.highlight(&format!("error{word}: {failure}")))
            }
        };
    }

    /// Colours the words and carets that the eye looks for.
    fn highlight(&self, text: &str) -> String {
        let text = &*printable(text);
        if !self.color {
            return text.to_owned();
        }
        let mut coloured = String::with_capacity(text.len() * 2);
        for line in text.split_inclusive('\n') {
            let trimmed = line.trim_start();
            let style = match () {
                () if trimmed.starts_with("error") => "\x1b[1;31m",
                () if trimmed.starts_with("help:") => "\x1b[36m",
                () if trimmed.starts_with("| ") && trimmed.trim_end().ends_with('^') => "\x1b[31m",
                () => {
                    coloured.push_str(line);
                    continue;
                }
            };
            let content = line.trim_end_matches('\n');
            coloured.push_str(style);
            coloured.push_str(content);
            coloured.push_str("\x1b[0m");
            coloured.push_str(&line[content.len()..]);
        }
        coloured
    }
}

/// `text` without what would move a terminal's cursor or change its colours: names, errors and
/// descriptions are written by components, whose authors owe this terminal nothing.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    let is_harmless = |letter: char| !letter.is_control() || matches!(letter, '\n' | '\t');
    if text.chars().all(is_harmless) {
        return Cow::Borrowed(text);
    }
    let replaced = |letter| if is_harmless(letter) { letter } else { char::REPLACEMENT_CHARACTER };
    Cow::Owned(text.chars().map(replaced).collect())
}

/// How far a transfer is, in words.
pub(crate) fn transfer(done: u64, total: Option<u64>) -> String {
    let kib = |bytes: u64| bytes.div_ceil(1024);
    match total {
        Some(total) => format!("pulled {} of {} KiB", kib(done), kib(total)),
        None => format!("pulled {} KiB", kib(done)),
    }
}

/// A line that follows a transfer; only on a terminal, and not for programs.
pub(crate) struct TransferBar(ProgressBar);

impl TransferBar {
    pub(crate) fn new(terminal: &Terminal) -> Self {
        let bar = if terminal.json() { ProgressBar::hidden() } else { ProgressBar::new_spinner() };
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
            bar.set_style(style);
        }
        Self(bar)
    }
}

impl kennel_registry::Progress for TransferBar {
    fn transferred(&self, done: u64, total: Option<u64>) {
        match total == Some(done) {
            true => self.0.finish_and_clear(),
            false => {
                self.0.set_message(transfer(done, total));
                self.0.tick();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_text_of_a_stranger_should_print_no_control_characters() {
        assert_eq!(printable("ä\tb\nc"), "ä\tb\nc");
        let clear_and_lie = "\x1b[2J\x1b[1;1Hnothing to see\r\u{9b}31m";
        let shown = printable(clear_and_lie);
        assert!(!shown.contains(['\x1b', '\r', '\u{9b}']), "{shown:?}");
        assert!(shown.contains("nothing to see"), "{shown:?}");
    }
}
