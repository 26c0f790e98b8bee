//! Checks and skips JSON text (RFC 8259), a value at a time and without recursion.
//!
//! The text is known to be UTF-8. Positions are byte positions; every function answers the position behind what it read.

use crate::Malformed;

/// Deepest nesting of lists and objects: one bit each in a word.
const DEPTH: u32 = 128;

/// What is wrong and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) at: usize,
    pub(crate) expected: &'static str,
}

impl From<Fault> for Malformed {
    fn from(fault: Fault) -> Self {
        Self {
            code: "not_json",
            detail: format!("expected {} at byte {}", fault.expected, fault.at),
        }
    }
}

type Scanned = Result<usize, Fault>;

fn fault(at: usize, expected: &'static str) -> Scanned {
    Err(Fault { at, expected })
}

#[inline]
pub(crate) fn space(text: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\r' | b'\t') = text.get(at) {
        at += 1;
    }
    at
}

/// A string, `at` its opening quote.
#[inline]
pub(crate) fn string(text: &[u8], at: usize) -> Scanned {
    if text.get(at) != Some(&b'"') {
        return fault(at, "a string");
    }
    let mut at = at + 1;
    loop {
        at += plain(&text[at..]);
        match text.get(at) {
            Some(b'"') => return Ok(at + 1),
            Some(b'\\') => at = escape(text, at)?,
            Some(_) => return fault(at, "an escape instead of a control character"),
            None => return fault(at, "the end of a string"),
        }
    }
}

fn escape(text: &[u8], at: usize) -> Scanned {
    match text.get(at + 1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 2),
        Some(b'u') => match text.get(at + 2..at + 6) {
            Some(digits) if digits.iter().all(u8::is_ascii_hexdigit) => Ok(at + 6),
            _ => fault(at, "four hexadecimal digits after \\u"),
        },
        _ => fault(at, "a known escape"),
    }
}

fn is_special(byte: u8) -> bool {
    byte == b'"' || byte == b'\\' || byte < 0x20
}

/// Length of the stretch without quote, backslash and control characters. Most strings are short, so it begins with words;
/// what goes on after two of them is likely to be long and worth vectors.
#[inline]
fn plain(text: &[u8]) -> usize {
    const SHORT: usize = 16;
    let (head, tail) = text.split_at(text.len().min(SHORT));
    let length = plain_by_words(head);
    if length < SHORT { length } else { SHORT + plain_by_blocks(tail) }
}

fn plain_by_blocks(text: &[u8]) -> usize {
    // The compiler makes vectors of a whole block without a branch in it.
    let (blocks, _) = text.as_chunks::<32>();
    let clean = |block: &&[u8; 32]| {
        block.iter().fold(0, |found, &byte| found | u8::from(is_special(byte))) == 0
    };
    let length = blocks.iter().take_while(clean).count() * 32;
    length + plain_by_words(&text[length..])
}

#[inline]
fn plain_by_words(text: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    // The lowest byte that is flagged is exact; only bytes above it may be flagged in error.
    let below = |word: u64, bound: u8| word.wrapping_sub(ONES * u64::from(bound)) & !word & HIGH;
    let equal = |word: u64, byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    let (words, rest) = text.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let special = below(word, 0x20) | equal(word, b'"') | equal(word, b'\\');
        if special != 0 {
            return at * 8 + special.trailing_zeros() as usize / 8;
        }
    }
    let special = rest.iter().position(|&byte| is_special(byte));
    words.len() * 8 + special.unwrap_or(rest.len())
}

