use std::collections::BTreeSet;

use serde_json::json;

use super::*;

fn schema(value: serde_json::Value) -> BTreeMap<String, Field> {
    serde_json::from_value(value).unwrap()
}

fn record(program: &Program, number: u64) -> Vec<u8> {
    let mut out = Vec::new();
    program.write(number, UNIX_EPOCH + Duration::from_millis(1_700_000_000_123), &mut out);
    out
}

fn parsed(program: &Program, number: u64) -> Value {
    serde_json::from_slice(&record(program, number)).unwrap()
}

fn everything() -> BTreeMap<String, Field> {
    schema(json!({
        "active": {"type": "boolean"},
        "address": {"type": "object", "fields": {
            "city": {"type": "choice", "values": ["Bern", "Lima"]},
            "geo": {"type": "array", "of": {"type": "float", "minimum": -90, "maximum": 90}, "minimum": 2, "maximum": 2},
        }},
        "at": {"type": "timestamp", "start": "2026-01-01T00:00:00Z", "step_ms": 250},
        "at_ms": {"type": "timestamp", "clock": true, "format": "milliseconds"},
        "count": {"type": "integer", "minimum": -3, "maximum": 3},
        "email": {"type": "email"},
        "id": {"type": "uuid"},
        "name": {"type": "name"},
        "note": {"type": "text", "minimum": 5, "maximum": 9},
        "price": {"type": "float", "minimum": 0.5, "maximum": 1.5, "decimals": 2},
        "quoted \"name\"": {"type": "choice", "values": [null, {"a": [1, "\n"]}]},
        "sequence": {"type": "sequence", "start": 100, "step": 10},
        "tags": {"type": "array", "of": {"type": "text", "minimum": 1, "maximum": 3}, "maximum": 4},
    }))
}

#[test]
fn given_every_generator_should_make_json_within_its_bounds() {
    let program = Program::new(&everything(), 42, 0).unwrap();
    for number in 0..500 {
        let record = parsed(&program, number);
        assert_eq!(record["sequence"], 100 + number * 10);
        assert!((-3..=3).contains(&record["count"].as_i64().unwrap()));
        assert!((0.5..=1.5).contains(&record["price"].as_f64().unwrap()));
        assert!((5..=9).contains(&record["note"].as_str().unwrap().len()));
        assert!(record["tags"].as_array().unwrap().len() <= 4);
        assert_eq!(record["address"]["geo"].as_array().unwrap().len(), 2);
        assert!(["Bern", "Lima"].contains(&record["address"]["city"].as_str().unwrap()));
        assert!(record["active"].is_boolean());
        assert!(record["email"].as_str().unwrap().contains("@example."));
        assert_eq!(record["at_ms"], 1_700_000_000_123_u64);
    }
    assert_eq!(parsed(&program, 0)["at"], "2026-01-01T00:00:00.000Z");
    assert_eq!(parsed(&program, 5)["at"], "2026-01-01T00:00:01.250Z");
}

#[test]
fn given_the_same_seed_should_make_the_same_bytes() {
    let one = Program::new(&everything(), 7, 512).unwrap();
    let two = Program::new(&everything(), 7, 512).unwrap();
    let other = Program::new(&everything(), 8, 512).unwrap();
    for number in [0, 1, 99, u64::MAX] {
        assert_eq!(record(&one, number), record(&two, number));
        assert_ne!(record(&one, number), record(&other, number));
    }
}

#[test]
fn given_a_size_should_fill_every_record_up_to_exactly_that() {
    let schema = schema(json!({"n": {"type": "integer", "maximum": 1_000_000}}));
    for size in 16..200 {
        let program = Program::new(&schema, 1, size).unwrap();
        for number in 0..20 {
            assert_eq!(record(&program, number).len(), size as usize);
            assert!(parsed(&program, number)["n"].is_u64());
        }
    }
}

#[test]
fn given_a_size_below_the_record_should_leave_it_as_it_is() {
    let schema = schema(json!({"id": {"type": "uuid"}}));
    let program = Program::new(&schema, 1, 10).unwrap();
    assert_eq!(record(&program, 0).len(), "{\"id\":}".len() + 38);
}

#[test]
fn given_no_fields_should_make_empty_and_padded_objects() {
    assert_eq!(record(&Program::new(&BTreeMap::new(), 1, 0).unwrap(), 0), b"{}");
    let padded = Program::new(&BTreeMap::new(), 1, 64).unwrap();
    assert_eq!(record(&padded, 0).len(), 64);
    assert!(parsed(&padded, 0)["padding"].is_string());
}

#[test]
fn given_weights_should_draw_in_their_proportion() {
    let schema = schema(json!({
        "kind": {"type": "choice", "values": ["often", "seldom", "never"], "weights": [9, 1, 0]},
    }));
    let program = Program::new(&schema, 1, 0).unwrap();
    let often = (0..10_000).filter(|number| parsed(&program, *number)["kind"] == "often").count();
    let never = (0..10_000).filter(|number| parsed(&program, *number)["kind"] == "never").count();
    assert!((8_700..9_300).contains(&often), "{often}");
    assert_eq!(never, 0);
}

#[test]
fn given_a_probability_should_keep_to_it_at_its_ends() {
    for (probability, expected) in [(0.0, false), (1.0, true)] {
        let schema = schema(json!({"b": {"type": "boolean", "probability": probability}}));
        let program = Program::new(&schema, 1, 0).unwrap();
        let seen: BTreeSet<bool> =
            (0..1_000).map(|number| parsed(&program, number)["b"].as_bool().unwrap()).collect();
        assert_eq!(seen, [expected].into());
    }
}

#[test]
fn given_a_wrong_schema_should_name_each_field_that_is_wrong() {
    let schema = schema(json!({
        "a": {"type": "integer", "minimum": 5, "maximum": 1},
        "b": {"type": "choice", "values": []},
        "c": {"type": "object", "fields": {"d": {"type": "float", "decimals": 10}}},
        "e": {"type": "array", "of": {"type": "text", "maximum": 99_999}},
        "f": {"type": "timestamp", "start": "yesterday"},
        "g": {"type": "choice", "values": [1, 2], "weights": [1]},
        "h": {"type": "boolean", "probability": 2},
        "padding": {"type": "uuid"},
    }));
    let problems = Program::new(&schema, 0, 100).unwrap_err();
    let paths: Vec<&str> = problems.iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "/schema/a",
            "/schema/b",
            "/schema/c/fields/d",
            "/schema/e/of",
            "/schema/f",
            "/schema/g",
            "/schema/h",
            "/schema/padding",
        ]
    );
}
