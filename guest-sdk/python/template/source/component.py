"""A source: counts from 1 to a limit.

Replace `poll` by reading from your system. Imports belong to the top of a module: what is not imported while the component is
built is missing when it runs.
"""

from kennel_sdk import Polled, source


@source(
    name="{{name}}",
    version="0.1.0",
    summary="counts",
    config_schema={
        "type": "object",
        "properties": {"last": {"type": "integer", "minimum": 0, "description": "The last number."}},
        "required": ["last"],
        "additionalProperties": False,
    },
    produces=["json"],
)
class Component:
    def open(self, config):
        self.last = config["last"]

    def start(self, cursor):
        # The cursor is saved with the messages that it follows, so that a restart loses and repeats nothing.
        self.next = 1 if cursor is None else cursor["next"]

    def poll(self, limit, records):
        while self.next <= self.last and not records.is_full(limit):
            records.push(f'{{"number":{self.next}}}')
            self.next += 1
        cursor = {"next": self.next}
        return Polled.finished(cursor) if self.next > self.last else Polled.more(cursor)