fn digits(text: &[u8], at: usize) -> usize {
    at + text[at..].iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// A number, `at` its first byte.
pub(crate) fn number(text: &[u8], at: usize) -> Scanned {
    let start = at + usize::from(text.get(at) == Some(&b'-'));
    let mut end = match text.get(start) {
        Some(b'0') => start + 1,
        Some(b'1'..=b'9') => digits(text, start + 1),
        _ => return fault(at, "a value"),
    };
    if text.get(end) == Some(&b'.') {
        let fraction = digits(text, end + 1);
        if fraction == end + 1 {
            return fault(fraction, "a digit");
        }
        end = fraction;
    }
    if let Some(b'e' | b'E') = text.get(end) {
        let sign = usize::from(matches!(text.get(end + 1), Some(b'+' | b'-')));
        let exponent = digits(text, end + 1 + sign);
        if exponent == end + 1 + sign {
            return fault(exponent, "a digit");
        }
        end = exponent;
    }
    Ok(end)
}

fn literal(text: &[u8], at: usize, word: &'static str) -> Scanned {
    if text[at..].starts_with(word.as_bytes()) { Ok(at + word.len()) } else { fault(at, "a value") }
}

/// A key and its colon; answers the position of the value.
#[inline]
pub(crate) fn key(text: &[u8], at: usize) -> Result<(usize, usize), Fault> {
    let end = string(text, at)?;
    let colon = space(text, end);
    if text.get(colon) != Some(&b':') {
        return Err(Fault { at: colon, expected: "`:`" });
    }
    Ok((end, space(text, colon + 1)))
}

/// Any value, `at` its first byte.
pub(crate) fn value(text: &[u8], mut at: usize) -> Scanned {
    // The innermost container is the lowest bit; 1 is an object.
    let mut objects: u128 = 0;
    let mut depth = 0;
    loop {
        // A value begins here.
        at = match text.get(at) {
            Some(b'"') => string(text, at)?,
            Some(open @ (b'{' | b'[')) => {
                let object = *open == b'{';
                if depth == DEPTH {
                    return fault(at, "at most 128 levels");
                }
                at = space(text, at + 1);
                let close = if object { b'}' } else { b']' };
                if text.get(at) == Some(&close) {
                    at + 1
                } else {
                    depth += 1;
                    objects = (objects << 1) | u128::from(object);
                    if object {
                        at = key(text, at)?.1;
                    }
                    continue;
                }
            }
            Some(b't') => literal(text, at, "true")?,
            Some(b'f') => literal(text, at, "false")?,
            Some(b'n') => literal(text, at, "null")?,
            Some(_) => number(text, at)?,
            None => return fault(at, "a value"),
        };
        // A value ended here.
        loop {
            if depth == 0 {
                return Ok(at);
            }
            let object = objects & 1 == 1;
            at = space(text, at);
            match (text.get(at), object) {
                (Some(b','), true) => {
                    at = key(text, space(text, at + 1))?.1;
                    break;
                }
                (Some(b','), false) => {
                    at = space(text, at + 1);
                    break;
                }
                (Some(b'}'), true) | (Some(b']'), false) => {
                    at += 1;
                    depth -= 1;
                    objects >>= 1;
                }
                (_, true) => return fault(at, "`,` or `}`"),
                (_, false) => return fault(at, "`,` or `]`"),
            }
        }
    }
}

/// A whole document: one value and nothing else.
pub(crate) fn document(text: &[u8]) -> Result<(usize, usize), Fault> {
    let start = space(text, 0);
    let end = value(text, start)?;
    let rest = space(text, end);
    if rest != text.len() {
        return Err(Fault { at: rest, expected: "the end" });
    }
    Ok((start, end))
}

/// Member by member through an object; `at` is its opening brace. `visit` gets key and value as byte ranges, the key without
/// its quotes, and says whether to go on. Answers the position behind the object, or where it stopped.
#[inline]
pub(crate) fn members(
    text: &[u8],
    at: usize,
    mut visit: impl FnMut(std::ops::Range<usize>, std::ops::Range<usize>) -> bool,
) -> Scanned {
    if text.get(at) != Some(&b'{') {
        return fault(at, "an object");
    }
    let mut at = space(text, at + 1);
    if text.get(at) == Some(&b'}') {
        return Ok(at + 1);
    }
    loop {
        let (key_end, value_start) = key(text, at)?;
        let value_end = value(text, value_start)?;
        if !visit(at + 1..key_end - 1, value_start..value_end) {
            return Ok(value_end);
        }
        at = space(text, value_end);
        match text.get(at) {
            Some(b',') => at = space(text, at + 1),
            Some(b'}') => return Ok(at + 1),
            _ => return fault(at, "`,` or `}`"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(text: &[u8]) -> bool {
        std::str::from_utf8(text).is_ok() && document(text).is_ok()
    }

    #[test]
    fn given_any_mutation_of_json_should_agree_with_serde_json() {
        let seeds: [&[u8]; 7] = [
            br#"{"id":1,"name":"Ada \"L\" \u00e9\\","tags":["a",[],{}],"n":-0.5e+10,"t":true,"f":false,"z":null}"#,
            br#" [ 1 , 2.0 , {"a" : [ { } ] } , "long enough for eight bytes at a time" ] "#,
            br#"{"a":{"b":{"c":[[[1]]]}}}"#,
            br#""text""#,
            br#"-12.25E-3"#,
            br#"{"k":"0123456789abcdef\n0123456789abcdef"}"#,
            "{\"gr\u{f6}\u{df}e\":\"\u{1d11e}\"}".as_bytes(),
        ];
        let interesting = b"{}[]:,\"\\ \n0123456789+-.eEtrufalsn\x00\x1f\x7f\xff\xc3";
        let mut random = 0x9E37_79B9_7F4A_7C15u64;
        let mut next = move |below: usize| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            (random % below as u64) as usize
        };
        let (mut good, mut bad) = (0, 0);
        for round in 0..60_000 {
            let mut text = seeds[round % seeds.len()].to_vec();
            for _ in 0..next(4) {
                let at = next(text.len().max(1)).min(text.len());
                let byte = interesting[next(interesting.len())];
                match next(3) {
                    0 if at < text.len() => text[at] = byte,
                    1 if at < text.len() => drop(text.remove(at)),
                    _ => text.insert(at, byte),
                }
            }
            let expected = serde_json::from_slice::<serde::de::IgnoredAny>(&text).is_ok()
                && std::str::from_utf8(&text).is_ok();
            assert_eq!(accepts(&text), expected, "{}", String::from_utf8_lossy(&text));
            if expected { good += 1 } else { bad += 1 }
        }
        assert!(good > 1_000 && bad > 1_000, "both sides are exercised: {good} {bad}");
    }

    #[test]
    fn given_a_special_byte_anywhere_should_stop_before_it() {
        for length in 0..100 {
            let text = vec![b'x'; length];
            assert_eq!(plain(&text), length);
            for at in 0..length {
                for special in [b'"', b'\\', 0, 0x1f] {
                    let mut text = text.clone();
                    text[at] = special;
                    assert_eq!(plain(&text), at, "{special} of {length}");
                }
                for ordinary in [0x20, 0x21, 0x23, b'[', b']', 0x7f, 0x80, 0xff] {
                    let mut text = text.clone();
                    text[at] = ordinary;
                    assert_eq!(plain(&text), length, "{ordinary} of {length}");
                }
            }
        }
    }

    #[test]
    fn given_a_bomb_of_brackets_should_refuse_it() {
        let deep = |depth: usize| [vec![b'['; depth], vec![b']'; depth]].concat();
        assert!(accepts(&deep(128)));
        assert!(!accepts(&deep(129)));
        assert!(!accepts(&deep(1_000_000)));
    }
}
