"""Durable keys and values of the partition in hand (sink, transform) or of the connector (source).

Writes become durable with the checkpoint that covers the call, and vanish when the call fails or is replayed: keep no copy
in an attribute between calls.
"""

from .bindings import Err
from .bindings import state as _host


class StateError(Exception):
    """The host refused: `denied`, `quota`, `not-now` or `other`."""

    def __init__(self, reason, detail=""):
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason


_REASONS = {
    _host.Error_Denied: "denied",
    _host.Error_Quota: "quota",
    _host.Error_NotNow: "not-now",
    _host.Error_Other: "other",
}


def _ask(function, *arguments):
    try:
        return function(*arguments)
    except Err as error:
        raise StateError(_REASONS[type(error.value)], getattr(error.value, "value", "")) from None


def get(key):
    """The value's bytes, or None."""
    return get_many([key])[0]


def get_many(keys):
    """One value or None per key, in one call to the host."""
    return _ask(_host.get, list(keys))


def put(key, value):
    """Writes bytes under a key."""
    put_many({key: value})


def put_many(entries):
    """Writes a mapping of keys to bytes in one call to the host."""
    _ask(_host.put, [(key, bytes(value)) for key, value in entries.items()])


def remove(*keys):
    """Removes keys; absent ones are ignored."""
    _ask(_host.remove, list(keys))


def scan(prefix, after=None, limit=1000):
    """Keys and values in key order, those behind `after` only."""
    return _ask(_host.scan, prefix, after, limit)
