//! The members of an object, found in one pass into a list that is used again.

use super::value::{same_key, utf8};
use super::{Value, scan};
use crate::Malformed;
use crate::outgoing::{Span, position};

/// One member: the key without its quotes, and the value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    pub(super) key: Span,
    pub(super) value: Span,
}

/// Checks `payload` and lists the members of the object that it is.
pub(super) fn split<'a>(
    payload: &'a [u8],
    members: &mut Vec<Member>,
) -> Result<&'a str, Malformed> {
    members.clear();
    let text = utf8(payload)?;
    let start = scan::space(payload, 0);
    if payload.get(start) != Some(&b'{') {
        scan::document(payload)?;
        return Err(Malformed {
            code: "not_an_object",
            detail: "the payload is JSON but not an object".to_owned(),
        });
    }
    let end = scan::members(payload, start, |key, value| {
        members.push(Member {
            key: (position(key.start), position(key.end)),
            value: (position(value.start), position(value.end)),
        });
        true
    })?;
    let rest = scan::space(payload, end);
    if rest != payload.len() {
        return Err(scan::Fault { at: rest, expected: "the end" }.into());
    }
    Ok(text)
}

/// Finds members, and keeps its list for the next payload.
#[derive(Debug, Default)]
pub struct Splitter {
    members: Vec<Member>,
}

impl Splitter {
    /// An empty list.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Checks a payload and finds its members.
    ///
    /// # Errors
    /// `not_json` with what was expected and where, or `not_an_object`.
    pub fn object<'a>(&'a mut self, payload: &'a [u8]) -> Result<Object<'a>, Malformed> {
        let text = split(payload, &mut self.members)?;
        Ok(Object { text, members: &self.members })
    }
}

/// An object whose members are known.
#[derive(Clone, Copy, Debug)]
pub struct Object<'a> {
    text: &'a str,
    members: &'a [Member],
}

impl<'a> Object<'a> {
    /// Number of members.
    #[must_use]
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The member `key`; the last one if there are several, as parsers do.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Value<'a>> {
        let same = |member: &&Member| same_key(self.slice(member.key), key);
        self.members.iter().rev().find(same).map(|member| Value::checked(self.slice(member.value)))
    }

    /// Keys as they stand between their quotes, and values, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, Value<'a>)> + use<'a> {
        let text = self.text;
        let slice = move |span: Span| &text[span.0 as usize..span.1 as usize];
        self.members
            .iter()
            .map(move |member| (slice(member.key), Value::checked(slice(member.value))))
    }

    fn slice(&self, span: Span) -> &'a str {
        &self.text[span.0 as usize..span.1 as usize]
    }
}
