//! Every column a guest returns is checked here before anything reads it.
//!
//! A wrong column is a fault of the guest, never a panic or an out-of-bounds read of the host.

/// What a guest returned that the contract forbids.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// A column has another length than the number of messages demands.
    #[error("column {column} has {actual} values, expected {expected}")]
    Length {
        /// Name of the column in the WIT.
        column: &'static str,
        /// Values expected.
        expected: usize,
        /// Values returned.
        actual: usize,
    },
    /// A span ends before it starts or outside of the data.
    #[error(
        "span {start}..{end} of message {message} in column {column} does not lie in the {data} bytes of data"
    )]
    Span {
        /// Name of the column in the WIT.
        column: &'static str,
        /// Index of the message.
        message: usize,
        /// Start of the span.
        start: u32,
        /// End of the span.
        end: u32,
        /// Length of the data in bytes.
        data: usize,
    },
    /// An index names no message, or an unknown route.
    #[error("column {column} holds {value}, which is not below {bound}")]
    Index {
        /// Name of the column in the WIT.
        column: &'static str,
        /// The index.
        value: u64,
        /// One past the highest valid one.
        bound: u64,
    },
    /// Values that must ascend do not.
    #[error("column {column} does not ascend at position {position}")]
    Order {
        /// Name of the column in the WIT.
        column: &'static str,
        /// Position of the offending value.
        position: usize,
    },
    /// An encoded header is cut short, has an empty key, or uses a reserved key.
    #[error("headers of message {message} are malformed: {reason}")]
    Headers {
        /// Index of the message.
        message: usize,
        /// What is wrong.
        reason: &'static str,
    },
    /// A value is larger than the contract allows.
    #[error("{what} of {actual} bytes, at most {limit} are allowed")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// Its size in bytes.
        actual: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// Anything else, in words.
    #[error("{0}")]
    Other(&'static str),
}

/// Header keys a guest may not forge.
const RESERVED_PREFIX: &[u8] = b"kennel.";

pub(crate) fn length(
    column: &'static str,
    expected: usize,
    actual: usize,
) -> Result<(), Violation> {
    if expected == actual {
        return Ok(());
    }
    Err(Violation::Length { column, expected, actual })
}

/// An optional column is empty or complete.
pub(crate) fn optional(
    column: &'static str,
    expected: usize,
    actual: usize,
) -> Result<(), Violation> {
    if actual == 0 { Ok(()) } else { length(column, expected, actual) }
}

pub(crate) fn below(column: &'static str, values: &[u32], bound: usize) -> Result<(), Violation> {
    match values.iter().find(|value| **value as usize >= bound) {
        None => Ok(()),
        Some(value) => {
            Err(Violation::Index { column, value: u64::from(*value), bound: bound as u64 })
        }
    }
}

pub(crate) fn strictly_ascending(
    column: &'static str,
    values: impl Iterator<Item = u32>,
) -> Result<(), Violation> {
    let mut previous = None;
    for (position, value) in values.enumerate() {
        if previous.is_some_and(|previous| previous >= value) {
            return Err(Violation::Order { column, position });
        }
        previous = Some(value);
    }
    Ok(())
}

/// Number of messages that `spans` describes, each span within `data`, each header well formed.
pub(crate) fn messages(spans: &[u32], data: &[u8]) -> Result<usize, Violation> {
    let count = spans.len() / 4;
    length("spans", count * 4, spans.len())?;
    if data.len() > u32::MAX as usize {
        return Err(Violation::TooLarge { what: "data", actual: data.len(), limit: 1 << 32 });
    }
    for (message, span) in spans.chunks_exact(4).enumerate() {
        within("spans", message, (span[0], span[1]), data.len())?;
        within("spans", message, (span[2], span[3]), data.len())?;
        headers(message, &data[span[2] as usize..span[3] as usize])?;
    }
    Ok(count)
}

/// Two per message, into `data`; empty means no keys.
pub(crate) fn keys(keys: &[u32], count: usize, data: &[u8]) -> Result<(), Violation> {
    optional("keys", count * 2, keys.len())?;
    for (message, span) in keys.chunks_exact(2).enumerate() {
        within("keys", message, (span[0], span[1]), data.len())?;
        if span[1] - span[0] > 255 {
            let actual = (span[1] - span[0]) as usize;
            return Err(Violation::TooLarge { what: "partition key", actual, limit: 255 });
        }
    }
    Ok(())
}

