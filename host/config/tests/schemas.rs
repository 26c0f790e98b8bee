//! A component's schema is written by a stranger: it may be wrong, but it does not harm the host.

// Helpers of tests may fail like tests.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::time::{Duration, Instant};

use kennel_config::{Environment, check_against_schema, load};
use serde_json::{Value, json};

/// Checks a configuration with a long text against `schema`; answers what was found, in one text.
fn check(schema: &Value) -> String {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("component.wasm"), b"\0asm").unwrap();
    std::fs::write(folder.path().join("kennel.toml"), "[iggy]\naddress = \"127.0.0.1:8090\"\n")
        .unwrap();
    let text = format!(
        "type = \"sink\"\ncomponent = \"component.wasm\"\n[[streams]]\nstream = \"s\"\ntopics = [\"t\"]\n\
         [config]\ntext = \"{}\"\n",
        "a".repeat(40)
    );
    std::fs::write(folder.path().join("case.toml"), text).unwrap();
    let environment = Environment::from_iter([("KENNEL_IGGY__PASSWORD", "x")]);
    let configuration = load(folder.path(), &environment).unwrap();
    let errors = check_against_schema(&configuration.connectors[0].config, schema);
    errors.iter().map(ToString::to_string).collect()
}

fn nested(levels: usize) -> Value {
    (0..levels).fold(json!({ "type": "object" }), |inner, _| json!({ "allOf": [inner] }))
}

#[test]
fn given_a_schema_that_refers_to_itself_should_end() {
    let refused = |schema| assert!(check(&schema).contains("schema is not valid"), "{schema}");
    refused(json!({ "$ref": "#" }));
    refused(json!({ "allOf": [{ "$ref": "#" }] }));
    refused(json!({
        "$ref": "#/$defs/a",
        "$defs": { "a": { "anyOf": [{ "$ref": "#/$defs/b" }] }, "b": { "$ref": "#/$defs/a" } },
    }));
}

#[test]
fn given_a_deep_schema_should_end() {
    check(&nested(100));
}

#[test]
fn given_a_pattern_that_backtracks_for_ever_should_end_soon() {
    let began = Instant::now();
    let schema = json!({ "properties": { "text": { "pattern": "^(a+)+$b" } } });
    check(&schema);
    check(&json!({ "properties": { "text": { "pattern": "^(?=(a+)+b)(a|aa)+\\\\1$" } } }));
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

#[test]
fn given_a_schema_elsewhere_should_not_fetch_it() {
    for place in ["http://127.0.0.1:1/schema.json", "file:///etc/passwd", "https://example.com/x"] {
        let found = check(&json!({ "$ref": place }));
        assert!(found.contains("schema is not valid"), "{place}: {found}");
        assert!(!found.contains("root:"), "{found}");
    }
}
