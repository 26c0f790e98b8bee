//! What a registry asks for before it answers: the header `WWW-Authenticate`.

use std::collections::HashMap;

/// How to authenticate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Challenge {
    /// With user and password.
    Basic,
    /// With a token that another place gives.
    Bearer { realm: String, service: Option<String> },
}

impl Challenge {
    /// None: a scheme that we do not know, or nonsense.
    pub(super) fn parse(header: &str) -> Option<Self> {
        let (scheme, rest) = header.trim().split_once(' ').unwrap_or((header.trim(), ""));
        if scheme.eq_ignore_ascii_case("basic") {
            return Some(Self::Basic);
        }
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let mut parameters = parameters(rest)?;
        Some(Self::Bearer {
            realm: parameters.remove("realm")?,
            service: parameters.remove("service"),
        })
    }
}

/// `name="value",name=value`; a value in quotes may hold commas and escapes.
fn parameters(text: &str) -> Option<HashMap<String, String>> {
    let mut found = HashMap::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=')?;
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => quoted_value(quoted)?,
            None => {
                let end = after.find(',').unwrap_or(after.len());
                (after[..end].trim().to_owned(), &after[end..])
            }
        };
        found.insert(name.trim().to_ascii_lowercase(), value);
        rest = after.trim_start();
        if !rest.is_empty() {
            rest = rest.strip_prefix(',')?.trim_start();
        }
    }
    Some(found)
}

/// The value up to its closing quote, and what comes after.
fn quoted_value(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => value.push(characters.next()?.1),
            _ => value.push(character),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_challenges_should_find_where_tokens_come_from() {
        let bearer = |realm: &str, service: Option<&str>| {
            Some(Challenge::Bearer { realm: realm.to_owned(), service: service.map(str::to_owned) })
        };
        for (header, expected) in [
            (r#"Bearer realm="https://a/t",service="r""#, bearer("https://a/t", Some("r"))),
            (
                r#"bearer service=r , realm="https://a/t?x=1,2""#,
                bearer("https://a/t?x=1,2", Some("r")),
            ),
            (r#"Bearer realm="a\"b",scope="repository:a:pull""#, bearer("a\"b", None)),
            (r#"Basic realm="x""#, Some(Challenge::Basic)),
            ("Basic", Some(Challenge::Basic)),
            ("", None),
            ("Bearer", None),
            ("Bearer realm", None),
            (r#"Bearer realm="open"#, None),
            (r#"Bearer realm="a"x"#, None),
            (r#"Bearer service="r""#, None),
            ("Negotiate x", None),
        ] {
            assert_eq!(Challenge::parse(header), expected, "{header}");
        }
    }
}
