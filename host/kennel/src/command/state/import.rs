//! `kennel state import`.

use anyhow::{Context as _, anyhow};
use serde_json::json;

use super::document::Document;
use crate::cli::{GlobalArguments, ImportStateArguments};
use crate::command::selected::Selected;
use crate::exit_code::Failure;
use crate::terminal::Terminal;

pub(super) async fn run(
    arguments: &ImportStateArguments,
    global: &GlobalArguments,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let selected = Selected::load(&arguments.connector, global, terminal).await?;
    let file = arguments.file.display();
    let text = std::fs::read(&arguments.file)
        .with_context(|| format!("cannot read {file}"))
        .map_err(Failure::usage)?;
    let no_state = || format!("{file} is not what `kennel state export` writes");
    let document: Document =
        serde_json::from_slice(&text).with_context(no_state).map_err(Failure::usage)?;
    let snapshot = document.snapshot().with_context(no_state).map_err(Failure::usage)?;
    let state = selected.state()?;
    let key = selected.key();
    if !arguments.replace && !state.snapshot().map_err(Failure::running)?.is_empty() {
        return Err(Failure::usage(anyhow!(
            "{key} has a state; `kennel state export` saves it; to put this one in its place: --replace"
        )));
    }
    state.restore(&snapshot).map_err(Failure::running)?;
    let facts = json!({ "connector": key, "exported_from": document.connector });
    terminal.result(&facts, || match document.connector == key {
        true => format!("the state of {key} is in place"),
        false => format!("the state of {} is in place for {key}", document.connector),
    });
    Ok(())
}
