//! `kennel conform`: does a component keep the delivery contract?

mod display;
mod prepare;

use anyhow::{Context as _, anyhow};
use kennel_conform::{ConformError, Options, Template, Verdict};

use crate::cli::{ConformArguments, GlobalArguments};
use crate::exit_code::Failure;
use crate::logging;
use crate::terminal::Terminal;
use display::Display;

pub(crate) async fn run(
    arguments: ConformArguments,
    global: &GlobalArguments,
    terminal: &Terminal,
) -> Result<(), Failure> {
    logging::start(global, terminal, None)?;
    let options = options(&arguments)?;
    let display = Display::new(terminal);
    let prepared = prepare::prepare(&arguments, &display).await?;
    let report =
        kennel_conform::run(&prepared.subject, &options, &display).await.map_err(|error| {
            match error {
                ConformError::UnknownScenario { .. } | ConformError::Occupied { .. } => {
                    Failure::usage(error)
                }
                ConformError::Transform
                | ConformError::Unopened(_)
                | ConformError::Unreadable(_)
                | ConformError::NoRecords(_) => Failure::component(error),
                error => Failure::running(error),
            }
        })?;
    display.finish();
    if let Some(path) = &arguments.report {
        let json = serde_json::to_vec_pretty(&report).map_err(Failure::running)?;
        std::fs::write(path, json)
            .with_context(|| format!("cannot write the report to {}", path.display()))
            .map_err(Failure::running)?;
    }
    terminal.result(&report, || display::table(&report));
    match report.count(Verdict::Fail) {
        0 => Ok(()),
        1 => Err(Failure::running(anyhow!("a scenario failed"))),
        failed => Err(Failure::running(anyhow!("{failed} scenarios failed"))),
    }
}

fn options(arguments: &ConformArguments) -> Result<Options, Failure> {
    let template = match (&arguments.template, &arguments.template_file) {
        (Some(text), _) => Template::new(text).map_err(Failure::usage)?,
        (None, Some(path)) => {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("cannot read the template {}", path.display()))
                .map_err(Failure::usage)?;
            Template::new(&text).map_err(Failure::usage)?
        }
        (None, None) => Template::default(),
    };
    Ok(Options {
        messages: arguments.messages,
        seed: arguments.seed.unwrap_or_else(seed),
        first: arguments.first,
        only: arguments.only.clone(),
        template,
        observe: arguments.observe.clone(),
        in_order: arguments.in_order,
        reset: arguments.reset.clone(),
        cut_off: arguments.cut_off.clone(),
        restore: arguments.restore.clone(),
        remove_records: arguments.remove_records.clone(),
    })
}

/// Another one each time, short enough to be typed again.
fn seed() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    u64::from(since.unwrap_or_default().subsec_nanos())
}
