//! Secrets that stand in a component's own configuration.

use super::GuestConfig;
use crate::error::{ConfigError, Problem};
use crate::node::{Node, Value};
use crate::source_file::sounds_secret;

/// A warning for each text whose key sounds like a secret and that does not merely name a granted one.
pub(crate) fn plain_text_secrets(config: &GuestConfig) -> Vec<ConfigError> {
    let mut warnings = Vec::new();
    look(&config.root, &mut warnings);
    warnings
}

fn look(node: &Node, warnings: &mut Vec<ConfigError>) {
    match &node.value {
        Value::List(list) => list.iter().for_each(|node| look(node, warnings)),
        Value::Table(table) => {
            for entry in table.entries() {
                match &entry.node.value {
                    Value::Text(text) if is_plain(&entry.key, text) => {
                        let detail = format!(
                            "`{}` holds a secret in plain text, which the component learns",
                            entry.key
                        );
                        let help = "grant its use only: [grants] secrets = { name = \"secret://env/NAME\" }, and \
                                    name it here as the component's documentation says, for example \
                                    { secret = \"name\" }";
                        let warning = ConfigError::new(Problem::Exposed { detail });
                        warnings.push(warning.at(&entry.node.origin).help(help));
                    }
                    _ => look(&entry.node, warnings),
                }
            }
        }
        _ => {}
    }
}

fn is_plain(key: &str, text: &str) -> bool {
    // `secret = "name"` and `"Bearer ${secret:name}"` name one.
    let names_one = key == "secret" || text.contains("${secret:");
    !text.is_empty() && !names_one && sounds_secret(key)
}
