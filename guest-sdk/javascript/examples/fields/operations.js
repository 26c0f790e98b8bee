/** The operations: from configuration to functions of (fields, message). */

const number = (value) => (value === undefined ? "null" : String(value));

/** JSON text of what a message tells. */
export const COMPUTED = {
  offset: (message) => number(message.offset),
  partition: (message) => number(message.batch.origin.partition),
  stream: (message) => JSON.stringify(message.batch.origin.stream),
  topic: (message) => JSON.stringify(message.batch.origin.topic),
  timestamp: (message) => number(message.timestamp),
  origin_timestamp: (message) => number(message.originTimestamp),
};

/** Keys joined by dots; `\.` is a dot within a key, `\\` a backslash. Throws RangeError. */
export function split(path) {
  const steps = [""];
  for (let at = 0; at < path.length; at += 1) {
    if (path[at] === ".") {
      steps.push("");
      continue;
    }
    if (path[at] === "\\") {
      at += 1;
      if (path[at] !== "." && path[at] !== "\\") {
        throw new RangeError("in a path, a backslash stands only before a dot or a backslash");
      }
    }
    steps[steps.length - 1] += path[at];
  }
  if (steps.includes("")) throw new RangeError("a path is keys joined by single dots, such as `customer.name`");
  return steps;
}

/** What gives the JSON text of a value for a message. */
function valueOf(options) {
  if (options.computed !== undefined) return COMPUTED[options.computed];
  const text = JSON.stringify(options.value);
  return () => text;
}

const makers = {
  add(options) {
    const path = split(options.path);
    const value = valueOf(options);
    return (fields, message) => fields.put(path, value(message));
  },
  update(options) {
    const path = split(options.path);
    const value = valueOf(options);
    return (fields, message) => fields.replace(path, value(message));
  },
  delete(options) {
    const path = split(options.path);
    return (fields) => fields.remove(path);
  },
  rename(options) {
    const [from, to] = [split(options.from), split(options.to)];
    const same = from.length === to.length && from.every((key, depth) => key === to[depth]);
    return (fields) => {
      const value = same ? undefined : fields.remove(from);
      if (value !== undefined) fields.put(to, value);
    };
  },
  keep(options) {
    const tree = new Map();
    for (const path of options.paths.map(split)) plant(tree, path);
    return (fields) => fields.keep(tree);
  },
};

/** Adds a path to a tree of keys; a key that is kept whole needs no branches. */
function plant(tree, [key, ...rest]) {
  if (rest.length === 0) {
    tree.set(key, null);
  } else if (tree.get(key) !== null) {
    if (!tree.has(key)) tree.set(key, new Map());
    plant(tree.get(key), rest);
  }
}

/** The configuration is valid: `problems` found none. */
export const compileOperations = (operations) =>
  operations.map((operation) => {
    const [[kind, options]] = Object.entries(operation);
    return makers[kind](options);
  });
