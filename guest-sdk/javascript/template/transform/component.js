/**
 * A transform: drops what is too long, and marks the rest by a header.
 *
 * Replace `applyOne` by what you want to make of each message.
 */
import { defineTransform } from "kennel-sdk";

const description = {
  name: "{{name}}",
  version: "0.1.0",
  summary: "drops what is too long",
  configSchema: {
    type: "object",
    properties: {
      longest: { type: "integer", minimum: 0, description: "The longest payload that passes, in bytes." },
      mark: { type: "string", minLength: 1, description: "The value of the header `checked-by`." },
    },
    required: ["longest", "mark"],
    additionalProperties: false,
  },
};

class Component {
  open({ longest, mark }) {
    this.longest = longest;
    this.mark = mark;
  }

  applyOne(message, output) {
    // A message that is not mentioned is dropped. An exception rejects this message; the others go on.
    if (message.payload.length <= this.longest) output.addHeaders(message, { "checked-by": this.mark });
  }
}

export const { describe, lifecycle, transform } = defineTransform(description, Component);