fn within(
    column: &'static str,
    message: usize,
    (start, end): (u32, u32),
    data: usize,
) -> Result<(), Violation> {
    if start <= end && end as usize <= data {
        return Ok(());
    }
    Err(Violation::Span { column, message, start, end, data })
}

/// The layout of the WIT's `batch.spans`: kind, length, bytes of key and of value, repeated.
fn headers(message: usize, mut bytes: &[u8]) -> Result<(), Violation> {
    let malformed = |reason| Violation::Headers { message, reason };
    while !bytes.is_empty() {
        let (key, rest) = field(bytes).ok_or(malformed("cut short in a key"))?;
        let (value, rest) = field(rest).ok_or(malformed("cut short in a value"))?;
        if key.is_empty() || key.len() > 255 {
            return Err(malformed("a key must have 1 to 255 bytes"));
        }
        if value.is_empty() || value.len() > 255 {
            return Err(malformed("a value must have 1 to 255 bytes"));
        }
        if key.starts_with(RESERVED_PREFIX) {
            return Err(malformed("keys that start with `kennel.` are the host's own"));
        }
        bytes = rest;
    }
    Ok(())
}

fn field(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (kind, rest) = bytes.split_first()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    (1..=15).contains(kind).then_some(())?;
    rest.split_at_checked(u32::from_le_bytes(*length) as usize)
}

#[cfg(test)]
mod fuzz;

#[cfg(test)]
mod tests {
    use super::*;

    fn header(key: &[u8], value: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for field in [key, value] {
            bytes.push(2);
            bytes.extend_from_slice(&u32::try_from(field.len()).unwrap().to_le_bytes());
            bytes.extend_from_slice(field);
        }
        bytes
    }

    #[test]
    fn given_spans_within_the_data_should_count_messages() {
        assert_eq!(messages(&[0, 3, 0, 0, 3, 3, 0, 0], b"abc"), Ok(2));
    }

    #[test]
    fn given_spans_past_the_data_should_refuse() {
        assert!(matches!(messages(&[0, 4, 0, 0], b"abc"), Err(Violation::Span { .. })));
        assert!(matches!(messages(&[2, 1, 0, 0], b"abc"), Err(Violation::Span { .. })));
        let wrapped = messages(&[0, 1, u32::MAX, u32::MAX], b"abc");
        assert!(matches!(wrapped, Err(Violation::Span { .. })));
    }

    #[test]
    fn given_a_cut_column_should_refuse() {
        assert!(matches!(messages(&[0, 3, 0], b"abc"), Err(Violation::Length { .. })));
        assert!(matches!(keys(&[0], 1, b"abc"), Err(Violation::Length { .. })));
    }

    #[test]
    fn given_headers_should_accept_only_well_formed_ones() {
        let good = header(b"trace", b"1");
        assert_eq!(messages(&[0, 0, 0, u32::try_from(good.len()).unwrap()], &good), Ok(1));
        for length in 1..u32::try_from(good.len()).unwrap() {
            let cut = messages(&[0, 0, 0, length], &good);
            assert!(matches!(cut, Err(Violation::Headers { .. })), "{length}: {cut:?}");
        }
        let mut giant = good.clone();
        giant[1..5].copy_from_slice(&u32::MAX.to_le_bytes());
        let giant_span = [0, 0, 0, u32::try_from(giant.len()).unwrap()];
        assert!(matches!(messages(&giant_span, &giant), Err(Violation::Headers { .. })));
    }

    #[test]
    fn given_a_reserved_header_key_should_refuse() {
        let forged = header(b"kennel.dlq.code", b"1");
        let spans = [0, 0, 0, u32::try_from(forged.len()).unwrap()];
        assert!(matches!(messages(&spans, &forged), Err(Violation::Headers { .. })));
    }

    #[test]
    fn given_duplicates_should_not_count_as_ascending() {
        assert!(strictly_ascending("failed", [1, 2, 5].into_iter()).is_ok());
        assert!(strictly_ascending("failed", [1, 1].into_iter()).is_err());
        assert!(strictly_ascending("failed", [2, 1].into_iter()).is_err());
    }
}
