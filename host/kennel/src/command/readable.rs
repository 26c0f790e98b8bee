//! Bytes and times as people read them.

use std::fmt::Write as _;
use std::time::{Duration, UNIX_EPOCH};

/// The last microsecond that RFC 3339 can name.
const END_OF_YEAR_9999: u64 = 253_402_300_799_999_999;

/// Bytes in a line of a dump.
const DUMP_WIDTH: usize = 16;

/// RFC 3339, from microseconds since 1970 UTC; the number itself where there is no such time.
pub(super) fn time(micros: u64) -> String {
    match micros > END_OF_YEAR_9999 {
        true => micros.to_string(),
        false => {
            let time = UNIX_EPOCH + Duration::from_micros(micros);
            humantime::format_rfc3339_micros(time).to_string()
        }
    }
}

/// The text that the bytes are, if it can be printed: a message must not steer the terminal.
pub(super) fn printable(bytes: &[u8]) -> Option<&str> {
    let text = str::from_utf8(bytes).ok()?;
    let safe = |each: char| !each.is_control() || matches!(each, '\n' | '\r' | '\t');
    text.chars().all(safe).then_some(text)
}

/// Text as it is, else a dump.
pub(super) fn content(bytes: &[u8]) -> String {
    printable(bytes).map_or_else(|| dump(bytes), str::to_owned)
}

/// One line of at most `limit` characters.
pub(super) fn line(text: &str, limit: usize) -> String {
    let plain = |each: char| if each.is_control() { ' ' } else { each };
    let mut line: String = text.chars().take(limit).map(plain).collect();
    if text.chars().nth(limit).is_some() {
        line.push('…');
    }
    line
}

/// Offset, bytes in hexadecimal, and those of ASCII beside them.
fn dump(bytes: &[u8]) -> String {
    let mut dump = String::new();
    for (number, row) in bytes.chunks(DUMP_WIDTH).enumerate() {
        let hexadecimal: String = row.iter().map(|byte| format!("{byte:02x} ")).collect();
        let ascii: String = row
            .iter()
            .map(|byte| match byte {
                b' '..=b'~' => char::from(*byte),
                _ => '.',
            })
            .collect();
        let at = number * DUMP_WIDTH;
        let width = DUMP_WIDTH * 3;
        let _ = writeln!(dump, "{at:08x}  {hexadecimal:<width$} {ascii}");
    }
    dump.truncate(dump.trim_end().len());
    dump
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_times_should_write_those_that_a_calendar_has() {
        assert_eq!(time(1_769_846_400_000_001), "2026-01-31T08:00:00.000001Z");
        assert_eq!(time(END_OF_YEAR_9999), "9999-12-31T23:59:59.999999Z");
        assert_eq!(time(u64::MAX), u64::MAX.to_string());
    }

    #[test]
    fn given_bytes_should_show_text_as_it_is_and_dump_what_could_steer_a_terminal() {
        assert_eq!(content("ä\n\tb".as_bytes()), "ä\n\tb");
        let dumped = content(b"\x1b[2Jhello, this is more than one row");
        assert!(dumped.starts_with("00000000  1b 5b 32 4a 68"), "{dumped}");
        assert!(dumped.contains(".[2Jhello, this ") && dumped.lines().count() == 3, "{dumped}");
        assert!(content(&[0xff, 0]).contains("ff 00"));
        assert_eq!(content(b""), "");
    }

    #[test]
    fn given_a_long_text_should_cut_it_to_one_line() {
        assert_eq!(line("one\ntwo\x1b[0m", 40), "one two [0m");
        assert_eq!(line("äöü", 2), "äö…");
        assert_eq!(line("äöü", 3), "äöü");
    }
}
