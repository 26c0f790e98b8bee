//! Whether a schema's references lead to an end, in bearable time.
//!
//! A component's author writes its schema. One that refers to itself without looking deeper into the
//! configuration never ends, and a few definitions that each refer to the next one twice stand for
//! more schemas than there is memory. Both are refused before anything follows them.

use serde_json::Value;

/// Most schemas that a schema may stand for, with all references followed.
const MAX_SCHEMAS: usize = 20_000;
/// Most references within one another.
const MAX_DEPTH: usize = 200;

/// Keywords whose schemas look at the same place of the configuration.
const SAME_PLACE: [&str; 8] = ["$ref", "allOf", "anyOf", "oneOf", "not", "if", "then", "else"];
/// Keywords whose values are data.
const DATA: [&str; 5] = ["const", "default", "enum", "examples", "required"];
/// Definitions are looked at where something refers to them.
const DEFINITIONS: [&str; 2] = ["$defs", "definitions"];
/// Ways to refer that local references make unnecessary, and that are harder to follow.
const REFUSED: [&str; 5] = ["$dynamicRef", "$recursiveRef", "$anchor", "$dynamicAnchor", "$id"];

/// Why the references of `schema` cannot be followed; `None` if they can.
pub(super) fn problem(schema: &Value) -> Option<String> {
    let mut walk = Walk { root: schema, schemas: 0, references: Vec::new() };
    walk.schema(schema).err()
}

struct Walk<'a> {
    root: &'a Value,
    schemas: usize,
    /// Those being followed, and whether the configuration was descended into since.
    references: Vec<(&'a str, bool)>,
}

impl<'a> Walk<'a> {
    fn schema(&mut self, schema: &'a Value) -> Result<(), String> {
        self.schemas += 1;
        if self.schemas > MAX_SCHEMAS {
            return Err(format!("its references make more than {MAX_SCHEMAS} schemas of it"));
        }
        match schema {
            Value::Object(keywords) => {
                for (keyword, value) in keywords {
                    self.keyword(keyword, value)?;
                }
                Ok(())
            }
            Value::Array(schemas) => schemas.iter().try_for_each(|schema| self.schema(schema)),
            _ => Ok(()),
        }
    }

    fn keyword(&mut self, keyword: &'a str, value: &'a Value) -> Result<(), String> {
        if let (true, Value::String(_)) = (REFUSED.contains(&keyword), value) {
            return Err(format!("it uses {keyword}, but only local references are followed"));
        }
        if let ("$ref", Value::String(reference)) = (keyword, value) {
            return self.follow(reference);
        }
        if DATA.contains(&keyword) || DEFINITIONS.contains(&keyword) {
            return Ok(());
        }
        if SAME_PLACE.contains(&keyword) {
            return self.schema(value);
        }
        let descended: Vec<bool> =
            self.references.iter().map(|(_, descended)| *descended).collect();
        self.references.iter_mut().for_each(|(_, descended)| *descended = true);
        let walked = self.schema(value);
        let before = self.references.iter_mut().zip(descended);
        before.for_each(|((_, descended), before)| *descended = before);
        walked
    }

    fn follow(&mut self, reference: &'a str) -> Result<(), String> {
        if let Some((_, descended)) = self.references.iter().find(|(known, _)| *known == reference)
        {
            return match descended {
                // A list of lists of lists, which ends where the configuration does.
                true => Ok(()),
                false => Err(format!("{reference} refers to itself without an end")),
            };
        }
        if self.references.len() >= MAX_DEPTH {
            return Err(format!("more than {MAX_DEPTH} references within one another"));
        }
        let pointer = reference.strip_prefix('#').filter(|it| it.is_empty() || it.starts_with('/'));
        let pointer = pointer.ok_or_else(|| {
            format!("{reference} is elsewhere, but only local references are followed")
        })?;
        let root = self.root;
        let target = root.pointer(pointer).ok_or_else(|| format!("there is no {reference}"))?;
        self.references.push((reference, false));
        let walked = self.schema(target);
        self.references.pop();
        walked
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn given_references_that_end_should_accept_them() {
        for schema in [
            json!({ "type": "object" }),
            json!({ "properties": { "a": { "$ref": "#/$defs/a" } }, "$defs": { "a": {} } }),
            // A tree of trees.
            json!({ "properties": { "children": { "items": { "$ref": "#" } } } }),
            json!({ "const": { "$ref": "http://elsewhere" }, "properties": { "$id": {} } }),
            json!(true),
        ] {
            assert_eq!(problem(&schema), None, "{schema}");
        }
    }

    #[test]
    fn given_references_without_an_end_should_refuse_them() {
        for schema in [
            json!({ "$ref": "#" }),
            json!({ "allOf": [{ "$ref": "#" }] }),
            json!({ "$ref": "#/$defs/a", "$defs": {
                "a": { "anyOf": [{ "$ref": "#/$defs/b" }] }, "b": { "$ref": "#/$defs/a" } } }),
            json!({ "$ref": "https://example.com/schema" }),
            json!({ "$ref": "#/$defs/missing" }),
            json!({ "$ref": "#name", "$defs": { "a": { "$anchor": "name" } } }),
            json!({ "properties": { "a": { "$dynamicRef": "#a" } } }),
        ] {
            assert!(problem(&schema).is_some(), "{schema}");
        }
    }

    #[test]
    fn given_definitions_that_double_each_other_should_refuse_them() {
        let twice = |next: usize| {
            let reference = json!({ "$ref": format!("#/$defs/{next}") });
            json!({ "properties": { "a": reference, "b": reference } })
        };
        let definitions: serde_json::Map<String, Value> =
            (0..40).map(|level| (level.to_string(), twice(level + 1))).collect();
        let mut schema = json!({ "$ref": "#/$defs/0", "$defs": definitions });
        schema["$defs"]["40"] = json!({});
        assert!(problem(&schema).unwrap().contains("more than 20000 schemas"));
    }
}
