"""What is wrong with a configuration, as (JSON Pointer, detail) pairs."""

from computed import computation
from paths import split

_PUT = ("path", "value", "computed", "when")
_KEYS = {"add": _PUT, "update": _PUT, "delete": ("path",), "rename": ("from", "to"), "keep": ("paths",)}
_CONDITIONS = ("always", "exists", "missing")


def problems(config):
    for key in config:
        if key != "operations":
            yield f"/{key}", "unknown key; the only one is `operations`"
    operations = config.get("operations")
    if not isinstance(operations, list):
        yield "/operations", "a list of operations is needed"
        return
    for number, operation in enumerate(operations):
        yield from _operation(f"/operations/{number}", operation)


def _operation(place, operation):
    if not isinstance(operation, dict) or len(operation) != 1 or next(iter(operation)) not in _KEYS:
        yield place, f"exactly one of {', '.join(_KEYS)} is needed"
        return
    [(kind, options)] = operation.items()
    place = f"{place}/{kind}"
    if not isinstance(options, dict):
        yield place, "an object is needed"
        return
    for key in options:
        if key not in _KEYS[kind]:
            yield f"{place}/{key}", f"unknown key; known are {', '.join(_KEYS[kind])}"
    for key in _KEYS[kind]:
        if key in ("path", "from", "to"):
            yield from _path(f"{place}/{key}", options.get(key))
    if kind == "keep":
        yield from _paths(f"{place}/paths", options.get("paths"))
    if _KEYS[kind] is _PUT:
        yield from _put(place, options)


def _put(place, options):
    if ("value" in options) == ("computed" in options):
        yield place, "exactly one of `value` and `computed` is needed"
    elif "computed" in options:
        yield from _refusal(f"{place}/computed", computation, options["computed"])
    if options.get("when") not in (None, *_CONDITIONS):
        yield f"{place}/when", f"one of {', '.join(_CONDITIONS)} is needed"


def _paths(place, paths):
    if not isinstance(paths, list):
        yield place, "a list of paths is needed"
        return
    for number, path in enumerate(paths):
        yield from _path(f"{place}/{number}", path)


def _path(place, path):
    if isinstance(path, str):
        yield from _refusal(place, split, path)
    else:
        yield place, "a path is needed"


def _refusal(place, read, text):
    try:
        read(text)
    except ValueError as error:
        yield place, error
