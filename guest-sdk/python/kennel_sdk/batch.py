"""A batch as it crossed into the guest. Messages are a number and a reference; nothing is copied until it is asked for."""

import json
from typing import NamedTuple

from . import headers as header_codec
from .bindings import context, types
from .errors import Reject
from .nesting import is_too_deep

FORMATS = {
    "raw": types.Format_Raw,
    "text": types.Format_Text,
    "json": types.Format_Json,
    "avro": types.Format_Avro,
    "protobuf": types.Format_Protobuf,
    "flatbuffers": types.Format_Flatbuffers,
}
_NAMES = {variant: name for name, variant in FORMATS.items()}


def format_name(variant):
    """`json` and so on; the own name of a format beyond these."""
    return _NAMES[type(variant)] if type(variant) in _NAMES else variant.value


def format_variant(name):
    return FORMATS[name]() if name in FORMATS else types.Format_Other(name)


class Origin(NamedTuple):
    """One partition of one topic, in one numbering of its offsets."""

    stream: str
    topic: str
    partition: int
    epoch: int

    @classmethod
    def from_wit(cls, origin):
        return cls(origin.stream_name, origin.topic_name, origin.partition, origin.epoch)

    def to_wit(self):
        return types.Origin(self.stream, self.topic, self.partition, self.epoch)


class Batch:
    """Messages of one partition in offset order. Iterate over it, or index it."""

    __slots__ = ("_columns", "_data", "_offsets", "_ordinals", "_spans", "attempt", "begin", "end", "format", "isolate", "origin")

    def __init__(self, batch):
        #: The partition.
        self.origin = Origin.from_wit(batch.origin)
        #: This batch accounts for the offsets `begin <= offset < end`, also those filtered on the way.
        self.begin = batch.begin
        self.end = batch.end
        #: 0 on first delivery; higher means that some of it may already be at the destination.
        self.attempt = batch.attempt
        #: Whether the host looks for the message that brings the component down. Iterating reports each message by itself.
        self.isolate = batch.isolate
        #: `raw`, `text`, `json`, `avro`, `protobuf`, `flatbuffers` or another name; by configuration, not verified.
        self.format = format_name(batch.format)
        self._data = memoryview(batch.data)
        self._spans = batch.spans
        self._offsets = batch.offsets
        self._ordinals = batch.ordinals
        self._columns = {}

    def __len__(self):
        return len(self._offsets)

    def __iter__(self):
        for index in range(len(self._offsets)):
            if self.isolate:
                context.mark(index)
            yield Message(self, index)

    def __getitem__(self, index):
        index = range(len(self._offsets))[index]
        if self.isolate:
            context.mark(index)
        return Message(self, index)

    def column(self, name):
        """One number per message, or None if the host does not know it. Asked for once per batch.

        `timestamp`, `origin-timestamp`, `id-low`, `id-high`, `checksum`, `schema`.
        """
        if name not in self._columns:
            self._columns[name] = context.column(name)
        return self._columns[name]


class Message:
    """One message of a batch."""

    __slots__ = ("batch", "index")

    def __init__(self, batch, index):
        self.batch = batch
        #: The number within the batch, from 0.
        self.index = index

    @property
    def payload(self):
        """The payload, as a view on the batch's buffer. `bytes(message.payload)` copies."""
        at = self.index * 4
        spans = self.batch._spans
        return self.batch._data[spans[at]:spans[at + 1]]

    @property
    def raw_headers(self):
        """The headers as they crossed, as a view."""
        at = self.index * 4
        spans = self.batch._spans
        return self.batch._data[spans[at + 2]:spans[at + 3]]

    @property
    def headers(self):
        """The headers as (key, value) pairs in their order; decoded on each call."""
        return header_codec.decode(self.raw_headers)

    def header(self, key, default=None):
        """The value of the first header of this name."""
        for name, value in self.headers:
            if name == key:
                return value
        return default

    @property
    def offset(self):
        """The offset within the partition. Several messages share one if a transform made them of one."""
        return self.batch._offsets[self.index]

    @property
    def ordinal(self):
        """Tells messages of one offset apart: 0, 1, 2 and so on."""
        ordinals = self.batch._ordinals
        return ordinals[self.index] if ordinals else 0

    @property
    def timestamp(self):
        """When the broker took the message, in microseconds since 1970 UTC; None if not known."""
        return self._column("timestamp")

    @property
    def origin_timestamp(self):
        """When the producer says it made the message, in microseconds since 1970 UTC; None if not known."""
        return self._column("origin-timestamp")

    @property
    def id(self):
        """The message's 128-bit id; None if not known."""
        low, high = self._column("id-low"), self._column("id-high")
        return None if low is None or high is None else high << 64 | low

    def text(self, code="not_utf8"):
        """The payload as text. Raises Reject with `code`."""
        try:
            return str(self.payload, "utf-8")
        except UnicodeDecodeError as error:
            raise Reject(code, error) from None

    def json(self):
        """The payload as a Python value. Raises Reject `not_json`.

        Large payloads of which little changes are cheaper, and numbers safer, with `kennel_sdk.JsonObject`.
        """
        text = self.text("not_json")
        if is_too_deep(text):
            raise Reject("not_json", "nested too deeply")
        try:
            return json.loads(text)
        except ValueError as error:
            raise Reject("not_json", error) from None

    def _column(self, name):
        values = self.batch.column(name)
        return None if values is None else values[self.index]
