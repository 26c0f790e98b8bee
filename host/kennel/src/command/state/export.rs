//! `kennel state export`.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

use anyhow::Context as _;
use serde_json::json;

use super::document::Document;
use crate::cli::{ExportStateArguments, GlobalArguments};
use crate::command::selected::Selected;
use crate::exit_code::Failure;
use crate::terminal::Terminal;

pub(super) async fn run(
    arguments: &ExportStateArguments,
    global: &GlobalArguments,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let selected = Selected::load(&arguments.connector, global, terminal).await?;
    let snapshot = selected.state()?.snapshot().map_err(Failure::running)?;
    let document = Document::of(selected.key(), &snapshot);
    let mut text = serde_json::to_vec_pretty(&document).map_err(Failure::running)?;
    text.push(b'\n');
    match &arguments.output {
        None => io::stdout().lock().write_all(&text).map_err(Failure::running),
        Some(path) => {
            save(path, &text)
                .with_context(|| format!("cannot write the state to {}", path.display()))
                .map_err(Failure::running)?;
            let (key, file) = (selected.key(), path.display().to_string());
            let facts = json!({ "connector": key, "file": file, "bytes": text.len() });
            terminal.result(&facts, || format!("the state of {key} is in {file}"));
            Ok(())
        }
    }
}

/// An older export is not written over: it may be the only copy of a state.
fn save(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(text)?;
    file.sync_all()
}
