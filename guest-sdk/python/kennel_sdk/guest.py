"""The exports that all roles have, and how exceptions leave a component."""

import json
import traceback
from functools import wraps

from . import log
from .bindings import Err, exports
from .description import document
from .errors import Broken, Error, InvalidConfig, Unauthorized, Unavailable


class Slot:
    """The author's class and, once opened, its instance."""

    def __init__(self, cls, description):
        self.cls = cls
        self.description = description
        self._instance = None

    @property
    def instance(self):
        if self._instance is None:
            raise Broken("called before open")
        return self._instance

    def open(self, config):
        instance = self.cls()
        _call(instance, "open", config)
        self._instance = instance

    def close(self):
        instance, self._instance = self._instance, None
        if instance is not None:
            _call(instance, "close")

    def optional(self, method, default, *arguments):
        """Calls a method that an author may leave out."""
        function = getattr(self.instance, method, None)
        return default if function is None else function(*arguments)


def _call(instance, method, *arguments):
    function = getattr(instance, method, None)
    return None if function is None else function(*arguments)


def fallible(function):
    """Turns an author's exceptions into what the WIT knows.

    Errors of the SDK keep their meaning. A denied effect is the operator's to grant; any other OSError is about the other
    system. Everything else is a defect: it is logged with its traceback and traps, so that the host replaces this instance
    and, for a batch, finds the message behind it.
    """

    @wraps(function)
    def wrapper(*arguments):
        try:
            return function(*arguments)
        except Error as error:
            failure = error
        except PermissionError as error:
            failure = Unauthorized(error)
        except OSError as error:
            failure = Unavailable(error)
        except Exception as error:
            log.error(f"uncaught {type(error).__name__}: {error}", traceback=traceback.format_exc())
            raise
        raise Err(failure.to_wit())

    return wrapper


def parse_config(text):
    """The configuration as a dictionary; nothing at all reads as an empty one."""
    try:
        config = json.loads(text) if text.strip() else {}
    except ValueError as error:
        raise InvalidConfig(f"the configuration is not JSON: {error}") from None
    if not isinstance(config, dict):
        raise InvalidConfig("the configuration is not a JSON object")
    return config


class DescribeGuest:
    slot = None

    def describe(self):
        return document(self.slot.description)

    def validate(self, config):
        problem = exports("describe").Problem
        try:
            found = self.problems(parse_config(config))
        except InvalidConfig as error:
            found = [("", error.detail)]
        return [problem(path, str(detail)) for path, detail in found]

    def problems(self, config):
        return problems(self.slot.cls, config)


def problems(cls, config):
    """(JSON Pointer, detail) pairs of what the author's `validate` finds."""
    validate = getattr(cls, "validate", None)
    return [] if validate is None else list(validate(config))


class LifecycleGuest:
    slot = None

    @fallible
    def open(self, config):
        config = parse_config(config)
        for path, detail in problems(self.slot.cls, config):
            raise InvalidConfig(f"{path}: {detail}" if path else detail)
        self.slot.open(config)

    @fallible
    def tick(self):
        self.slot.optional("tick", None)

    def close(self):
        self.slot.close()
