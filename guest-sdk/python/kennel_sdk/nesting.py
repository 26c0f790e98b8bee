"""Keeps brackets from overflowing the stack: a parser that recurses would trap the component, and one message stop a topic."""

import re

#: Levels of lists and objects in a value, the same in every language.
DEEPEST = 128

_strings = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"')
_others = re.compile(r"[^][{}]+")


def is_too_deep(text, deepest=DEEPEST):
    """Whether JSON text nests deeper. Of text that is no JSON the answer means nothing."""
    if text.count("[") + text.count("{") <= deepest:
        return False
    level = 0
    for bracket in _others.sub("", _strings.sub("", text)):
        if bracket in "[{":
            level += 1
            if level > deepest:
                return True
        else:
            level -= 1
    return False
