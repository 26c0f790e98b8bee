"""JSON Schema of the configuration."""

from operations import COMPUTED

_PATH = {"type": "string", "minLength": 1, "description": "Keys joined by dots; `\\.` is a dot inside a key."}


def _options(required, **properties):
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _valued(description):
    value = {"description": "Any JSON value."}
    computed = {"enum": list(COMPUTED), "description": "A value taken from the message."}
    options = _options(["path"], path=_PATH, value=value, computed=computed)
    return {**options, "description": description, "oneOf": [{"required": ["value"]}, {"required": ["computed"]}]}


_OPERATION = {
    "type": "object",
    "minProperties": 1,
    "maxProperties": 1,
    "additionalProperties": False,
    "properties": {
        "add": _valued("Puts a value, replacing one that is there; missing parents are made."),
        "update": _valued("Replaces a value if it is there."),
        "delete": {**_options(["path"], path=_PATH), "description": "Removes a value if it is there."},
        "rename": {**_options(["from", "to"], **{"from": _PATH, "to": _PATH}), "description": "Moves a value if it is there."},
        "keep": {**_options(["paths"], paths={"type": "array", "items": _PATH}), "description": "Drops everything else."},
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
