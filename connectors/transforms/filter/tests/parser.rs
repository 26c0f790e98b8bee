//! The parser: its messages, its limits, and that nothing makes it fall over.

use kennel_filter_transform::parse;

#[test]
fn given_wrong_expressions_should_say_where_and_what() {
    let table = [
        ("", "column 1: expected a condition, found the end"),
        ("a ==", "column 5: expected a value, found the end"),
        ("a == == b", "column 6: expected a value, found `==`"),
        ("a && ", "column 6: expected a condition, found the end"),
        ("(a == 1", "column 8: expected `)`, found the end"),
        ("a == 1)", "column 7: expected `&&`, `||` or the end, found `)`"),
        ("a b", "column 3: expected `&&`, `||` or the end, found `b`"),
        ("1", "column 2: expected a comparison such as `==` behind the value, found the end"),
        ("\"x\" && a", "column 5: expected a comparison such as `==` behind the value, found `&&`"),
        ("a & b", "column 3: '&' means nothing here; and is `&&`"),
        ("a == \"x", "column 6: the string that begins here does not end"),
        ("a == \"\\q\"", "column 7: known escapes are \\\" \\' \\\\ \\/ \\n \\r \\t and \\uXXXX"),
        ("a == \"\\u12\"", "column 7: `\\u` takes four hexadecimal digits of a character"),
        ("a == 1x", "column 6: `1x` is not a number"),
        ("a == 1.2.3", "column 6: `1.2.3` is not a number"),
        ("a in 1", "column 6: expected `[`, found the number 1"),
        ("a in [1 2]", "column 9: expected `,` or `]`, found the number 2"),
        ("a in [b]", "column 7: expected a string, a number, `true`, `false` or `null`, found `b`"),
        ("a.", "column 3: expected a key, found the end"),
        ("a[x]", "column 3: expected an index, found `x`"),
        ("a[-1]", "column 3: an index is counted from 0"),
        ("$ == 1", "column 3: expected `.`, found `==`"),
        ("exists(1)", "column 9: `exists` takes a field or a header"),
        ("contains(a)", "column 11: expected `,`, found `)`"),
        ("contains(a, b)", "column 13: expected a string, found `b`"),
        ("header(a) == 1", "column 8: expected a header's name as a string, found `a`"),
        ("a == exists(b)", "column 6: `exists(…)` is not a value"),
        ("größe == §", "column 10: '§' means nothing here"),
    ];
    for (expression, expected) in table {
        let error = parse(expression).expect_err(expression);
        assert_eq!(error.to_string(), expected, "{expression}");
    }
    let error = parse("lower(a) == 1").expect_err("unknown").to_string();
    assert!(error.starts_with("column 1: unknown function `lower`; known are exists"), "{error}");
    let error = parse("matches(a, \"(\")").expect_err("not a regular expression").to_string();
    assert!(error.starts_with("column 12: not a regular expression: "), "{error}");
}

#[test]
fn given_deep_nesting_should_refuse_it() {
    let nested = |depth| format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
    assert!(parse(&nested(64)).is_ok());
    assert!(parse(&nested(65)).is_err());
    assert!(parse(&nested(30_000)).is_err());
    assert!(parse(&"!".repeat(30_000)).is_err());
    assert!(parse(&format!("a{}", " && a".repeat(10_000))).is_ok());
    assert!(parse(&format!("a{}", " && a".repeat(20_000))).is_err(), "longer than 64 KiB");
}

/// Deterministic noise: pieces of the language in any order, and damaged expressions.
#[test]
fn given_noise_should_answer_or_refuse_but_never_fall_over() {
    let pieces = [
        "a",
        "b.c",
        "$.x",
        "[0]",
        "[",
        "]",
        "(",
        ")",
        "!",
        "&&",
        "||",
        "==",
        "!=",
        "<",
        "<=",
        ">",
        ">=",
        "in",
        "[1,2]",
        "\"x\"",
        "'y'",
        "1",
        "-2.5",
        "1e9",
        "true",
        "false",
        "null",
        "exists(a)",
        "contains(a,\"x\")",
        "matches(a,\"^x$\")",
        "header(\"h\")",
        "offset()",
        ",",
        ".",
        "$",
        "\"",
        "\\",
        "-",
        "é",
        "\u{0}",
    ];
    let seeds = [
        "status == \"paid\" && (total > 100 || vip) && !contains(tags, \"x\")",
        "exists(a.b[3].\"c d\") || header(\"x\") in [1, \"two\", null] && offset() >= 5",
    ];
    let mut random = 0x2545_F491_4F6C_DD1Du64;
    let mut next = move |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random % below as u64) as usize
    };
    let (mut good, mut bad) = (0, 0);
    for round in 0..40_000 {
        let text = if round % 2 == 0 {
            let words: Vec<_> = (0..1 + next(9)).map(|_| pieces[next(pieces.len())]).collect();
            words.join(if next(2) == 0 { " " } else { "" })
        } else {
            let mut characters: Vec<char> = seeds[next(seeds.len())].chars().collect();
            for _ in 0..next(3) {
                let at = next(characters.len());
                match next(3) {
                    0 => drop(characters.remove(at)),
                    1 => characters.insert(at, characters[next(characters.len())]),
                    _ => characters.swap(at, (at + 1) % 20),
                }
            }
            characters.into_iter().collect()
        };
        match parse(&text) {
            Ok(_) => good += 1,
            Err(error) => {
                bad += 1;
                let length = text.chars().count();
                assert!((1..=length + 1).contains(&error.column), "{text}: {error}");
                assert!(!error.detail.is_empty());
            }
        }
    }
    assert!(good > 1_000 && bad > 1_000, "both sides are exercised: {good} {bad}");
}
