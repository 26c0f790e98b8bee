//! JSON spread over lines, as it came: keys keep their order and numbers their digits.

const STEP: &[u8] = b"  ";

/// Appends the valid `json` indented by two spaces a level. What is not valid comes out in some
/// form, but without a panic.
pub(crate) fn push_indented(json: &[u8], out: &mut Vec<u8>) {
    let mut depth = 0;
    let mut rest = json.iter().copied().enumerate().peekable();
    while let Some((place, byte)) = rest.next() {
        match byte {
            b'"' => {
                let end = place + string_length(&json[place..]);
                out.extend_from_slice(&json[place..end]);
                while rest.next_if(|(next, _)| *next < end).is_some() {}
            }
            b'{' | b'[' => {
                out.push(byte);
                while rest.next_if(|(_, next)| next.is_ascii_whitespace()).is_some() {}
                match rest.next_if(|(_, next)| matches!(next, b'}' | b']')) {
                    Some((_, close)) => out.push(close),
                    None => {
                        depth += 1;
                        push_line(depth, out);
                    }
                }
            }
            b'}' | b']' => {
                depth = usize::saturating_sub(depth, 1);
                push_line(depth, out);
                out.push(byte);
            }
            b',' => {
                out.push(byte);
                push_line(depth, out);
            }
            b':' => out.extend_from_slice(b": "),
            byte if byte.is_ascii_whitespace() => {}
            byte => out.push(byte),
        }
    }
}

/// Length of the JSON string at the start of `json`, with both quotes.
fn string_length(json: &[u8]) -> usize {
    let mut escaped = false;
    for (place, byte) in json.iter().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return place + 1,
            _ => {}
        }
    }
    json.len()
}

fn push_line(depth: usize, out: &mut Vec<u8>) {
    out.push(b'\n');
    for _ in 0..depth {
        out.extend_from_slice(STEP);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn indented(json: &str) -> String {
        let mut out = Vec::new();
        push_indented(json.as_bytes(), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn given_nested_json_should_indent_it_and_keep_the_order() {
        assert_eq!(
            indented(r#"{"z":1.50,"a":[ 1,{"k":"v"}],"e":{},"l":[ ]}"#),
            "{\n  \"z\": 1.50,\n  \"a\": [\n    1,\n    {\n      \"k\": \"v\"\n    }\n  ],\n  \"e\": {},\n  \"l\": []\n}"
        );
    }

    #[test]
    fn given_brackets_and_quotes_in_strings_should_leave_them() {
        let json = r#""a{\"b\\":[,""#;
        assert_eq!(indented(r#""a{\"b\\""#), r#""a{\"b\\""#);
        assert!(indented(json).starts_with(r#""a{\"b\\""#));
    }

    #[test]
    fn given_scalars_should_keep_them() {
        for json in ["null", "-1.5e9", "\"text\"", "true"] {
            assert_eq!(indented(json), json);
        }
    }

    #[test]
    fn given_nonsense_should_not_panic() {
        for json in ["", "}}}}", "\"open", "\"\\", "{[", ":,:"] {
            indented(json);
        }
    }
}
