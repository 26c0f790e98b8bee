/** Adds, updates, deletes, renames and keeps fields of JSON objects: the Rust transform `fields`, written in JavaScript. */
import { defineTransform, JsonObject } from "kennel-sdk";

import { compileOperations } from "./operations.js";
import { problems } from "./problems.js";
import { configSchema } from "./schema.js";

class Fields {
  static validate(config) {
    return problems(config);
  }

  open(config) {
    this.operations = compileOperations(config.operations);
  }

  applyOne(message, output) {
    const fields = JsonObject.parse(message.text("not_json"));
    for (const operation of this.operations) operation(fields, message);
    if (fields.changed) output.payload(message, fields.encode());
    else output.keep(message);
  }
}

export const { describe, lifecycle, transform } = defineTransform(
  {
    name: "fields",
    version: "0.1.0",
    summary: "adds, updates, deletes, renames and keeps fields of JSON messages",
    configSchema,
    accepts: ["json"],
    produces: ["json"],
  },
  Fields,
);
