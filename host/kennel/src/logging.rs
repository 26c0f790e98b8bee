//! The host's own log, on standard error: coloured text on a terminal, JSON lines elsewhere.

use std::io::IsTerminal;

use anyhow::Context;
use kennel_config::{LogFormat, LoggingConfig};
use tracing_subscriber::EnvFilter;

use crate::cli::GlobalArguments;
use crate::exit_code::Failure;
use crate::terminal::Terminal;

/// Prefixes of the targets that are ours; `guest` is what components log.
const OURS: [&str; 3] = ["kennel", "embedded_iggy", "guest"];

/// Starts logging for the rest of the process. `config` is `[logging]` of kennel.toml, where a
/// command has read it; the command line wins over it.
///
/// # Errors
/// When `--log-level` is no level.
pub(crate) fn start(
    global: &GlobalArguments,
    terminal: &Terminal,
    config: Option<&LoggingConfig>,
) -> Result<(), Failure> {
    let written = config.map_or("info", |config| config.level.as_str());
    let level = global.log_level.as_deref().unwrap_or(written);
    let filter = EnvFilter::builder()
        .parse(directives(level))
        .with_context(|| format!("--log-level {level} is not a level"))
        .map_err(Failure::usage)?;
    let json = match config.map(|config| config.format).unwrap_or_default() {
        LogFormat::Json => true,
        LogFormat::Text => false,
        LogFormat::Auto => global.json || !std::io::stderr().is_terminal(),
    };
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(terminal.color());
    let started = match json {
        true => log.json().flatten_event(true).with_current_span(false).try_init(),
        false => log.with_target(level.contains("debug") || level.contains("trace")).try_init(),
    };
    // Only a second start can fail, and then there is a log already.
    started.or(Ok(()))
}

/// A single level is meant for what Kennel does; the libraries below it stay at warnings, or at
/// what is asked for if that is less.
fn directives(level: &str) -> String {
    let quiet = ["off", "error", "warn"].iter().any(|quiet| quiet.eq_ignore_ascii_case(level));
    if quiet || level.contains([',', '=']) {
        return level.to_owned();
    }
    let ours: Vec<_> = OURS.iter().map(|target| format!("{target}={level}")).collect();
    format!("warn,{}", ours.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_one_level_should_keep_the_libraries_at_warnings() {
        assert_eq!(directives("debug"), "warn,kennel=debug,embedded_iggy=debug,guest=debug");
        assert_eq!(directives("error"), "error");
        assert_eq!(directives("info,iggy=trace"), "info,iggy=trace");
    }
}
