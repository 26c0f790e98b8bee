"""The operations: from configuration to functions of (fields, message)."""

from kennel_sdk.json_object import dumps

COMPUTED = {
    "offset": lambda message: message.offset,
    "partition": lambda message: message.batch.origin.partition,
    "stream": lambda message: message.batch.origin.stream,
    "topic": lambda message: message.batch.origin.topic,
    "timestamp": lambda message: message.timestamp,
    "origin_timestamp": lambda message: message.origin_timestamp,
}


def split(path):
    """Keys joined by dots; `\\.` is a dot within a key, `\\\\` a backslash. Raises ValueError."""
    steps = [""]
    characters = iter(path)
    for character in characters:
        if character == ".":
            steps.append("")
            continue
        if character == "\\":
            character = next(characters, "")
            if character not in (".", "\\"):
                raise ValueError("in a path, a backslash stands only before a dot or a backslash")
        steps[-1] += character
    if "" in steps:
        raise ValueError("a path is keys joined by single dots, such as `customer.name`")
    return tuple(steps)


def compile_operations(operations):
    """The configuration is valid: `problems` found none."""
    return [_KINDS[kind][1](options) for operation in operations for kind, options in operation.items()]


def _value(options):
    """What gives the JSON text of a value for a message."""
    if "computed" in options:
        compute = COMPUTED[options["computed"]]
        return lambda message: dumps(compute(message))
    text = dumps(options["value"])
    return lambda message: text


def _add(options):
    path, value = split(options["path"]), _value(options)
    return lambda fields, message: fields.put(path, value(message))


def _update(options):
    path, value = split(options["path"]), _value(options)
    return lambda fields, message: fields.replace(path, value(message))


def _delete(options):
    path = split(options["path"])
    return lambda fields, message: fields.remove(path)


def _rename(options):
    source, target = split(options["from"]), split(options["to"])

    def rename(fields, message):
        if source != target:
            value = fields.remove(source)
            if value is not None:
                fields.put(target, value)

    return rename


def _keep(options):
    tree = {}
    for path in map(split, options["paths"]):
        branch = tree
        for step in path[:-1]:
            branch = branch.setdefault(step, {})
            if branch is None:
                break
        else:
            branch[path[-1]] = None
    return lambda fields, message: fields.keep(tree)


# Kind to its keys (with whether a value or a computation belongs to it) and the function that makes the operation.
_KINDS = {
    "add": (("path", "value"), _add),
    "update": (("path", "value"), _update),
    "delete": (("path",), _delete),
    "rename": (("from", "to"), _rename),
    "keep": (("paths",), _keep),
}


def problems(config):
    """(JSON Pointer, detail) for everything that is wrong."""
    for key in config:
        if key != "operations":
            yield f"/{key}", "unknown key; the only one is `operations`"
    operations = config.get("operations")
    if not isinstance(operations, list):
        yield "/operations", "a list of operations is needed"
        return
    for number, operation in enumerate(operations):
        place = f"/operations/{number}"
        if not isinstance(operation, dict) or len(operation) != 1 or next(iter(operation)) not in _KINDS:
            yield place, f"exactly one of {', '.join(_KINDS)} is needed"
            continue
        [(kind, options)] = operation.items()
        if isinstance(options, dict):
            yield from _option_problems(f"{place}/{kind}", _KINDS[kind][0], options)
        else:
            yield f"{place}/{kind}", "an object is needed"


def _option_problems(place, keys, options):
    known = (*keys, "computed") if "value" in keys else keys
    for key in options:
        if key not in known:
            yield f"{place}/{key}", f"unknown key; known are {', '.join(known)}"
    for key in keys:
        if key == "value":
            yield from _value_problems(place, options)
        elif key == "paths":
            yield from _paths_problems(f"{place}/paths", options.get("paths"))
        else:
            yield from _path_problems(f"{place}/{key}", options.get(key))


def _value_problems(place, options):
    if ("value" in options) == ("computed" in options):
        yield place, "either `value` or `computed` is needed"
    elif "computed" in options and options["computed"] not in COMPUTED:
        yield f"{place}/computed", f"one of {', '.join(COMPUTED)} is needed"


def _paths_problems(place, paths):
    if not isinstance(paths, list):
        yield place, "a list of paths is needed"
        return
    for number, path in enumerate(paths):
        yield from _path_problems(f"{place}/{number}", path)


def _path_problems(place, path):
    if not isinstance(path, str):
        yield place, "a path is needed"
        return
    try:
        split(path)
    except ValueError as error:
        yield place, error
