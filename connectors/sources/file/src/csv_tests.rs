use serde_json::{Value, json};

use super::*;

fn config(value: Value) -> CsvConfig {
    serde_json::from_value(value).unwrap()
}

/// The objects of all rows, and how often more bytes were asked for.
fn rows(csv: &mut Csv, text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while !rest.is_empty() {
        match csv.parse(rest, true) {
            Row::Whole(length) => {
                rest = &rest[length..];
                if csv.header_ahead {
                    csv.take_header();
                    continue;
                }
                let mut object = Vec::new();
                csv.write_object(&mut object);
                out.push(String::from_utf8(object).unwrap());
            }
            Row::Blank => break,
            Row::Incomplete => panic!("the text is whole"),
        }
    }
    out
}

#[test]
fn given_quotes_line_breaks_and_blank_lines_should_read_rows() {
    let text = "id,note\r\n1,\"a, \"\"b\"\"\nc\"\r\n\r\n2,\n3,\u{fc}";
    let rows = rows(&mut Csv::new(&CsvConfig::default()), text);
    assert_eq!(
        rows,
        [
            r#"{"id":"1","note":"a, \"b\"\nc"}"#,
            r#"{"id":"2","note":""}"#,
            "{\"id\":\"3\",\"note\":\"\u{fc}\"}",
        ]
    );
}

#[test]
fn given_types_should_write_json_values_and_keep_what_does_not_fit() {
    let config = config(json!({"types": {
        "count": "integer", "price": "float", "paid": "boolean", "extra": "json",
    }}));
    let text = "count,price,paid,extra\n7,1.50,yes,[1]\n-9223372036854775808,1e3,FALSE,{\n18446744073709551615,NaN,maybe,null\n,,,\n007,.5,0,\"\"\"x\"\"\"\n";
    let rows: Vec<Value> = rows(&mut Csv::new(&config), text)
        .iter()
        .map(|row| serde_json::from_str(row).unwrap())
        .collect();
    assert_eq!(
        rows,
        [
            json!({"count": 7, "price": 1.5, "paid": true, "extra": [1]}),
            json!({"count": i64::MIN, "price": 1000.0, "paid": false, "extra": "{"}),
            json!({"count": u64::MAX, "price": "NaN", "paid": "maybe", "extra": null}),
            json!({"count": null, "price": null, "paid": null, "extra": null}),
            json!({"count": 7, "price": 0.5, "paid": false, "extra": "x"}),
        ]
    );
}

#[test]
fn given_ragged_rows_and_awkward_headers_should_still_name_every_cell() {
    let rows = rows(&mut Csv::new(&CsvConfig::default()), "a,,a\n1\n1,2,3,4\n");
    assert_eq!(
        rows,
        [
            r#"{"a":"1","column_2":null,"column_3":null}"#,
            r#"{"a":"1","column_2":"2","column_3":"3","column_4":"4"}"#,
        ]
    );
}

#[test]
fn given_configured_columns_should_use_them_with_and_without_a_header() {
    let with = config(json!({"columns": ["x", "y"], "delimiter": ";"}));
    assert_eq!(rows(&mut Csv::new(&with), "a;b\n1;2\n"), [r#"{"x":"1","y":"2"}"#]);
    let without = config(json!({"columns": ["x", "y"], "header": false}));
    assert_eq!(rows(&mut Csv::new(&without), "1,2\n"), [r#"{"x":"1","y":"2"}"#]);
}

#[test]
fn given_half_a_row_should_wait_for_the_rest() {
    let mut csv = Csv::new(&config(json!({"columns": ["x"], "header": false})));
    for half in ["", "a", "\"a\n", "\"a\"\"", "\n"] {
        assert!(matches!(csv.parse(half.as_bytes(), false), Row::Incomplete), "{half:?}");
    }
    assert!(matches!(csv.parse(b"\"a\nb\"\r\nnext", false), Row::Whole(7)));
}

#[test]
fn given_a_wide_row_should_grow_the_buffers() {
    let header: Vec<String> = (0..500).map(|place| format!("c{place}")).collect();
    let cells: Vec<String> = (0..500).map(|place| "x".repeat(place % 50)).collect();
    let text = format!("{}\n{}\n", header.join(","), cells.join(","));
    let rows = rows(&mut Csv::new(&CsvConfig::default()), &text);
    let row: Value = serde_json::from_str(&rows[0]).unwrap();
    assert!((0..500).all(|place| row[&header[place]] == cells[place]));
}
