/** What is wrong with a configuration, as [JSON Pointer, detail] pairs. */
import { COMPUTED, split } from "./operations.js";

const KEYS = { add: ["path", "value"], update: ["path", "value"], delete: ["path"], rename: ["from", "to"], keep: ["paths"] };

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

function* operationProblems(place, operation) {
  const entries = isObject(operation) ? Object.entries(operation) : [];
  if (entries.length !== 1 || !Object.hasOwn(KEYS, entries[0][0])) {
    yield [place, `exactly one of ${Object.keys(KEYS).join(", ")} is needed`];
    return;
  }
  const [[kind, options]] = entries;
  if (isObject(options)) yield* optionProblems(`${place}/${kind}`, KEYS[kind], options);
  else yield [`${place}/${kind}`, "an object is needed"];
}

function* optionProblems(place, keys, options) {
  const known = keys.includes("value") ? [...keys, "computed"] : keys;
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) yield [`${place}/${key}`, `unknown key; known are ${known.join(", ")}`];
  }
  for (const key of keys) {
    if (key === "value") yield* valueProblems(place, options);
    else if (key === "paths") yield* pathsProblems(`${place}/paths`, options.paths);
    else yield* pathProblems(`${place}/${key}`, options[key]);
  }
}

function* valueProblems(place, options) {
  if (("value" in options) === ("computed" in options)) {
    yield [place, "either `value` or `computed` is needed"];
  } else if ("computed" in options && !Object.hasOwn(COMPUTED, options.computed)) {
    yield [`${place}/computed`, `one of ${Object.keys(COMPUTED).join(", ")} is needed`];
  }
}

function* pathsProblems(place, paths) {
  if (!Array.isArray(paths)) {
    yield [place, "a list of paths is needed"];
    return;
  }
  for (const [number, path] of paths.entries()) yield* pathProblems(`${place}/${number}`, path);
}

function* pathProblems(place, path) {
  if (typeof path !== "string") {
    yield [place, "a path is needed"];
    return;
  }
  try {
    split(path);
  } catch (error) {
    yield [place, error.message];
  }
}
