//! Placeholders: unguessable text that stands for a secret in the guest, and is replaced in the values of outgoing HTTP
//! headers after the request is granted.
//!
//! Only there. In a URL it is refused, because it can only be a mistake; in a body it is sent as it is, and means nothing
//! to anybody. `authorization: Basic …` is taken apart, so that a placeholder may be the password in it. A placeholder is
//! known to the store that made it alone.

use std::collections::BTreeMap;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue};
use secrecy::zeroize::Zeroizing;

use super::source::SecretValue;

const PREFIX: &str = "kennel-secret-";
/// Of randomness; bytes.
const RANDOM: usize = 16;
const LENGTH: usize = PREFIX.len() + 2 * RANDOM;

/// The placeholders of one store.
#[derive(Debug, Default)]
pub(super) struct Placeholders {
    by_token: BTreeMap<Vec<u8>, usize>,
}

/// A header whose value cannot be built.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotAHeader {
    /// Place of the secret among the grants.
    pub(super) index: usize,
}

impl Placeholders {
    pub(super) fn is_empty(&self) -> bool {
        self.by_token.is_empty()
    }

    /// The placeholder of the secret at `index`, always the same.
    pub(super) fn of(&mut self, index: usize) -> Result<String, getrandom::Error> {
        if let Some((token, _)) = self.by_token.iter().find(|(_, known)| **known == index) {
            return Ok(String::from_utf8_lossy(token).into_owned());
        }
        let mut random = [0; RANDOM];
        getrandom::fill(&mut random)?;
        let token = format!("{PREFIX}{}", hex::encode(random));
        self.by_token.insert(token.clone().into_bytes(), index);
        Ok(token)
    }

    /// Where placeholders of this store stand in `bytes`, and of which secret.
    pub(super) fn find<'a>(
        &'a self,
        bytes: &'a [u8],
    ) -> impl Iterator<Item = (Range<usize>, usize)> + 'a {
        let starts = memchr::memmem::find_iter(bytes, PREFIX);
        starts.filter_map(|start| {
            let range = start..start + LENGTH;
            let index = self.by_token.get(bytes.get(range.clone())?)?;
            Some((range, *index))
        })
    }

    /// The secrets whose placeholders are in `headers`, ascending, each once.
    pub(super) fn used(&self, headers: &HeaderMap) -> Vec<usize> {
        let mut used: Vec<usize> = headers
            .iter()
            .flat_map(|(name, value)| {
                let credentials = basic_credentials(name, value);
                let inside = credentials.iter().flat_map(|it| self.find(it).map(|(_, at)| at));
                let inside: Vec<_> = inside.collect();
                self.find(value.as_bytes()).map(|(_, at)| at).chain(inside).collect::<Vec<_>>()
            })
            .collect();
        used.sort_unstable();
        used.dedup();
        used
    }

    /// Puts values in the place of placeholders. `values` holds those of [`Self::used`]. Nothing is changed on an error.
    pub(super) fn replace(
        &self,
        headers: &mut HeaderMap,
        values: &BTreeMap<usize, SecretValue>,
    ) -> Result<(), NotAHeader> {
        let mut replaced = HeaderMap::with_capacity(headers.len());
        for (name, value) in headers.iter() {
            let value = match basic_credentials(name, value) {
                Some(credentials) => self.filled(&credentials, values).map(|(filled, index)| {
                    let encoded = Zeroizing::new(STANDARD.encode(&*filled));
                    (Zeroizing::new(format!("Basic {}", *encoded).into_bytes()), index)
                }),
                None => self.filled(value.as_bytes(), values),
            }
            .map_or_else(|| Ok(value.clone()), |(filled, index)| sensitive(&filled, index))?;
            replaced.append(name.clone(), value);
        }
        *headers = replaced;
        Ok(())
    }

    /// `bytes` with values in it, and the last secret among them. None: nothing is to be replaced.
    fn filled(
        &self,
        bytes: &[u8],
        values: &BTreeMap<usize, SecretValue>,
    ) -> Option<(Zeroizing<Vec<u8>>, usize)> {
        let found: Vec<_> = self
            .find(bytes)
            .filter_map(|(range, index)| Some((range, index, values.get(&index)?)))
            .collect();
        let (_, last, _) = found.last()?;
        let grown: usize = found.iter().map(|(_, _, value)| value.expose().len()).sum();
        // Room for all of it from the start: growing would leave copies behind.
        let mut filled = Zeroizing::new(Vec::with_capacity(bytes.len() + grown));
        let mut from = 0;
        for (range, _, value) in &found {
            filled.extend_from_slice(&bytes[from..range.start]);
            filled.extend_from_slice(value.expose());
            from = range.end;
        }
        filled.extend_from_slice(&bytes[from..]);
        Some((filled, *last))
    }
}

/// A value that is left out of debug output.
fn sensitive(bytes: &[u8], index: usize) -> Result<HeaderValue, NotAHeader> {
    let mut value = HeaderValue::from_bytes(bytes).map_err(|_invalid| NotAHeader { index })?;
    value.set_sensitive(true);
    Ok(value)
}

