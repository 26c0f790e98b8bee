//! What an ask is about: as it stands, or where it stands in the configuration.

use serde_json::Value;

/// The values that the target of an ask names.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// The capability as such.
    Any,
    /// The key is not written, so that nothing is asked for.
    Nothing,
    /// These, each with the port beside it if there is one.
    Values(Vec<(String, Option<u64>)>),
}

/// `config:/pointer` is looked up; anything else stands for itself.
pub(super) fn resolve(target: &str, config: &Value) -> Target {
    if target.is_empty() {
        return Target::Any;
    }
    let Some(pointer) = target.strip_prefix("config:") else {
        return Target::Values(vec![(target.to_owned(), None)]);
    };
    let beside = pointer.rsplit_once('/').and_then(|(parent, _)| config.pointer(parent));
    let port = beside.and_then(|parent| parent.get("port")).and_then(Value::as_u64);
    match config.pointer(pointer) {
        None | Some(Value::Null) => Target::Nothing,
        Some(Value::String(text)) => Target::Values(vec![(text.clone(), port)]),
        Some(Value::Array(list)) => {
            let texts = list.iter().map(Value::as_str);
            match texts.collect::<Option<Vec<_>>>() {
                Some(texts) => {
                    Target::Values(texts.into_iter().map(|text| (text.to_owned(), port)).collect())
                }
                None => Target::Any,
            }
        }
        // A connection: its host, and the port within.
        Some(Value::Object(object)) => match object.get("host").and_then(Value::as_str) {
            Some(host) => {
                let port = object.get("port").and_then(Value::as_u64);
                Target::Values(vec![(host.to_owned(), port)])
            }
            None => Target::Any,
        },
        Some(_) => Target::Any,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn given_targets_should_find_what_the_configuration_says() {
        let config = json!({
            "url": "https://h/x", "list": ["a:1", "b:2"], "mixed": [1],
            "connection": { "host": "db", "port": 5432, "user": "u" }, "empty": null,
        });
        let values = |pairs: &[(&str, Option<u64>)]| {
            Target::Values(pairs.iter().map(|(text, port)| ((*text).to_owned(), *port)).collect())
        };
        for (target, expected) in [
            ("", Target::Any),
            ("seen", values(&[("seen", None)])),
            ("config:/url", values(&[("https://h/x", None)])),
            ("config:/list", values(&[("a:1", None), ("b:2", None)])),
            ("config:/mixed", Target::Any),
            ("config:/connection", values(&[("db", Some(5432))])),
            ("config:/connection/host", values(&[("db", Some(5432))])),
            ("config:/missing", Target::Nothing),
            ("config:/empty", Target::Nothing),
        ] {
            assert_eq!(resolve(target, &config), expected, "{target}");
        }
    }
}
