//! Edits of an object, made on its text.
//!
//! The members of the object are pieces: of the payload, or of a scratch buffer that holds what was written. An edit below
//! the top level writes that one member anew; nothing is parsed into a tree.

use std::fmt;

use super::object::{Member, split};
use super::path::{Path, Step};
use super::value::same_key;
use super::{Kind, Selection, Value, scan};
use crate::Malformed;
use crate::outgoing::{Span, position};

/// A parent that would have to hold a key and is not an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conflict;

impl Conflict {
    /// The short code for a failed message.
    pub const CODE: &'static str = "path_conflict";
}

impl fmt::Display for Conflict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value on the way to the path is not an object")
    }
}

impl std::error::Error for Conflict {}

/// A stretch of text.
#[derive(Clone, Copy, Debug)]
enum Piece {
    Payload(Span),
    Scratch(Span),
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    key: Piece,
    value: Piece,
}

/// The memory of edits, used again for each payload.
#[derive(Debug, Default)]
pub struct Editor {
    members: Vec<Member>,
    slots: Vec<Slot>,
    scratch: String,
    /// Where a member that stands in `scratch` waits while it is written anew.
    spare: String,
}

impl Editor {
    /// Empty memory.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins to edit the object that `payload` is.
    ///
    /// # Errors
    /// `not_json` with what was expected and where, or `not_an_object`.
    pub fn edit<'a>(&'a mut self, payload: &'a [u8]) -> Result<Edit<'a>, Malformed> {
        let text = split(payload, &mut self.members)?;
        self.scratch.clear();
        self.slots.clear();
        self.slots.extend(self.members.iter().map(|member| Slot {
            key: Piece::Payload(member.key),
            value: Piece::Payload(member.value),
        }));
        Ok(Edit { text, editor: self, changed: false })
    }
}

/// An object while it is being edited. All paths are relative to it.
#[derive(Debug)]
pub struct Edit<'a> {
    text: &'a str,
    editor: &'a mut Editor,
    changed: bool,
}

fn slice(text: &str, span: Span) -> &str {
    &text[span.0 as usize..span.1 as usize]
}

