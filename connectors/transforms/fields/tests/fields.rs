//! What this implementation does beyond the golden cases.

use kennel_fields_transform::Fields;
use kennel_sdk::testing::{self, BatchBuilder, Transformed};
use kennel_sdk::{Batch, Format};
use serde_json::{Value, json};

fn run(operations: Value, batch: &Batch) -> Transformed {
    let config = json!({ "operations": operations });
    let mut transform = testing::open_transform::<Fields>(config).expect("configuration");
    testing::run(&mut transform, batch)
}

#[test]
fn given_a_condition_should_put_the_value_only_when_it_holds() {
    let batch = BatchBuilder::json([r#"{"a":1}"#, r#"{"b":2}"#]).build();
    let operations = json!([
        { "update": { "path": "a", "value": 0, "when": "missing" } },
        { "update": { "path": "b", "value": 0, "when": "always" } },
        { "add": { "path": "c", "computed": "field:a", "when": "missing" } },
        { "add": { "path": "d", "value": 1, "when": "exists" } },
    ]);
    let result = run(operations, &batch);
    assert_eq!(result.texts(), [r#"{"a":1,"b":0,"c":1}"#, r#"{"b":0,"a":0,"c":0}"#]);
}

#[test]
fn given_computed_values_should_write_what_is_known_of_the_message() {
    let batch = BatchBuilder::json(["{}", "{}"])
        .header(0, "trace", "a\"b")
        .header(0, "tries", 3u8)
        .header(0, "ok", true)
        .timestamps([1_700_000_000_123_456, 1_700_000_000_123_457])
        .build();
    let operations = json!([
        { "add": { "path": "trace", "computed": "header:trace" } },
        { "add": { "path": "tries", "computed": "header:tries" } },
        { "add": { "path": "ok", "computed": "header:ok" } },
        { "add": { "path": "at", "computed": "timestamp_rfc3339" } },
        { "add": { "path": "ms", "computed": "timestamp_ms" } },
        { "add": { "path": "made", "computed": "origin_timestamp" } },
    ]);
    let result = run(operations, &batch);
    let first = r#"{"trace":"a\"b","tries":3,"ok":true,"at":"2023-11-14T22:13:20.123456Z","ms":1700000000123}"#;
    let second = r#"{"at":"2023-11-14T22:13:20.123457Z","ms":1700000000123}"#;
    assert_eq!(result.texts(), [first, second]);
}

#[test]
fn given_now_should_write_one_moment_for_the_whole_batch() {
    let batch = BatchBuilder::json(["{}", "{}"]).build();
    let result = run(json!([{ "add": { "path": "at", "computed": "now_ms" } }]), &batch);
    let at = result.outputs[0].json()["at"].as_u64().expect("a number");
    assert!(at > 1_700_000_000_000, "{at}");
    assert_eq!(result.outputs[0].payload, result.outputs[1].payload);
}

#[test]
fn given_a_uuid_should_repeat_it_on_replay() {
    let batch = BatchBuilder::json(["{}", "{}"]).timestamps([1, 2]).build();
    let operations = json!([{ "add": { "path": "id", "computed": "uuid_v7" } }]);
    let first = run(operations.clone(), &batch);
    assert_eq!(first, run(operations, &batch));
    assert_ne!(first.outputs[0].payload, first.outputs[1].payload);
}

#[test]
fn given_messages_that_nothing_changes_should_write_no_byte() {
    let batch = BatchBuilder::json([r#"{ "a": 1 }"#, r#"{"b":2}"#]).build();
    let result = run(json!([{ "delete": { "path": "absent" } }]), &batch);
    assert_eq!(result.texts(), [r#"{ "a": 1 }"#, r#"{"b":2}"#]);
    assert_eq!(result.bytes_written, 0);
}

#[test]
fn given_the_sample_configuration_should_accept_it() {
    let text = include_str!("../config.toml");
    let file: toml::Value = toml::from_str(text).expect("TOML");
    let config = file["transforms"][0]["config"].clone();
    let config = serde_json::to_value(config).expect("JSON");
    assert_eq!(testing::validate_transform::<Fields>(config.clone()), []);
    let mut transform = testing::open_transform::<Fields>(config).expect("configuration");
    let batch = BatchBuilder::json([json!({
        "id": 7, "status": "new", "card": { "number": "4111" }, "placed_at": "2024-01-01",
        "customer": { "name": "Ada", "phone": "1" }
    })])
    .timestamps([1_700_000_000_123_456])
    .build();
    let output = testing::run(&mut transform, &batch).outputs[0].json();
    let expected = json!({
        "id": 7, "status": "new", "ordered_at": "2024-01-01", "customer": { "name": "Ada" },
        "source": { "channel": "web", "offset": 0 }, "processed_at": "2023-11-14T22:13:20.123456Z"
    });
    assert_eq!(output, expected);
}

#[test]
fn given_a_wrong_configuration_should_point_at_the_operation() {
    let config = json!({ "operations": [
        { "delete": { "path": "a" } },
        { "add": { "path": "b", "computed": "moon_phase" } },
    ] });
    let problems = testing::validate_transform::<Fields>(config);
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].path, "/operations/1/computed");
    assert!(problems[0].detail.contains("unknown computed value `moon_phase`"), "{}", problems[0]);
}

#[test]
fn given_describe_should_publish_the_schema() {
    let description = testing::describe::<Fields>();
    assert_eq!(description["name"], "fields");
    assert_eq!(description["kind"], "transform");
    assert_eq!(description["licence"], "Apache-2.0");
    assert_eq!(description["accepts"], json!(["json"]));
    assert_eq!(description["config_schema"]["required"], json!(["operations"]));
    assert!(description["config_schema"].to_string().contains("uuid_v7"));
}

#[test]
fn given_isolation_should_announce_each_message() {
    let _ = testing::take_marks();
    let batch = BatchBuilder::new(Format::Json, [b"{}".to_vec(), b"{}".to_vec()]).isolate().build();
    let _ = run(json!([]), &batch);
    assert!(testing::take_marks().starts_with(&[0, 1]));
}
