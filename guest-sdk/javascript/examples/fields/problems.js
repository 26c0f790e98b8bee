/** What is wrong with a configuration, as [JSON Pointer, detail] pairs. */
import { computation } from "./computed.js";
import { split } from "./paths.js";

const PUT = ["path", "value", "computed", "when"];
const KEYS = { add: PUT, update: PUT, delete: ["path"], rename: ["from", "to"], keep: ["paths"] };
const PATHS = ["path", "from", "to"];
const CONDITIONS = ["always", "exists", "missing"];

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

export function* problems(config) {
  for (const key of Object.keys(config)) {
    if (key !== "operations") yield [`/${key}`, "unknown key; the only one is `operations`"];
  }
  if (!Array.isArray(config.operations)) {
    yield ["/operations", "a list of operations is needed"];
    return;
  }
  for (const [number, operation] of config.operations.entries()) yield* operationProblems(`/operations/${number}`, operation);
}

function* operationProblems(where, operation) {
  const entries = isObject(operation) ? Object.entries(operation) : [];
  if (entries.length !== 1 || !Object.hasOwn(KEYS, entries[0][0])) {
    yield [where, `exactly one of ${Object.keys(KEYS).join(", ")} is needed`];
    return;
  }
  const [[kind, options]] = entries;
  const place = `${where}/${kind}`;
  if (!isObject(options)) {
    yield [place, "an object is needed"];
    return;
  }
  const known = KEYS[kind];
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) yield [`${place}/${key}`, `unknown key; known are ${known.join(", ")}`];
  }
  for (const key of known.filter((name) => PATHS.includes(name))) yield* pathProblems(`${place}/${key}`, options[key]);
  if (kind === "keep") yield* pathsProblems(`${place}/paths`, options.paths);
  if (known === PUT) yield* putProblems(place, options);
}

function* putProblems(place, options) {
  if (("value" in options) === ("computed" in options)) yield [place, "exactly one of `value` and `computed` is needed"];
  else if ("computed" in options) yield* refusal(`${place}/computed`, computation, options.computed);
  if (!CONDITIONS.includes(options.when ?? "always")) yield [`${place}/when`, `one of ${CONDITIONS.join(", ")} is needed`];
}

function* pathsProblems(place, paths) {
  if (!Array.isArray(paths)) {
    yield [place, "a list of paths is needed"];
    return;
  }
  for (const [number, path] of paths.entries()) yield* pathProblems(`${place}/${number}`, path);
}

function* pathProblems(place, path) {
  if (typeof path === "string") yield* refusal(place, split, path);
  else yield [place, "a path is needed"];
}

function* refusal(place, read, text) {
  try {
    read(text);
  } catch (error) {
    yield [place, error.message];
  }
}