impl Edit<'_> {
    fn piece(&self, piece: Piece) -> &str {
        match piece {
            Piece::Payload(span) => slice(self.text, span),
            Piece::Scratch(span) => slice(&self.editor.scratch, span),
        }
    }

    /// The last slot of this key, as parsers see it.
    fn find(&self, key: &str) -> Option<usize> {
        self.editor.slots.iter().rposition(|slot| same_key(self.piece(slot.key), key))
    }

    /// Whether anything differs from the payload.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.changed
    }

    /// The value at `path`, with all edits so far.
    #[must_use]
    pub fn get(&self, path: &Path) -> Option<Value<'_>> {
        let (first, rest) = path.steps().split_first()?;
        let slot = self.editor.slots[self.find(&first.key)?];
        walk(Value::checked(self.piece(slot.value)), rest)
    }

    /// Puts `json`, a checked value without white space around it, at `path`: in place of what is there, else last. Parents
    /// that are missing are made.
    ///
    /// # Errors
    /// If a parent is there and is not an object; nothing is changed then.
    pub fn set(&mut self, path: &Path, json: &str) -> Result<(), Conflict> {
        let Some((first, rest)) = path.steps().split_first() else { return Ok(()) };
        let Some(at) = self.find(&first.key) else {
            let key = self.write(|scratch, _| scratch.push_str(&first.encoded));
            let value = self.write(|scratch, _| write_new(scratch, rest, json));
            self.editor.slots.push(Slot { key, value });
            self.changed = true;
            return Ok(());
        };
        let slot = self.editor.slots[at];
        if !leads_to_objects(Value::checked(self.piece(slot.value)), rest) {
            return Err(Conflict);
        }
        let value = self.rewrite(slot.value, |scratch, text| match rest {
            [] => scratch.push_str(json),
            _ => write_set(scratch, text, rest, json),
        });
        self.editor.slots[at].value = value;
        self.changed = true;
        Ok(())
    }

    /// Removes what is at `path`; answers whether there was anything.
    pub fn remove(&mut self, path: &Path) -> bool {
        let Some((first, rest)) = path.steps().split_first() else { return false };
        let Some(at) = self.find(&first.key) else { return false };
        if rest.is_empty() {
            // All of this key: a second one must not come to light.
            for at in (0..=at).rev() {
                if same_key(self.piece(self.editor.slots[at].key), &first.key) {
                    self.editor.slots.remove(at);
                }
            }
        } else {
            let slot = self.editor.slots[at];
            if walk(Value::checked(self.piece(slot.value)), rest).is_none() {
                return false;
            }
            let value =
                self.rewrite(slot.value, |scratch, text| write_removed(scratch, text, rest));
            self.editor.slots[at].value = value;
        }
        self.changed = true;
        true
    }

    /// Moves the value at `from` to `to`, where it is put as [`Edit::set`] does; answers whether there was one.
    ///
    /// # Errors
    /// If a parent of `to` is there and is not an object. The edit is to be given up then: the value is gone.
    pub fn rename(&mut self, from: &Path, to: &Path) -> Result<bool, Conflict> {
        if from == to {
            return Ok(false);
        }
        let Some(value) = self.get(from) else { return Ok(false) };
        // Rare enough for an allocation.
        let json = value.raw().to_owned();
        self.remove(from);
        self.set(to, &json)?;
        Ok(true)
    }

    /// Removes all that `selection` does not name. An object that loses all its members that way goes too.
    pub fn retain(&mut self, selection: &Selection) {
        let mut kept = 0;
        for at in 0..self.editor.slots.len() {
            let mut slot = self.editor.slots[at];
            let Some(child) = selection.child(self.piece(slot.key)) else { continue };
            if !child.is_whole() {
                let before = self.editor.scratch.len();
                let mut result = Selected::default();
                let value = self.rewrite(slot.value, |scratch, text| {
                    result = write_selected(scratch, text, child);
                });
                if !result.any {
                    self.editor.scratch.truncate(before);
                    continue;
                }
                if result.dropped {
                    slot.value = value;
                    self.changed = true;
                } else {
                    self.editor.scratch.truncate(before);
                }
            }
            self.editor.slots[kept] = slot;
            kept += 1;
        }
        self.changed |= kept != self.editor.slots.len();
        self.editor.slots.truncate(kept);
    }

    /// Appends the object as it is now, without white space between its members.
    pub fn write_to(&self, buffer: &mut Vec<u8>) {
        buffer.push(b'{');
        for (at, slot) in self.editor.slots.iter().enumerate() {
            buffer.extend_from_slice(if at == 0 { b"\"" } else { b",\"" });
            buffer.extend_from_slice(self.piece(slot.key).as_bytes());
            buffer.extend_from_slice(b"\":");
            buffer.extend_from_slice(self.piece(slot.value).as_bytes());
        }
        buffer.push(b'}');
    }

    fn write(&mut self, write: impl FnOnce(&mut String, &str)) -> Piece {
        let start = self.editor.scratch.len();
        write(&mut self.editor.scratch, self.text);
        Piece::Scratch((position(start), position(self.editor.scratch.len())))
    }

    /// Writes a new version of `piece` behind all else in the scratch buffer.
    fn rewrite(&mut self, piece: Piece, write: impl FnOnce(&mut String, &str)) -> Piece {
        match piece {
            Piece::Payload(span) => self.write(|scratch, text| write(scratch, slice(text, span))),
            Piece::Scratch(span) => {
                let mut spare = std::mem::take(&mut self.editor.spare);
                spare.clear();
                spare.push_str(slice(&self.editor.scratch, span));
                let piece = self.write(|scratch, _| write(scratch, &spare));
                self.editor.spare = spare;
                piece
            }
        }
    }
}

fn walk<'a>(mut value: Value<'a>, steps: &[Step]) -> Option<Value<'a>> {
    for step in steps {
        value = value.get(&step.key)?;
    }
    Some(value)
}

