"""JSON Schema of the configuration."""

from computed import KNOWN, PATTERN

_PATH = {"type": "string", "minLength": 1, "description": "Keys joined by dots; `\\.` is a dot within a key."}


def _options(description, required, **properties):
    return {"description": description, "type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _valued(description):
    options = _options(
        description,
        ["path"],
        path=_PATH,
        value={"description": "A fixed value: any JSON."},
        computed={"type": "string", "pattern": PATTERN, "description": f"One of {KNOWN}."},
        when={"enum": ["always", "exists", "missing"], "description": "`add` does it always and `update` if the field exists."},
    )
    return {**options, "oneOf": [{"required": ["value"]}, {"required": ["computed"]}]}


_OPERATION = {
    "type": "object",
    "minProperties": 1,
    "maxProperties": 1,
    "additionalProperties": False,
    "properties": {
        "add": _valued("Puts a value: in place of what is there, else last. Missing parents are made."),
        "update": _valued("Puts a value only if the field is there, unless `when` says otherwise."),
        "delete": _options("Removes a field.", ["path"], path=_PATH),
        "rename": _options("Moves a field.", ["from", "to"], **{"from": _PATH, "to": _PATH}),
        "keep": _options("Removes every field that is not named.", ["paths"], paths={"type": "array", "items": _PATH}),
    },
}

CONFIG_SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "fields",
    "type": "object",
    "properties": {"operations": {"type": "array", "items": _OPERATION, "description": "Run in the order written."}},
    "required": ["operations"],
    "additionalProperties": False,
}
