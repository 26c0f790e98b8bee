//! Connectors that came from a URL, as a tree of values that know where they came from.

use std::cell::Cell;
use std::sync::Arc;

use serde_json::Value as Json;

use crate::error::{ConfigError, Problem};
use crate::node::{Entry, Node, Table, Value};
use crate::source_file::{Origin, UrlPlace};

/// The only key of the document.
const CONNECTORS: &str = "connectors";
const SHAPE: &str = "the answer is JSON: { \"connectors\": { \"<key>\": { … } } }, each connector with the \
                     keys of a connector's file";

/// A document under conversion.
struct Document {
    url: Arc<str>,
    values: Cell<usize>,
}

/// Each connector of the document with its key, in the document's order. What cannot be converted is left
/// out and is an error.
pub(crate) fn connectors(url: &str, text: &str) -> (Vec<(String, Node)>, Vec<ConfigError>) {
    let document = Document { url: url.into(), values: Cell::new(0) };
    let mut errors = Vec::new();
    let json: Json = match serde_json::from_str(text) {
        Ok(json) => json,
        Err(error) => {
            let problem =
                Problem::Provider { url: url.to_owned(), detail: format!("not JSON: {error}") };
            errors.push(ConfigError::new(problem).at(&document.place("")).help(SHAPE));
            return (Vec::new(), errors);
        }
    };
    let Json::Object(mut root) = json else {
        errors.push(document.misshapen("", "the answer is not an object"));
        return (Vec::new(), errors);
    };
    let connectors = root.remove(CONNECTORS);
    for key in root.keys() {
        let problem = Problem::UnknownKey { key: key.clone(), place: "of the answer".to_owned() };
        let at = document.place(&below("", key));
        errors.push(ConfigError::new(problem).at(&at).help(SHAPE));
    }
    let connectors = match connectors {
        Some(Json::Object(connectors)) => connectors,
        Some(_) => {
            errors.push(document.misshapen("/connectors", "`connectors` is not an object"));
            return (Vec::new(), errors);
        }
        None => {
            errors.push(document.misshapen("", "the answer has no `connectors`"));
            return (Vec::new(), errors);
        }
    };
    let nodes = connectors
        .into_iter()
        .filter_map(|(key, json)| {
            let pointer = below("/connectors", &key);
            if !json.is_object() {
                errors.push(document.misshapen(&pointer, "a connector is not an object"));
                return None;
            }
            Some((key, document.node(json, pointer, &mut errors)?))
        })
        .collect();
    (nodes, errors)
}

impl Document {
    fn place(&self, pointer: &str) -> Origin {
        let number = self.values.get();
        self.values.set(number + 1);
        let (url, pointer) = (self.url.clone(), pointer.to_owned());
        Origin::Url(Arc::new(UrlPlace { url, pointer, number }))
    }

    fn misshapen(&self, pointer: &str, detail: &str) -> ConfigError {
        let problem = Problem::Provider { url: self.url.to_string(), detail: detail.to_owned() };
        ConfigError::new(problem).at(&self.place(pointer)).help(SHAPE)
    }

    fn node(&self, json: Json, pointer: String, errors: &mut Vec<ConfigError>) -> Option<Node> {
        let origin = self.place(&pointer);
        let value = match json {
            Json::Null => {
                let detail = "`null` is no value".to_owned();
                let error = ConfigError::new(Problem::Syntax { detail }).at(&origin);
                errors.push(error.help("leave the key out"));
                return None;
            }
            Json::Bool(flag) => Value::Flag(flag),
            Json::String(text) => Value::Text(text),
            Json::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(integer), _) => Value::Integer(integer),
                (None, Some(float)) if number.is_f64() && float.is_finite() => Value::Float(float),
                _ => {
                    let detail = "the number does not fit into 64 bits".to_owned();
                    let error = ConfigError::new(Problem::Syntax { detail }).at(&origin);
                    errors.push(error.help("write a smaller number, or text in quotes"));
                    return None;
                }
            },
            Json::Array(list) => Value::List(
                list.into_iter()
                    .enumerate()
                    .filter_map(|(at, json)| self.node(json, format!("{pointer}/{at}"), errors))
                    .collect(),
            ),
            Json::Object(object) => Value::Table(Table::of(
                object
                    .into_iter()
                    .filter_map(|(key, json)| {
                        let pointer = below(&pointer, &key);
                        let node = self.node(json, pointer, errors)?;
                        Some(Entry { key, key_origin: node.origin.clone(), node })
                    })
                    .collect(),
            )),
        };
        Some(Node { origin, value })
    }
}

/// JSON pointer of a key below another value.
fn below(pointer: &str, key: &str) -> String {
    format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_answers_of_another_shape_should_say_what_is_wrong_and_where() {
        for (text, place, message) in [
            ("", "", "not JSON"),
            ("{\"connectors\":{}", "", "not JSON"),
            ("[]", "", "not an object"),
            ("{}", "", "has no `connectors`"),
            ("{\"connectors\":[]}", "/connectors", "not an object"),
            ("{\"connectors\":{},\"policy\":{}}", "/policy", "unknown key `policy`"),
            ("{\"connectors\":{\"a/b\":1}}", "/connectors/a~1b", "not an object"),
            ("{\"connectors\":{\"a\":{\"b\":[null]}}}", "/connectors/a/b/0", "no value"),
            ("{\"connectors\":{\"a\":{\"b\":1e999}}}", "", "not JSON"),
            ("{\"connectors\":{\"a\":{\"b\":18446744073709551615}}}", "/connectors/a/b", "64 bits"),
        ] {
            let (_, errors) = connectors("http://h/c", text);
            let [error] = errors.as_slice() else { panic!("{text}: {errors:?}") };
            let error = error.to_string();
            assert!(error.contains(message), "{text}: {error}");
            assert!(error.contains(&format!(" --> http://h/c#{place}\n")), "{text}: {error}");
            assert!(error.contains(" help: "), "{text}: {error}");
        }
    }

    #[test]
    fn given_deep_nesting_should_be_an_error_and_no_overflow() {
        let text = format!("{{\"connectors\":{}", "{\"a\":".repeat(100_000));
        let (nodes, errors) = connectors("http://h/c", &text);
        assert!(nodes.is_empty() && errors.len() == 1);
    }
}
