"""Calls the exports of an author's module as the host would."""

import json
from dataclasses import replace
from typing import NamedTuple, Optional

from .. import headers as header_codec
from ..batch import Batch
from ..stand_in import host, source


class Produced(NamedTuple):
    """One message that a component made."""

    payload: bytes
    headers: list
    key: Optional[bytes]
    route: int
    inputs: tuple


class Transformed(NamedTuple):
    """The answer to a batch, with the parts that were kept filled in."""

    outputs: list
    #: (index, code) of each failure.
    failed: list
    absorbed: list
    raw: object


class Guest:
    """The component that a decorated module is. A configuration opens it at once."""

    def __init__(self, module, config=None):
        host.reset()
        self._describe = module.Describe()
        self._lifecycle = module.Lifecycle()
        self._role = next(getattr(module, name)() for name in ("Transform", "Sink", "Source") if hasattr(module, name))
        if config is not None:
            self.open(config)

    def describe(self):
        return json.loads(self._describe.describe())

    def validate(self, config):
        return [(problem.path, problem.detail) for problem in self._describe.validate(json.dumps(config))]

    def open(self, config):
        self._lifecycle.open(json.dumps(config))

    def tick(self):
        self._lifecycle.tick()

    def close(self):
        self._lifecycle.close()

    def __getattr__(self, name):
        """The exports of the role itself: `consume`, `poll` and so on, in the shapes of the WIT."""
        return getattr(self._role, name)

    def apply(self, batch):
        """Transforms a batch of `testing.batch`."""
        made = self._role.apply(batch)
        # Isolation marks belong to the component's own reading.
        inputs = [(message.payload, message.headers) for message in Batch(replace(batch, isolate=False))]
        ends = made.input_ends or list(range(1, len(made.inputs) + 1))
        outputs = []
        start = 0
        for number, end in enumerate(ends):
            replaced = made.replaced[number] if made.replaced else 3
            owned = tuple(made.inputs[start:end])
            payload, headers = inputs[owned[0]]
            own = produced(made.messages, number)
            outputs.append(Produced(
                own.payload if replaced & 1 else bytes(payload),
                own.headers if replaced & 2 else headers,
                own.key,
                own.route,
                owned,
            ))
            start = end
        return Transformed(outputs, [(failure.index, failure.code) for failure in made.failed], made.absorbed, made)

    def start(self, cursor):
        """Starts a source behind a cursor, or at its beginning."""
        self._role.start(None if cursor is None else json.dumps(cursor).encode())

    def poll(self, messages=1000, size=1 << 20, wait_ms=0):
        """Polls a source; answers its records, the cursor and the progress."""
        answer = self._role.poll(source.Limit(messages, size, wait_ms))
        count = len(answer.messages.spans) // 4
        return [produced(answer.messages, number) for number in range(count)], json.loads(answer.cursor), answer.progress.name.lower()


def produced(messages, number):
    """Message `number` as its own columns tell it."""
    start, end, headers_start, headers_end = messages.spans[number * 4:number * 4 + 4]
    key = messages.data[slice(*messages.keys[number * 2:number * 2 + 2])] if messages.keys else None
    route = messages.routes[number] if messages.routes else 0
    return Produced(messages.data[start:end], header_codec.decode(messages.data[headers_start:headers_end]), key, route, ())
