"""Write Kennel connectors and transforms in Python.

An author sees messages; the columns that cross the boundary stay in here. See the README beside this package.
"""

from . import log, metrics, state
from .batch import Batch, Message, Origin
from .component import sink, source, transform
from .errors import Broken, Error, Fenced, InvalidConfig, OtherError, Reject, Retry, Unauthorized, Unavailable
from .json_object import JsonObject
from .output import Output
from .receipt import Position, Receipt
from .records import Limit, Polled, Records
from .version import VERSION as __version__

__all__ = [
    "Batch",
    "Broken",
    "Error",
    "Fenced",
    "InvalidConfig",
    "JsonObject",
    "Limit",
    "Message",
    "Origin",
    "OtherError",
    "Output",
    "Polled",
    "Position",
    "Receipt",
    "Records",
    "Reject",
    "Retry",
    "Unauthorized",
    "Unavailable",
    "log",
    "metrics",
    "sink",
    "source",
    "state",
    "transform",
]