/// Whether each parent on the way that exists is an object.
fn leads_to_objects(mut value: Value<'_>, steps: &[Step]) -> bool {
    for step in steps {
        if value.kind() != Kind::Object {
            return false;
        }
        match value.get(&step.key) {
            Some(child) => value = child,
            None => return true,
        }
    }
    true
}

/// `json` within the objects that `steps` ask for.
fn write_new(scratch: &mut String, steps: &[Step], json: &str) {
    for step in steps {
        scratch.push_str("{\"");
        scratch.push_str(&step.encoded);
        scratch.push_str("\":");
    }
    scratch.push_str(json);
    steps.iter().for_each(|_| scratch.push('}'));
}

/// Copies the object `text` member by member. `edit` gets key and value, and either writes another value or says what else
/// becomes of the member.
fn copy_object(
    scratch: &mut String,
    text: &str,
    mut edit: impl FnMut(&mut String, &str, &str) -> Fate,
) {
    scratch.push('{');
    let first = scratch.len();
    // The text was checked when it came, so there is no fault to answer.
    let _ = scan::members(text.as_bytes(), 0, |key, value| {
        let before = scratch.len();
        if before != first {
            scratch.push(',');
        }
        scratch.push('"');
        scratch.push_str(&text[key.clone()]);
        scratch.push_str("\":");
        match edit(scratch, &text[key], &text[value.clone()]) {
            Fate::AsItIs => scratch.push_str(&text[value]),
            Fate::Written => {}
            Fate::Removed => scratch.truncate(before),
        }
        true
    });
    scratch.push('}');
}

/// What became of one member.
enum Fate {
    AsItIs,
    Written,
    Removed,
}

/// The object `text` with `json` at `steps`, of which there is at least one.
fn write_set(scratch: &mut String, text: &str, steps: &[Step], json: &str) {
    let Some((first, rest)) = steps.split_first() else { return };
    let mut found = false;
    copy_object(scratch, text, |scratch, key, value| {
        if !same_key(key, &first.key) {
            return Fate::AsItIs;
        }
        found = true;
        match rest {
            [] => scratch.push_str(json),
            _ => write_set(scratch, value, rest, json),
        }
        Fate::Written
    });
    if !found {
        scratch.pop();
        scratch.push_str(if scratch.ends_with('{') { "\"" } else { ",\"" });
        scratch.push_str(&first.encoded);
        scratch.push_str("\":");
        write_new(scratch, rest, json);
        scratch.push('}');
    }
}

/// The object `text` without what is at `steps`, of which there is at least one.
fn write_removed(scratch: &mut String, text: &str, steps: &[Step]) {
    let Some((first, rest)) = steps.split_first() else { return };
    copy_object(scratch, text, |scratch, key, value| {
        if !same_key(key, &first.key) {
            return Fate::AsItIs;
        }
        if rest.is_empty() {
            return Fate::Removed;
        }
        if Value::checked(value).kind() != Kind::Object {
            return Fate::AsItIs;
        }
        write_removed(scratch, value, rest);
        Fate::Written
    });
}

/// What a selection did to an object.
#[derive(Clone, Copy, Debug, Default)]
struct Selected {
    /// Something is left.
    any: bool,
    /// Something is gone.
    dropped: bool,
}

