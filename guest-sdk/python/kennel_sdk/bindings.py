"""The generated bindings inside a component; stand-ins that record under plain Python, so that unit tests need no host."""

from importlib import import_module

try:
    from componentize_py_types import Err
    from wit_world.imports import context, log, metrics, state, types

    IN_COMPONENT = True
except ModuleNotFoundError as error:
    if error.name not in ("wit_world", "componentize_py_types"):
        raise
    from .stand_in import Err, context, log, metrics, state, types

    IN_COMPONENT = False

__all__ = ["Err", "context", "exports", "log", "metrics", "state", "types"]


def exports(interface):
    """The record types of an exported interface: `describe`, `transform`, `sink` or `source`. Only those of the world exist."""
    if IN_COMPONENT:
        return import_module(f"wit_world.exports.{interface}")
    from . import stand_in

    return getattr(stand_in, interface)
