/**
 * A source: counts from 1 to a limit.
 *
 * Replace `poll` by reading from your system.
 */
import { defineSource, Polled } from "kennel-sdk";

const description = {
  name: "{{name}}",
  version: "0.1.0",
  summary: "counts",
  configSchema: {
    type: "object",
    properties: { last: { type: "integer", minimum: 0, description: "The last number." } },
    required: ["last"],
    additionalProperties: false,
  },
  produces: ["json"],
};

class Component {
  open({ last }) {
    this.last = last;
  }

  start(cursor) {
    // The cursor is saved with the messages that it follows, so that a restart loses and repeats nothing.
    this.next = cursor?.next ?? 1;
  }

  poll(limit, records) {
    while (this.next <= this.last && !records.isFull(limit)) {
      records.push(`{"number":${this.next}}`);
      this.next += 1;
    }
    const cursor = { next: this.next };
    return this.next > this.last ? Polled.finished(cursor) : Polled.more(cursor);
  }
}

export const { describe, lifecycle, source } = defineSource(description, Component);
