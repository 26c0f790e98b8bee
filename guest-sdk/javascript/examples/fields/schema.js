/** JSON Schema of the configuration. */
import { KNOWN, PATTERN } from "./computed.js";

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
      value: { description: "A fixed value: any JSON." },
      computed: { type: "string", pattern: PATTERN, description: `One of ${KNOWN}.` },
      when: { enum: ["always", "exists", "missing"], description: "`add` does it always and `update` if the field exists." },
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
    add: valued("Puts a value: in place of what is there, else last. Missing parents are made."),
    update: valued("Puts a value only if the field is there, unless `when` says otherwise."),
    delete: options("Removes a field.", { path }, ["path"]),
    rename: options("Moves a field.", { from: path, to: path }, ["from", "to"]),
    keep: options("Removes every field that is not named.", { paths: { type: "array", items: path } }, ["paths"]),
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
