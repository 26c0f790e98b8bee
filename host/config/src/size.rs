//! Sizes in bytes as people write them: `512`, `"64KiB"`, `"1MiB"`, `"2GB"`.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteSize(u64);

/// Why a text is not a size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ByteSizeError {
    /// It does not start with a whole number.
    #[error("a size starts with a whole number")]
    Number,
    /// The unit is not known.
    #[error("the unit is not one of B, KiB, MiB, GiB, kB, MB, GB")]
    Unit,
    /// More than 2^64 bytes.
    #[error("the size is too large")]
    Overflow,
}

const UNITS: [(&str, u64); 8] = [
    ("", 1),
    ("B", 1),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
];

impl ByteSize {
    /// `bytes` bytes.
    pub const fn bytes(bytes: u64) -> Self {
        Self(bytes)
    }

    /// `mebibytes` times 2^20 bytes.
    pub const fn mebibytes(mebibytes: u32) -> Self {
        Self((mebibytes as u64) << 20)
    }

    /// The number of bytes.
    pub const fn as_u64(self) -> u64 {
        self.0
    }

    /// The number of bytes, or the largest `usize` where it does not fit.
    pub fn as_usize(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl FromStr for ByteSize {
    type Err = ByteSizeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return Err(ByteSizeError::Number);
        }
        let (number, unit) = text.split_at(digits);
        let number: u64 = number.parse().map_err(|_| ByteSizeError::Overflow)?;
        let unit = unit.trim_start();
        let (_, factor) = UNITS
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(unit))
            .ok_or(ByteSizeError::Unit)?;
        number.checked_mul(*factor).map(Self).ok_or(ByteSizeError::Overflow)
    }
}

/// The largest binary unit that divides the size evenly.
impl fmt::Display for ByteSize {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (unit, factor) in [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)] {
            if self.0 != 0 && self.0.is_multiple_of(factor) {
                return write!(formatter, "{}{unit}", self.0 / factor);
            }
        }
        write!(formatter, "{}B", self.0)
    }
}

impl Serialize for ByteSize {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_each_unit_should_scale() {
        for (text, bytes) in [
            ("0", 0),
            ("512", 512),
            ("512B", 512),
            ("1KiB", 1024),
            ("1 MiB", 1 << 20),
            ("2gib", 2 << 30),
            ("3kB", 3_000),
            ("3MB", 3_000_000),
            ("1GB", 1_000_000_000),
        ] {
            assert_eq!(text.parse(), Ok(ByteSize::bytes(bytes)), "{text}");
        }
    }

    #[test]
    fn given_nonsense_should_say_which_part() {
        for (text, error) in [
            ("", ByteSizeError::Number),
            ("MiB", ByteSizeError::Number),
            ("-1", ByteSizeError::Number),
            ("1.5MiB", ByteSizeError::Unit),
            ("1 parsec", ByteSizeError::Unit),
            ("99999999999999999999", ByteSizeError::Overflow),
            ("18446744073709551615KiB", ByteSizeError::Overflow),
        ] {
            assert_eq!(text.parse::<ByteSize>(), Err(error), "{text}");
        }
    }

    #[test]
    fn given_a_size_should_print_what_parses_back() {
        for bytes in [0, 1, 1023, 1024, 1536, 1 << 20, 5 << 30] {
            let size = ByteSize::bytes(bytes);
            assert_eq!(size.to_string().parse(), Ok(size));
        }
    }
}
