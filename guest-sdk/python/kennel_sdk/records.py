"""What a source reads, on its way to the host."""

from typing import Any, NamedTuple

from .batch import format_variant
from .bindings import exports
from .outgoing import Outgoing

_WORD = (1 << 64) - 1


class Limit(NamedTuple):
    """How much one poll may answer: messages, bytes of all together, seconds to wait for the first."""

    messages: int
    bytes: int
    wait: float


class Polled(NamedTuple):
    """What a poll answers beside its records. `cursor` is any JSON value of at most 64 KiB: where to go on after them."""

    cursor: Any
    progress: str

    @classmethod
    def more(cls, cursor):
        """There is more to read at once."""
        return cls(cursor, "more")

    @classmethod
    def idle(cls, cursor):
        """Nothing more for the moment."""
        return cls(cursor, "idle")

    @classmethod
    def finished(cls, cursor):
        """Nothing more for ever."""
        return cls(cursor, "finished")


class Records:
    """Where a poll puts what it reads."""

    __slots__ = ("_ids", "_outgoing", "format")

    def __init__(self, format_name):
        #: What the payloads are; the first of the decorator's `produces` unless set.
        self.format = format_name
        self._outgoing = Outgoing()
        self._ids = []

    def __len__(self):
        return len(self._outgoing)

    @property
    def bytes(self):
        """Bytes of all records so far."""
        return len(self._outgoing.data)

    def is_full(self, limit):
        """Whether `limit` is reached."""
        return len(self) >= limit.messages or self.bytes >= limit.bytes

    def push(self, payload, headers=None, key=None, route=0, id=None):
        """Adds a record. `id` is a natural 128-bit id, the same on every re-read: give one to all records or to none."""
        if (id is not None) != bool(self._ids) and len(self):
            raise ValueError("give an id to all records of a poll or to none")
        self._outgoing.add(payload, headers, key, route)
        if id is not None:
            self._ids += (id & _WORD, id >> 64)

    def to_wit(self, cursor, progress):
        source = exports("source")
        return source.Produced(self._outgoing.to_wit(format_variant(self.format)), self._ids, cursor, source.Progress[progress.upper()])
