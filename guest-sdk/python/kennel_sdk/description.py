"""What a component says about itself."""

import json

from .version import VERSION

_DELIVERIES = ("at-least-once", "idempotent", "transactional")


def describe(
    kind,
    *,
    name,
    version="0.0.0",
    licence="Apache-2.0",
    summary="",
    config_schema=None,
    accepts=(),
    produces=(),
    delivery="at-least-once",
    ordered=True,
    heartbeat_ms=0,
    state_version=0,
    metrics=(),
    asks=(),
):
    """The document of `describe.describe`, as a dictionary.

    `asks` holds dictionaries with capability, target and reason; a target may point into the configuration: "config:/url".
    With "optional": True the component also works where it is not granted; without, it is refused there.
    """
    if delivery not in _DELIVERIES:
        raise ValueError(f"delivery is one of {', '.join(_DELIVERIES)}, not {delivery!r}")
    return {
        "name": name,
        "version": version,
        "licence": licence,
        "kind": kind,
        **({"summary": summary} if summary else {}),
        "config_schema": {"type": "object"} if config_schema is None else config_schema,
        "accepts": list(accepts),
        "produces": list(produces),
        "delivery": delivery,
        "ordered": ordered,
        "heartbeat_ms": heartbeat_ms,
        "state_version": state_version,
        "metrics": list(metrics),
        "asks": [
            {"capability": ask["capability"], "target": ask.get("target", ""), "reason": ask.get("reason", ""),
             **({"optional": True} if ask.get("optional") else {})}
            for ask in asks
        ],
        "sdk": {"language": "python", "version": VERSION},
    }


def document(description):
    return json.dumps(description, ensure_ascii=False, separators=(",", ":"))
