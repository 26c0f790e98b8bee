"""What a transform makes of a batch."""

from . import headers as header_codec
from .batch import format_variant
from .bindings import exports
from .failures import Failures
from .outgoing import Outgoing

_PAYLOAD, _HEADERS = 1, 2


class Output:
    """Fill it from a batch, in the order in which the messages shall leave. A message that is not mentioned is filtered."""

    __slots__ = ("_absorbed", "_failures", "_input_ends", "_inputs", "_outgoing", "_replaced", "format")

    def __init__(self, format_name):
        #: What the payloads are now; the format of the input unless set.
        self.format = format_name
        self._outgoing = Outgoing()
        self._replaced = bytearray()
        self._inputs = []
        # Empty while every output has exactly one input.
        self._input_ends = []
        self._absorbed = set()
        self._failures = Failures()

    def __len__(self):
        """Number of outputs so far."""
        return len(self._replaced)

    def keep(self, message):
        """Passes a message on as it is."""
        self._add((message.index,), None, None, None, 0)

    def payload(self, message, payload):
        """Passes a message on with a new payload (bytes or text); its headers stay."""
        self._add((message.index,), payload, None, None, 0)

    def headers(self, message, headers):
        """Passes a message on with these headers instead of its own; its payload stays."""
        self._add((message.index,), None, headers, None, 0)

    def add_headers(self, message, headers):
        """Passes a message on with these headers behind its own; its payload stays."""
        self.headers(message, bytes(message.raw_headers) + header_codec.encode(headers))

    def emit(self, message, payload=None, headers=None, key=None, route=0):
        """One output for this message; call it as often as needed. What is None stays as it is in the input.

        `key` is the partition key, `route` counts the topics that the operator configured from 0.
        """
        self._add((message.index,), payload, headers, key, route)

    def merge(self, messages, payload=None, headers=None, key=None, route=0):
        """One output for several messages. What is None is that of the first."""
        indices = sorted({message.index for message in messages})
        if not indices:
            raise ValueError("merge needs at least one message")
        self._add(indices, payload, headers, key, route)

    def absorb(self, message):
        """The message lives on only in `kennel_sdk.state`, and is settled when that is durable."""
        self._absorbed.add(message.index)

    def fail(self, message, code, detail="", retry=False):
        """The message failed, and must have no output. `code` is short and stable, `detail` for people."""
        self._failures.add(message.index, code, detail, retry)

    def _add(self, indices, payload, headers, key, route):
        self._outgoing.add(payload, headers, key, route)
        self._replaced.append((payload is not None) * _PAYLOAD | (headers is not None) * _HEADERS)
        if len(indices) != 1 and not self._input_ends:
            self._input_ends = list(range(1, len(self._inputs) + 1))
        self._inputs += indices
        if self._input_ends or len(indices) != 1:
            self._input_ends.append(len(self._inputs))

    def mark(self):
        """A point to return to with `undo`."""
        return len(self._replaced), len(self._outgoing.data), len(self._inputs)

    def undo(self, mark, message):
        """Forgets what was said about `message` since `mark`."""
        outputs, data, inputs = mark
        self._outgoing.truncate(outputs, data)
        del self._replaced[outputs:]
        del self._inputs[inputs:]
        del self._input_ends[outputs:]
        self._absorbed.discard(message.index)

    def to_wit(self):
        return exports("transform").Transformed(
            messages=self._outgoing.to_wit(format_variant(self.format)),
            replaced=bytes(self._replaced),
            inputs=self._inputs,
            input_ends=self._input_ends,
            absorbed=sorted(self._absorbed),
            failed=self._failures.to_wit(),
        )
