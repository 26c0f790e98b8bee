//! Arrays in PostgreSQL's text form: `{1,NULL,{…}}`, with bounds before it if they do not begin at 1.

use crate::value::Scalar;

/// PostgreSQL allows 6 dimensions.
const DEEPEST: usize = 6;

/// Appends the array as JSON. None: it is not one, and what was appended means nothing.
pub(crate) fn write(buffer: &mut Vec<u8>, text: &str, scalar: Scalar) -> Option<()> {
    let text = match text.strip_prefix('[') {
        Some(_) => text.split_once("]=")?.1,
        None => text,
    };
    let rest = write_level(buffer, text, scalar, DEEPEST)?;
    rest.is_empty().then_some(())
}

/// Appends what is between the braces at the start of `text`; answers what stands behind them.
fn write_level<'a>(
    buffer: &mut Vec<u8>,
    text: &'a str,
    scalar: Scalar,
    deepest: usize,
) -> Option<&'a str> {
    let deepest = deepest.checked_sub(1)?;
    let mut rest = text.strip_prefix('{')?;
    buffer.push(b'[');
    if let Some(rest) = rest.strip_prefix('}') {
        buffer.push(b']');
        return Some(rest);
    }
    loop {
        rest = match rest.as_bytes().first()? {
            b'{' => write_level(buffer, rest, scalar, deepest)?,
            b'"' => write_quoted(buffer, &rest[1..], scalar)?,
            _ => write_plain(buffer, rest, scalar)?,
        };
        match rest.as_bytes().first()? {
            b',' => buffer.push(b','),
            b'}' => {
                buffer.push(b']');
                return Some(&rest[1..]);
            }
            _ => return None,
        }
        rest = &rest[1..];
    }
}

/// An element up to the next comma or brace.
fn write_plain<'a>(buffer: &mut Vec<u8>, text: &'a str, scalar: Scalar) -> Option<&'a str> {
    let (element, rest) = text.split_at(text.find([',', '}'])?);
    match element {
        "" => return None,
        "NULL" => buffer.extend_from_slice(b"null"),
        element => scalar.write(buffer, element),
    }
    Some(rest)
}

/// An element up to its closing quote; a backslash takes the next character literally.
fn write_quoted<'a>(buffer: &mut Vec<u8>, text: &'a str, scalar: Scalar) -> Option<&'a str> {
    let mut element = String::new();
    let mut characters = text.char_indices();
    loop {
        match characters.next()? {
            (end, '"') => {
                scalar.write(buffer, &element);
                return Some(&text[end + 1..]);
            }
            (_, '\\') => element.push(characters.next()?.1),
            (_, other) => element.push(other),
        }
    }
}
