//! The operator's own commands, which look at the destination and empty it.

use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use crate::ConformError;

/// Longest a command may take.
const LIMIT: Duration = Duration::from_secs(60);
/// Of a failed command's words, so many bytes are repeated.
const LAST_WORDS: usize = 400;

/// Runs `command` by `sh -c`; answers what it printed.
pub(crate) async fn run(command: &str) -> Result<String, ConformError> {
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(command).stdin(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(LIMIT, shell.output())
        .await
        .map_err(|_elapsed| ConformError::Slow { command: command.to_owned(), limit: LIMIT })?
        .map_err(|source| ConformError::Spawn { command: command.to_owned(), source })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    let words: String = words.trim().chars().take(LAST_WORDS).collect();
    Err(ConformError::Command {
        command: command.to_owned(),
        status: output.status.to_string(),
        output: words,
    })
}

/// Runs `command`; answers the identities that it printed.
pub(crate) async fn observe(command: &str) -> Result<Vec<u64>, ConformError> {
    let output = run(command).await?;
    let lines = output.lines().map(str::trim).filter(|line| !line.is_empty());
    lines
        .map(|line| {
            line.parse().map_err(|_| ConformError::Identity {
                command: command.to_owned(),
                line: line.chars().take(LAST_WORDS).collect(),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn given_lines_of_numbers_should_read_them() {
        assert_eq!(observe("printf '3\\n\\n 1 \\n'").await.unwrap(), [3, 1]);
        let refused = observe("echo three").await.unwrap_err();
        assert!(matches!(refused, ConformError::Identity { line, .. } if line == "three"));
    }

    #[tokio::test]
    async fn given_a_command_that_fails_should_repeat_its_words() {
        let error = run("echo no such table >&2; exit 3").await.unwrap_err().to_string();
        assert!(error.contains("no such table") && error.contains('3'), "{error}");
    }
}
