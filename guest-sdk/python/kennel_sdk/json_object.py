"""Edits a JSON object as text: what is not touched keeps every character (large numbers, `1.0`, escapes, order of keys)."""

import json
import re

from .errors import Reject
from .nesting import DEEPEST, is_too_deep


def _refuse_constant(name):
    raise ValueError(f"{name} is not JSON")


# Only the end of a value matters here. `str` as number parser makes no number, so none can be too long for one.
_scan_once = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=_refuse_constant).scan_once
_scan_string = json.decoder.scanstring
_skip_space = re.compile(r"[ \t\n\r]*").match


def dumps(value):
    """JSON text without spaces and with the shortest escapes."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    # A lone surrogate (from an escape in the input) has no UTF-8.
    return text if text.isascii() or _encodable(text) else json.dumps(value, separators=(",", ":"))


def _encodable(text):
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class _Member:
    __slots__ = ("key", "raw_key", "value")

    def __init__(self, raw_key, key, value):
        # The key as it stands between its quotes, and what it means.
        self.raw_key = raw_key
        self.key = key
        # JSON text, or a JsonObject once opened.
        self.value = value


class JsonObject:
    """An object whose members are text until somebody walks into them. Paths are sequences of keys.

    Of a key that stands twice the last one counts, as with most parsers; `remove` removes both.
    """

    __slots__ = ("_members", "_source", "changed")

    def __init__(self):
        self._members = []
        self._source = None
        #: Whether anything was changed since it was parsed.
        self.changed = True

    @classmethod
    def parse(cls, text):
        """Raises Reject `not_json` or `not_an_object`."""
        start = _skip_space(text, 0).end()
        is_object = text[start:start + 1] == "{"
        if is_too_deep(text, DEEPEST + is_object):
            raise Reject("not_json", "nested too deeply")
        try:
            members, end = _scan_members(text, start + 1) if is_object else ([], _scan_once(text, start)[1])
        except StopIteration as stop:
            raise Reject("not_json", f"expected a value at character {stop.value}") from None
        except ValueError as error:
            raise Reject("not_json", error) from None
        end = _skip_space(text, end).end()
        if end != len(text):
            raise Reject("not_json", f"expected the end at character {end}")
        if not is_object:
            raise Reject("not_an_object", "the payload is JSON but not an object")
        return cls._parsed(members, text)

    @classmethod
    def _parsed(cls, members, source):
        parsed = cls()
        parsed._members = members
        parsed._source = source
        parsed.changed = False
        return parsed

    def get(self, path):
        """The JSON text at `path`, or None."""
        parent = self._parent(path)
        member = None if parent is None else parent._find(path[-1])
        return None if member is None else _text(member.value)

    def put(self, path, text):
        """Replaces the value at `path`, or appends it; missing parents are made.

        Raises Reject `path_conflict` if a parent is something else than an object.
        """
        at = self
        for depth, key in enumerate(path[:-1]):
            at.changed = True
            child = at._child(key)
            if child is None:
                if at._find(key) is not None:
                    raise Reject("path_conflict", f"{'.'.join(path[:depth + 1])} is not an object")
                child = JsonObject()
                at._append(key, child)
            at = child
        at.changed = True
        member = at._find(path[-1])
        if member is None:
            at._append(path[-1], text)
        else:
            member.value = text

    def replace(self, path, text):
        """As `put`, if there is a value at `path`. Answers whether there was."""
        parent = self._parent(path)
        if parent is None or parent._find(path[-1]) is None:
            return False
        self.put(path, text)
        return True

    def remove(self, path):
        """Removes the value at `path` and answers its text, or None."""
        text = self.get(path)
        if text is not None:
            at = self
            for key in path[:-1]:
                at.changed = True
                at = at._child(key)
            at.changed = True
            at._members = [member for member in at._members if member.key != path[-1]]
        return text

    def keep(self, tree):
        """Drops everything that is not in `tree`: key to None (keep whole) or to a tree of its own.

        An object that loses all its members that way goes too.
        """
        kept = [member for member in self._members if self._keeps(member, tree)]
        self.changed |= len(kept) != len(self._members)
        self._members = kept

    def _keeps(self, member, tree):
        if member.key not in tree:
            return False
        branch = tree[member.key]
        if branch is None:
            return True
        child = _open(member)
        if child is None:
            return False
        child.keep(branch)
        self.changed |= child.changed
        return bool(child._members)

    def encode(self):
        """The JSON text; the very one that was parsed if nothing has changed."""
        if not self.changed:
            return self._source
        members = ",".join([f'"{member.raw_key}":{_text(member.value)}' for member in self._members])
        return f"{{{members}}}"

    def _append(self, key, value):
        self._members.append(_Member(dumps(key)[1:-1], key, value))

    def _find(self, key):
        for member in reversed(self._members):
            if member.key == key:
                return member
        return None

    def _parent(self, path):
        at = self
        for key in path[:-1]:
            at = at._child(key)
            if at is None:
                return None
        return at

    def _child(self, key):
        """The member as an opened object; None if it is absent or something else."""
        member = self._find(key)
        return None if member is None else _open(member)


def _text(value):
    return value.encode() if isinstance(value, JsonObject) else value


def _open(member):
    """The value as a JsonObject; None if it is something else."""
    if isinstance(member.value, str):
        if not member.value.startswith("{"):
            return None
        member.value = JsonObject._parsed(_scan_members(member.value, 1)[0], member.value)
    return member.value


def _scan_members(text, at):
    """The members of an object, and where it ends. Raises StopIteration or ValueError where it is no JSON."""
    members = []
    at = _skip_space(text, at).end()
    if text[at:at + 1] == "}":
        return members, at + 1
    while True:
        if text[at:at + 1] != '"':
            raise ValueError(f"expected a key at character {at}")
        key_start = at + 1
        key, at = _scan_string(text, key_start)
        raw_key = text[key_start:at - 1]
        at = _skip_space(text, at).end()
        if text[at:at + 1] != ":":
            raise ValueError(f"expected ':' at character {at}")
        start = _skip_space(text, at + 1).end()
        at = _scan_once(text, start)[1]
        members.append(_Member(raw_key, key, text[start:at]))
        at = _skip_space(text, at).end()
        separator = text[at:at + 1]
        at += 1
        if separator == "}":
            return members, at
        if separator != ",":
            raise ValueError(f"expected ',' or '}}' at character {at - 1}")
        at = _skip_space(text, at).end()
