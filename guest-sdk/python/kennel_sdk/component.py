"""From an author's class to the exports of a component.

The build looks for classes named after the exported interfaces (`Describe`, `Lifecycle`, `Transform` ..) in the author's
module. The decorators put them there.
"""

import sys

from .description import describe
from .guest import DescribeGuest, LifecycleGuest, Slot
from .roles import SinkGuest, SourceGuest, TransformGuest

_ROLES = {"sink": ("Sink", SinkGuest), "source": ("Source", SourceGuest), "transform": ("Transform", TransformGuest)}
_NEEDED = {"sink": [("consume",)], "source": [("start",), ("poll",)], "transform": [("apply", "apply_one")]}


def transform(**description):
    """Makes a class the transform of this component.

    The class has `apply(self, batch, output)`, or `apply_one(self, message, output)` if it looks at one message at a time;
    and if it likes `open(self, config)`, `tick(self)`, `close(self)` and a static `validate(config)`, which answers
    (JSON Pointer, detail) pairs. The keyword arguments are those of `kennel_sdk.description.describe`.
    """
    return _decorator("transform", description)


def sink(**description):
    """Makes a class the sink of this component.

    The class has `consume(self, batch)`, which answers a Receipt; and if it likes `assign(self, origin, saved)`,
    `flush(self)`, which answers Positions, `revoke(self, origin, lost)`, and what a transform may have.
    """
    return _decorator("sink", description)


def source(**description):
    """Makes a class the source of this component.

    The class has `start(self, cursor)` and `poll(self, limit, records)`, which answers a Polled; and if it likes
    `confirm(self, cursor)`, and what a transform may have.
    """
    return _decorator("source", description)


def _decorator(kind, keywords):
    description = describe(kind, **keywords)

    def decorate(cls):
        export, role = _ROLES[kind]
        reserved = ("Describe", "Lifecycle", export)
        if cls.__name__ in reserved:
            raise TypeError(f"a class named {cls.__name__} would hide an export of the component: give it another name")
        for choices in _NEEDED[kind]:
            if not any(hasattr(cls, method) for method in choices):
                raise TypeError(f"{cls.__name__} needs a method {' or '.join(choices)} to be a {kind}")
        slot = Slot(cls, description)
        module = sys.modules[cls.__module__]
        for name, guest in zip(reserved, (DescribeGuest, LifecycleGuest, role)):
            # One class per component: the build calls each without arguments, so the slot is bound here.
            setattr(module, name, type(name, (guest,), {"slot": slot}))
        return cls

    return decorate