/// User and password of `authorization: Basic …`.
fn basic_credentials(name: &HeaderName, value: &HeaderValue) -> Option<Zeroizing<Vec<u8>>> {
    if name != http::header::AUTHORIZATION {
        return None;
    }
    let (scheme, encoded) = value.as_bytes().split_at_checked(6)?;
    if !scheme.eq_ignore_ascii_case(b"Basic ") {
        return None;
    }
    STANDARD.decode(encoded.trim_ascii()).ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, String)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    fn lines(headers: &HeaderMap) -> Vec<(String, String)> {
        let text = |value: &HeaderValue| String::from_utf8(value.as_bytes().to_vec()).unwrap();
        headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect()
    }

    fn values(values: &[(usize, &str)]) -> BTreeMap<usize, SecretValue> {
        values.iter().map(|(at, value)| (*at, SecretValue::new(value.as_bytes()))).collect()
    }

    #[test]
    fn given_a_secret_should_have_one_placeholder_that_nobody_can_guess() {
        let (mut one, mut other) = (Placeholders::default(), Placeholders::default());
        let token = one.of(0).unwrap();
        assert_eq!(token.len(), LENGTH);
        assert!(token.starts_with("kennel-secret-"), "{token}");
        assert_eq!(one.of(0).unwrap(), token);
        assert_ne!(one.of(1).unwrap(), token);
        assert_ne!(other.of(0).unwrap(), token);
        assert_eq!(other.find(token.as_bytes()).count(), 0);
    }

    #[test]
    fn given_placeholders_in_values_should_replace_each_where_it_stands() {
        let mut placeholders = Placeholders::default();
        let (a, b) = (placeholders.of(0).unwrap(), placeholders.of(7).unwrap());
        let mut headers = headers(&[
            ("accept", "*/*".into()),
            ("authorization", format!("Bearer {a}")),
            ("x-both", format!("<{a}|{b}{a}>")),
            ("x-both", b.clone()),
            ("x-cut", a[..a.len() - 1].to_owned()),
            ("x-other", format!("{PREFIX}{}", "0".repeat(2 * RANDOM))),
        ]);
        assert_eq!(placeholders.used(&headers), [0, 7]);
        let before = headers.clone();
        placeholders.replace(&mut headers, &values(&[(0, "one"), (7, "seven")])).unwrap();
        let expected = [
            ("accept", "*/*"),
            ("authorization", "Bearer one"),
            ("x-both", "<one|sevenone>"),
            ("x-both", "seven"),
            ("x-cut", before["x-cut"].to_str().unwrap()),
            ("x-other", before["x-other"].to_str().unwrap()),
        ];
        assert_eq!(lines(&headers), expected.map(|(name, it)| (name.to_owned(), it.to_owned())));
        assert!(!format!("{headers:?}").contains("seven"), "{headers:?}");
    }

    #[test]
    fn given_a_placeholder_within_basic_authentication_should_replace_it_inside() {
        let mut placeholders = Placeholders::default();
        let token = placeholders.of(0).unwrap();
        for scheme in ["Basic", "basic", "BASIC"] {
            let encoded = STANDARD.encode(format!("user:{token}"));
            let mut headers = headers(&[("authorization", format!("{scheme} {encoded}"))]);
            assert_eq!(placeholders.used(&headers), [0]);
            placeholders.replace(&mut headers, &values(&[(0, "pässword")])).unwrap();
            let expected = format!("Basic {}", STANDARD.encode("user:pässword"));
            assert_eq!(lines(&headers), [("authorization".to_owned(), expected)]);
        }
        // Only there is base64 what it looks like.
        let encoded = STANDARD.encode(format!("user:{token}"));
        for (name, value) in [
            ("x-authorization", format!("Basic {encoded}")),
            ("authorization", format!("Digest {encoded}")),
            ("authorization", "Basic".to_owned()),
            ("authorization", "Basic %%%".to_owned()),
        ] {
            let untouched = headers(&[(name, value)]);
            assert_eq!(placeholders.used(&untouched), [] as [usize; 0]);
            let mut headers = untouched.clone();
            placeholders.replace(&mut headers, &values(&[(0, "x")])).unwrap();
            assert_eq!(headers, untouched);
        }
    }

    #[test]
    fn given_a_value_that_would_make_another_header_should_refuse_it() {
        let mut placeholders = Placeholders::default();
        let (good, bad) = (placeholders.of(0).unwrap(), placeholders.of(1).unwrap());
        for value in ["a\r\nx-admin: 1", "a\nb", "a\0"] {
            let mut headers = headers(&[("x-good", good.clone()), ("x-bad", bad.clone())]);
            let before = headers.clone();
            let refused = placeholders.replace(&mut headers, &values(&[(0, "one"), (1, value)]));
            assert_eq!(refused, Err(NotAHeader { index: 1 }), "{value:?}");
            assert_eq!(headers, before);
        }
    }
}
