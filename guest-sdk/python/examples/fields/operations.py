"""The operations: from configuration to functions of (fields, message)."""

from kennel_sdk.json_object import dumps

from computed import computation
from paths import split


def compile_operations(operations):
    """The configuration is valid: `problems` found none."""
    return [_MAKERS[kind](options) for operation in operations for kind, options in operation.items()]


def _value(options):
    """A function of (message, fields) that answers the JSON text to put, or None."""
    if "computed" in options:
        return computation(options["computed"])
    text = dumps(options["value"])
    return lambda message, fields: text


def _put(options, default):
    path, value, when = split(options["path"]), _value(options), options.get("when") or default

    def put(fields, message):
        if when != "always" and (fields.get(path) is not None) != (when == "exists"):
            return
        text = value(message, fields)
        # What is not known of this message is not put into it.
        if text is not None:
            fields.put(path, text)

    return put


def _delete(options):
    path = split(options["path"])
    return lambda fields, message: fields.remove(path)


def _rename(options):
    source, target = split(options["from"]), split(options["to"])

    def rename(fields, message):
        text = None if source == target else fields.remove(source)
        if text is not None:
            fields.put(target, text)

    return rename


def _keep(options):
    tree = {}
    for path in map(split, options["paths"]):
        _plant(tree, path)
    return lambda fields, message: fields.keep(tree)


def _plant(tree, path):
    """Adds a path to a tree of keys; a key that is kept whole needs no branches."""
    key, *rest = path
    if not rest:
        tree[key] = None
    elif tree.setdefault(key, {}) is not None:
        _plant(tree[key], rest)


_MAKERS = {
    "add": lambda options: _put(options, "always"),
    "update": lambda options: _put(options, "exists"),
    "delete": _delete,
    "rename": _rename,
    "keep": _keep,
}
