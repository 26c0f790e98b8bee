//! What a server refused, and why.

use std::fmt;

/// What a server refused, and why.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refusal {
    severity: String,
    code: String,
    message: String,
    detail: Option<String>,
    hint: Option<String>,
}

impl Refusal {
    /// Reads the fields: each a letter and a text ended by a zero byte.
    pub(super) fn parse(body: &[u8]) -> Self {
        let mut refusal = Self::default();
        for field in body.split(|&byte| byte == 0) {
            let Some((letter, text)) = field.split_first() else { continue };
            let text = String::from_utf8_lossy(text).into_owned();
            match letter {
                b'V' => refusal.severity = text,
                b'C' => refusal.code = text,
                b'M' => refusal.message = text,
                b'D' => refusal.detail = Some(text),
                b'H' => refusal.hint = Some(text),
                _ => {}
            }
        }
        refusal
    }

    /// The five letters of SQLSTATE.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Whether the session ends with it.
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        matches!(self.severity.as_str(), "FATAL" | "PANIC")
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({})", self.message, self.code)?;
        for more in [&self.detail, &self.hint].into_iter().flatten() {
            write!(formatter, "; {more}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_the_fields_should_say_what_and_why() {
        let body = b"SERROR\0VFATAL\0C57P01\0Mshutting down\0Hcome back\0\0";
        let refusal = Refusal::parse(body);
        assert_eq!(refusal.to_string(), "shutting down (57P01); come back");
        assert!(refusal.is_fatal());
        assert_eq!(Refusal::parse(b""), Refusal::default());
        assert_eq!(Refusal::parse(b"C\0\0M").code(), "");
    }
}
