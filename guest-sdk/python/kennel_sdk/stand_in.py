"""Stand-ins for the generated bindings: the same names and shapes, with a host that records."""

from dataclasses import dataclass, field, make_dataclass
from enum import Enum
from types import SimpleNamespace
from typing import Any


class Err(Exception):
    """An error result."""

    def __init__(self, value):
        super().__init__(value)
        self.value = value


def _record(name, *fields):
    return make_dataclass(name, [(field_name, Any) for field_name in fields])


def _variant(name, **cases):
    """`unit` cases hold nothing, `value` cases one value."""
    return {f"{name}_{case}": _record(f"{name}_{case}", *(["value"] if shape == "value" else [])) for case, shape in cases.items()}


types = SimpleNamespace(
    **_variant("Format", Raw="unit", Text="unit", Json="unit", Avro="unit", Protobuf="unit", Flatbuffers="unit", Other="value"),
    **_variant("Error", Unavailable="value", Unauthorized="value", InvalidConfig="value", Fenced="value", Broken="value", Other="value"),
    Origin=_record("Origin", "stream_name", "topic_name", "partition", "epoch"),
    Batch=_record("Batch", "origin", "begin", "end", "attempt", "isolate", "format", "data", "spans", "offsets", "ordinals"),
    Messages=_record("Messages", "format", "data", "spans", "keys", "routes"),
    Verdict=Enum("Verdict", {"RETRY": 0, "REJECT": 1}),
    Failure=_record("Failure", "index", "verdict", "code", "detail"),
    Unavailability=_record("Unavailability", "detail", "retry_after_ms"),
)
describe = SimpleNamespace(Problem=_record("Problem", "path", "detail"))
transform = SimpleNamespace(Transformed=_record("Transformed", "messages", "replaced", "inputs", "input_ends", "absorbed", "failed"))
sink = SimpleNamespace(Receipt=_record("Receipt", "handled", "failed", "held"), Position=_record("Position", "origin", "next"))
source = SimpleNamespace(
    Limit=_record("Limit", "messages", "bytes", "wait_ms"),
    Progress=Enum("Progress", {"MORE": 0, "IDLE": 1, "FINISHED": 2}),
    Produced=_record("Produced", "messages", "ids", "cursor", "progress"),
)


@dataclass
class Host:
    """What the component asked of the host, and what the host answers."""

    #: (level name, message, fields) of each log line.
    logs: list = field(default_factory=list)
    #: (kind, name, value) of each metric call.
    metrics: list = field(default_factory=list)
    #: Indices that were marked.
    marks: list = field(default_factory=list)
    #: Keys and values of `kennel_sdk.state`.
    state: dict = field(default_factory=dict)
    #: Columns of the batch in hand, by name.
    columns: dict = field(default_factory=dict)
    #: Answers of `context.attribute`.
    attributes: dict = field(default_factory=dict)

    def reset(self):
        for recorded in vars(self).values():
            recorded.clear()


host = Host()


class _Log:
    Level = Enum("Level", {"TRACE": 0, "DEBUG": 1, "INFO": 2, "WARN": 3, "ERROR": 4})

    @staticmethod
    def log(level, message, fields):
        host.logs.append((level.name, message, dict(fields)))


class _Context:
    @staticmethod
    def column(name):
        return host.columns.get(name)

    @staticmethod
    def attribute(name):
        return host.attributes.get(name)

    @staticmethod
    def mark(index):
        host.marks.append(index)


class _Metrics:
    @staticmethod
    def add(counter, value):
        host.metrics.append(("add", counter, value))

    @staticmethod
    def set(gauge, value):
        host.metrics.append(("set", gauge, value))

    @staticmethod
    def observe(histogram, value):
        host.metrics.append(("observe", histogram, value))


class _State:
    @staticmethod
    def get(keys):
        return [host.state.get(key) for key in keys]

    @staticmethod
    def put(entries):
        host.state.update(entries)

    @staticmethod
    def remove(keys):
        for key in keys:
            host.state.pop(key, None)

    @staticmethod
    def scan(prefix, after, limit):
        found = sorted(item for item in host.state.items() if item[0].startswith(prefix) and (after is None or item[0] > after))
        return found[:limit]


for _name, _class in _variant("Error", Denied="value", Quota="value", NotNow="unit", Other="value").items():
    setattr(_State, _name, _class)

log, context, metrics, state = _Log, _Context, _Metrics, _State
