"""Adds, updates, deletes, renames and keeps fields of JSON objects: the Rust transform `fields`, written in Python."""

from kennel_sdk import JsonObject, transform

from operations import compile_operations
from problems import problems
from schema import CONFIG_SCHEMA


@transform(
    name="fields",
    version="0.1.0",
    summary="adds, updates, deletes, renames and keeps fields of JSON messages",
    config_schema=CONFIG_SCHEMA,
    accepts=["json"],
    produces=["json"],
)
class Fields:
    @staticmethod
    def validate(config):
        return problems(config)

    def open(self, config):
        self.operations = compile_operations(config["operations"])

    def apply_one(self, message, output):
        fields = JsonObject.parse(message.text("not_json"))
        for operation in self.operations:
            operation(fields, message)
        if fields.changed:
            output.payload(message, fields.encode())
        else:
            output.keep(message)
