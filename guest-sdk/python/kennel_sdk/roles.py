"""The exports that only one role has."""

import json
import traceback

from . import log
from .batch import Batch, Origin
from .errors import Broken, Error, MessageError
from .guest import fallible
from .output import Output
from .receipt import Position
from .records import Limit, Records


class TransformGuest:
    slot = None

    @fallible
    def apply(self, batch):
        batch = Batch(batch)
        output = Output(batch.format)
        instance = self.slot.instance
        if hasattr(instance, "apply"):
            instance.apply(batch, output)
        else:
            _apply_each(instance.apply_one, batch, output)
        return output.to_wit()


def _apply_each(apply_one, batch, output):
    """An exception is about the message in hand: it fails, its outputs are taken back, the others go on."""
    defects = 0
    for message in batch:
        mark = output.mark()
        try:
            apply_one(message, output)
        except MessageError as error:
            output.undo(mark, message)
            output.fail(message, error.code, error.detail, error.retry)
        except (Error, OSError, MemoryError):
            raise
        except Exception as error:
            output.undo(mark, message)
            output.fail(message, "exception", f"{type(error).__name__}: {error}")
            defects += 1
            # One traceback per batch tells the story; a thousand of them hide it.
            if defects == 1:
                log.error(f"uncaught {type(error).__name__}: {error}", offset=message.offset, traceback=traceback.format_exc())
    if defects > 1:
        log.error("more messages of this batch raised exceptions", messages=defects)


class SinkGuest:
    slot = None

    @fallible
    def assign(self, origin, saved):
        return self.slot.optional("assign", None, Origin.from_wit(origin), saved)

    @fallible
    def consume(self, batch):
        return self.slot.instance.consume(Batch(batch)).to_wit()

    @fallible
    def flush(self):
        return [Position(*position).to_wit() for position in self.slot.optional("flush", ())]

    @fallible
    def revoke(self, origin, lost):
        self.slot.optional("revoke", None, Origin.from_wit(origin), lost)


class SourceGuest:
    slot = None

    @fallible
    def start(self, cursor):
        self.slot.instance.start(None if cursor is None else _decode(cursor))

    @fallible
    def poll(self, limit):
        produces = self.slot.description["produces"]
        records = Records(produces[0] if produces else "raw")
        polled = self.slot.instance.poll(Limit(limit.messages, limit.bytes, limit.wait_ms / 1000), records)
        cursor = json.dumps(polled.cursor, separators=(",", ":")).encode()
        return records.to_wit(cursor, polled.progress)

    @fallible
    def confirm(self, cursor):
        self.slot.optional("confirm", None, _decode(cursor))


def _decode(cursor):
    try:
        return json.loads(cursor)
    except ValueError as error:
        raise Broken(f"the saved cursor cannot be read: {error}") from None
