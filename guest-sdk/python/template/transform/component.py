"""A transform: drops what is too long, and marks the rest by a header.

Replace `apply_one` by what you want to make of each message. Imports belong to the top of a module: what is not imported while
the component is built is missing when it runs.
"""

from kennel_sdk import transform


@transform(
    name="{{name}}",
    version="0.1.0",
    summary="drops what is too long",
    config_schema={
        "type": "object",
        "properties": {
            "longest": {"type": "integer", "minimum": 0, "description": "The longest payload that passes, in bytes."},
            "mark": {"type": "string", "minLength": 1, "description": "The value of the header `checked-by`."},
        },
        "required": ["longest", "mark"],
        "additionalProperties": False,
    },
)
class Component:
    def open(self, config):
        self.longest = config["longest"]
        self.mark = config["mark"]

    def apply_one(self, message, output):
        # A message that is not mentioned is dropped. An exception rejects this message; the others go on.
        if len(message.payload) <= self.longest:
            output.add_headers(message, {"checked-by": self.mark})
