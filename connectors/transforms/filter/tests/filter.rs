//! What stays and what goes.

use kennel_filter_transform::Filter;
use kennel_sdk::Verdict;
use kennel_sdk::testing::{self, BatchBuilder};
use serde_json::json;

const ORDER: &str = r#"{"status":"paid","total":120.5,"count":3,"big":9007199254740993,"vip":true,"note":null,
  "customer":{"name":"Ada \u2603","address":{"city":"Z\u00fcrich"}},"items":[{"sku":"A-1"},{"sku":"B-2"}],
  "tags":["new","gift"],"odd key":{"a.b":1},"in":1,"neg":-2}"#;

fn holds(expression: &str) -> bool {
    let mut filter =
        testing::open_transform::<Filter>(json!({ "keep": expression })).expect(expression);
    let batch = BatchBuilder::json([ORDER])
        .offset(500)
        .header(0, "tenant", "eu")
        .header(0, "tries", 2u16)
        .build();
    let result = testing::run(&mut filter, &batch);
    assert_eq!(result.failed, []);
    assert_eq!(result.bytes_written, 0);
    result.outputs.len() == 1
}

#[test]
fn given_expressions_should_hold_or_not() {
    let table = [
        ("status == \"paid\"", true),
        ("status == 'paid'", true),
        ("status != \"paid\"", false),
        ("status == \"Paid\"", false),
        ("total > 120", true),
        ("total >= 120.5 && total <= 120.5", true),
        ("total < 1.205e2", false),
        ("count == 3.0", true),
        ("count < 10 || nothing == 1", true),
        ("big == 9007199254740993", true),
        ("big == 9007199254740992", false),
        ("neg == -2", true),
        ("vip", true),
        ("!vip", false),
        ("status", false),
        ("vip == true && !(vip == false)", true),
        ("note == null", true),
        ("absent == null", true),
        ("absent != null", false),
        ("exists(note)", true),
        ("exists(absent)", false),
        ("exists(customer.address.city)", true),
        ("exists(customer.address.city.block)", false),
        ("customer.address.city == \"Zürich\"", true),
        ("customer.address == customer.address", false),
        ("items[1].sku == \"B-2\"", true),
        ("items[2].sku == \"B-2\"", false),
        ("items[0] == null", false),
        ("status in [\"open\", \"paid\"]", true),
        ("status in []", false),
        ("count in [1, 2, 3]", true),
        ("absent in [null]", true),
        ("contains(customer.name, \"da \")", true),
        ("contains(customer.name, \"☃\")", true),
        ("contains(tags, \"gift\")", true),
        ("contains(tags, \"gif\")", false),
        ("contains(count, \"3\")", false),
        ("starts_with(status, \"pa\") && ends_with(status, \"id\")", true),
        ("matches(items[0].sku, \"^[A-Z]-\\\\d+$\")", true),
        ("matches(status, \"^aid\")", false),
        ("header(\"tenant\") == \"eu\" && header(\"tries\") >= 2", true),
        ("exists(header(\"absent\"))", false),
        ("header('absent') == null", true),
        ("offset() == 500", true),
        ("offset() < 500", false),
        ("$.\"odd key\".\"a.b\" == 1", true),
        ("$.in == 1", true),
        ("true || vip && false", true),
        ("(true || vip) && false", false),
        ("\"a\" < \"b\"", true),
        ("\"a\" < 1", false),
        ("1 == 1.0", true),
    ];
    for (expression, expected) in table {
        assert_eq!(holds(expression), expected, "{expression}");
    }
}

#[test]
fn given_keep_or_drop_should_leave_the_right_ones() {
    let batch = BatchBuilder::json([r#"{"s":"cancelled"}"#, r#"{"s":"paid"}"#, r#"{}"#]).build();
    let left = |config| {
        let mut filter = testing::open_transform::<Filter>(config).expect("configuration");
        let result = testing::run(&mut filter, &batch);
        result.outputs.iter().map(|output| output.inputs[0]).collect::<Vec<_>>()
    };
    assert_eq!(left(json!({ "drop": "s == \"cancelled\"" })), [1, 2]);
    assert_eq!(left(json!({ "keep": "s == \"cancelled\"" })), [0]);
}

#[test]
fn given_payloads_that_are_no_object_should_reject_them_only_if_fields_are_read() {
    let batch = BatchBuilder::json([r#"{"a":1}"#, "nonsense", "[1]"]).build();
    let run = |expression: &str| {
        let config = json!({ "keep": expression });
        let mut filter = testing::open_transform::<Filter>(config).expect("configuration");
        testing::run(&mut filter, &batch)
    };
    let result = run("a == 1");
    assert_eq!(result.texts(), [r#"{"a":1}"#]);
    let failed: Vec<_> = result
        .failed
        .iter()
        .map(|failed| (failed.index, failed.verdict, failed.code.as_str()))
        .collect();
    let expected = [(1, Verdict::Reject, "not_json"), (2, Verdict::Reject, "not_an_object")];
    assert_eq!(failed, expected);
    let result = run("offset() >= 0");
    assert_eq!((result.outputs.len(), result.failed.len()), (3, 0));
}

#[test]
fn given_the_sample_configuration_should_accept_it() {
    let file: toml::Value = toml::from_str(include_str!("../config.toml")).expect("TOML");
    let config = serde_json::to_value(file["transforms"][0]["config"].clone()).expect("JSON");
    assert_eq!(testing::validate_transform::<Filter>(config), []);
}

#[test]
fn given_wrong_configurations_should_say_where_and_what() {
    let problem = |config| {
        let mut problems = testing::validate_transform::<Filter>(config);
        assert_eq!(problems.len(), 1, "{problems:?}");
        problems.remove(0).to_string()
    };
    assert_eq!(problem(json!({})), "either `keep` or `drop` is missing");
    assert!(problem(json!({ "keep": "a", "drop": "b" })).contains("exclude each other"));
    assert!(problem(json!({ "kepe": "a" })).contains("unknown field `kepe`"));
    let text = problem(json!({ "drop": "status = \"x\"" }));
    assert_eq!(text, "/drop: column 8: '=' means nothing here; equality is `==`");
}
