//! Values that look real, written straight into the buffer. None needs escaping in JSON.

use crate::generator::Generator;

const FIRST_NAMES: [&str; 32] = [
    "Ada", "Ahmed", "Amara", "Anna", "Ben", "Carla", "Chen", "Dana", "Elif", "Emil", "Farah",
    "Grace", "Hugo", "Ines", "Ivan", "Jonas", "Kofi", "Lea", "Linus", "Mai", "Maria", "Nina",
    "Noor", "Oscar", "Paula", "Ravi", "Rosa", "Sofia", "Tariq", "Uma", "Yuki", "Zoe",
];
const LAST_NAMES: [&str; 32] = [
    "Abe",
    "Ali",
    "Andersson",
    "Bauer",
    "Becker",
    "Costa",
    "Diaz",
    "Dubois",
    "Fischer",
    "Garcia",
    "Haddad",
    "Ito",
    "Jansen",
    "Khan",
    "Kim",
    "Larsen",
    "Lopez",
    "Meyer",
    "Mensah",
    "Moreau",
    "Novak",
    "Okafor",
    "Patel",
    "Rossi",
    "Santos",
    "Sato",
    "Silva",
    "Singh",
    "Tanaka",
    "Weber",
    "Wong",
    "Yilmaz",
];
const DOMAINS: [&str; 3] = ["example.com", "example.net", "example.org"];
const WORDS: [&str; 32] = [
    "lorem", "ipsum", "dolor", "sit", "amet", "elit", "sed", "do", "tempor", "ut", "labore", "et",
    "magna", "aliqua", "enim", "minim", "veniam", "quis", "nostrud", "ullamco", "nisi", "ex", "ea",
    "commodo", "duis", "aute", "irure", "in", "velit", "esse", "cillum", "nulla",
];

/// Longest text that can be asked for, in bytes.
pub(crate) const LONGEST_TEXT: u32 = 32 * 1024;

fn pick<'a>(list: &[&'a str], generator: &mut Generator) -> &'a str {
    let index = usize::try_from(generator.below(list.len() as u64)).unwrap_or(0);
    list.get(index).copied().unwrap_or_default()
}

/// `"Ada Weber"`.
pub(crate) fn push_name(generator: &mut Generator, out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(pick(&FIRST_NAMES, generator).as_bytes());
    out.push(b' ');
    out.extend_from_slice(pick(&LAST_NAMES, generator).as_bytes());
    out.push(b'"');
}

/// `"ada.weber417@example.com"`.
pub(crate) fn push_email(generator: &mut Generator, out: &mut Vec<u8>) {
    out.push(b'"');
    let start = out.len();
    out.extend_from_slice(pick(&FIRST_NAMES, generator).as_bytes());
    out.push(b'.');
    out.extend_from_slice(pick(&LAST_NAMES, generator).as_bytes());
    out[start..].make_ascii_lowercase();
    push_unsigned(generator.below(1_000), out);
    out.push(b'@');
    out.extend_from_slice(pick(&DOMAINS, generator).as_bytes());
    out.push(b'"');
}

/// A version 4, variant 1 UUID in lower case.
pub(crate) fn push_uuid(generator: &mut Generator, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let high = generator.bits() & !0xF000 | 0x4000;
    let low = generator.bits() & !(0b11 << 62) | 0b10 << 62;
    let mut text = *b"\"00000000-0000-0000-0000-000000000000\"";
    let digits = text.iter_mut().filter(|byte| **byte == b'0');
    for (place, digit) in digits.enumerate() {
        let half = if place < 16 { high } else { low };
        let shift = 60 - 4 * (place % 16);
        *digit = HEX[(half >> shift & 0xF) as usize];
    }
    out.extend_from_slice(&text);
}

/// Decimal digits.
pub(crate) fn push_unsigned(mut value: u64, out: &mut Vec<u8>) {
    let mut digits = [0_u8; 20];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[start..]);
}

/// Decimal digits with a sign.
pub(crate) fn push_signed(value: i64, out: &mut Vec<u8>) {
    if value < 0 {
        out.push(b'-');
    }
    push_unsigned(value.unsigned_abs(), out);
}

/// `scaled` divided by ten to the power of `decimals`.
pub(crate) fn push_decimal(scaled: i64, decimals: u8, out: &mut Vec<u8>) {
    if scaled < 0 {
        out.push(b'-');
    }
    let scale = 10_u64.pow(u32::from(decimals));
    let scaled = scaled.unsigned_abs();
    push_unsigned(scaled / scale, out);
    if decimals > 0 {
        out.push(b'.');
        let mut divisor = scale / 10;
        while divisor > 0 {
            out.push(b'0' + (scaled / divisor % 10) as u8);
            divisor /= 10;
        }
    }
}

/// A long run of words, from which texts and padding are cut: one copy instead of a word at a time.
#[derive(Debug)]
pub(crate) struct Words {
    text: Vec<u8>,
}

impl Words {
    /// Always the same words.
    pub(crate) fn new() -> Self {
        let mut generator = Generator::of_record(0, 0);
        let wanted = 2 * LONGEST_TEXT as usize;
        let mut text = Vec::with_capacity(wanted + 16);
        while text.len() < wanted {
            text.extend_from_slice(pick(&WORDS, &mut generator).as_bytes());
            text.push(b' ');
        }
        Self { text }
    }

    /// Appends `size` bytes of words from a random place on.
    pub(crate) fn push(&self, mut size: usize, generator: &mut Generator, out: &mut Vec<u8>) {
        while size > 0 {
            let piece = size.min(LONGEST_TEXT as usize);
            let start = generator.below((self.text.len() - piece) as u64) as usize;
            out.extend_from_slice(&self.text[start..start + piece]);
            size -= piece;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn given_numbers_should_write_their_digits() {
        for value in [0, 9, 10, 12_345, u64::MAX] {
            assert_eq!(written(|out| push_unsigned(value, out)), value.to_string());
        }
        for value in [0, -1, i64::MIN, i64::MAX] {
            assert_eq!(written(|out| push_signed(value, out)), value.to_string());
        }
        for (scaled, decimals, text) in
            [(0, 2, "0.00"), (-5, 1, "-0.5"), (12_345, 3, "12.345"), (7, 0, "7"), (100, 2, "1.00")]
        {
            assert_eq!(written(|out| push_decimal(scaled, decimals, out)), text);
        }
    }

    #[test]
    fn given_any_bits_should_make_a_version_4_uuid() {
        for number in 0..100 {
            let mut generator = Generator::of_record(1, number);
            let text = written(|out| push_uuid(&mut generator, out));
            assert_eq!(text.len(), 38);
            assert_eq!(text.as_bytes()[15], b'4', "{text}");
            assert!(matches!(text.as_bytes()[20], b'8' | b'9' | b'a' | b'b'), "{text}");
            let hyphens: Vec<usize> = text.match_indices('-').map(|(place, _)| place).collect();
            assert_eq!(hyphens, [9, 14, 19, 24]);
        }
    }

    #[test]
    fn given_a_size_should_cut_that_many_bytes_of_words() {
        let words = Words::new();
        let mut generator = Generator::of_record(1, 1);
        for size in [0, 1, 100, LONGEST_TEXT as usize, 200_000] {
            assert_eq!(written(|out| words.push(size, &mut generator, out)).len(), size);
        }
    }
}
