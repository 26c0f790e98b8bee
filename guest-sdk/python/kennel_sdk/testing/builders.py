"""Batches as the host hands them over."""

from .. import headers as header_codec
from ..batch import format_variant
from ..stand_in import types


def origin(stream="stream", topic="topic", partition=1, epoch=0):
    """A partition, in the shape of the WIT."""
    return types.Origin(stream, topic, partition, epoch)


def batch(payloads, headers=None, first_offset=0, format="json", isolate=False, attempt=0, origin=origin()):
    """A batch of these payloads (bytes or text) with consecutive offsets. `headers` has one mapping per message."""
    data = bytearray()
    spans = []
    for number, payload in enumerate(payloads):
        for part in (payload, header_codec.encode(headers[number]) if headers else b""):
            start = len(data)
            data += part.encode() if isinstance(part, str) else part
            spans += (start, len(data))
    offsets = list(range(first_offset, first_offset + len(payloads)))
    return types.Batch(origin, first_offset, first_offset + len(payloads), attempt, isolate, format_variant(format), bytes(data), spans, offsets, [])
