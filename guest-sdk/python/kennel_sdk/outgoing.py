"""Messages on their way out: one growing buffer and the columns beside it, shared by sources and transforms."""

from . import headers as header_codec
from .bindings import types


def payload_bytes(payload):
    """Text is encoded as UTF-8; everything else has to be bytes already."""
    return payload.encode() if isinstance(payload, str) else payload


class Outgoing:
    __slots__ = ("data", "keys", "routes", "spans")

    def __init__(self):
        self.data = bytearray()
        self.spans = []
        # An optional column is empty or complete: these stay empty until one message needs them.
        self.keys = []
        self.routes = []

    def __len__(self):
        return len(self.spans) // 4

    def append(self, data):
        """Where the bytes came to lie."""
        start = len(self.data)
        self.data += data
        return start, len(self.data)

    def add(self, payload, headers, key=None, route=0):
        """Adds a message. What is None keeps the span 0,0."""
        before = len(self)
        payload_span = (0, 0) if payload is None else self.append(payload_bytes(payload))
        headers_span = (0, 0) if headers is None else self.append(header_codec.encode(headers))
        self.spans += (*payload_span, *headers_span)
        if key is not None:
            if not self.keys:
                self.keys = [0, 0] * before
            self.keys += self.append(payload_bytes(key))
        elif self.keys:
            self.keys += (0, 0)
        if route and not self.routes:
            self.routes = [0] * before
        if route or self.routes:
            self.routes.append(route)

    def truncate(self, messages, data):
        """Takes back all but the first `messages` and `data` bytes."""
        del self.spans[messages * 4:]
        del self.keys[messages * 2:]
        del self.routes[messages:]
        del self.data[data:]

    def to_wit(self, format_variant):
        return types.Messages(format_variant, bytes(self.data), self.spans, self.keys, self.routes)
