use kennel_sdk::testing::{self, BatchBuilder};
use serde_json::{Value, json};

use super::*;

fn rendered(style: Style, batch: &Batch) -> String {
    let mut out = Vec::new();
    render::render(style, batch, &mut out);
    String::from_utf8(out).unwrap()
}

fn orders() -> BatchBuilder {
    BatchBuilder::json(["{\"z\":1.0,\n\"a\":[2]}", "not json"])
        .origin("shop", "orders", 3)
        .offset(41)
        .timestamps([1_767_225_600_000_001, 1_767_225_601_000_000])
        .ids([0xAB, 0xCD])
        .header(0, "region", "eu")
        .header(0, "attempt", 2_u32)
        .header(0, "ratio", f64::NAN)
        .header(0, "blob", &[0xFF_u8, 0x00][..])
}

#[test]
fn given_pretty_should_say_where_each_message_came_from() {
    let text = rendered(Style::Pretty, &orders().build());
    assert_eq!(
        text,
        "--- shop/orders 3:41  2026-01-01T00:00:00.000001Z\n\
         region: eu\n\
         attempt: 2\n\
         ratio: NaN\n\
         blob: ff00\n\
         {\n  \"z\": 1.0,\n  \"a\": [\n    2\n  ]\n}\n\
         --- shop/orders 3:42  2026-01-01T00:00:01.000000Z\n\
         not json\n"
    );
}

#[test]
fn given_pretty_and_bytes_that_are_no_text_should_print_base64() {
    let text = rendered(Style::Pretty, &BatchBuilder::raw([[0xFF, 0x00, 0x01]]).build());
    assert_eq!(text, "--- stream/topic 1:0\n3 bytes \"/wAB\"\n");
}

#[test]
fn given_json_should_print_one_envelope_a_line() {
    let text = rendered(Style::Json, &orders().build());
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        lines,
        [
            json!({
                "stream": "shop", "topic": "orders", "partition": 3, "offset": 41,
                "timestamp": "2026-01-01T00:00:00.000001Z",
                "id": "000000000000000000000000000000ab",
                "headers": {"region": "eu", "attempt": 2, "ratio": "NaN", "blob": "/wA="},
                "payload": {"z": 1.0, "a": [2]},
            }),
            json!({
                "stream": "shop", "topic": "orders", "partition": 3, "offset": 42,
                "timestamp": "2026-01-01T00:00:01.000000Z",
                "id": "000000000000000000000000000000cd",
                "text": "not json",
            }),
        ]
    );
    assert!(text.contains("\"payload\":{\"z\":1.0, \"a\":[2]}"), "the payload is kept: {text}");
}

#[test]
fn given_json_and_several_messages_of_one_offset_should_tell_them_apart() {
    let batch = BatchBuilder::raw([&b"text"[..], &[0xFF][..]]).ordinals([0, 1]).build();
    let text = rendered(Style::Json, &batch);
    assert!(text.lines().nth(1).unwrap().contains("\"ordinal\":1,\"base64\":\"/w==\""), "{text}");
    assert!(!text.lines().next().unwrap().contains("ordinal"));
}

#[test]
fn given_raw_should_print_the_bytes() {
    let batch = BatchBuilder::raw([&b"a"[..], &b""[..], &b"b\nc"[..]]).build();
    assert_eq!(rendered(Style::Raw, &batch), "a\n\nb\nc\n");
}

#[test]
fn given_a_batch_should_have_delivered_all_of_it() {
    let mut sink: Stdout = testing::open_sink(json!({"format": "raw"})).unwrap();
    let receipt = sink.consume(&BatchBuilder::raw(["printed by a test"]).build()).unwrap();
    assert_eq!((receipt.handled(), receipt.is_held(), receipt.failures()), (1, false, 0));
}

#[test]
fn given_the_sample_configuration_should_open() {
    let sample: toml::Table = include_str!("../sample.toml").parse().unwrap();
    let config = serde_json::to_value(&sample["config"]).unwrap();
    testing::open_sink::<Stdout>(config).unwrap();
}