/// What `selection` keeps of `text`, if that is an object; nothing if it is not.
fn write_selected(scratch: &mut String, text: &str, selection: &Selection) -> Selected {
    let mut result = Selected::default();
    if Value::checked(text).kind() != Kind::Object {
        return Selected { any: false, dropped: true };
    }
    copy_object(scratch, text, |scratch, key, value| {
        let Some(child) = selection.child(key) else {
            result.dropped = true;
            return Fate::Removed;
        };
        if child.is_whole() {
            result.any = true;
            return Fate::AsItIs;
        }
        let before = scratch.len();
        let inner = write_selected(scratch, value, child);
        result.any |= inner.any;
        result.dropped |= inner.dropped || !inner.any;
        match inner {
            Selected { any: false, .. } => Fate::Removed,
            Selected { dropped: true, .. } => Fate::Written,
            Selected { .. } => {
                scratch.truncate(before);
                Fate::AsItIs
            }
        }
    });
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Path {
        Path::parse(text).expect("path")
    }

    fn edited(payload: &str, work: impl FnOnce(&mut Edit<'_>)) -> (String, bool) {
        let mut editor = Editor::new();
        let mut edit = editor.edit(payload.as_bytes()).expect("an object");
        work(&mut edit);
        let mut buffer = Vec::new();
        edit.write_to(&mut buffer);
        (String::from_utf8(buffer).expect("UTF-8"), edit.is_changed())
    }

    #[test]
    fn given_edits_of_one_member_in_turn_should_see_each_other() {
        let (text, changed) = edited(r#"{"a":{"x": 1 , "y":{"z":2}},"b":[1, 2]}"#, |edit| {
            edit.set(&path("a.y.w"), "3").expect("objects");
            edit.set(&path("a.y.z"), r#""longer than before""#).expect("objects");
            assert!(edit.remove(&path("a.x")));
            edit.set(&path("a.new.deep"), "null").expect("objects");
            assert_eq!(edit.get(&path("a.y.w")).map(|value| value.raw()), Some("3"));
        });
        let expected =
            r#"{"a":{"y":{"z":"longer than before","w":3},"new":{"deep":null}},"b":[1, 2]}"#;
        assert_eq!((text.as_str(), changed), (expected, true));
    }

    #[test]
    fn given_a_key_twice_should_remove_both() {
        let (text, _) = edited(r#"{"card":1,"id":7,"c\u0061rd":2}"#, |edit| {
            assert!(edit.remove(&path("card")));
        });
        assert_eq!(text, r#"{"id":7}"#);
    }

    #[test]
    fn given_nothing_to_do_should_not_change() {
        let payload = r#"{"a":{"b":1},"c":2}"#;
        let (text, changed) = edited(payload, |edit| {
            assert!(!edit.remove(&path("a.x")));
            assert!(!edit.remove(&path("c.x")));
            assert_eq!(edit.rename(&path("x"), &path("y")), Ok(false));
            edit.retain(&Selection::new([&path("a.b"), &path("c")]));
        });
        assert_eq!((text.as_str(), changed), (payload, false));
    }

    #[test]
    fn given_a_parent_that_is_no_object_should_say_so_and_change_nothing() {
        let (text, changed) = edited(r#"{"a":{"b":[1]}}"#, |edit| {
            assert_eq!(edit.set(&path("a.b.c"), "1"), Err(Conflict));
        });
        assert_eq!((text.as_str(), changed), (r#"{"a":{"b":[1]}}"#, false));
    }

    #[test]
    fn given_a_selection_should_drop_what_it_does_not_name() {
        let selection = Selection::new([&path("a.b.c"), &path("d"), &path("e.f")]);
        let (text, changed) =
            edited(r#"{"a":{"b":{"c":1,"x":2},"y":3},"d":{"any": 1},"e":{"g":1},"h":0}"#, |edit| {
                edit.retain(&selection)
            });
        assert_eq!((text.as_str(), changed), (r#"{"a":{"b":{"c":1}},"d":{"any": 1}}"#, true));
    }

    #[test]
    fn given_a_second_payload_should_remember_nothing_of_the_first() {
        let mut editor = Editor::new();
        editor.edit(br#"{"a":1}"#).expect("an object").set(&path("b"), "2").expect("no parent");
        let mut buffer = Vec::new();
        editor.edit(br#"{"c":3}"#).expect("an object").write_to(&mut buffer);
        assert_eq!(buffer, br#"{"c":3}"#);
        assert_eq!(editor.edit(b"[]").expect_err("a list").code, "not_an_object");
        assert_eq!(editor.edit(b"{} x").expect_err("more").code, "not_json");
    }
}
