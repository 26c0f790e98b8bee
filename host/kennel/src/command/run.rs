//! `kennel run`: the connectors of a configuration folder, until stopped.

use anyhow::{Context as _, anyhow};

use crate::cli::{GlobalArguments, RunArguments};
use crate::exit_code::Failure;
use crate::logging;
use crate::run::{RunOptions, run as run_connectors};
use crate::terminal::Terminal;
use crate::wiring;

pub(crate) async fn run(
    arguments: RunArguments,
    global: &GlobalArguments,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let configuration = wiring::configuration(&arguments.config).await?;
    logging::start(global, terminal, Some(&configuration.host.logging))?;
    let options = RunOptions {
        embedded: arguments.embedded,
        data: arguments.data,
        once: arguments.once,
        table: arguments.table,
    };
    let summary = run_connectors(&configuration, options).await?;
    if let Some(path) = &arguments.summary_file {
        let json = serde_json::to_vec(&summary).map_err(Failure::running)?;
        std::fs::write(path, json)
            .with_context(|| format!("cannot write the summary to {}", path.display()))
            .map_err(Failure::running)?;
    }
    let failed = summary.any_failed();
    if terminal.json() {
        terminal.result(&summary, String::new);
    } else {
        terminal.progress(&summary.text());
    }
    if failed {
        return Err(Failure::running(anyhow!("a connector failed")));
    }
    Ok(())
}
