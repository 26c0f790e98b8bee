/** JSON Schema of the configuration. */
import { COMPUTED } from "./operations.js";

const path = { type: "string", minLength: 1, description: "Keys joined by dots; `\\.` is a dot inside a key." };

const options = (description, properties, required) => ({
  description,
  type: "object",
  properties,
  required,
  additionalProperties: false,
});

const valued = (description) => ({
  ...options(
    description,
    {
      path,
      value: { description: "Any JSON value." },
      computed: { enum: Object.keys(COMPUTED), description: "A value taken from the message." },
    },
    ["path"],
  ),
  oneOf: [{ required: ["value"] }, { required: ["computed"] }],
});

const operation = {
  type: "object",
  minProperties: 1,
  maxProperties: 1,
  additionalProperties: false,
  properties: {
    add: valued("Puts a value, replacing one that is there; missing parents are made."),
    update: valued("Replaces a value if it is there."),
    delete: options("Removes a value if it is there.", { path }, ["path"]),
    rename: options("Moves a value if it is there.", { from: path, to: path }, ["from", "to"]),
    keep: options("Drops everything else.", { paths: { type: "array", items: path } }, ["paths"]),
  },
};

export const configSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "fields",
  type: "object",
  properties: { operations: { type: "array", items: operation, description: "Run in the order written." } },
  required: ["operations"],
  additionalProperties: false,
};
