//! `kennel state get`.

use anyhow::anyhow;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::cli::{GetStateArguments, GlobalArguments};
use crate::command::readable::content;
use crate::command::selected::Selected;
use crate::exit_code::Failure;
use crate::terminal::Terminal;

pub(super) async fn run(
    arguments: &GetStateArguments,
    global: &GlobalArguments,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let selected = Selected::load(&arguments.connector, global, terminal).await?;
    let state = selected.state()?;
    let GetStateArguments { keyspace, key, .. } = arguments;
    let value = state.get(keyspace, key).map_err(Failure::running)?;
    let Some(value) = value else {
        let keyspaces = state.keyspaces().map_err(Failure::running)?;
        return Err(Failure::usage(match keyspaces.is_empty() {
            true => anyhow!("{} has no values on this host", selected.key()),
            false if keyspaces.contains(keyspace) => {
                anyhow!("keyspace `{keyspace}` has no key `{key}`")
            }
            false => {
                anyhow!("there is no keyspace `{keyspace}`; there is {}", keyspaces.join(", "))
            }
        }));
    };
    let facts = json!({
        "keyspace": keyspace,
        "key": key,
        "text": str::from_utf8(&value).ok(),
        "base64": STANDARD.encode(&value),
    });
    terminal.result(&facts, || content(&value));
    Ok(())
}
