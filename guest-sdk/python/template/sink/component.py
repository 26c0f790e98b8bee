"""A sink: adds up one number of each JSON message, and logs the sum.

Replace `consume` by writing to your system. Imports belong to the top of a module: what is not imported while the component is
built is missing when it runs.
"""

from kennel_sdk import Receipt, Reject, log, metrics, sink


@sink(
    name="{{name}}",
    version="0.1.0",
    summary="adds up a number",
    config_schema={
        "type": "object",
        "properties": {"field": {"type": "string", "description": "The field to add up."}},
        "required": ["field"],
        "additionalProperties": False,
    },
    accepts=["json"],
    metrics=["messages_total"],
)
class Component:
    @staticmethod
    def validate(config):
        return [] if config["field"] else [("/field", "is empty")]

    def open(self, config):
        self.field = config["field"]
        self.sum = 0

    def consume(self, batch):
        receipt = Receipt.delivered(batch)
        for message in batch:
            # A payload that cannot be read never will be: reject it and go on. An error of the whole call, such as
            # kennel_sdk.Unavailable("..."), makes the host bring the batch again.
            try:
                self.sum += number(message.json(), self.field)
            except Reject as rejected:
                receipt.reject(message, rejected.code, rejected.detail)
        metrics.add("messages_total", len(batch))
        log.info("added up", field=self.field, sum=self.sum)
        return receipt


def number(value, field):
    found = value.get(field) if isinstance(value, dict) else None
    return found if isinstance(found, (int, float)) else 0
