//! `kennel state reset`.

use anyhow::anyhow;
use serde_json::json;

use crate::cli::{GlobalArguments, ResetStateArguments};
use crate::command::selected::Selected;
use crate::exit_code::Failure;
use crate::terminal::Terminal;

pub(super) async fn run(
    arguments: &ResetStateArguments,
    global: &GlobalArguments,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let selected = Selected::load(&arguments.connector, global, terminal).await?;
    let state = selected.state()?;
    let key = selected.key();
    if !arguments.yes {
        let what = match &arguments.keyspace {
            Some(keyspace) => format!("the values of {keyspace}"),
            None => "cursor, values and checkpoints".to_owned(),
        };
        return Err(Failure::usage(anyhow!(
            "{what} of {key} would be forgotten; `kennel state export` saves them; to do it: --yes"
        )));
    }
    match &arguments.keyspace {
        Some(keyspace) => {
            let removed = state.reset_keyspace(keyspace).map_err(Failure::running)?;
            if removed == 0 {
                let keyspaces = state.keyspaces().map_err(Failure::running)?;
                return Err(Failure::usage(match keyspaces.is_empty() {
                    true => anyhow!("{key} has no values on this host"),
                    false => anyhow!(
                        "there is no keyspace `{keyspace}`; there is {}",
                        keyspaces.join(", ")
                    ),
                }));
            }
            let facts = json!({ "connector": key, "keyspace": keyspace, "removed": removed });
            terminal.result(&facts, || format!("{removed} values of {keyspace} are forgotten"));
        }
        None => {
            state.reset().map_err(Failure::running)?;
            terminal.result(&json!({ "connector": key, "reset": true }), || {
                format!("the state of {key} is forgotten")
            });
        }
    }
    Ok(())
}
