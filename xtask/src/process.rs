//! Running other programs: with their output shown, captured, or both.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// What a program said and how it ended.
pub(crate) struct Transcript {
    /// Both streams, line by line, in order of arrival, without terminal colours.
    pub(crate) lines: Vec<String>,
    /// How it ended.
    pub(crate) status: ExitStatus,
}

/// A line about what happens now, on standard error so that standard output stays for results.
pub(crate) fn step(what: &str) {
    eprintln!("==> {what}");
}

/// `cargo` in `root`, without the variables that `cargo run` added for this process.
///
/// Some build scripts ask to be run again when `CARGO_PKG_*` changes: left in place, each switch
/// between `cargo xtask` and plain `cargo` would compile half of the tree anew.
pub(crate) fn cargo(root: &Path) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.current_dir(root);
    without_cargo_variables(&mut command);
    command
}

/// Removes what `cargo run` put into the environment about the crate `xtask`.
pub(crate) fn without_cargo_variables(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let Some(text) = name.to_str() else { continue };
        if ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|prefix| text.starts_with(prefix)) {
            command.env_remove(&name);
        }
    }
}

/// Runs to the end with both streams shown.
///
/// # Errors
/// When it cannot start or does not end with success.
pub(crate) fn run(command: &mut Command, what: &str) -> Result<()> {
    let status = command.status().with_context(|| cannot_start(command, what))?;
    if !status.success() {
        bail!("{what} ended with {status}");
    }
    Ok(())
}

/// Like [`run`], but ends the program when it takes longer than `limit`.
///
/// # Errors
/// When it cannot start, does not end with success, or not in time.
pub(crate) fn run_within(command: &mut Command, what: &str, limit: Duration) -> Result<()> {
    let mut child = command.spawn().with_context(|| cannot_start(command, what))?;
    match wait_within(&mut child, limit)? {
        Some(status) if status.success() => Ok(()),
        Some(status) => bail!("{what} ended with {status}"),
        None => {
            child.kill().with_context(|| format!("{what} hangs and cannot be ended"))?;
            child.wait().with_context(|| format!("{what} hangs and cannot be ended"))?;
            bail!("{what} had not ended after {} s", limit.as_secs())
        }
    }
}

/// Standard output as text; standard error is shown.
///
/// # Errors
/// When it cannot start, does not end with success, or does not print UTF-8.
pub(crate) fn capture(command: &mut Command, what: &str) -> Result<String> {
    let output =
        command.stderr(Stdio::inherit()).output().with_context(|| cannot_start(command, what))?;
    if !output.status.success() {
        bail!("{what} ended with {}", output.status);
    }
    String::from_utf8(output.stdout).with_context(|| format!("{what} did not print text"))
}

/// Whether the program exists and ends with success; all output is dropped.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|s| s.success())
}

/// Runs to the end, shows both streams on standard error as they come, and keeps them.
///
/// # Errors
/// When it cannot start. A bad end is in [`Transcript::status`].
pub(crate) fn watch(command: &mut Command, what: &str) -> Result<Transcript> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| cannot_start(command, what))?;
    let (sender, receiver) = mpsc::channel();
    let mut readers = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        readers.push(forward_lines(stdout, sender.clone()));
    }
    if let Some(stderr) = child.stderr.take() {
        readers.push(forward_lines(stderr, sender.clone()));
    }
    drop(sender);

    let mut lines = Vec::new();
    let mut screen = std::io::stderr();
    for line in receiver {
        // A closed terminal must not end the tests.
        let _ = screen.write_all(&line);
        lines.push(without_colours(&String::from_utf8_lossy(&line)).trim_end().to_owned());
    }
    for reader in readers {
        let _ = reader.join();
    }
    let status = child.wait().with_context(|| format!("{what} was lost while it ran"))?;
    Ok(Transcript { lines, status })
}

fn forward_lines(
    stream: impl Read + Send + 'static,
    lines: mpsc::Sender<Vec<u8>>,
) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        let mut stream = BufReader::new(stream);
        let mut line = Vec::new();
        while stream.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
            if lines.send(std::mem::take(&mut line)).is_err() {
                return;
            }
        }
    })
}

fn wait_within(child: &mut Child, limit: Duration) -> Result<Option<ExitStatus>> {
    let deadline = Instant::now() + limit;
    while Instant::now() < deadline {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        thread::park_timeout(Duration::from_millis(20));
    }
    Ok(None)
}

fn cannot_start(command: &Command, what: &str) -> String {
    format!("{what}: `{}` cannot be started", command.get_program().to_string_lossy())
}

/// Drops `ESC [ … letter` sequences, which test runners add when forced to colour.
fn without_colours(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        if character == '\u{1b}' {
            characters.by_ref().find(|next| next.is_ascii_alphabetic());
        } else {
            plain.push(character);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_coloured_text_should_keep_the_text_only() {
        assert_eq!(without_colours("test result: \u{1b}[32mok\u{1b}[0m. 3"), "test result: ok. 3");
    }

    #[test]
    fn given_a_program_that_writes_to_both_streams_should_keep_both_and_the_status() {
        let mut shell = Command::new("sh");
        shell.args(["-c", "echo one; echo two >&2; exit 3"]);

        let transcript = watch(&mut shell, "shell").unwrap();

        let mut lines = transcript.lines;
        lines.sort();
        assert_eq!(lines, ["one", "two"]);
        assert_eq!(transcript.status.code(), Some(3));
    }

    #[test]
    fn given_a_program_that_hangs_should_end_it_and_say_so() {
        let mut shell = Command::new("sh");
        shell.args(["-c", "exec sleep 600"]);

        let error = run_within(&mut shell, "sleeper", Duration::from_millis(50)).unwrap_err();

        assert!(error.to_string().contains("sleeper had not ended"), "{error}");
    }

    #[test]
    fn given_a_missing_program_should_name_it() {
        let error = run(&mut Command::new("no-such-program-here"), "tool").unwrap_err();
        assert!(error.to_string().contains("no-such-program-here"), "{error}");
    }
}
