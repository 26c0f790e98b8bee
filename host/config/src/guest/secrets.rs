//! Secrets in a component's own configuration: those that stand there, and those that are named.

use super::GuestConfig;
use crate::error::{ConfigError, Problem};
use crate::grant::SecretGrant;
use crate::node::{Node, Table, Value};
use crate::source_file::sounds_secret;

const TEMPLATE: &str = "${secret:";

/// A warning for each text whose key sounds like a secret, and for each name of a secret that is not granted. What the names
/// mean is up to the component, so neither is an error.
pub(crate) fn secret_warnings(config: &GuestConfig, granted: &[SecretGrant]) -> Vec<ConfigError> {
    let mut warnings = Vec::new();
    look(&config.root, granted, &mut warnings);
    warnings
}

fn look(node: &Node, granted: &[SecretGrant], warnings: &mut Vec<ConfigError>) {
    match &node.value {
        Value::List(list) => list.iter().for_each(|node| look(node, granted, warnings)),
        Value::Table(table) => {
            for entry in table.entries() {
                let Value::Text(text) = &entry.node.value else {
                    look(&entry.node, granted, warnings);
                    continue;
                };
                let named = names(table, &entry.key, text);
                if named.is_empty() && !text.is_empty() && sounds_secret(&entry.key) {
                    warnings.push(plain(&entry.key).at(&entry.node.origin));
                }
                for name in named {
                    if granted.iter().all(|grant| grant.name != name) {
                        warnings.push(not_granted(name).at(&entry.node.origin));
                    }
                }
            }
        }
        _ => {}
    }
}

/// The secrets that a text names: `{ secret = "name" }` or `"Bearer ${secret:name}"`.
fn names<'a>(table: &Table, key: &str, text: &'a str) -> Vec<&'a str> {
    if key == "secret" && table.entries().len() == 1 {
        return vec![text];
    }
    text.split(TEMPLATE).skip(1).filter_map(|rest| Some(rest.split_once('}')?.0)).collect()
}

fn plain(key: &str) -> ConfigError {
    let detail = format!("`{key}` holds a secret in plain text, which the component learns");
    ConfigError::new(Problem::Exposed { detail }).help(
        "grant its use only: [grants] secrets = { name = \"secret://env/NAME\" }, and name it here as the \
         component's documentation says, for example { secret = \"name\" }",
    )
}

fn not_granted(name: &str) -> ConfigError {
    let detail = format!("the secret \"{name}\" is named here, but not granted");
    let help = format!("add it: [grants] secrets = {{ {name} = \"secret://env/NAME\" }}");
    ConfigError::new(Problem::SecretNotGranted { detail }).help(help)
}
