//! Where a value is in a JSON payload.

use std::borrow::Cow;

use kennel_sdk::prelude::*;
use kennel_sdk::schemars::{Schema, SchemaGenerator, json_schema};
use kennel_sdk::serde::{Deserializer, de};

/// Steps into a document: keys joined by dots, or a JSON Pointer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValuePath {
    first: String,
    rest: Vec<String>,
}

impl ValuePath {
    /// The top-level field of this name.
    pub(crate) fn field(name: &str) -> Self {
        Self { first: name.to_owned(), rest: Vec::new() }
    }

    /// Reads a path.
    ///
    /// # Errors
    /// With what is wrong, for people.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut steps: Vec<String> = match text.strip_prefix('/') {
            Some(pointer) => {
                let unescape = |step: &str| step.replace("~1", "/").replace("~0", "~");
                pointer.split('/').map(unescape).collect()
            }
            None => {
                let path = json::Path::parse(text).map_err(|error| error.to_string())?;
                path.keys().map(str::to_owned).collect()
            }
        };
        let first = steps.remove(0);
        Ok(Self { first, rest: steps })
    }

    /// The value in `object`, if there is one. A step into a list is a number counted from 0.
    pub(crate) fn find<'a>(&self, object: &json::Object<'a>) -> Option<json::Value<'a>> {
        let top = object.get(&self.first)?;
        self.rest.iter().try_fold(top, |value, step| match value.kind() {
            json::Kind::Object => value.get(step),
            json::Kind::List => value.at(step.parse().ok()?),
            _ => None,
        })
    }
}

impl<'de> Deserialize<'de> for ValuePath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl JsonSchema for ValuePath {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "ValuePath".into()
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "minLength": 1,
            "description": "Keys joined by dots (`\\.` is a dot within a key), or a JSON Pointer such as `/lines/0/sku`.",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_paths_and_pointers_should_walk_objects_and_lists() {
        let payload = br#"{"a":{"b.c":[10,{"x/y":true}]},"d":1}"#;
        let mut splitter = json::Splitter::new();
        let object = splitter.object(payload).unwrap();
        for (path, expected) in [
            ("d", Some("1")),
            (r"a.b\.c.0", Some("10")),
            ("/a/b.c/1/x~1y", Some("true")),
            ("/a/b.c/2", None),
            ("a.x", None),
            ("d.x", None),
        ] {
            let found = ValuePath::parse(path).unwrap().find(&object);
            assert_eq!(found.map(|value| value.raw()), expected, "{path}");
        }
    }

    #[test]
    fn given_a_path_with_an_empty_key_should_refuse_it() {
        assert!(ValuePath::parse("a..b").is_err());
        assert!(ValuePath::parse("").is_err());
    }
}
