//! Names of components.

use std::str::FromStr;

/// A name in kebab-case, as packages are named: `orders-sink`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ComponentName(String);

/// Why a text is no name; says which name is near.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{written}\" is not a name in kebab-case, such as \"{suggestion}\": lower-case letters and \
     digits, joined by single dashes, beginning with a letter, at most 64"
)]
pub(super) struct NameError {
    written: String,
    suggestion: String,
}

impl ComponentName {
    /// `orders-sink`.
    pub(super) fn kebab(&self) -> &str {
        &self.0
    }
}

impl FromStr for ComponentName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match is_kebab(text) {
            true => Ok(Self(text.to_owned())),
            false => Err(NameError { written: text.to_owned(), suggestion: suggestion(text) }),
        }
    }
}

fn is_kebab(text: &str) -> bool {
    let word = |word: &str| {
        !word.is_empty()
            && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    text.len() <= 64
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.split('-').all(word)
}

/// `OrdersSink` and `orders_sink` are meant as `orders-sink`.
fn suggestion(text: &str) -> String {
    let mut kebab = String::new();
    for character in text.chars() {
        if character.is_ascii_uppercase() || !character.is_ascii_alphanumeric() {
            kebab.push('-');
        }
        if character.is_ascii_alphanumeric() {
            kebab.push(character.to_ascii_lowercase());
        }
    }
    let words: Vec<_> = kebab.split('-').filter(|word| !word.is_empty()).collect();
    let kebab = words.join("-");
    if is_kebab(&kebab) { kebab } else { "orders-sink".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_names_should_accept_kebab_case_only() {
        for name in ["a", "orders-sink", "s3-sink", "x2"] {
            assert_eq!(name.parse::<ComponentName>().unwrap().kebab(), name);
        }
    }

    #[test]
    fn given_other_names_should_suggest_the_kebab_case() {
        for (name, suggestion) in [
            ("OrdersSink", "orders-sink"),
            ("orders_sink", "orders-sink"),
            ("orders--sink-", "orders-sink"),
            ("../evil", "evil"),
            ("3d", "orders-sink"),
            ("", "orders-sink"),
        ] {
            let error = name.parse::<ComponentName>().unwrap_err();
            assert_eq!(error.suggestion, suggestion, "{name}");
        }
    }
}
