"""Values that are made anew for each message."""

import math
import re
import time
from datetime import datetime, timedelta

from kennel_sdk.json_object import dumps

from paths import split
from uuid7 import uuid7

KNOWN = (
    "offset, partition, stream, topic, now, timestamp and origin_timestamp (microseconds; also with _ms, _s or _rfc3339), "
    "uuid_v7, header:NAME and field:PATH"
)
PATTERN = "^(offset|partition|stream|topic|uuid_v7|(now|timestamp|origin_timestamp)(_us|_ms|_s|_rfc3339)?|header:.+|field:.+)$"

_EPOCH = datetime(1970, 1, 1)


def computation(name):
    """A function of (message, fields) that answers JSON text, or None for what is not known. Raises ValueError."""
    if not isinstance(name, str) or not re.fullmatch(PATTERN, name):
        raise ValueError(f"unknown computed value `{name}`; known are {KNOWN}")
    if name.startswith("header:"):
        key = name[len("header:"):]
        return lambda message, fields: _header(message.header(key))
    if name.startswith("field:"):
        path = split(name[len("field:"):])
        return lambda message, fields: fields.get(path)
    if name in _FACTS:
        fact = _FACTS[name]
        return lambda message, fields: _known(dumps, fact(message))
    clock, notation = re.fullmatch("(now|timestamp|origin_timestamp)(?:_(us|ms|s|rfc3339))?", name).groups()
    return _time(_clock(clock), _NOTATIONS[notation])


_FACTS = {
    "offset": lambda message: message.offset,
    "partition": lambda message: message.batch.origin.partition,
    "stream": lambda message: message.batch.origin.stream,
    "topic": lambda message: message.batch.origin.topic,
    "uuid_v7": uuid7,
}

_NOTATIONS = {
    None: str,
    "us": str,
    "ms": lambda microseconds: str(microseconds // 1_000),
    "s": lambda microseconds: str(microseconds // 1_000_000),
    "rfc3339": lambda microseconds: f'"{(_EPOCH + timedelta(microseconds=microseconds)).isoformat(timespec="microseconds")}Z"',
}


def _known(write, value):
    return None if value is None else write(value)


def _time(clock, notation):
    return lambda message, fields: _known(notation, clock(message))


def _clock(name):
    """A function of a message that answers microseconds since 1970 UTC."""
    if name == "timestamp":
        return lambda message: message.timestamp
    if name == "origin_timestamp":
        return lambda message: message.origin_timestamp
    seen = [None, 0]

    def now(message):
        # One moment for the whole batch.
        if seen[0] is not message.batch:
            seen[:] = message.batch, time.time_ns() // 1_000
        return seen[1]

    return now


def _header(value):
    """Numbers and truth values keep their type; what JSON cannot say is not known."""
    if isinstance(value, float):
        return repr(value).removesuffix(".0") if math.isfinite(value) else None
    if isinstance(value, bytes):
        try:
            value = value.decode()
        except UnicodeDecodeError:
            value = value.hex()
    return _known(dumps, value)
