"""What a sink answers to a batch."""

from typing import NamedTuple

from .batch import Origin
from .bindings import exports
from .failures import Failures


class Position(NamedTuple):
    """How far a destination is in one partition: `next` is the first offset that it does not hold."""

    origin: Origin
    next: int

    def to_wit(self):
        return exports("sink").Position(self.origin.to_wit(), self.next)


class Receipt:
    """How far a sink came with a batch."""

    __slots__ = ("_failures", "handled", "held")

    def __init__(self, handled, held):
        #: Messages 0..handled were dealt with, in order; the rest was not touched and comes again.
        self.handled = handled
        #: Whether they become durable only with the next `flush`.
        self.held = held
        self._failures = Failures()

    @classmethod
    def delivered(cls, batch):
        """All messages are durable at the destination, except those rejected or retried below."""
        return cls(len(batch), False)

    @classmethod
    def hold(cls, batch):
        """All messages are taken, and become durable with the next `flush`."""
        return cls(len(batch), True)

    def reject(self, message, code, detail=""):
        """This message will never succeed: it becomes a dead letter. `code` is short and stable."""
        self._failures.add(message.index, code, detail, retry=False)

    def retry(self, message, code, detail=""):
        """This message may succeed later. Others overtake it: only for components with `ordered=False`."""
        self._failures.add(message.index, code, detail, retry=True)

    def to_wit(self):
        return exports("sink").Receipt(self.handled, self._failures.to_wit(), self.held)
