/** The operations: from configuration to functions of (fields, message). */
import { computation } from "./computed.js";
import { split } from "./paths.js";

/** The configuration is valid: `problems` found none. */
export const compileOperations = (operations) =>
  operations.map((operation) => {
    const [[kind, options]] = Object.entries(operation);
    return makers[kind](options);
  });

const makers = {
  add: (options) => put(options, "always"),
  update: (options) => put(options, "exists"),
  delete(options) {
    const path = split(options.path);
    return (fields) => fields.remove(path);
  },
  rename(options) {
    const [from, to] = [split(options.from), split(options.to)];
    const same = from.length === to.length && from.every((key, depth) => key === to[depth]);
    return (fields) => {
      const text = same ? undefined : fields.remove(from);
      if (text !== undefined) fields.put(to, text);
    };
  },
  keep(options) {
    const tree = new Map();
    for (const path of options.paths.map(split)) plant(tree, path);
    return (fields) => fields.keep(tree);
  },
};

function put(options, usual) {
  const path = split(options.path);
  const value = valueOf(options);
  const when = options.when ?? usual;
  return (fields, message) => {
    if (when !== "always" && (fields.get(path) !== undefined) !== (when === "exists")) return;
    const text = value(message, fields);
    // What is not known of this message is not put into it.
    if (text !== undefined) fields.put(path, text);
  };
}

/** A function of (message, fields) that answers the JSON text to put, or undefined. */
function valueOf(options) {
  if (options.computed !== undefined) return computation(options.computed);
  const text = JSON.stringify(options.value);
  return () => text;
}

/** Adds a path to a tree of keys; a key that is kept whole needs no branches. */
function plant(tree, [key, ...rest]) {
  if (rest.length === 0) {
    tree.set(key, null);
  } else if (tree.get(key) !== null) {
    if (!tree.has(key)) tree.set(key, new Map());
    plant(tree.get(key), rest);
  }
}
