/**
 * A sink: adds up one number of each JSON message, and logs the sum.
 *
 * Replace `consume` by writing to your system.
 */
import { defineSink, log, metrics, Receipt, Reject } from "kennel-sdk";

const description = {
  name: "{{name}}",
  version: "0.1.0",
  summary: "adds up a number",
  configSchema: {
    type: "object",
    properties: { field: { type: "string", description: "The field to add up." } },
    required: ["field"],
    additionalProperties: false,
  },
  accepts: ["json"],
  metrics: ["messages_total"],
};

class Component {
  static validate({ field }) {
    return field ? [] : [["/field", "is empty"]];
  }

  open({ field }) {
    this.field = field;
    this.sum = 0;
  }

  consume(batch) {
    const receipt = Receipt.delivered(batch);
    for (const message of batch) {
      // A payload that cannot be read never will be: reject it and go on. An error of the whole call, such as
      // `new Unavailable("..")`, makes the host bring the batch again.
      try {
        this.sum += Number(message.json()?.[this.field]) || 0;
      } catch (error) {
        if (!(error instanceof Reject)) throw error;
        receipt.reject(message, error.code, error.detail);
      }
    }
    metrics.add("messages_total", batch.length);
    log.info("added up", { field: this.field, sum: this.sum });
    return receipt;
  }
}

export const { describe, lifecycle, sink } = defineSink(description, Component);
